"""What a study is: which super-nets on which spaces, scored how, compared how. The types that a study file decodes to.

Where a field is None, the recipe decides, or the experiments do; `StudySettings.chapters` says what comes of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, get_args

from pydantic import ConfigDict

from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.studies.settings import Recipe, RunSettings, Variant, digits_settings, paper_settings, with_seed
from shareornot.supernet.settings import EvaluationSettings

EvaluationName = Literal["no-ft", "bns-ft", "ft"]
"""How cells are scored: with the running statistics, with adapted ones, or after training each cell a little alone."""
EVALUATION_NAMES: tuple[EvaluationName, ...] = get_args(EvaluationName)
FINE_TUNING_STEPS = 20
"""Of `ft`, where nothing else is said."""

_STRICT = ConfigDict(extra="forbid", strict=True)
Some = TypeVar("Some")


@dataclass(frozen=True, kw_only=True)
class NetworkChanges:
    """Where the network differs from that of the images' preset."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    num_filters: int | None = None
    num_stacks: int | None = None
    cells_per_stack: int | None = None
    bn_momentum: float | None = None
    bn_epsilon: float | None = None


@dataclass(frozen=True, kw_only=True)
class OptimizerChanges:
    """Where the optimizer differs."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: Literal["rmsprop", "sgd"] | None = None
    learning_rate: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    smoothing: float | None = None
    epsilon: float | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingChanges:
    """Where the training of a super-net differs; method and averaging follow from the variant."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    epochs: int | None = None
    batch_size: int | None = None
    optimizer: OptimizerChanges = field(default_factory=OptimizerChanges)


@dataclass(frozen=True, kw_only=True)
class EvaluationChanges:
    """Where scoring a cell differs; the adaptation follows from the names of the evaluations."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    num_batches: int | None = None
    batch_size: int | None = None
    fine_tuning_steps: int | None = None
    """Of `ft`."""
    fine_tuning_learning_rate: float | None = None
    forward_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The cells that each super-net scores."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    num_cells: int | Literal["all"] | None = None
    """By default 1,000, and all on digits."""
    with_replacement: bool | None = None
    """By default as the recipe has it."""

    def __post_init__(self) -> None:
        if isinstance(self.num_cells, int) and self.num_cells < 1:
            raise SettingsError(f"pool.num_cells: expected at least 1, or 'all', got {self.num_cells}")


@dataclass(frozen=True, kw_only=True)
class SearchChanges:
    """How searches are compared, as far as it is said here; the rest is as in `Search`."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    num_trained: tuple[int, ...] | None = None
    num_runs: int | None = None
    seed: int | None = None
    random_search: Literal["space", "pool"] | None = None
    count_scoring: bool | None = None
    times: str | None = None
    supernet_times: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """How searches are compared."""

    num_trained: tuple[int, ...] = (1, 10, 20)
    """k of TOP-k."""
    num_runs: int = 500
    """Of random search and of evolution."""
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
        if self.seed < 0 or self.num_runs < 2:
            raise SettingsError(
                f"search: expected a seed from 0 and num_runs from 2, got {self.seed} and {self.num_runs}"
            )


