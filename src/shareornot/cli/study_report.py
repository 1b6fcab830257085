"""What `shareornot study report` writes: one page with a chapter for each appraisal that is finished."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from shareornot.studies import StudySettings
    from shareornot.studies.provenance import UsedData


def write_study_report(folder: Path, out: Path, command: str) -> Path:
    """Write the page, the figures and the tables of a study.

    Args:
        folder: folder of the study.
        out: folder for the files.
        command: what was typed.

    Returns:
        The page.

    Raises:
        MissingExtraError: the extra `page` is not installed.
        MissingDataError: nothing is finished.
        DataError: a result is damaged; it was set aside.
        OSError: the files cannot be written.
    """
    from shareornot.appraisal.serialization import read_chapter
    from shareornot.progress import progress_bar
    from shareornot.report.page import write_page
    from shareornot.report.page_extra import check_page_extra
    from shareornot.report.page_files import write_files
    from shareornot.studies import Store, read_study
    from shareornot.studies.export import chapter_variants, finished_appraisals
    from shareornot.studies.losses import with_losses
    from shareornot.studies.provenance import make_provenance
    from shareornot.studies.settings import as_values

    check_page_extra()
    store, study = Store(folder), read_study(folder)
    found = finished_appraisals(folder, progress_bar)
    chapters = []
    for (name, planned), variant in zip(found, chapter_variants([one for _, one in found]), strict=True):
        stored = with_losses(read_chapter(store.path(name)), store, planned.shards)
        chapters.append(
            replace(
                stored,
                appraisal=replace(stored.appraisal, variant=variant),
                audit=None if stored.audit is None else replace(stored.audit, variant=variant),
            )
        )
    plan = store.read_plan()
    num_planned = sum(one.chapter is not None for one in plan)
    contents = [store.read_job(name) for name in store.finished(one.name for one in plan)]
    provenance = make_provenance(
        study.name,
        command=command,
        seeds=sorted({seed for _, one in found for seed in one.seeds}),
        settings=as_values(study),
        duration_s=sum(float(one["duration_s"]) for one in contents),
        notes=() if len(found) == num_planned else (f"{len(found)} of {num_planned} chapters are finished.",),
    )
    provenance = replace(provenance, data_sets=_used_data(folder, study, [one["identity"] for one in contents]))
    write_files(out, chapters, progress_bar)  # first, for the page links what lies beside it
    return write_page(out / "index.html", chapters, provenance)


def _used_data(folder: Path, study: "StudySettings", specs: "Sequence[Mapping[str, Any]]") -> "tuple[UsedData, ...]":
    """The files that the results were made of, which need not be here any more."""
    from shareornot.studies.data_hashes import CACHE_FILE, DataHashes
    from shareornot.studies.provenance import UsedData

    hashes = DataHashes(folder / CACHE_FILE)
    names = {"benchmark": Path(study.benchmark).name, "images": study.images}
    found = {spec[what]: f"{what} {name}" for what, name in names.items() for spec in specs if what in spec}
    return tuple(
        UsedData(name=name, sha256=digest, size_bytes=hashes.size_of(digest) or 0) for digest, name in found.items()
    )
