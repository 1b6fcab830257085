import re
import runpy
import sys
import tomllib
from pathlib import Path
from types import ModuleType

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


def test_the_description_of_the_package_has_no_link_that_resolves_in_the_repository_only(monkeypatch):
    hatchling = ModuleType("hatchling.metadata.plugin.interface")
    hatchling.MetadataHookInterface = object
    monkeypatch.setitem(sys.modules, hatchling.__name__, hatchling)  # only a build needs the rest of it
    hook = runpy.run_path(str(README.with_name("hatch_build.py")))["LongDescription"]()
    hook.root = str(README.parent)
    metadata = {}
    hook.update(metadata)
    text = metadata["readme"]["text"]
    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert targets
    assert all(target.startswith("https://") for target in targets)
    assert "How to read it" in text  # the words of a link stay
    project = tomllib.loads(README.with_name("pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["readme"]
    assert "/hatch_build.py" in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
