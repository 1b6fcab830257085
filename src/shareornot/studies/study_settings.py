"""Settings of a study: its super-nets, spaces, evaluations and comparisons. A study file is decoded to this type.

A study holds few values of its own. Tables such as `training` are dictionaries of what differs from the recipe;
`StudySettings.chapters` merges them over the layers of `recipes` and validates what results, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench1shot1 import OneShotSpace
from shareornot.spaces.nasbench101 import min_output_edges
from shareornot.studies.naming import evaluation_name
from shareornot.studies.overrides import Values, check_names, decode, fields_of, merged
from shareornot.studies.recipes import DEFAULT_RECIPE, evaluation_layer, supernet_layers
from shareornot.studies.settings import (
    ChapterSettings,
    ChapterValues,
    SupernetSettings,
    WatchingSettings,
    as_values,
)
from shareornot.supernet.settings import NetworkSettings

TABLES = fields_of(ChapterValues)
"""The tables of a study, and the classes that they are decoded to once they are merged."""


@dataclass(frozen=True, kw_only=True)
class ExperimentSettings:
    """Settings in which the experiments of a study may differ."""

    TABLES: ClassVar[Mapping[str, Any]] = TABLES

    recipe: str = DEFAULT_RECIPE
    spaces: tuple[str, ...] = ("A_FULL",)
    variants: tuple[str, ...] = ("baseline",)
    evaluations: tuple[str, ...] = ("bns-ft",)
    """Names, each perhaps with settings that differ, as in `bns-ft num_batches=8`."""
    supernets: int = 5
    """Number of super-nets of each space and variant, with seeds that count up."""
    seed: int = 0
    """Seed of the first super-net."""
    network: Values = field(default_factory=dict)
    training: Values = field(default_factory=dict)
    evaluation: Values = field(default_factory=dict)
    pool: Values = field(default_factory=dict)
    search: Values = field(default_factory=dict)

    def check(self, where: str) -> None:
        """Refuse lists that are empty or repeat, and numbers out of range.

        Raises:
            SettingsError: the message begins with `where`.
        """
        for what in ("spaces", "variants", "evaluations"):
            several = getattr(self, what)
            if not several or len(set(several)) < len(several):
                raise SettingsError(
                    f"{where}{what}: expected at least one and no duplicates, got {', '.join(several) or 'none'}"
                )
        if self.supernets < 1 or self.seed < 0:
            raise SettingsError(
                f"{where}supernets: expected at least 1, and a seed from 0, got {self.supernets} and {self.seed}"
            )


@dataclass(frozen=True, kw_only=True)
class StudySettings(ExperimentSettings):
    """A study: every space with every variant and every evaluation, for each experiment."""

    name: str
    benchmark: str
    """Name of a benchmark table, or the path of one."""
    images: str
    """Name of an image set."""
    shard_size: int = 250
    """Cells that one job scores."""
    watching: WatchingSettings = field(default_factory=WatchingSettings)
    experiments: dict[str, Values] = field(default_factory=dict)
    """Differences of each experiment by name; without any, the study is one of its own."""

    def __post_init__(self) -> None:
        if not self.name or set(self.name) & set("/\\\0") or self.name.startswith("."):
            raise SettingsError(f"name: expected a word that can name a folder, got {self.name!r}")
        if self.shard_size < 1:
            raise SettingsError(f"shard_size: expected at least 1, got {self.shard_size}")
        self.chapters()  # every combination must be possible

    def chapters(self) -> tuple[ChapterSettings, ...]:
        """Every experiment, space, variant and evaluation, in the order of the file, each once.

        Raises:
            SettingsError: a list is empty or names something twice, a name is unknown, or a value is out of range.
        """
        shared = {one.name: getattr(self, one.name) for one in fields(ExperimentSettings)}
        found = []
        for name, changes in (self.experiments or {"": {}}).items():
            where = f"experiments.{name}." if name else ""
            experiment = decode(ExperimentSettings, merged(shared, changes), where or "study")
            experiment.check(where)
            spaces = [open_space(space).name for space in experiment.spaces]
            if len(set(spaces)) < len(spaces):
                raise SettingsError(f"{where}spaces: expected no duplicates, got {', '.join(experiment.spaces)}")
            found += [
                self._chapter(name, experiment, space, variant, evaluation)
                for space in spaces
                for variant in experiment.variants
                for evaluation in experiment.evaluations
            ]
        return tuple(found)

    def _chapter(
        self, name: str, experiment: ExperimentSettings, space: str, variant: str, evaluation: str
    ) -> ChapterSettings:
        """The chapter of one combination."""
        chapter = self._values(experiment, space, variant, evaluation, depth=0)
        is_cells = open_space(space).family == "nasbench101"
        if is_cells and (deep := chapter.network.depth):  # which may change the recipe
            chapter = self._values(experiment, space, variant, evaluation, depth=deep)
        if chapter.evaluation.num_checkpoints > min(chapter.training.keep_checkpoints, chapter.training.epochs):
            raise SettingsError(
                "evaluation.num_checkpoints: expected at most as many as the training keeps, "
                f"{chapter.training.keep_checkpoints} of {chapter.training.epochs} epochs, got "
                f"{chapter.evaluation.num_checkpoints}; train with training.keep_checkpoints="
                f"{chapter.evaluation.num_checkpoints}"
            )
        paper_name = evaluation_name(as_values(chapter.evaluation))
        if evaluation.split()[0] != paper_name:
            raise SettingsError(
                f"evaluation {evaluation!r}: expected settings of that name, got adaptation "
                f"{chapter.evaluation.adaptation} and {chapter.evaluation.fine_tuning_steps} fine-tuning steps; "
                f"call it {paper_name!r}"
            )
        return ChapterSettings(
            experiment=name,
            evaluation=evaluation,
            seeds=tuple(range(experiment.seed, experiment.seed + experiment.supernets)),
            supernet=SupernetSettings(
                benchmark=self.benchmark,
                images=self.images,
                space=space,
                recipe=experiment.recipe,
                variant=variant,
                network=chapter.network,
                training=chapter.training,
            ),
            scoring=chapter.evaluation,
            pool=chapter.pool,
            search=chapter.search,
        )

    def _values(
        self, experiment: ExperimentSettings, space: str, variant: str, evaluation: str, *, depth: int
    ) -> ChapterValues:
        """The layers of one combination, merged and validated."""
        own = {table: getattr(experiment, table) for table in TABLES}
        whole = open_space(space)
        layers = (
            *supernet_layers(self.images, experiment.recipe, variant, depth=depth, family=whole.family),
            own,
            {"evaluation": evaluation_layer(evaluation)},
            {"training": {"seed": experiment.seed}, "evaluation": {"seed": experiment.seed}},
        )
        values = merged({table: {} for table in TABLES}, *layers)
        check_names(values, ChapterValues, f"evaluation {evaluation!r}")
        if whole.family == "nasbench101":
            bound = {"min_output_edges": min_output_edges(whole, _max_vertices(values["network"]))}
            values = merged({"network": bound}, values)
        if values["network"].get("choices") == "space":
            values["network"]["choices"] = space if isinstance(whole, OneShotSpace) else ""
        return decode(ChapterValues, values, "study")


def decode_values(values: Mapping[str, Any], where: str) -> StudySettings:
    """Decode the values of a study, presets resolved.

    Returns:
        Settings of which every value is checked.

    Raises:
        SettingsError: an unknown name, with the nearest known one; a value of another type or out of range.
    """
    check_names(values, StudySettings, where)
    parts = {"": values, **{f"experiments.{name}.": part for name, part in _tables(values.get("experiments")).items()}}
    for path, part in parts.items():
        if path:
            check_names(part, ExperimentSettings, where, path)
        for table in ("training", "evaluation"):
            if "seed" in _tables(part).get(table, {}):
                raise SettingsError(f"{where}: {path}{table}.seed: expected no seed of its own; set 'seed' instead")
    return decode(StudySettings, values, where)


def _tables(values: Any) -> dict[str, Mapping[str, Any]]:
    """Those of the values that are tables."""
    return (
        {name: one for name, one in values.items() if isinstance(one, Mapping)} if isinstance(values, Mapping) else {}
    )


def _max_vertices(network: Mapping[str, Any]) -> int:
    """Most vertices of a cell, where it is a number; anything else is refused when the network is decoded."""
    value = network.get("max_vertices", NetworkSettings().max_vertices)
    return value if isinstance(value, int) and not isinstance(value, bool) else NetworkSettings().max_vertices
