"""`shareornot methods`."""

import textwrap

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json


def methods(as_json: Json = False) -> None:
    """List the methods that train shared weights, with their options, papers and spaces.

    Choose one with: shareornot train FOLDER --method NAME

    Example: shareornot methods --json
    """
    with user_errors():
        from shareornot.cli.show import show_json
        from shareornot.methods import method_entries, method_options

        entries = method_entries()
        if as_json:
            names = ("name", "summary", "paper", "spaces")
            show_json(
                [
                    {name: getattr(one, name) for name in names} | {"options": method_options(one.name)}
                    for one in entries
                ]
            )
            return
        for one in entries:
            options = ", ".join(f"{name}={value}" for name, value in method_options(one.name).items())
            lines = [one.summary, f"Spaces: {one.spaces}.", f"Options: {options or 'none'}."]
            lines += [f"Paper: {one.paper}."] if one.paper else []
            typer.echo(one.name)
            for line in lines:
                typer.echo(textwrap.fill(line, 100, initial_indent="    ", subsequent_indent="    "))
