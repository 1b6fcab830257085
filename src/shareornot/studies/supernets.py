"""Several super-nets of one space in a folder: `seed-0`, `seed-1`, ..., each a run of its own.

These are the steps of the main job, as Python users call them and as the commands do: `train_supernets`,
`evaluate_supernets`, `appraise_supernets`.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int32

from shareornot.appraisal.appraisal import Appraisal, appraise
from shareornot.appraisal.audit import SpaceAudit, audit_space
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.scores_file import ScoredCells, read_scores
from shareornot.errors import MissingDataError, SettingsError
from shareornot.methods import check_method
from shareornot.progress import Progress, ProgressBars, no_bars
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies.devices import choose_device
from shareornot.studies.measured_times import read_times
from shareornot.studies.naming import evaluation_name, variant_name
from shareornot.studies.settings import RunSettings, read_settings, with_seed
from shareornot.studies.workers import num_usable_cores, run_in_processes
from shareornot.supernet.settings import EvaluationSettings
from shareornot.tables import BenchmarkTable, open_benchmark

if TYPE_CHECKING:
    from shareornot.images import ImageSet

Indices = Int32[np.ndarray, " cells"]


def train_supernets(
    folder: Path,
    settings: RunSettings,
    *,
    num_supernets: int = 1,
    device: str = "auto",
    num_processes: int | None = None,
    bars: ProgressBars = no_bars,
) -> list[Path]:
    """Train super-nets that differ in their seed only; those that are there are kept, those begun are finished.

    Args:
        folder: gets a folder for each super-net.
        settings: of all of them; the seeds count up from the one that they name.
        num_supernets: how many.
        device: as PyTorch names it, or "auto" for an accelerator where there is one.
        num_processes: super-nets trained at a time; by default one per core on a processor, and one on an
            accelerator.
        bars: shows the progress in steps.

    Returns:
        The folders of the super-nets.

    Raises:
        SettingsError: a folder holds a super-net of other settings.
        MissingDataError: the benchmark or the images are not there; the message says how to get them.
        MissingExtraError: PyTorch is not installed.
        Interrupted: Ctrl-C; all is saved, and the same call goes on from there.
    """
    if num_supernets < 1:
        raise SettingsError(f"num_supernets: expected at least 1, got {num_supernets}")
    open_benchmark(settings.benchmark)  # which fails here rather than in a process
    device = choose_device(device)
    check_method(settings.training)
    seeds = range(settings.training.seed, settings.training.seed + num_supernets)
    folders = [folder / f"seed-{seed}" for seed in seeds]
    arguments = [(path, with_seed(settings, seed), device) for path, seed in zip(folders, seeds, strict=True)]
    num_steps = settings.training.epochs * -(-_num_train_images(settings) // settings.training.batch_size)
    what = f"Training {num_supernets} super-net{'s' * (num_supernets > 1)}"
    with bars(what, num_supernets * num_steps) as progress:
        small = settings.images == "digits"
        _distribute(_train, arguments, progress, device, num_processes, small=small)
    return folders


def evaluate_supernets(
    folder: Path,
    *,
    evaluation: EvaluationSettings | None = None,
    num_cells: int | None = None,
    device: str = "auto",
    num_processes: int | None = None,
    bars: ProgressBars = no_bars,
) -> list[Path]:
    """Score the cells of each super-net's pool.

    Args:
        folder: of `train_supernets`.
        evaluation: how to score, by default what the super-nets' settings say.
        num_cells: cells in a pool, by default what the settings say.
        device: as in `train_supernets`.
        num_processes: super-nets at a time, as in `train_supernets`.
        bars: shows the progress in cells.

    Raises:
        MissingDataError: no trained super-net in the folder.
        SettingsError: a super-net whose training has not ended.
        Interrupted: Ctrl-C; all is saved, and the same call goes on from there.
    """
    folders = supernet_folders(folder)
    device = choose_device(device)
    arguments, total = [], 0
    for path in folders:
        settings = read_settings(path / "settings.json")
        wanted = replace(settings, num_cells=num_cells or settings.num_cells)
        chosen = replace(evaluation, seed=settings.evaluation.seed) if evaluation else settings.evaluation
        pool = draw_pool(open_benchmark(settings.benchmark), wanted)
        arguments.append((path, settings, chosen, pool, device))
        total += len(pool)
    what = f"Scoring {total:,} cells with {len(folders)} super-net{'s' * (len(folders) > 1)}"
    small = all(settings.images == "digits" for _, settings, *_ in arguments)
    with bars(what, total) as progress:
        _distribute(_evaluate, arguments, progress, device, num_processes, small=small)
    return folders


def appraise_supernets(
    folder: Path, *, seed: int = 0, times: Path | None = None, supernet_times: Path | None = None
) -> Appraisal:
    """Judge the super-nets of a folder whose cells have been scored; needs no PyTorch.

    Args:
        folder: of `train_supernets` and `evaluate_supernets`.
        seed: of the simulated searches.
        times: measured training times of cells alone, see `measure_times`; by default those of the table.
        supernet_times: the same at the width of the super-net; by default a step of it counts as one of a cell alone.

    Raises:
        MissingDataError: no scored super-net in the folder.
        SettingsError: super-nets of different settings, scored in different ways, or all diverged.
    """
    folders = supernet_folders(folder)
    all_settings = [read_settings(path / "settings.json") for path in folders]
    first = all_settings[0]
    if any(one != with_seed(first, one.training.seed) for one in all_settings):
        raise SettingsError(
            f"{folder}: expected super-nets that differ in their seed only; keep others in another folder"
        )
    scores = [read_scores(path / "proxies.parquet") for path in folders]
    if any(_how_scored(one) != _how_scored(scores[0]) for one in scores):
        raise SettingsError(f"{folder}: expected super-nets scored in one way; run again: shareornot evaluate {folder}")
    table = open_benchmark(first.benchmark)
    costs = supernet_costs(table, first, scores[0], times=times, supernet_times=supernet_times)
    pools = [
        ScoredPool(name=path.name, cells=one.cells, proxies=one.proxies)
        for path, one in zip(folders, scores, strict=True)
    ]
    return appraise(
        table,
        open_space(first.space),
        pools,
        costs,
        np.random.default_rng(seed),
        variant=variant_name(first.variant, evaluation_name(scores[0].origin["evaluation"])),
    )


def settings_used(folder: Path) -> dict[str, Any]:
    """The settings behind the scores of a folder, for a report.

    How the cells were scored is taken from the record of the scores, which may differ from what the super-nets'
    settings propose.

    Args:
        folder: of `train_supernets` and `evaluate_supernets`.

    Raises:
        MissingDataError: no scored super-net in the folder.
    """
    first = supernet_folders(folder)[0]
    settings, scores = read_settings(first / "settings.json"), read_scores(first / "proxies.parquet")
    return asdict(settings) | {"evaluation": dict(scores.origin["evaluation"]), "num_cells": len(scores.cells)}


def audit_supernets(folder: Path, *, benchmark: str | None = None, seed: int = 0) -> SpaceAudit:
    """Audit the scored super-nets of a folder; needs no PyTorch.

    Args:
        folder: of `train_supernets` and `evaluate_supernets`.
        benchmark: name or path of the table; by default that of the super-nets' settings.
        seed: of what is random: which cells are held out together, and ties.

    Raises:
        MissingDataError: no scored super-net in the folder, or no such table.
        SettingsError: super-nets that differ in more than their seed.
        DataError: too few cells in a pool, or no super-net converged.
    """
    folders = supernet_folders(folder)
    settings = [read_settings(path / "settings.json") for path in folders]
    if any(one != with_seed(settings[0], one.training.seed) for one in settings):
        raise SettingsError(
            f"{folder}: expected super-nets that differ in their seed only; keep others in another folder"
        )
    scores = [read_scores(path / "proxies.parquet") for path in folders]
    pools = [
        ScoredPool(name=path.name, cells=one.cells, proxies=one.proxies)
        for path, one in zip(folders, scores, strict=True)
    ]
    table = open_benchmark(benchmark or settings[0].benchmark)
    variant = variant_name(settings[0].variant, evaluation_name(scores[0].origin["evaluation"]))
    return audit_space(table, open_space(settings[0].space), pools, np.random.default_rng(seed), variant=variant)


def supernet_costs(
    table: BenchmarkTable,
    settings: RunSettings,
    scores: ScoredCells,
    *,
    times: Path | None = None,
    supernet_times: Path | None = None,
    count_scoring: bool = True,
) -> SupernetCosts:
    """What one of these super-nets costs, its training and the scoring of its cells.

    Args:
        table: tells what a training alone is.
        settings: of the super-net.
        scores: tell how a cell was scored.
        times: measured training times of cells alone; by default those of the table.
        supernet_times: the same at the width of the super-net; by default a step of it counts as one of a cell alone.
        count_scoring: whether scoring is paid for.

    Raises:
        MissingDataError: a file of times is not there.
        DataError: it is damaged, or of another universe.
    """
    num_epochs = table.info.budgets[-1]
    return SupernetCosts(
        training=settings.training.epochs * settings.training.paths_per_step / num_epochs,
        scoring=scoring_cost(scores) / num_epochs if count_scoring else 0.0,
        time_s=None if times is None else read_times(times, table.info.num_cells).time_s,
        narrow_time_s=None if supernet_times is None else read_times(supernet_times, table.info.num_cells).time_s,
    )


def _how_scored(scores: ScoredCells) -> dict[str, Any]:
    """The evaluation that made the scores, but for its seed."""
    return {name: value for name, value in scores.origin["evaluation"].items() if name != "seed"}


def scoring_cost(scores: ScoredCells) -> float:
    """Cost of scoring one cell, in epochs of training it: everything that was done to get the score.

    A backward pass costs about two forward passes, so an image in a fine-tuning step costs three images that are only
    passed forward, in validation or to adapt batch norm.
    """
    evaluation, num_train_images = scores.origin["evaluation"], scores.origin["num_train_images"]
    batch_size = min(evaluation["batch_size"], num_train_images)
    num_images = scores.origin["num_validation_images"]
    if evaluation["adaptation"] != "none":
        num_images += evaluation["num_batches"] * batch_size
    num_images += 3 * evaluation.get("fine_tuning_steps", 0) * batch_size
    return float(num_images / (3 * num_train_images))


def supernet_folders(folder: Path) -> list[Path]:
    """The folders of the super-nets in a folder, in the order of their seeds; or the folder, if it is one itself.

    Raises:
        MissingDataError: there is none.
    """
    if (folder / "settings.json").exists():
        return [folder]
    found = [path.parent for path in folder.glob("seed-*/settings.json")]
    if not found:
        raise MissingDataError(f"{folder}: expected super-nets, found none; train some with: shareornot train {folder}")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def draw_pool(table: BenchmarkTable, settings: RunSettings) -> Indices:
    """The cells that a super-net is asked about: all that the table knows of the space, or some of them at random.

    Args:
        table: tells which cells of the space are known.
        settings: how many, drawn how, from which seed.
    """
    cells = space_cells(open_space(settings.space), table.info.max_vertices)
    known: Indices = cells[table.rows_of(cells)[1]]
    if settings.num_cells is None or (settings.num_cells >= len(known) and not settings.with_replacement):
        return known
    rng = np.random.default_rng([settings.evaluation.seed, 2])
    pool: Indices = rng.choice(known, settings.num_cells, replace=settings.with_replacement)
    return pool


def _num_train_images(settings: RunSettings) -> int:
    if settings.images == "digits":
        from shareornot.images.digits import NUM_TRAIN

        return NUM_TRAIN
    from shareornot.images import cifar10

    return cifar10.NUM_TRAIN


def _distribute(
    work: Callable[..., None],
    arguments: Sequence[tuple[Any, ...]],
    progress: Progress,
    device: str,
    num_processes: int | None,
    *,
    small: bool,
) -> None:
    """One process a core on a processor, and all in this process on an accelerator, which one super-net may fill.

    Networks that are `small`, those of the digits, lose more than they gain by sharing the work out to threads.
    """
    cores = num_usable_cores()
    if num_processes is None:
        num_processes = min(len(arguments), cores) if device == "cpu" else 1
    num_threads = 1 if small else None if num_processes == 1 else max(1, cores // num_processes)
    run_in_processes(work, arguments, progress, num_processes=num_processes, num_threads=num_threads)


def _load_images(settings: RunSettings, device: str) -> "ImageSet":
    from shareornot.images import cifar10_images, digits_images, open_cifar10

    images = digits_images() if settings.images == "digits" else cifar10_images(*open_cifar10())
    return images.to(device)


def _train(
    folder: Path, settings: RunSettings, device: str, progress: Progress, should_stop: Callable[[], bool]
) -> None:
    """Train one super-net, in whichever process."""
    from shareornot.studies.supernet_run import train_supernet

    table = open_benchmark(settings.benchmark)
    cells = space_cells(open_space(settings.space), table.info.max_vertices)
    train_supernet(folder, settings, _load_images(settings, device), cells, progress, should_stop)


def _evaluate(
    folder: Path,
    settings: RunSettings,
    evaluation: EvaluationSettings,
    pool: Indices,
    device: str,
    progress: Progress,
    should_stop: Callable[[], bool],
) -> None:
    """Score the pool of one super-net, in whichever process."""
    from shareornot.studies.supernet_run import evaluate_supernet

    images = _load_images(settings, device)
    evaluate_supernet(folder, evaluation, images, pool, progress, should_stop)
