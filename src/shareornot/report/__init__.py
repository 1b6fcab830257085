"""Floor 4: pictures, tables, files and the page that tell what was found."""

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
