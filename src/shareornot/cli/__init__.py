"""Floor 7: the command `shareornot`. Each command is a thin shell over a function that Python users can call too."""

from shareornot.cli.app import main

__all__ = ["main"]
