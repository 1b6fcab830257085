"""What a user sees when something is wrong: one line on standard error, never a traceback for a user's mistake."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from shareornot.errors import Interrupted, ShareOrNotError, operating_system_message

FAILED, USER_ERROR, INTERRUPTED = 1, 2, 130


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn an error that a user can cause into one line and exit code 2, and Ctrl-C into exit code 130."""
    try:
        yield
    except Interrupted as stop:
        fail(f"{stop}; run the same command again to resume", INTERRUPTED)
    except ShareOrNotError as error:
        fail(f"error: {error}")
    except BrokenPipeError:  # the reader of the output has closed it
        raise
    except OSError as error:
        fail(f"error: {operating_system_message(error)}")
    except KeyboardInterrupt:
        fail("interrupted; finished results are kept; run the same command again", INTERRUPTED)


def fail(message: str, code: int = USER_ERROR) -> None:
    """Print why and exit.

    Raises:
        typer.Exit: always.
    """
    print(f"shareornot: {message}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(code)
