"""Floor 4: pictures and files that tell what was found."""

from shareornot.report.files import to_json, write_report
from shareornot.report.verdict_figure import verdict_figure

__all__ = ["to_json", "verdict_figure", "write_report"]
