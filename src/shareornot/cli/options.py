"""Options that several commands share, so that they mean the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Benchmark = Annotated[
    str, typer.Option(help="Benchmark table: digits, nasbench101, nasbench101-full, or the path of a table.")
]
SpaceText = Annotated[
    str,
    typer.Option(
        help="Space of cells: A1, A2, A3, A4, A_FULL, A_FULL_RES, A_FULL_NRES, "
        "or conditions such as 'depth>=3, residual=true'."
    ),
]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto for an accelerator where there is one.")]
Processes = Annotated[
    int | None, typer.Option(min=1, help="Super-nets at a time; default: one a core, or one on an accelerator.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Open = Annotated[bool, typer.Option("--open", help="Open the page or picture when it is there.")]
Supernets = Annotated[Path, typer.Argument(help="Folder of the super-nets.")]
