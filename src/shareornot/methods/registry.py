"""Methods by name: those of this package, and those that installed packages add.

A method is a function from a `Setup` to a `Method`. Its keyword-only parameters are the options that a user may set, by
their names, with their defaults; the first line of its docstring is the sentence that describes it.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shareornot.errors import DataError, MissingExtraError, SettingsError
from shareornot.methods.refusals import check_whole_product, groups_missing, hyper_units_missing, mixing_refused
from shareornot.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    from shareornot.images import ImageSet
    from shareornot.methods.contract import Indices, Method, Setup
    from shareornot.spaces import Space
    from shareornot.supernet import NetworkSettings, SuperNet, Trainer, TrainingSettings
    from shareornot.supernet.training import BatchSource

Build = Callable[..., "Method"]
Option = float | int | str | bool


@dataclass(frozen=True, slots=True)
class MethodEntry:
    """Entry of a method in a list of methods."""

    name: str
    summary: str
    paper: str
    """Empty for methods of installed packages."""
    spaces: str
    """On which spaces it works."""
    home: str = ""
    """Module of this package and function; empty for methods of installed packages."""
    families: tuple[str, ...] | None = None
    """Families of spaces on which it works without options; None for all."""
    has_preference: bool = False
    """Whether it has its own preference among architectures or returns one."""


PRODUCT_FAMILIES = ("nasbench201", "macro")
ANY_SPACE = "any space"
GROUPED = "any space; with network.groups"
HYPER = "nasbench101 and product spaces; with network.hyper_units"
PRODUCTS = "product spaces: nasbench201, macro, S1, S2, S3, S3-5"
MIXING = "product spaces: nasbench201, macro; with network.choices, S1, S2, S3, S3-5"

METHODS = {
    entry.name: entry
    for entry in (
        MethodEntry(
            "uniform",
            "Trains one architecture per step, each with the same probability (SPOS).",
            "Guo et al. 2019, arXiv:1904.00420",
            ANY_SPACE,
            "uniform:uniform",
        ),
        MethodEntry(
            "uniform-choices",
            "Trains one architecture per step, each in proportion to the number of choices that give it.",
            "Zela et al. 2020, arXiv:2001.10422",
            "product spaces and parts of them: nasbench201, macro, S1, S2, S3",
            "uniform_choices:uniform_choices",
            PRODUCT_FAMILIES,
        ),
        MethodEntry(
            "pro-rata",
            "Trains one architecture per step, each in proportion to its number of parameters.",
            "Luo et al. 2019, arXiv:1909.10815",
            "spaces that count parameters",
            "pro_rata:pro_rata",
            ("nasbench101", *PRODUCT_FAMILIES),
        ),
        MethodEntry(
            "balanced",
            "Trains one architecture per step, from classes that are drawn equally often.",
            "Oh et al. 2024 (EFS-NAS)",
            "nasbench201; with the option feature, any space that has it",
            "balanced:balanced",
            ("nasbench201",),
        ),
        MethodEntry(
            "fairnas",
            "Trains several architectures per step that together use every option of every decision once.",
            "Chu et al. 2019, arXiv:1907.01845",
            "product spaces; operations on fixed topologies of NASBench-101",
            "fairnas:fairnas",
            ("nasbench101", *PRODUCT_FAMILIES),
        ),
        MethodEntry(
            "rsws",
            "Trains one architecture per step uniformly, then searches at random with the shared weights.",
            "Li and Talwalkar 2019, arXiv:1902.07638",
            ANY_SPACE,
            "rsws:rsws",
            has_preference=True,
        ),
        MethodEntry(
            "path-dropout",
            "Trains the sum of all options, each of which is dropped at random.",
            "Bender et al. 2018, ICML",
            MIXING,
            "path_dropout:path_dropout",
            PRODUCT_FAMILIES,
        ),
        MethodEntry(
            "darts",
            "Trains a network that mixes all options, weighted by a softmax that follows the validation loss.",
            "Liu et al. 2019, arXiv:1806.09055",
            MIXING,
            "darts:darts",
            PRODUCT_FAMILIES,
            has_preference=True,
        ),
        MethodEntry(
            "snas",
            "Trains a network that mixes all options by a relaxed random choice, on one training loss.",
            "Xie et al. 2019, arXiv:1812.09926",
            MIXING,
            "snas:snas",
            PRODUCT_FAMILIES,
            has_preference=True,
        ),
        MethodEntry(
            "gdas",
            "Trains one random option of each decision, whose probabilities follow the validation loss.",
            "Dong and Yang 2019, arXiv:1910.04465",
            MIXING,
            "gdas:gdas",
            PRODUCT_FAMILIES,
            has_preference=True,
        ),
        MethodEntry(
            "parsec",
            "Trains several sampled architectures per step, each weighted by its likelihood.",
            "Casale et al. 2019, arXiv:1902.05116",
            PRODUCTS,
            "parsec:parsec",
            PRODUCT_FAMILIES,
            has_preference=True,
        ),
        MethodEntry(
            "enas",
            "Trains one architecture per step that a controller writes, which learns from validation accuracies.",
            "Pham et al. 2018, arXiv:1802.03268",
            PRODUCTS,
            "enas:enas",
            PRODUCT_FAMILIES,
            has_preference=True,
        ),
        MethodEntry(
            "nao",
            "Trains one architecture of a pool per step, which a gradient in a learnt embedding renews.",
            "Luo et al. 2018, arXiv:1808.07233",
            PRODUCTS,
            "nao:nao",
            PRODUCT_FAMILIES,
            has_preference=True,
        ),
        MethodEntry(
            "smash",
            "Trains a hyper-network that writes the weights of one architecture per step.",
            "Brock et al. 2017, arXiv:1708.05344",
            HYPER,
            "smash:smash",
            has_preference=True,
        ),
        MethodEntry(
            "few-shot",
            "Trains one super-net, then a copy of it for each group of architectures.",
            "Zhao et al. 2021, arXiv:2006.06863",
            GROUPED,
            "few_shot:few_shot",
        ),
        MethodEntry(
            "groups",
            "Trains a super-net of its own for each group of architectures.",
            "Zhang et al. 2020, arXiv:2001.01431",
            GROUPED,
            "few_shot:groups",
        ),
    )
}
"""The methods of this package; a line for a new one."""


def method_entries() -> list[MethodEntry]:
    """All methods: those of this package, then those of installed packages, whose code is loaded."""
    return list(METHODS.values()) + [
        MethodEntry(name, (inspect.getdoc(load_plugin("methods", name)) or "").split("\n")[0], "", "see its package")
        for name in plugin_names("methods")
        if name not in METHODS
    ]


def has_preference(name: str) -> bool:
    """Whether a method may prefer architectures, or return one; methods of installed packages may."""
    return METHODS[name].has_preference if name in METHODS else True


def method_options(name: str) -> dict[str, Option]:
    """The options of a method, with their defaults.

    Raises:
        SettingsError: no such method, or its package fails.
        MissingExtraError: PyTorch is not installed.
    """
    return {name: parameter.default for name, parameter in _parameters(_find(name)).items()}


def check_method(
    settings: "TrainingSettings",
    space: "Space | None" = None,
    num_architectures: int | None = None,
    network: "NetworkSettings | None" = None,
) -> None:
    """Check that the method and its options exist and fit a space, before anything is written.

    Args:
        settings: name the method and its options.
        space: to train on; None leaves it unchecked.
        num_architectures: how many of its architectures are to be trained; all if None.
        network: settings of the super-net; None leaves them unchecked.

    Raises:
        SettingsError: no such method or option, the package of the method fails, or it does not work on the space.
    """
    _check_options(settings.method, _find(settings.method), settings.options)
    entry = METHODS.get(settings.method)
    if network is not None and network.choices and space is not None and network.choices != space.name:
        raise SettingsError(f"network.choices: expected the space itself, {space.name}, got {network.choices}")
    if entry is not None and network is not None:
        if entry.spaces == GROUPED and not network.groups:
            raise groups_missing(entry.name)
        if entry.spaces == HYPER and not network.hyper_units:
            raise hyper_units_missing(entry.name)
    if space is None or entry is None or entry.spaces not in (PRODUCTS, MIXING):
        return
    check_whole_product(entry.name, space, len(space) if num_architectures is None else num_architectures)
    mixes = space.family in (entry.families or ()) or (network is not None and network.choices == space.name)
    if entry.spaces == MIXING and not mixes:
        raise mixing_refused(entry.name, space)


def build_method(setup: "Setup") -> "Method":
    """The method that the settings name.

    Raises:
        SettingsError: no such method or option, an option out of range, or a space on which the method does not work.
    """
    name, options = setup.training.method, setup.training.options
    build = _find(name)
    _check_options(name, build, options)
    floats = {option for option, parameter in _parameters(build).items() if isinstance(parameter.default, float)}
    method: Method = build(setup, **{o: float(value) if o in floats else value for o, value in options.items()})
    if setup.training.schedule == "by-size" and not getattr(method, "samples_architectures", False):
        raise SettingsError(
            f"schedule: expected by-epoch or by-step with method {name}, got by-size, which is for methods that "
            "sample architectures"
        )
    return method


def make_trainer(
    network: "SuperNet",
    space: "Space",
    architectures: "Indices",
    images: "ImageSet | BatchSource",
    settings: "TrainingSettings",
) -> "Trainer":
    """A super-net in training, by the method that the settings name.

    Args:
        network: changed in place by the training.
        space: space that the architectures are of.
        architectures: numbers of the architectures to train.
        images: image set on the device of the network, or another source of mini-batches.
        settings: method, epochs, batch size, optimizer and seed.

    Returns:
        A trainer at step 0.

    Raises:
        SettingsError: as for `build_method`, or fewer training images than a mini-batch.
    """
    from shareornot.methods.contract import Setup
    from shareornot.supernet import Trainer

    method = build_method(Setup(network, space, architectures, settings))
    return Trainer(network, method, images, settings)


def load_trainer(path: Path, space: "Space", architectures: "Indices", images: "ImageSet") -> "Trainer":
    """A training as a checkpoint has it: the super-net, and the method with all that it has learnt.

    Args:
        path: path of the checkpoint.
        space: space of the training.
        architectures: numbers of the architectures that were trained.
        images: image set on the device to compute on.

    Returns:
        A trainer at the step of the checkpoint.

    Raises:
        DataError: the file is damaged, no checkpoint, or one of another space.
        SettingsError: the method is not installed.
    """
    from shareornot.supernet import build_supernet, load_checkpoint
    from shareornot.supernet.checkpoint import checkpoint_settings

    family, network, training = checkpoint_settings(path)
    if family != space.family:
        raise DataError(f"{path}: expected a super-net of {space.family}, got one of {family}")
    built = build_supernet(family, network, training.seed)
    built.to(images.device)
    trainer = make_trainer(built, space, architectures, images, training)
    load_checkpoint(path, trainer)
    return trainer


def _find(name: str) -> Build:
    """The function behind a name."""
    build: Build
    if name in METHODS:
        module, function = METHODS[name].home.split(":")
        try:
            build = getattr(import_module(f"shareornot.methods.{module}"), function)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"methods need PyTorch; install it with: pip install 'shareornot[train]' ({error})"
            ) from error
        return build
    added = plugin_names("methods")
    if name not in added:
        known = [*METHODS, *added]
        raise SettingsError(f"method: expected one of {', '.join(known)}, got {name!r}{_nearest(name, known)}")
    build = load_plugin("methods", name)
    return build


def _parameters(build: Build) -> dict[str, inspect.Parameter]:
    """The options of a method: its keyword-only parameters."""
    return {one.name: one for one in inspect.signature(build).parameters.values() if one.kind is one.KEYWORD_ONLY}


def _check_options(name: str, build: Build, options: Mapping[str, Option]) -> None:
    parameters = {one.name: one for one in inspect.signature(build).parameters.values() if one.kind is one.KEYWORD_ONLY}
    for option, value in options.items():
        if option not in parameters:
            expected = f"one of {', '.join(parameters)}" if parameters else "no options"
            raise SettingsError(f"method {name}: expected {expected}, got {option!r}{_nearest(option, [*parameters])}")
        kind = type(parameters[option].default)
        if not _fits(value, kind):
            raise SettingsError(f"method {name}, {option}: expected {_KINDS.get(kind, kind.__name__)}, got {value!r}")


_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _fits(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; try {near[0]!r}" if near else ""
