"""What `shareornot study report` writes: one page with a chapter for each appraisal that is finished."""

from dataclasses import asdict, replace
from pathlib import Path


def write_study_report(folder: Path, out: Path, command: str) -> Path:
    """Write the page, the figures and the tables of a study.

    Args:
        folder: of the study.
        out: folder for the files.
        command: what was typed.

    Returns:
        The page.

    Raises:
        MissingDataError: nothing is finished.
        DataError: a result is damaged; it was set aside.
        OSError: the files cannot be written.
    """
    from shareornot.progress import progress_bar
    from shareornot.report.page import Chapter, write_page
    from shareornot.report.page_files import write_files
    from shareornot.study.pieces import Store, read_study
    from shareornot.study.pieces.appraise_work import read_appraisal
    from shareornot.study.pieces.data_hashes import data_files
    from shareornot.study.pieces.export import chapter_variants, finished_appraisals
    from shareornot.study.provenance import make_provenance

    store, study = Store(folder), read_study(folder)
    found = finished_appraisals(folder, progress_bar)
    chapters = []
    for (piece, _), variant in zip(found, chapter_variants([work for _, work in found]), strict=True):
        appraisal, audit, _ = read_appraisal(store, piece.name)
        chapters.append(
            Chapter(
                appraisal=replace(appraisal, variant=variant),
                audit=None if audit is None else replace(audit, variant=variant),
            )
        )
    works = [work for _, work in found]
    asked = len({one.label for one in study.chapters()})
    notes = () if len(found) == asked else (f"{len(found)} of {asked} chapters are finished.",)
    finished = store.finished(one.name for one in store.read_plan())
    provenance = make_provenance(
        study.name,
        command=command,
        seeds=sorted({seed for work in works for seed in work.chapter.seeds}),
        settings=asdict(study),
        data_files=data_files(study.benchmark, study.images),
        duration_s=sum(float(store.read_piece(name)["duration_s"]) for name in finished),
        notes=notes,
    )
    write_files(out, chapters, progress_bar)  # first, for the page links what lies beside it
    return write_page(out / "index.html", chapters, provenance)
