"""Every code block of the documentation runs, page by page, in a folder of its own.

`console` blocks hold commands after a `$`, `python` blocks share one namespace per page. A comment of the form
`<!-- in tests: OPTIONS -->` in the line above a block adds options to its commands, so that what takes hours is run
with little. A first line `# Needs NAME ...` names real data without which a block is left out; `data sets` are those
that `shareornot data fetch` gets, of which the images are made up here. Blocks of other languages (text, toml, json)
are shown, not run; where they hold commands, their first line states what these need.
"""

import os
import re
import shlex
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.core import TyperGroup as Group
from typer.main import get_command
from typer.testing import CliRunner

from shareornot.cli.app import app
from shareornot.images.cifar10_files import ImageArrays, write_arrays

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
BLOCK = re.compile(
    r"(?P<comments>(?:^<!-- [^\n]* -->\n)*)^```(?P<language>\S*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)
COMMENT = re.compile(r"<!-- (in tests): (.*) -->")
NEEDS = re.compile(r"# Needs (data sets|[\w.\-]+\.\w+)")
COMMAND = re.compile(r"^(?:\$ )?(?:shareornot|python|make|pip) ", re.MULTILINE)
SHOWN_ONLY = {"text", "toml", "json", "{toctree}", "{eval-rst}"}


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    options: list[str]
    needs: str | None


def blocks(page):
    found = []
    for match in BLOCK.finditer((DOCS / page).read_text()):
        comments = dict(COMMENT.findall(match["comments"]))
        options = shlex.split(comments.get("in tests", ""))
        needs = NEEDS.match(match["code"])
        found.append(Block(match["language"], match["code"], options, needs[1] if needs else None))
    return found


@pytest.fixture(scope="session")
def real_data(tmp_path_factory):
    """A folder with the real data under the names that the pages use, and a data folder with the imported table."""
    shared = Path(os.environ.get("SHAREORNOT_TEST_DATA", ""))
    if not (shared / "nasbench101-sample.parquet").is_file():
        return None
    from shareornot.tables.nasbench101 import import_parquet

    folder = tmp_path_factory.mktemp("real")
    import_parquet(shared / "nasbench101-sample.parquet", folder / "nasbench101-sample.arrow")
    for path in (shared / "published-supernets.parquet", *shared.glob("nasbench201*.parquet")):
        (folder / path.name).symlink_to(path)
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.language not in SHOWN_ONLY for b in blocks(page))])
def test_code_of_a_page_runs(page, tmp_path, monkeypatch, request):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "80")
    install_package_of(page, tmp_path, monkeypatch)
    namespace, skipped = {"__name__": "page"}, set()
    with chdir(tmp_path):
        for block in blocks(page):
            if block.language in SHOWN_ONLY:
                continue
            if block.needs is not None and not provide(block.needs, tmp_path, request):
                skipped.add(block.needs)
                continue
            if block.language == "python":
                exec(compile(block.code, page, "exec"), namespace)
            else:
                assert block.language == "console", f"{page}: a block in {block.language or 'no language'}"
                for command in commands(block):
                    run(command)
    if skipped:
        pytest.skip(f"the rest ran, but SHAREORNOT_TEST_DATA names no real data: {', '.join(sorted(skipped))}")


def install_package_of(page, folder, monkeypatch):
    """Put the reader's package of a page where Python finds it, with the metadata that an installer writes."""
    found = [block for block in blocks(page) if '[project.entry-points."shareornot.methods"]' in block.code]
    if not found:
        return
    group, entry = re.fullmatch(r'\[project\.entry-points\."(.*)"\]\n(.*)\n', found[0].code).groups()
    name, value = entry.replace('"', "").split(" = ")
    package = value.partition(":")[0]
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, package, raising=False)
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (folder / f"{package}.py").write_text(next(block.code for block in blocks(page) if block.language == "python"))
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")


def provide(name, folder, request):
    """Put the real data into the folder; return whether it is available."""
    data = request.getfixturevalue("real_data")
    if data is None:
        return False
    if name == "data sets":
        fetched = folder / "data"
        fetched.mkdir(exist_ok=True)
        (fetched / "nasbench101.arrow").symlink_to(data / "nasbench101-sample.arrow")
        images, labels = np.zeros((60_000, 3, 32, 32), np.uint8), np.zeros(60_000, np.uint8)
        write_arrays(
            fetched / "cifar10.arrow",
            ImageArrays(images[:50_000], labels[:50_000], images[50_000:], labels[50_000:]),
            {},
        )
        return True
    assert (data / name).exists(), f"expected real data called {name}"
    for path in data.iterdir():
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    return True


def commands(block):
    """The commands of a block as lists of words; a line that ends in a backslash continues in the next."""
    lines = re.sub(r"\\\n\s*", " ", block.code).splitlines()
    assert any(line.startswith("$ ") for line in lines), f"expected commands after a $, got {lines}"
    return [[*shlex.split(line[2:], comments=True), *block.options] for line in lines if line.startswith("$ ")]


def run(words):
    program, *arguments = words
    assert program == "shareornot", f"expected a command of shareornot, got {words}"
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, f"{shlex.join(words)}:\n{result.output}"


@pytest.mark.parametrize("page", ["../README.md", *PAGES])
def test_commands_and_their_options_exist(page):
    """Also of blocks that no test runs."""
    for match in BLOCK.finditer((DOCS / page).read_text()):
        for line in re.sub(r"\\\n\s*", " ", match["code"]).splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True) if "shareornot " in line[:14] else []
            if not words or words[0] != "shareornot":
                continue
            command, rest = get_command(app), words[1:]
            for place, word in enumerate(words[1:], 1):
                if not isinstance(command, Group) or word.startswith("--"):
                    break
                assert word in command.commands, f"{page}: {line}"
                command = command.commands[word]
                rest = words[place + 1 :]
            known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            options = {word.partition("=")[0] for word in rest if word.startswith("--")}
            assert options <= known | {"--help"}, f"{page}: {line}: {options - known}"


@pytest.mark.parametrize("page", ["../README.md", *PAGES])
def test_commands_that_are_not_run_state_what_they_need(page):
    for block in blocks(page):
        in_readme = not block.language and block.code.lstrip("# ").startswith(("shareornot", "Needs"))
        if in_readme or (block.language == "text" and COMMAND.search(block.code)):
            assert block.code.startswith("# Needs "), f"{page}: {block.code.splitlines()[0]}"


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_in_fenced_blocks(page):
    outside = BLOCK.sub("", (DOCS / page).read_text())
    assert not re.findall(r"^ {4,}(?:\$ )?(?:shareornot|python|make|pip) .*", outside, re.MULTILINE)


def test_every_page_is_in_the_contents():
    listed = set()
    for index in DOCS.rglob("index.md"):
        for toctree in re.findall(r"```\{toctree\}\n(.*?)```", index.read_text(), re.DOTALL):
            names = [line for line in toctree.splitlines() if line and not line.startswith(":")]
            listed |= {(index.parent / name).relative_to(DOCS).as_posix() + ".md" for name in names}
    assert listed | {"index.md"} == set(PAGES)


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", (DOCS / page).read_text()):
            assert ((DOCS / page).parent / target).is_file(), f"{page}: {target}"
