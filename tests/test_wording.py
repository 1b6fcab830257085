"""Docstrings, comments, messages, names of tests and pages avoid words that other pages showed to be unclear.

Files, numbers and programs neither say, tell, ask nor know anything: they state, report, request and hold it. Work is
resumed, it does not go on. A rate is "per" something, and what is invalid is not "none".
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RATE = (
    r"(?:one|two|three|four|five|\d+)"
    r"(?: (?:bytes|cells?|coefficients?|columns?|draws?|images?|jobs?|lines?|mixtures?|numbers?|paths?|rows?|runs?"
    r"|seconds?|steps?|streams?|super-nets?|times?|trainings?|values?))?"
    r" an? (?:step|cell|core|stage|space|row|run|super-net|epoch|page|batch|vertex)"
)
UNCLEAR = re.compile(
    r"\b(?:says?|said|saying|tells?|told|telling|asks?|asked|asking|knows|knew|speaks?|go(?:es|ing)? on|went on"
    rf"|so many|one's own|nobody|somebody|by lot|(?:that|which|what) (?:is|are) (?-i:none)|{RATE})\b",
    re.IGNORECASE,
)
UNCLEAR_NAME = re.compile(
    r"(?:^|_)(?:says?|said|tells?|told|asks?|asked|asking|knows|goes_on|so_many|is_none|are_none)(?:_|$)"
)
FRAGMENT = re.compile(r"(?:Of|That|As|Such as|By|From|With|For|To) ")
THIS = Path(__file__).resolve()


def python_files():
    for folder in ("src", "benchmarks", "tests"):
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if path.resolve() != THIS)


def prose(path, text):
    """Line numbers and texts of the comments, the docstrings and, outside tests, the messages of a file."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    in_tests = ROOT / "tests" in path.parents
    for node in ast.walk(ast.parse(text)):
        if in_tests and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""
        if not in_tests and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def names(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name


def unclear_lines(number, text):
    return [f"{number + place}: {line.strip()}" for place, line in enumerate(text.splitlines()) if UNCLEAR.search(line)]


@pytest.mark.parametrize("folder", ["src", "benchmarks", "tests"])
def test_python_files_use_plain_words(folder):
    found = []
    for path in python_files():
        if ROOT / folder not in path.parents:
            continue
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        found += [f"{name}:{line}" for number, words in prose(path, text) for line in unclear_lines(number, words)]
        found += [f"{name}:{number}: {word}" for number, word in names(text) if UNCLEAR_NAME.search(word)]
    assert not found, "\n".join(found)


def test_docstrings_begin_with_what_a_thing_is_or_does():
    found = []
    for path in python_files():
        if ROOT / "tests" in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            # every text that stands alone: docstrings, also those of attributes
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                first = node.value.value.partition("\n")[0]
                if FRAGMENT.match(first):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {first}")
    assert not found, "\n".join(found)


def test_pages_use_plain_words():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    pages += [path for path in (ROOT / "src/shareornot/report/web").iterdir() if path.suffix in (".j2", ".js", ".css")]
    pages += sorted((ROOT / "src/shareornot/studies/presets").glob("*.toml"))
    found = [f"{path.relative_to(ROOT)}:{line}" for path in pages for line in unclear_lines(1, path.read_text("utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("words", "unclear"),
    [
        ("the table says what it is", True),
        ("a run that goes on", True),
        ("three cells a stage", True),
        ("one a core", True),
        ("two super-nets a space", True),
        ("a setting that is none", True),
        ("what a reader must know", False),
        ("cells per step, of a space", False),
        ("one of a run", False),
    ],
)
def test_what_counts_as_unclear(words, unclear):
    assert bool(UNCLEAR.search(words)) == unclear
