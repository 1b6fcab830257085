"""Studies: what to run, cut into pieces that are named by their content, kept in a folder that survives a kill."""

from shareornot.study.pieces.piece import CODE_VERSIONS, Piece
from shareornot.study.pieces.planning import plan_pieces
from shareornot.study.pieces.runner import RunReport, run_study
from shareornot.study.pieces.status import PieceStatus, StudyStatus, study_status
from shareornot.study.pieces.store import Store
from shareornot.study.pieces.study_file import PRESETS, decode_study, new_study, read_study, write_study
from shareornot.study.pieces.study_settings import StudySettings

__all__ = [
    "CODE_VERSIONS",
    "PRESETS",
    "Piece",
    "PieceStatus",
    "RunReport",
    "Store",
    "StudySettings",
    "StudyStatus",
    "decode_study",
    "new_study",
    "plan_pieces",
    "read_study",
    "run_study",
    "study_status",
    "write_study",
]
