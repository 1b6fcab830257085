"""What installed packages add: search spaces and methods.

A package declares them in its own `pyproject.toml`, as the packaging standard has it:

    [project.entry-points."shareornot.spaces"]
    shallow = "my_package:SHALLOW"

    [project.entry-points."shareornot.methods"]
    small-first = "my_package:small_first"

Every process that shareornot starts finds them again by their names, on a cluster too. Nothing of a package is imported
before its name is requested.

References: https://packaging.python.org/en/latest/specifications/entry-points/
"""

from typing import Any, Literal

from shareornot.errors import SettingsError

Group = Literal["spaces", "methods"]


def plugin_names(group: Group) -> list[str]:
    """Names that installed packages add to a group, sorted."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group=f"shareornot.{group}").names)


def load_plugin(group: Group, name: str) -> Any:
    """What an installed package added under a name.

    Raises:
        SettingsError: two packages add the same name, or what is behind it cannot be imported.
    """
    from importlib.metadata import entry_points

    found = set(entry_points(group=f"shareornot.{group}", name=name))
    if len({entry.value for entry in found}) != 1:
        raise SettingsError(
            f"{group}: expected one installed package that adds {name!r}, got {len(found)}: "
            f"{', '.join(sorted(entry.value for entry in found)) or 'none'}; uninstall one of them"
        )
    try:
        return found.pop().load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"{group}: {name!r} is added by an installed package, which fails: {error}") from error
