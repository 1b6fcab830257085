"""Floor 6: tables, figures, files and the page that present an appraisal, an audit or a replay.

`columns`, `replay_columns` and `wide_columns` list the columns of every table, and `table` gives tables their forms.
`page` renders the page; `verdict_figure` and `audit_figure` draw with matplotlib. Nothing here computes a result.
"""

from shareornot.lazy_names import public_names
from shareornot.report.chapter import Chapter
from shareornot.report.files import to_json, write_report
from shareornot.report.page import write_page
from shareornot.report.page_files import write_files
from shareornot.report.verdict_figure import agreement_figure, regret_figure, verdict_figure

__all__ = [
    "Chapter",
    "agreement_figure",
    "regret_figure",
    "to_json",
    "verdict_figure",
    "write_files",
    "write_page",
    "write_report",
]

__dir__ = public_names(__name__)
