"""The settings of one super-net, of the cells it scores, and of the searches it is compared with.

Frozen and free of PyTorch. Nothing that a setting names, such as a sampling strategy, is loaded when it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

from shareornot.errors import SettingsError
from shareornot.supernet.settings import EvaluationSettings, NetworkSettings, TrainingSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class SupernetSettings:
    """One super-net: the cells it is trained on, its network and its training."""

    benchmark: str
    """Name of a benchmark table, or the path of one."""
    images: str
    """Name of an image set."""
    space: str
    recipe: str
    variant: str
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def with_seed(self, seed: int) -> "SupernetSettings":
        """The same super-net trained from another seed."""
        return replace(self, training=replace(self.training, seed=seed))


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSettings:
    """The cells that each super-net scores."""

    num_cells: int | Literal["all"] = 1000
    """How many, drawn from those that the table holds; a larger pool begins with the cells of a smaller one."""
    with_replacement: bool = False
    """Whether cells may be drawn twice, as the paper's published code does."""

    def __post_init__(self) -> None:
        if isinstance(self.num_cells, int) and self.num_cells < 1:
            raise SettingsError(f"pool.num_cells: expected at least 1, or 'all', got {self.num_cells}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSettings:
    """Settings of the comparison of searches."""

    num_trained: tuple[int, ...] = (1, 10, 20)
    """k of TOP-k."""
    top: int | None = None
    """k of the comparison that the verdict is about, fixed beforehand; by default 10, or the largest of `num_trained`
    below."""
    num_runs: int = 500
    """Number of runs of random search, evolution and local search."""
    seed: int = 0
    random_search: Literal["space", "pool"] = "space"
    """`pool` adds the comparison of the paper's first version: each super-net against one random order of its pool."""
    count_scoring: bool = True
    """Whether the guided search pays for scoring its pool; the paper's first version leaves that out."""
    times: str | None = None
    """File of measured training times of cells alone, see `measure-times`; by default those of the table."""
    supernet_times: str | None = None
    """The same at the width of the super-net; by default a step of it counts as one of a cell alone."""

    def __post_init__(self) -> None:
        if not self.num_trained or min(self.num_trained) < 1 or list(self.num_trained) != sorted(set(self.num_trained)):
            raise SettingsError(
                f"search.num_trained: expected increasing numbers from 1, such as [1, 10, 20], got {self.num_trained}"
            )
        if self.top is not None and self.top < 1:
            raise SettingsError(f"search.top: expected a number from 1, got {self.top}")
        if self.seed < 0 or self.num_runs < 2:
            raise SettingsError(
                f"search: expected a seed from 0 and num_runs from 2, got {self.seed} and {self.num_runs}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchingSettings:
    """The correlation that is measured while a super-net trains. It shows how training goes, and changes nothing."""

    num_times: int = 20
    """How often in a training; 0 never."""
    num_cells: int = 20
    """Cells that are scored each time."""
    num_images: int = 500
    """Validation images that they are scored on."""

    def __post_init__(self) -> None:
        if self.num_times < 0 or self.num_cells < 3 or self.num_images < 1:
            raise SettingsError(
                "watching: expected num_times from 0, num_cells from 3 and num_images from 1, got "
                f"{self.num_times}, {self.num_cells} and {self.num_images}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterValues:
    """All settings that dictionaries override, as one tree; see `study_settings`."""

    network: NetworkSettings
    training: TrainingSettings
    evaluation: EvaluationSettings
    pool: PoolSettings
    search: SearchSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterSettings:
    """Settings of one chapter: super-nets that differ in their seed only, scored in one way."""

    experiment: str
    """Empty in a study of one experiment."""
    evaluation: str
    """Name of the evaluation, with what differs from it, such as `bns-ft num_batches=8`."""
    seeds: tuple[int, ...]
    supernet: SupernetSettings
    """Super-net of the first seed."""
    scoring: EvaluationSettings
    """How the cells of the first super-net are scored."""
    pool: PoolSettings
    search: SearchSettings

    def scoring_with_seed(self, seed: int) -> EvaluationSettings:
        """Settings for scoring the cells of the super-net with another seed."""
        return replace(self.scoring, seed=seed)

    @property
    def label(self) -> str:
        """Name for people."""
        words = f"{self.supernet.space} {self.supernet.variant} {self.evaluation}"
        return f"{self.experiment}: {words}" if self.experiment not in ("", self.evaluation) else words


def as_values(settings: Any) -> Any:
    """Settings as JSON has them: dictionaries, lists, numbers and texts."""
    if is_dataclass(settings) and not isinstance(settings, type):
        return {one.name: as_values(getattr(settings, one.name)) for one in fields(settings)}
    if isinstance(settings, Mapping):
        return {name: as_values(value) for name, value in settings.items()}
    return [as_values(value) for value in settings] if isinstance(settings, tuple | list) else settings


def identity_of(settings: Any) -> dict[str, Any]:
    """The settings that determine a result, as JSON has them.

    Args:
        settings: settings of a class that may state two things. `NOT_IDENTITY` names the fields that change the speed
            only, and numbers by rounding at most. `NEUTRAL` names fields that were added after results had been
            computed, with the value that stands for what was computed then: with it a field is left out, so that those
            results keep their names.
    """
    without: frozenset[str] = getattr(type(settings), "NOT_IDENTITY", frozenset())
    neutral = getattr(type(settings), "NEUTRAL", {})
    found = {}
    for one in fields(settings):
        value = getattr(settings, one.name)
        if one.name in without or (one.name in neutral and neutral[one.name] == value):
            continue
        found[one.name] = identity_of(value) if is_dataclass(value) else as_values(value)
    return found
