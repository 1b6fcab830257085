"""Studies: what to run, as one tree of settings; jobs named by what determines them; the folder that keeps results.

`study_file` reads a study, `planning` cuts it into jobs, `runner` has an executor do what is missing, `store` keeps the
results, and `supernets` offers training, evaluation and appraisal of one folder as steps. The names load on first use.
"""

from typing import TYPE_CHECKING

from shareornot.lazy_names import lazy_names

if TYPE_CHECKING:
    from shareornot.studies.job import CODE_VERSIONS, Job
    from shareornot.studies.planning import plan_jobs
    from shareornot.studies.runner import RunReport, run_study
    from shareornot.studies.status import JobStatus, StudyStatus, study_status
    from shareornot.studies.store import Store
    from shareornot.studies.study_file import PRESETS, decode_study, new_study, read_study, write_study
    from shareornot.studies.study_settings import StudySettings

_HOME = {
    "CODE_VERSIONS": "job",
    "Job": "job",
    "plan_jobs": "planning",
    "RunReport": "runner",
    "run_study": "runner",
    "JobStatus": "status",
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
    "Job",
    "JobStatus",
    "RunReport",
    "Store",
    "StudySettings",
    "StudyStatus",
    "decode_study",
    "new_study",
    "plan_jobs",
    "read_study",
    "run_study",
    "study_status",
    "write_study",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
