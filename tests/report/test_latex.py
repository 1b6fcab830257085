"""Every LaTeX file compiles with a plain pdflatex and its base classes, where there is one."""

import shutil
import string
import subprocess
from dataclasses import dataclass

import pytest

from shareornot.report.columns import report_tables
from shareornot.report.table import Column, Table

pytestmark = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


@dataclass(frozen=True)
class Row:
    name: str


HOSTILE = Table(
    name="hostile",
    title="every character \\end{document}",
    columns=(Column("name", "name [%]"),),
    rows=tuple(
        Row(text) for text in ("[1]", "*", "\\input{x}", string.printable, "\u00b1 \u2265 \u03b1 \u6df1 \u00fc")
    ),
    notes=("one % note\n\\input{x}",),
)


def compiled(text, folder):
    """Compile a document; give the errors and the output of pdflatex."""
    (folder / "table.tex").write_text(text)
    document = "\\documentclass{article}\n\\begin{document}\n\\input{table.tex}\n\\end{document}\n"
    (folder / "document.tex").write_text(document)
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout.decode("latin-1")


def test_all_tables_of_a_page_compile(chapter, tmp_path):
    code, told = compiled("\n\n".join(table.to_latex() for table in report_tables([chapter])), tmp_path)
    assert code == 0, told[-2000:]
    assert (tmp_path / "document.pdf").stat().st_size > 1_000


def test_texts_of_a_user_compile_as_text(tmp_path):
    code, told = compiled(HOSTILE.to_latex(), tmp_path)
    assert code == 0, told[-2000:]


def test_what_does_not_compile_is_seen(tmp_path):
    assert compiled("\\undefined", tmp_path)[0] != 0
