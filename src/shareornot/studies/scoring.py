"""The job that scores a part of a super-net's pool.

proxies.parquet            the scored cells
own.parquet                the method's own preference among them, if it has any
proxies.partial.parquet    while scoring, those done so far, written about every half minute
log.jsonl                  a line per second: cells done, cells per second
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Int32

from shareornot.appraisal.own_word import OWN, OwnScores, write_own
from shareornot.appraisal.scores_file import ScoredCells, read_scores, write_scores
from shareornot.errors import DataError, Interrupted, ShareOrNotError
from shareornot.methods import has_preference
from shareornot.spaces import open_space, space_members
from shareornot.studies.execution import LOG_NAME, LogWriter, open_log
from shareornot.studies.job import Job, ScoreSpec
from shareornot.studies.planning import draw_pool, hash_of_cells
from shareornot.studies.settings import identity_of
from shareornot.studies.store import Store
from shareornot.studies.training import CHECKPOINT, kept_checkpoints
from shareornot.tables import open_table

if TYPE_CHECKING:
    from shareornot.images import ImageSet
    from shareornot.supernet import SuperNet
    from shareornot.supernet.settings import EvaluationSettings

Cells = Int32[np.ndarray, " cells"]
ShouldStop = Callable[[], bool]

PROXIES, PARTIAL = "proxies.parquet", "proxies.partial.parquet"
SAVE_INTERVAL_S = 30.0
LOG_INTERVAL_S = 1.0


def score_job(store: Store, job: Job, spec: ScoreSpec, images: "ImageSet", should_stop: ShouldStop) -> list[str]:
    """Score the cells of a job, and resume from existing scores.

    What other jobs have scored with the same super-net in the same way, for a smaller or a larger pool, is taken over.
    Damaged scores of this job are set aside.

    Args:
        store: store of the study.
        job: the scoring.
        spec: super-net, cells and way of scoring.
        images: image set on the device to score on.
        should_stop: called after every cell.

    Returns:
        The names of the result files.

    Raises:
        Interrupted: `should_stop` turned true; the scores so far are saved.
        DataError: the benchmark is not the one that the study was planned with.
    """
    from shareornot.supernet.checkpoint import load_supernet
    from shareornot.supernet.score_reliability import enough_images

    table = open_table(spec.supernet.benchmark)
    pool = draw_pool(table, spec.supernet.space, spec.pool, spec.supernet.training.seed)
    cells = pool[spec.start : spec.stop]
    if hash_of_cells(cells) != spec.cells_sha256:
        raise DataError(
            f"benchmark {spec.supernet.benchmark}: expected the cells that the study was planned with, got others"
        )
    network, num_steps = load_supernet(store.path(spec.train) / CHECKPOINT)
    network.to(images.device)
    kept = kept_checkpoints(spec.supernet.training)[: spec.evaluation.num_checkpoints - 1]
    earlier = [load_supernet(store.path(spec.train) / name)[0] for name in kept]
    evaluation = enough_images(network, images, spec.evaluation, pool)
    folder = store.path(job.name)

    def score() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        others = store.others(job.name[: -len(spec.cells_sha256[:12])], job.name)
        with open_log(folder / LOG_NAME) as log:
            score_cells(
                folder,
                network,
                num_steps,
                evaluation,
                images,
                cells,
                should_stop,
                log=log,
                others=others,
                earlier=earlier,
            )

    try:
        score()
    except DataError as error:
        if not any(folder.glob("*.parquet")):
            raise
        store.set_aside(job.name, str(error))
        score()
    if not has_preference(spec.supernet.training.method):
        return [PROXIES]
    write_own(folder / OWN, _own_word(store, spec, evaluation, images, cells, should_stop))
    return [PROXIES, OWN]


def _own_word(
    store: Store,
    spec: ScoreSpec,
    evaluation: "EvaluationSettings",
    images: "ImageSet",
    cells: Cells,
    should_stop: ShouldStop,
) -> OwnScores:
    """The method's own preference among the cells; the first job of a pool adds the architecture it returns."""
    from shareornot.methods import Chooser, Method, load_trainer

    space = open_space(spec.supernet.space)
    members = space_members(space, open_table(spec.supernet.benchmark).num_architectures)
    method = load_trainer(store.path(spec.train) / CHECKPOINT, space, members, images).method
    assert isinstance(method, Method)
    scorer = method.scorer()
    own_preferences = None if scorer is None else np.array(list(scorer.scores(cells)), np.float64)
    choice = None
    if spec.start == 0 and isinstance(method, Chooser):
        rng = np.random.default_rng([spec.supernet.training.seed, 3])
        choice = int(method.own_choice(images, evaluation, rng, should_stop))
    return OwnScores(cells=cells, own_preferences=own_preferences, choice=choice)


