import os
import pty
import re
import subprocess
import sys

import pytest

from shareornot.progress import Logged, Progress, Silent, duration_text, no_bars, progress_bar

SHOW = """
from shareornot.progress import progress_bar
with progress_bar("Training 2 super-nets", 80) as bar:
    for step in range(8):
        bar.advance(10, f"loss {step:.1f}")
print("done")
"""


def test_silence(capfd):
    with no_bars("something", 3) as bar:
        bar.advance(1, "note")
        assert isinstance(bar, Progress)
    Silent().advance()
    assert capfd.readouterr() == ("", "")


def test_one_line_without_a_terminal(capfd):
    with progress_bar("Training 2 super-nets", 3) as bar:
        assert isinstance(bar, Progress)
        bar.advance(3, "loss 1.0")
    assert capfd.readouterr() == ("", "Training 2 super-nets ...\n")


def test_a_line_a_minute_with_the_time_that_is_left(capfd):
    now = [0.0]
    logged = Logged("Training", 1000, lambda: now[0])
    logged.advance(500)  # by an earlier run
    for second in range(1, 301):
        now[0] = float(second)
        logged.advance(1, "loss 1.0")
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 5
    assert lines[0] == "Training: 56%, about 7 min 20 s left, loss 1.0"
    assert lines[-1] == "Training: 80%, about 3 min 20 s left, loss 1.0"


def test_no_estimate_from_less_than_a_hundredth_of_the_work(capfd):
    now = [0.0]
    logged = Logged("Training", 1000, lambda: now[0])
    for second, num_done in ((61, 9), (122, 1), (183, 990)):  # a minute of compilation before the first step ends
        now[0] = float(second)
        logged.advance(num_done)
    assert capfd.readouterr().err.splitlines() == [
        "Training: 1%",
        "Training: 1%, about 3 h 21 min left",
        "Training: 100%, about 0 s left",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (150, "2 min 30 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
        (864_000, "10 d"),
    ],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


def test_an_error_goes_through():
    with pytest.raises(ValueError, match="text"), progress_bar("Something", 1):
        raise ValueError("text")


def on_a_terminal(code, columns):
    """Run with standard error on a terminal; give standard output and what the terminal got."""
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=side, env=environment, timeout=60, check=True
    )
    os.close(side)
    got = b""
    while chunk := _read(main):
        got += chunk
    os.close(main)
    return done.stdout.decode(), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", got.decode())


def _read(descriptor):
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize("columns", [80, 120])
def test_a_bar_on_a_terminal(columns):
    output, shown = on_a_terminal(SHOW, columns)
    assert output == "done\n"
    last = [line for line in re.split(r"[\r\n]+", shown) if line.strip()][-1]
    assert last.startswith("Training 2 super-nets ")
    assert "80/80" in last
    assert "loss 7.0" in last
    assert "━" in last
    assert len(last.rstrip()) <= columns
