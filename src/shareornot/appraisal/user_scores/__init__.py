"""Scores that a user brings, of any super-net on any search space: read, checked, and appraised."""

from shareornot.appraisal.user_scores.appraisals import (
    SUPERNET_COST,
    AppraisedScores,
    OwnScores,
    appraise_scores,
    read_own_scores,
)

__all__ = ["SUPERNET_COST", "AppraisedScores", "OwnScores", "appraise_scores", "read_own_scores"]
