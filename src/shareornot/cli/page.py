"""The page that `demo` and `appraise` write, and where it is."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from shareornot.report.chapter import Chapter
    from shareornot.studies.provenance import Provenance

PAGE = "report.html"
NO_PAGE = (
    "shareornot: note: pages and pictures were not written, because the packages that draw them are not installed; "
    "install them with: pip install 'shareornot[page]'"
)


def typed_command() -> str:
    """What was typed, as a shell would read it."""
    return shlex.join(["shareornot", *sys.argv[1:]])


def publish(
    folder: Path,
    chapters: "Sequence[Chapter]",
    provenance: "Provenance",
    *,
    quiet: bool = False,
    open_it: bool = False,
    with_figures: bool = True,
) -> Path | None:
    """Write figures, tables and the page into a folder, print the path of the page, and open it on request.

    Without the extra `page`, write the tables and print how to install the extra.

    Args:
        folder: created if need be.
        chapters: one for each space and variant.
        provenance: how the numbers were made.
        quiet: print no path and no progress, because standard output is for programs.
        open_it: open the page in the default browser.
        with_figures: False where the figures are there already.

    Returns:
        The path of the page, or None if none was written.
    """
    from shareornot.progress import no_bars, progress_bar
    from shareornot.report.page import write_page
    from shareornot.report.page_extra import has_page_extra
    from shareornot.report.page_files import write_files, write_tables

    if not has_page_extra():
        write_tables(folder, chapters)
        typer.echo(NO_PAGE, err=True)
        return None
    if with_figures:
        write_files(folder, chapters, no_bars if quiet else progress_bar)
    else:
        write_tables(folder, chapters)
    page = write_page(folder / PAGE, chapters, provenance)
    if not quiet:
        typer.echo(f"Page: {page}")
    if open_it:
        typer.launch(str(page))
    return page
