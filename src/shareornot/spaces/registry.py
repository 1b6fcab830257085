"""Spaces by name: the built-in families, what installed packages add, files of options, and conditions on features."""

import re
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from shareornot.errors import SettingsError
from shareornot.plugins import load_plugin, plugin_names
from shareornot.spaces.contract import Space
from shareornot.spaces.product import read_product
from shareornot.spaces.subspace import condition_name, is_condition, subspace_by_conditions

FAMILY_MODULES = ("nasbench101", "nasbench1shot1", "nasbench201", "macro")
"""Modules of this package with a family in `FAMILY` and its named sub-spaces in `SPACES`; a line for a new one."""


def open_space(name: str) -> Space:
    """A space by its name, or by conditions on features.

    Capitals, blanks and hyphens do not matter, and A_FULL_RES stands for A_FULL^RES. Conditions such as
    `depth>=3, residual=true` describe cells of NASBench-101; `nasbench201: depth>=2` those of another family. A path
    that ends with .toml is a product of named options, see `shareornot.spaces.product`. Installed packages add spaces
    by name, see `shareornot.plugins`.

    Raises:
        SettingsError: unknown name, feature or word, or no condition; the message names the nearest that is known.
        MissingDataError, DataError: a TOML file that is not there, or describes no space.

    Example:
        >>> len(open_space("A4")), open_space("depth >= 3").name
        (10467, 'depth>=3')
    """
    if name.strip().endswith(".toml"):
        return read_product(Path(name.strip()).expanduser())
    if is_condition(name):
        return _by_conditions(condition_name(name))
    built_in = {_key(space.name): space for space in built_in_spaces()}
    if space := built_in.get(_key(name)):
        return space
    added = {_key(one): one for one in plugin_names("spaces")}
    if _key(name) in added:
        return _added_space(added[_key(name)])
    families = [space.name for space in known_families()]
    names = [*(space.name for space in built_in.values() if space.name not in families), *added.values(), *families]
    near = get_close_matches(_key(name), [_key(one) for one in names], 1, cutoff=0)[0]
    nearest = next(one for one in names if _key(one) == near)
    raise SettingsError(
        f"space: expected one of {', '.join(names)}, or conditions such as 'num_output_edges=2, depth>=3', "
        f"got {name!r}; try {nearest!r}"
    )


@lru_cache(maxsize=32)
def _by_conditions(name: str) -> Space:
    family, separator, conditions = name.rpartition(":")
    if separator:
        return subspace_by_conditions(open_space(family), conditions)
    from shareornot.spaces.nasbench101.subspaces import cells_by_conditions

    return cells_by_conditions(conditions)


def built_in_spaces() -> list[Space]:
    """All spaces of all built-in families; a family comes before its sub-spaces."""
    modules = [import_module(f"shareornot.spaces.{name}") for name in FAMILY_MODULES]
    spaces = [space for module in modules for space in (module.FAMILY, *module.SPACES)]
    return list({space.name: space for space in spaces}.values())


def known_families() -> list[Space]:
    """The built-in families, whole."""
    return [space for space in built_in_spaces() if space.name == space.family]


def open_family(name: str) -> Space:
    """The whole family that the numbers of a space or table belong to.

    Raises:
        SettingsError: no such family.
    """
    families = {family.name: family for family in known_families()}
    if name not in families:
        raise SettingsError(f"family: expected one of {', '.join(families)}, got {name!r}")
    return families[name]


def _added_space(name: str) -> Space:
    space = load_plugin("spaces", name)
    if not isinstance(space, Space) or space.name != name:
        raise SettingsError(f"space {name}: expected a Space of that name from the package that adds it, got {space!r}")
    return space


def _key(name: str) -> str:
    return re.sub(r"[\s-]", "", name).upper().replace("^", "_")