def score_cells(
    folder: Path,
    network: "SuperNet",
    num_steps: int,
    evaluation: "EvaluationSettings",
    images: "ImageSet",
    cells: Cells,
    should_stop: ShouldStop = lambda: False,
    *,
    log: LogWriter | None = None,
    others: list[Path] | None = None,
    earlier: "Sequence[SuperNet]" = (),
) -> None:
    """Score cells with a trained super-net into a folder, from where an earlier call stopped.

    Args:
        folder: gets the scores.
        network: trained.
        num_steps: number of steps of its training, a part of what the scores depend on.
        evaluation: how to score.
        images: image set on the device to score on.
        cells: unique indices, in the order in which they are scored.
        should_stop: called after every cell.
        log: gets a line per second.
        others: folders that may hold scores of the first of these cells, or of more cells.
        earlier: the same super-net after earlier epochs, over which scores are averaged too.

    Raises:
        DataError: the folder holds damaged scores.
        Interrupted: `should_stop` turned true; the scores so far are saved.
    """
    import torch

    from shareornot.supernet import Evaluator

    whole, partial = folder / PROXIES, folder / PARTIAL
    identity: dict[str, Any] = {"evaluation": _recorded(evaluation), "checkpoint_steps": num_steps}
    if whole.exists() and len(_scores_so_far(whole, identity, cells)) == len(cells):
        return
    evaluators = [Evaluator(one.to(images.device), images, evaluation) for one in (network, *earlier)]
    num_images = len(evaluators[0].validation)
    identity["num_validation_images"] = num_images
    scores = max((_scores_so_far(path, identity, cells) for path in (whole, partial)), key=len)
    for other in others or ():
        found = _scores_of_others(other, identity, cells)
        scores = found if len(found) > len(scores) else scores
    origin = identity | {"num_train_images": len(images.train_images), "torch": torch.__version__}
    pace = _Pace(log, len(cells), len(scores))

    def save(path: Path) -> None:
        first_half = [one.first_half for one in scores if one.first_half is not None]
        found = ScoredCells(
            cells=cells[: len(scores)],
            proxies=np.array([one.proxy for one in scores], np.float64),
            origin=origin,
            first_half=np.array(first_half, np.float64) if len(first_half) == len(scores) else None,
        )
        write_scores(path, found)

    saved = time.monotonic()
    for halves in zip(*(one.correct_in_halves(cells[len(scores) :]) for one in evaluators), strict=True):
        first, second = np.mean(halves, axis=0).tolist()
        scores.append(_Score((first + second) / num_images, first / -(-num_images // 2)))
        pace.write(len(scores))
        if should_stop() and len(scores) < len(cells):
            save(partial)
            raise Interrupted(f"{folder}: stopped after {len(scores)} of {len(cells)} cells; they are saved")
        if time.monotonic() - saved > SAVE_INTERVAL_S:
            save(partial)
            saved = time.monotonic()
    save(whole)
    partial.unlink(missing_ok=True)


class _Score(NamedTuple):
    """What is kept of one cell."""

    proxy: float
    first_half: float | None
    """On the images at even positions; None if it was not kept."""


class _Pace:
    """Writes into a log about once a second, and at the end."""

    def __init__(self, log: LogWriter | None, total: int, num_done: int) -> None:
        self.log, self.total = log, total
        self.num_logged, self.logged_s = num_done, time.monotonic()

    def write(self, num_done: int) -> None:
        passed_s = time.monotonic() - self.logged_s
        if self.log is not None and (passed_s >= LOG_INTERVAL_S or num_done == self.total):
            rate = (num_done - self.num_logged) / max(passed_s, 1e-9)
            self.log.write(num_done, self.total, "cells", cells_per_s=round(rate, 3))
            self.num_logged, self.logged_s = num_done, time.monotonic()


def _recorded(evaluation: "EvaluationSettings") -> dict[str, Any]:
    """The evaluation as scores record it."""
    return dict(sorted(identity_of(evaluation).items()))


def _scores_so_far(path: Path, identity: dict[str, Any], cells: Cells) -> list[_Score]:
    """Scores of the first of these cells, where the file has them for the same super-net and evaluation."""
    if not path.exists():
        return []
    scores = read_scores(path)
    number = min(len(cells), len(scores.cells))
    same = all(scores.origin.get(name) == value for name, value in identity.items())
    if not same or not np.array_equal(scores.cells[:number], cells[:number]):
        return []
    halves = [None] * number if scores.first_half is None else scores.first_half[:number].tolist()
    return [_Score(*pair) for pair in zip(scores.proxies[:number].tolist(), halves, strict=True)]


def _scores_of_others(folder: Path, identity: dict[str, Any], cells: Cells) -> list[_Score]:
    """Scores of the first of these cells in another folder; damaged ones are that folder's own concern."""
    try:
        return max((_scores_so_far(folder / name, identity, cells) for name in (PROXIES, PARTIAL)), key=len)
    except (ShareOrNotError, OSError):
        return []
