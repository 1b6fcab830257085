"""Docstrings are parsed as meant: no sentence is read as a type, and every documented argument exists."""

import ast
import re
import runpy
from pathlib import Path

import pytest
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring

import shareornot

SOURCE = Path(shareornot.__file__).parent
CONFIG = Config(napoleon_use_ivar=True, napoleon_custom_sections=["References"])
EXCEPTIONS = re.compile(r"[A-Z][A-Za-z.]+(, [A-Z][A-Za-z.]+)*|typer.Exit")


def complaints(docstring, arguments=None):
    """What napoleon makes of a docstring that its author did not mean."""

    class Parsed(GoogleDocstring):
        def _parse_returns_section(self, section):
            found.extend(f"{section}: type {one[1]!r}" for one in self._consume_returns_section() if one[1])
            return []

        def _parse_raises_section(self, section):
            fields = self._consume_fields(parse_type=False, prefer_type=True)
            found.extend(f"{section}: exception {one[1]!r}" for one in fields if not EXCEPTIONS.fullmatch(one[1]))
            return []

        def _parse_parameters_section(self, section):
            for names, kind, words in self._consume_fields(multiple=True):
                unknown = {name.strip().lstrip("*\\") for name in names.split(",")} - set(arguments or ())
                if kind or not words or (arguments is not None and unknown):
                    found.append(f"{section}: {names!r}")
            return []

    found = []
    Parsed(docstring, CONFIG)
    return found


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCE.rglob("*.py")}), ids=lambda one: one.name)
def test_napoleon_reads_sections_as_meant(folder):
    found = []
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                continue
            names = None
            if isinstance(node, ast.FunctionDef):
                names = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
            found += [f"{path.name}: {one}" for one in complaints(ast.get_docstring(node) or "", names)]
    assert not found


def test_what_is_refused():
    assert complaints("Sum.\n\nReturns:\n    Score 0, at no cost: a cell outside the space.") == [
        "Returns: type 'Score 0, at no cost'"
    ]
    assert complaints("Sum.\n\nRaises:\n    a cell outside the space: always.") == [
        "Raises: exception 'a cell outside the space'"
    ]
    assert complaints("Sum.\n\nArgs:\n    other: nothing.", {"one"}) == ["Args: 'other'"]
    assert not complaints("Sum.\n\nReturns:\n    The score, in [0, 1].\n\nRaises:\n    DataError: no score.")


def test_the_first_line_of_an_attribute_is_words_alone(caplog):
    conf = runpy.run_path(SOURCE.parents[1] / "docs" / "conf.py")
    text = ["NAS-Bench-201: whether batch norm in cells scales, see `random:4`;", "and shifts."]
    lines = list(text)
    conf["hide_colons"](None, "attribute", "bn_affine", None, None, lines)
    lines = GoogleDocstring(lines, CONFIG, object(), "attribute", "bn_affine", None).lines()
    conf["check_sections"](None, "attribute", "bn_affine", None, None, lines)
    assert lines[:2] == text
    assert not caplog.records
