"""What to run: the settings of one super-net, and the presets."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import MAX_VERTICES, min_output_edges
from shareornot.storage import atomic_write
from shareornot.supernet.settings import EvaluationSettings, NetworkSettings, OptimizerSettings, TrainingSettings

Recipe = Literal["as-described", "as-published"]
"""Whether to do what the paper's text says, or what its published code did when it made the printed numbers."""
Variant = Literal["baseline", "single-k", "pro-rata", "avg-3", "s-k+p-r"]
"""A way to train a super-net; the columns of the paper's Table 1."""

RECIPES: tuple[Recipe, ...] = get_args(Recipe)
VARIANTS: tuple[Variant, ...] = get_args(Variant)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """One super-net: what it is trained on, how, and how its cells are scored."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # in the settings within it too

    benchmark: str
    """Name of a benchmark table, or the path of one."""
    images: Literal["digits", "cifar10"]
    space: str
    recipe: Recipe = "as-described"
    variant: Variant = "baseline"
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    num_cells: int | None = 1000
    """Cells in the pool that is scored, drawn from those that the table knows; None takes all of them."""
    with_replacement: bool = False
    """Whether the pool is drawn with replacement, as the paper's published code does."""

    def __post_init__(self) -> None:
        if self.num_cells is not None and self.num_cells < 1:
            raise SettingsError(f"num_cells: expected at least 1, got {self.num_cells}")


_ADAPTER = TypeAdapter(RunSettings)


def paper_settings(
    space: str,
    *,
    variant: Variant = "baseline",
    recipe: Recipe = "as-described",
    seed: int = 0,
    max_vertices: int = MAX_VERTICES,
) -> RunSettings:
    """The paper's setting on NASBench-101 and CIFAR-10: 16 filters, 432 epochs, 1,000 cells, BNS-FT.

    Args:
        space: a named space, or conditions on features.
        variant: a column of the paper's Table 1. As published, S-K+P-R also averages over 3 cells.
        recipe: see `Recipe`.
        seed: of everything random.
        max_vertices: most vertices of a cell of the benchmark.

    Raises:
        SettingsError: an unknown space, variant or recipe.
    """
    _check_choice("variant", variant, VARIANTS)
    _check_choice("recipe", recipe, RECIPES)
    published = recipe == "as-published"
    averages = variant == "avg-3" or (published and variant == "s-k+p-r")
    return RunSettings(
        benchmark="nasbench101",
        images="cifar10",
        space=space,
        recipe=recipe,
        variant=variant,
        network=NetworkSettings(
            max_vertices=max_vertices,
            min_output_edges=min_output_edges(open_space(space), max_vertices),
            single_kernel=variant in ("single-k", "s-k+p-r"),
        ),
        training=TrainingSettings(
            method="pro-rata" if variant in ("pro-rata", "s-k+p-r") else "uniform",
            paths_per_step=3 if averages else 1,
            optimizer=OptimizerSettings(accumulate_epsilon=published, move_whole_tensors=published),
            seed=seed,
        ),
        evaluation=EvaluationSettings(adaptation="last-batch" if published else "average", seed=seed),
        with_replacement=published,
    )


def digits_settings(
    space: str = "A_FULL", *, variant: Variant = "baseline", epochs: int = 600, seed: int = 0
) -> RunSettings:
    """The setting of the demo: the network of the embedded benchmark, on the digits.

    Args:
        space: a named space, or conditions on features, among the cells with at most 5 vertices.
        variant: a way to train the super-net.
        epochs: passes over the 200 training images, four steps each.
        seed: of everything random.
    """
    _check_choice("variant", variant, VARIANTS)
    network = digits_network(
        min_output_edges=min_output_edges(open_space(space), 5),
        single_kernel=variant in ("single-k", "s-k+p-r"),
    )
    return RunSettings(
        benchmark="digits",
        images="digits",
        space=space,
        variant=variant,
        network=network,
        training=TrainingSettings(
            epochs=epochs,
            batch_size=50,
            method="pro-rata" if variant in ("pro-rata", "s-k+p-r") else "uniform",
            paths_per_step=3 if variant == "avg-3" else 1,
            optimizer=OptimizerSettings(name="sgd", learning_rate=0.05),
            seed=seed,
        ),
        evaluation=EvaluationSettings(batch_size=50, seed=seed),
        num_cells=None,
    )


def digits_network(*, min_output_edges: int = 1, single_kernel: bool = False) -> NetworkSettings:
    """The small network of the embedded benchmark: 8 filters, 2 stacks of 1 cell, for grey images."""
    return NetworkSettings(
        num_filters=8,
        num_stacks=2,
        cells_per_stack=1,
        image_channels=1,
        max_vertices=5,
        min_output_edges=min_output_edges,
        single_kernel=single_kernel,
        bn_momentum=0.1,
    )


def with_seed(settings: RunSettings, seed: int) -> RunSettings:
    """The same settings with another seed for everything random."""
    return replace(
        settings, training=replace(settings.training, seed=seed), evaluation=replace(settings.evaluation, seed=seed)
    )


def write_settings(path: Path, settings: RunSettings) -> None:
    """Write settings as JSON, with every default spelled out."""
    with atomic_write(path) as file:
        file.write(_ADAPTER.dump_json(settings, indent=2) + b"\n")


def read_settings(path: Path) -> RunSettings:
    """Read what `write_settings` wrote.

    Raises:
        MissingDataError: no such file.
        DataError: the file is no settings, or has unknown names or values out of range.
    """
    if not path.exists():
        raise MissingDataError(f"{path.parent}: expected the folder of a super-net, found no {path.name}")
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (ValidationError, SettingsError) as error:
        raise DataError(f"{path}: expected the settings of a super-net, got something else: {error}") from error


def _check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingsError(f"{what}: expected one of {', '.join(choices)}, got {value!r}")
