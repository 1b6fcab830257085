"""The command in a process of its own: as a module, and with output that cannot encode Unicode."""

import os
import subprocess
import sys

import pytest

import shareornot


def run(*arguments, **environment):
    command = [sys.executable, "-m", "shareornot", *arguments]
    return subprocess.run(
        command, capture_output=True, check=False, timeout=300, env=os.environ | {"COLUMNS": "100"} | environment
    )


def test_the_module_is_the_command():
    done = run("--version")
    assert (done.returncode, done.stdout.decode().strip()) == (0, shareornot.__version__)
    assert run("--help").stdout.decode().startswith("Usage: shareornot ")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_output_without_unicode_falls_back_to_ascii(encoding, tmp_path):
    scores = tmp_path / "scores.csv"
    rows = [
        f"net-{seed},Zürich-{i},{i % 7 + seed / 9},{0.5 + (i * 37 % 60) / 200}" for seed in range(3) for i in range(60)
    ]
    scores.write_text("supernet,architecture,proxy,standalone\n" + "\n".join(rows) + "\n", encoding="utf-8")
    done = run("appraise", str(scores), PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert "Verdict" in done.stdout.decode(encoding)


def test_lazy_names_are_listed():
    assert {"Cell", "ShareOrNotError", "__version__"} <= set(dir(shareornot))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        shareornot.nothing  # noqa: B018
