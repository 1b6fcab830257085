import errno
import os
import sys

import pytest
import typer

from shareornot.cli.errors import user_errors
from shareornot.errors import Interrupted, SettingsError, UnknownCellError


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SettingsError("epochs: expected 1, got 0"), 2, "shareornot: error: epochs: expected 1, got 0"),
        (UnknownCellError("cell 7: not there"), 2, "shareornot: error: cell 7: not there"),
        (
            OSError(errno.ENOSPC, "No space left on device", "results/a"),
            2,
            (
                "shareornot: error: results/a: No space left on device; free some space, and run the same command "
                "again; finished results are kept"
            ),
        ),
        (
            OSError(errno.EACCES, "Permission denied", "results/report"),
            2,
            (
                "shareornot: error: results/report: Permission denied; change its permissions, or name another path; "
                "finished results are kept"
            ),
        ),
        (OSError("odd"), 2, "shareornot: error: odd; finished results are kept"),
        (
            Interrupted("seed-0: stopped after 3 of 8 steps; they are saved"),
            130,
            "shareornot: seed-0: stopped after 3 of 8 steps; they are saved; run the same command again to resume",
        ),
        (
            KeyboardInterrupt(),
            130,
            "shareornot: interrupted; finished results are kept; run the same command again",
        ),
    ],
)
def test_one_line_and_an_exit_code(capsys, error, code, line):
    with pytest.raises(typer.Exit) as stopped, user_errors():
        raise error
    assert stopped.value.exit_code == code
    assert capsys.readouterr() == ("", line + "\n")


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), BrokenPipeError(errno.EPIPE, "Broken pipe")])
def test_our_own_bugs_and_readers_that_have_enough_are_not_hidden(capsys, error):
    with pytest.raises(type(error)), user_errors():
        raise error
    assert capsys.readouterr().err == ""


def test_nothing_wrong(capsys):
    with user_errors():
        pass
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_has_enough(table_path):
    """As `shareornot spaces | head -1`."""
    import subprocess

    code = "from shareornot.cli import main; main()"
    command = [sys.executable, "-c", code, "spaces", "--benchmark", table_path, "--json"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "error" not in done.stderr
