"""Scores that a user brings, of any super-net on any search space: read, checked, and appraised.

`reading.py` makes named columns of a file or a Python object, `score_table.py` checks them row by row, `scores.py`
makes a truth and the scores of each super-net for each space and variant, and `appraisals.py` appraises and audits
these. Every command that reads scores reads them here.
"""

from shareornot.appraisal.user_scores.appraisals import SUPERNET_COST, appraise_scores, audit_scores
from shareornot.appraisal.user_scores.results import AppraisedScores, UserAppraisals
from shareornot.appraisal.user_scores.scores import ScoredVariant, UserScores, read_user_scores
from shareornot.lazy_names import public_names

__all__ = [
    "SUPERNET_COST",
    "AppraisedScores",
    "ScoredVariant",
    "UserAppraisals",
    "UserScores",
    "appraise_scores",
    "audit_scores",
    "read_user_scores",
]

__dir__ = public_names(__name__)