@dataclass(frozen=True, kw_only=True)
class Watching:
    """The correlation that is measured while a super-net trains. It shows how training goes, and changes nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

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


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A part of a study that differs from the rest in what it names."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    spaces: tuple[str, ...] | None = None
    variants: tuple[Variant, ...] | None = None
    evaluations: tuple[EvaluationName, ...] | None = None
    supernets: int | None = None
    pool: Pool = field(default_factory=Pool)
    search: SearchChanges = field(default_factory=SearchChanges)


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """A study: every space with every variant and every evaluation, for each experiment."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    benchmark: str
    """Name of a benchmark table, or the path of one."""
    images: Literal["digits", "cifar10"]
    recipe: Recipe = "as-described"
    spaces: tuple[str, ...] = ("A_FULL",)
    variants: tuple[Variant, ...] = ("baseline",)
    evaluations: tuple[EvaluationName, ...] = ("bns-ft",)
    supernets: int = 5
    """Of each space and variant, with seeds that count up."""
    seed: int = 0
    """Of the first super-net."""
    shard_size: int = 250
    """Cells that one piece of work scores."""
    network: NetworkChanges = field(default_factory=NetworkChanges)
    training: TrainingChanges = field(default_factory=TrainingChanges)
    evaluation: EvaluationChanges = field(default_factory=EvaluationChanges)
    pool: Pool = field(default_factory=Pool)
    search: SearchChanges = field(default_factory=SearchChanges)
    watching: Watching = field(default_factory=Watching)
    experiments: dict[str, Experiment] = field(default_factory=dict)
    """By name; without any, the study is one of its own."""

    def __post_init__(self) -> None:
        if not self.name or set(self.name) & set("/\\\0") or self.name.startswith("."):
            raise SettingsError(f"name: expected a word that can name a folder, got {self.name!r}")
        if self.seed < 0 or self.shard_size < 1:
            raise SettingsError(
                f"study: expected a seed from 0 and a shard_size from 1, got {self.seed} and {self.shard_size}"
            )
        if self.images == "digits" and self.recipe != "as-described":
            raise SettingsError(f"recipe: expected as-described on digits, got {self.recipe}, which is the paper's")
        for chapter in self.chapters():  # every combination must be possible
            evaluation_config(self, chapter.evaluation, supernet_settings(self, chapter, chapter.seeds[0]))

    def chapters(self) -> "tuple[ChapterSettings, ...]":
        """Every experiment, space, variant and evaluation, in the order of the file, each once.

        Raises:
            SettingsError: a list is empty or names something twice, a space is unknown, or no super-net is asked for.
        """
        found: list[ChapterSettings] = []
        for name, experiment in (self.experiments or {"": Experiment()}).items():
            where = f"experiments.{name}." if name else ""
            spaces = self.spaces if experiment.spaces is None else experiment.spaces
            variants = self.variants if experiment.variants is None else experiment.variants
            evaluations = self.evaluations if experiment.evaluations is None else experiment.evaluations
            supernets = self.supernets if experiment.supernets is None else experiment.supernets
            for what, several in (("spaces", spaces), ("variants", variants), ("evaluations", evaluations)):
                if not several or len(set(several)) < len(several):
                    raise SettingsError(
                        f"{where}{what}: expected at least one and none twice, got {', '.join(several) or 'none'}"
                    )
            if supernets < 1:
                raise SettingsError(f"{where}supernets: expected at least 1, got {supernets}")
            search = Search(**_said(_over(self.search, experiment.search)))
            pool = _over(self.pool, experiment.pool)
            found += [
                ChapterSettings(
                    experiment=name,
                    space=open_space(space).name,
                    variant=variant,
                    evaluation=evaluation,
                    seeds=tuple(range(self.seed, self.seed + supernets)),
                    pool=pool,
                    search=search,
                )
                for space in spaces
                for variant in variants
                for evaluation in evaluations
            ]
        return tuple(found)


class ChapterSettings(NamedTuple):
    """What one appraisal is about: super-nets that differ in their seed only, scored in one way."""

    experiment: str
    """Empty in a study of one experiment."""
    space: str
    variant: Variant
    evaluation: EvaluationName
    seeds: tuple[int, ...]
    pool: Pool
    search: Search

    @property
    def label(self) -> str:
        """What a person calls it."""
        words = f"{self.space} {self.variant} {self.evaluation}"
        return f"{self.experiment}: {words}" if self.experiment else words


def supernet_settings(study: StudySettings, chapter: ChapterSettings, seed: int) -> RunSettings:
    """The settings of one super-net and of its pool.

    Raises:
        SettingsError: a value out of range.
    """
    if study.images == "digits":
        base = digits_settings(chapter.space, variant=chapter.variant)
    else:
        base = paper_settings(chapter.space, variant=chapter.variant, recipe=study.recipe)
    optimizer = _over(base.training.optimizer, study.training.optimizer)
    training = replace(_over(base.training, study.training), optimizer=optimizer)
    num_cells = base.num_cells if chapter.pool.num_cells is None else chapter.pool.num_cells
    replacement = chapter.pool.with_replacement
    settings = replace(
        base,
        benchmark=study.benchmark,
        network=_over(base.network, study.network),
        training=training,
        evaluation=_over(base.evaluation, replace(study.evaluation, fine_tuning_steps=None)),
        num_cells=None if num_cells == "all" else num_cells,
        with_replacement=base.with_replacement if replacement is None else replacement,
    )
    return with_seed(settings, seed)


def evaluation_config(study: StudySettings, name: EvaluationName, settings: RunSettings) -> EvaluationSettings:
    """How cells of a super-net are scored under this name.

    Args:
        study: says how much fine-tuning there is.
        name: of the evaluation.
        settings: of the super-net.

    Raises:
        SettingsError: a value out of range.
    """
    if name == "no-ft":
        return replace(settings.evaluation, adaptation="none")
    if name == "ft":
        steps = study.evaluation.fine_tuning_steps
        return replace(settings.evaluation, fine_tuning_steps=FINE_TUNING_STEPS if steps is None else steps)
    return settings.evaluation


def _over(base: Some, changes: Any) -> Some:
    """The base with everything that the changes say, but for what is nested in them."""
    return replace(base, **{name: value for name, value in _said(changes).items() if not hasattr(value, "__dict__")})  # type: ignore[type-var]


def _said(values: Any) -> Mapping[str, Any]:
    """The fields that are not None."""
    pairs = ((one.name, getattr(values, one.name)) for one in fields(values))
    return {name: value for name, value in pairs if value is not None}
