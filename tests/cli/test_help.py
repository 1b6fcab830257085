import re

import pytest
from typer.main import get_command

from shareornot import __version__
from shareornot.cli.app import app


def commands(group=None, names=()):
    """The names of every command, each as a tuple."""
    group = group or get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*names, name))
        else:
            yield (*names, name)


COMMANDS = list(commands())


def test_the_first_page_names_every_command(shareornot):
    page = shareornot("--help")
    assert page.code == 0
    assert "can its scores be trusted?" in " ".join(page.out.split())
    assert "Start with: shareornot demo" in page.out
    assert {first for first, *_ in COMMANDS} <= set(re.findall(r"^  ([\w-]+) ", page.out, re.MULTILINE))
    assert "..." not in page.out.partition("Commands:")[2]  # no sentence is cut


def test_no_command_at_all_shows_the_first_page(shareornot):
    shown = shareornot()
    assert "Commands:" in shown.out + shown.err


def groups(group=None, names=()):
    """The names of every command that has commands, each as a tuple, with those commands."""
    group = group or get_command(app)
    yield names, group.commands
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from groups(command, (*names, name))


@pytest.mark.parametrize(("names", "members"), list(groups()), ids=lambda value: "-".join(value) or "shareornot")
def test_the_summary_of_every_command_is_whole(shareornot, names, members):
    listed = shareornot(*names, "--help").out.partition("Commands:\n")[2]
    assert "..." not in listed
    assert max(map(len, listed.splitlines())) <= 80
    words = " ".join(listed.split())
    for name, command in members.items():
        sentence = command.short_help or " ".join(command.help.split("\n\n")[0].split())
        assert f"{name} {sentence}" in words or f"{name} {sentence.split('. ')[0]}." in words


@pytest.mark.parametrize("names", COMMANDS, ids="-".join)
def test_help_teaches_and_fits(shareornot, names):
    page = shareornot(*names, "--help")
    assert page.code == 0
    assert shareornot(*names, "-h").out == page.out
    assert f"Usage: shareornot {' '.join(names)}" in page.out
    assert max(map(len, page.out.splitlines())) <= 80


@pytest.mark.parametrize("names", [names for names in COMMANDS if names != ("demo",)], ids="-".join)
def test_help_shows_an_example_that_is_accepted(shareornot, names):
    page = shareornot(*names, "--help").out
    (example,) = re.findall(r"Example: (shareornot .*(?:\n +\S.*)?)", page)
    assert example.split()[1 : 1 + len(names)] == list(names)
    options = {word for word in example.split() if word.startswith("--")}
    assert options <= set(re.findall(r"--[\w-]+", page.partition("Options:")[2]))


def test_version(shareornot):
    assert shareornot("--version").out == f"{__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "No such command"),
        (["train"], "Missing argument"),
        (["train", "x", "--epochs", "0"], "--epochs"),
        (["train", "x", "--variant", "avg-4"], "--variant"),
        (["evaluate", "x", "--cells", "many"], "--cells"),
        (["bench"], "No such command 'bench'"),
        (["demo", "--speed", "3"], "--speed"),
    ],
)
def test_wrong_usage(shareornot, arguments, message):
    shown = shareornot(*arguments)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.startswith("Usage: shareornot")
    assert message in shown.err
