"""The calibration suite, small and with a fixed seed: every bar holds."""

import subprocess
import sys
from pathlib import Path

SUITE = Path(__file__).parents[1] / "benchmarks" / "calibration.py"


def test_every_bar_holds():
    done = subprocess.run([sys.executable, SUITE, "--small"], capture_output=True, text=True, timeout=600)
    *lines, _, last = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    assert last.endswith("figures, of which 0 break their bars")
    assert sum("any claim" in line for line in lines) == 14
    assert sum("false 'helped'" in line for line in lines) == 6
    assert "planted bias" in lines[-1]
