"""What `appraise` and `demo` show and write of a folder of super-nets."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from shareornot.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shareornot.appraisal.chapter import Chapter
    from shareornot.studies.supernets import AppraisedFolder


def appraise_folder(
    folder: Path,
    out: Path | None,
    seed: int,
    top: int | None,
    times: Path | None,
    supernet_times: Path | None,
    *,
    as_json: bool,
    open_it: bool,
) -> None:
    """Appraise the super-nets of a folder, a chapter for each way of scoring.

    Args:
        folder: folder of the super-nets.
        out: folder for what is written; by default the folder of the super-nets, which is otherwise only read.
        seed: seed of the simulated searches.
        top: k of the comparison that the verdict is about; by default 10.
        times: file of measured training times.
        supernet_times: the same at the width of the super-net.
        as_json: print JSON alone.
        open_it: open the page.
    """
    from shareornot.progress import no_bars, progress_bar
    from shareornot.studies.supernets import appraise_supernets

    started_s = time.monotonic()
    search: dict[str, object] = {"seed": seed, "top": top}
    search |= {"times": str(times.resolve())} if times else {}
    search |= {"supernet_times": str(supernet_times.resolve())} if supernet_times else {}
    bars = no_bars if as_json else progress_bar
    try:
        found = appraise_supernets(folder, search=search, read_only=out is not None, bars=bars)
    except PermissionError as error:
        if out is not None:
            raise
        raise SettingsError(
            f"{folder}: expected a folder to write into, got {error.strerror}; name one: --out"
        ) from error
    show_folder(out or folder, found, started_s, seeds=[seed], as_json=as_json, open_it=open_it)


def show_folder(
    out: Path,
    found: "AppraisedFolder",
    started_s: float,
    *,
    seeds: "list[int]",
    as_json: bool = False,
    open_it: bool = False,
) -> None:
    """Show the results, and write numbers, pictures and the page."""
    from shareornot.cli.page import publish, typed_command
    from shareornot.cli.show import show_appraisal, show_json
    from shareornot.report import to_json, write_report
    from shareornot.report.audit_files import audit_to_json, write_audit
    from shareornot.report.chapter import file_stems
    from shareornot.report.page_extra import has_page_extra
    from shareornot.studies.provenance import make_provenance
    from shareornot.tables import benchmark_path

    chapters, first = found.chapters, found.chapters[0].appraisal
    if len(chapters) == 1:
        picture = write_report(out, first, picture=has_page_extra())
        if as_json:
            show_json(to_json(first))
        else:
            show_appraisal(first, picture)
    else:
        for chapter, stem in zip(chapters, file_stems(chapters), strict=True):
            write_report(out / stem.lower(), chapter.appraisal, picture=False)
            if chapter.audit is not None:
                write_audit(out / stem.lower(), [chapter.audit], pictures=False)
        if as_json:
            audits = [None if one.audit is None else audit_to_json(one.audit) for one in chapters]
            pairs = zip(chapters, audits, strict=True)
            show_json({"found": [{"appraisal": to_json(one.appraisal), "audit": audit} for one, audit in pairs]})
        else:
            _show_several(chapters)
    titles = [one.title for one in chapters]
    settings = found.settings[0] if len(chapters) == 1 else dict(zip(titles, found.settings, strict=True))
    provenance = make_provenance(
        f"Weight sharing on {first.space} of {first.benchmark}",
        command=typed_command(),
        seeds=seeds,
        settings=settings,
        data_files={Path(found.study.benchmark).name: benchmark_path(found.study.benchmark)},
        duration_s=time.monotonic() - started_s,
        notes=found.notes,
    )
    for note in found.notes:
        typer.echo(f"shareornot: {note}", err=True)
    publish(out, chapters, provenance, quiet=as_json, open_it=open_it)


def _show_several(chapters: "Sequence[Chapter]") -> None:
    """The agreement of each way of scoring side by side, as in the paper's Table 1, then the verdict of each."""
    from shareornot.appraisal.audit_words import describe_audit
    from shareornot.appraisal.verdict import with_half_width
    from shareornot.cli.show import show_sentences, show_table, title_of

    rows = [
        [
            one.title,
            str(one.appraisal.agreement.n),
            f"{max(len(pool.cells) for pool in one.appraisal.pools):,}",
            with_half_width(one.appraisal.agreement),
        ]
        for one in chapters
    ]
    show_table(
        "Agreement of the scores with standalone accuracies",
        ["", "super-nets", "scored", "Spearman"],
        rows,
        "Spearman: mean over super-nets ± half of Student's 95 % interval.",
    )
    for one in chapters:
        audited = describe_audit(one.audit)[:2] if one.audit is not None else ()
        verdict = one.appraisal.verdict
        show_sentences(title_of(one.appraisal), [verdict.sentence, *audited, *one.appraisal.notes])
