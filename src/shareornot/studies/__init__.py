"""Studies: what to run, cut into pieces that are named by their content, kept in a folder that survives a kill.

The names load on first use: how a study stands can be read in no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shareornot.studies.job import CODE_VERSIONS, Piece
    from shareornot.studies.planning import plan_pieces
    from shareornot.studies.runner import RunReport, run_study
    from shareornot.studies.status import PieceStatus, StudyStatus, study_status
    from shareornot.studies.store import Store
    from shareornot.studies.study_file import PRESETS, decode_study, new_study, read_study, write_study
    from shareornot.studies.study_settings import StudySettings

_HOME = {
    "CODE_VERSIONS": "job",
    "Piece": "job",
    "plan_pieces": "planning",
    "RunReport": "runner",
    "run_study": "runner",
    "PieceStatus": "status",
    "StudyStatus": "status",
    "study_status": "status",
    "Store": "store",
    "PRESETS": "study_file",
    "decode_study": "study_file",
    "new_study": "study_file",
    "read_study": "study_file",
    "write_study": "study_file",
    "StudySettings": "study_settings",
}

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


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
