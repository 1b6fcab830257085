"""A command that has commands: its help lists each of them with its whole summary."""

from typing import Any

from typer.core import TyperGroup

NO_LIMIT = 10_000
"""Letters of a summary."""


class Group(TyperGroup):
    """Wraps the summaries of commands, which Click itself cuts to one line each."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write each command and the first sentence of its help."""
        rows = [(name, command.get_short_help_str(NO_LIMIT)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
