"""`shareornot appraise` with a file of scores."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def appraise_file(
    path: Path,
    reading: Mapping[str, Any],
    *,
    seed: int,
    top: int | None,
    costs: Mapping[str, float | None],
    everything: bool,
    out: Path | None,
    as_json: bool,
    open_it: bool,
) -> None:
    """Appraise a file of scores, write the results and print them.

    Args:
        path: path of the file, or `-`.
        reading: options of `read_user_scores`.
        seed: seed of the simulated searches.
        top: k of the comparison that the verdict is about; by default 10.
        costs: costs of a super-net and of a score, None if not given.
        everything: whether searches are simulated for all.
        out: folder for the results, None for one beside the file.
        as_json: whether to print JSON in place of tables.
        open_it: whether to open the page.
    """
    from shareornot.appraisal.user_scores import appraise_scores, read_user_scores
    from shareornot.appraisal.user_scores.appraisals import MOST_CHAPTERS
    from shareornot.cli.errors import INTERRUPTED, fail
    from shareornot.cli.page import publish, typed_command
    from shareornot.cli.show import show_json
    from shareornot.cli.show_user_scores import show_user_scores
    from shareornot.progress import progress_bar
    from shareornot.report.chapter import Chapter
    from shareornot.report.user_scores_files import UserScoresWriter, user_scores_to_json
    from shareornot.studies.provenance import make_provenance

    started_s = time.monotonic()
    scores = read_user_scores(path, **reading)
    num_chapters = len(scores.variants) if everything else min(MOST_CHAPTERS, len(scores.variants))
    folder = out or (path.with_name(f"{_stem(path)}-appraisal") if path.is_file() else Path("scores-appraisal"))
    writer = UserScoresWriter(folder, num_chapters)
    with progress_bar("Simulating searches, drawing figures", num_chapters) as progress:
        found = appraise_scores(
            scores,
            supernet_cost=costs["supernet_cost"],
            scoring_cost=costs["scoring_cost"],
            seed=seed,
            top=top,
            everything=everything,
            progress=progress,
            each=writer.write,
            keep_finished=True,
        )
    writer.finish(found)
    if as_json:
        show_json(user_scores_to_json(found))
    else:
        show_user_scores(found, writer.folders)
    provenance = make_provenance(
        f"Scores in {scores.source}",
        command=typed_command(),
        seeds=[seed],
        settings={name: value for name, value in {**costs, **reading}.items() if value is not None},
        data_files={path.name: path} if path.is_file() else {},
        duration_s=time.monotonic() - started_s,
        notes=found.notes,
    )
    chapters = [Chapter(appraisal=one.appraisal, audit=one.audit) for one in found]
    publish(folder, chapters, provenance, quiet=as_json, open_it=open_it, with_figures=False)
    if found.interrupted:
        fail(f"interrupted; {folder} holds what was finished, {len(found)} of {num_chapters:,} chapters", INTERRUPTED)


def _stem(path: Path) -> str:
    """The name of a file without its suffixes, such as `scores` of `scores.csv.gz`."""
    compressed = path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst")
    return Path(path.stem).stem if compressed else path.stem
