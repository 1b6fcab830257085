import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_readme_shows_python():
    assert BLOCKS


@pytest.mark.parametrize("block", BLOCKS)
def test_python_of_the_readme_runs(block, capsys):
    exec(compile(block, README.name, "exec"), {})
    assert "output" in capsys.readouterr().out  # the best cell is printed


def test_commands_of_the_readme_exist():
    from typer.main import get_command

    from shareornot.cli.app import app

    commands = get_command(app).commands
    named = set(re.findall(r"^shareornot (\w[\w-]*)", README.read_text(), re.MULTILINE))
    assert named
    assert named <= set(commands)


def test_files_that_the_readme_shows_are_there():
    for path in re.findall(r"\]\(((?!http)[^)]+)\)", README.read_text()):
        assert (README.parent / path).is_file()
