"""Files beside a page: its figures as SVG, PDF and PNG, its tables as CSV and LaTeX."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shareornot.progress import ProgressBars, no_bars
from shareornot.report.audit_figure import audit_figure
from shareornot.report.chapter import Chapter, file_stems
from shareornot.report.columns import report_tables
from shareornot.report.verdict_figure import agreement_figure, regret_figure
from shareornot.storage import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES_FOLDER, TABLES_FOLDER = "figures", "tables"
FIGURE_FORMATS = ("svg", "pdf", "png")
WITHOUT_DATE = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""So that the same figure is the same file."""


def write_files(folder: Path, chapters: Sequence[Chapter], bars: ProgressBars = no_bars) -> list[Path]:
    """Write `figures/CHAPTER-{agreement,regret,audit}.{svg,pdf,png}` and `tables/NAME.{csv,tex}` into a folder.

    `write_page` links those that it finds beside the page, so write them before it. A figure takes about half a second.

    Args:
        folder: folder of the page.
        chapters: one for each space and variant.
        bars: shows progress.

    Returns:
        All files, the tables first.

    Raises:
        MissingExtraError: Matplotlib is not installed.
        OSError: a file cannot be written.
    """
    written = write_tables(folder, chapters)
    with bars("Drawing figures", len(chapters)) as progress:
        for chapter, stem in zip(chapters, file_stems(chapters), strict=True):
            written += write_figures(folder, chapter, stem)
            progress.advance()
    return written


def write_figures(folder: Path, chapter: Chapter, stem: str) -> list[Path]:
    """Write the figures of one chapter, `figures/STEM-{agreement,regret,audit}.{svg,pdf,png}`, into a folder.

    Args:
        folder: that of the page.
        chapter: one space and variant.
        stem: see `FileStems`.

    Returns:
        All files.

    Raises:
        MissingExtraError: Matplotlib is not installed.
        OSError: a file cannot be written.
    """
    return [
        path
        for name, draw in _figures(chapter)
        for path in write_figure(folder / FIGURES_FOLDER / f"{stem}-{name}", draw())
    ]


def write_tables(folder: Path, chapters: Sequence[Chapter]) -> list[Path]:
    """Write `tables/NAME.{csv,tex}` into a folder, which needs no extra.

    Args:
        folder: folder of the page.
        chapters: one for each space and variant.

    Returns:
        All files.

    Raises:
        OSError: a file cannot be written.
    """
    written = []
    for table in report_tables(chapters):
        for kind, text in (("csv", table.to_csv()), ("tex", table.to_latex())):
            written.append(folder / TABLES_FOLDER / f"{table.name}.{kind}")
            with atomic_write(written[-1]) as file:
                file.write(text.encode("utf-8", "replace"))
    return written


def write_figure(path: Path, figure: "Figure", kinds: Sequence[str] = FIGURE_FORMATS) -> list[Path]:
    """Write a figure in some formats; the same figure gives the same bytes.

    Args:
        path: without a suffix.
        figure: what to write.
        kinds: such as svg, pdf and png.
    """
    from matplotlib import rc_context

    written = []
    for kind in kinds:
        buffer = io.BytesIO()
        with rc_context({"svg.hashsalt": path.name}):
            figure.savefig(buffer, format=kind, dpi=150, metadata=WITHOUT_DATE.get(kind))
        figure.set_layout_engine(None)  # what the first format has laid out stays; "none" would lay it out again
        written.append(path.with_name(f"{path.name}.{kind}"))
        with atomic_write(written[-1]) as file:
            file.write(buffer.getvalue())
    return written


def _figures(chapter: Chapter) -> "Iterator[tuple[str, Callable[[], Figure]]]":
    yield "agreement", lambda: agreement_figure(chapter.appraisal)
    yield "regret", lambda: regret_figure(chapter.appraisal)
    if chapter.audit is not None:
        audit = chapter.audit
        yield "audit", lambda: audit_figure(audit)
