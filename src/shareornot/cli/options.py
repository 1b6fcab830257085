"""Options that several commands share, so that they mean the same everywhere."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

AnyBenchmark = Annotated[
    str,
    typer.Option(
        help="Benchmark table: digits, digits-201, nasbench101, nasbench201:DATA_SET:EPOCHS, macro, one that you added "
        "with 'data add', or the path of a table."
    ),
]
SpaceText = Annotated[
    str | None,
    typer.Option(
        help="Space: A1, A2, A3, A4, A_FULL, A_FULL_RES, A_FULL_NRES, S1, S2, S3, nasbench201, macro, or conditions "
        "such as 'depth>=3, residual=true' or 'nasbench201: depth>=2'; default: all that the table is about.",
        show_default=False,
    ),
]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto, which selects a GPU if there is one.")]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of super-nets to process in parallel (default: one per CPU core, or one per GPU). "
        "Several processes per GPU share it.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Open = Annotated[bool, typer.Option("--open", help="Open the page or the picture when it is written.")]
Supernets = Annotated[Path, typer.Argument(help="Folder of the super-nets.")]
Unit = Annotated[
    Literal["auto", "fraction", "percent"] | None,
    typer.Option(help="File: unit of standalone accuracies; default: auto.", show_default=False),
]
LowerIsBetter = Annotated[
    Literal["proxy", "standalone", "both"] | None,
    typer.Option(
        help="File: which values are errors or losses, so that lower is better; default: none.", show_default=False
    ),
]
Proxies = Annotated[
    list[str] | None,
    typer.Option(
        help="File: column with the scores. Repeat the option or give a pattern such as 'net_*' for one column per "
        "super-net.",
        show_default=False,
    ),
]
Standalone = Annotated[
    list[str] | None,
    typer.Option(
        help="File: column with standalone accuracies. Repeat the option or give a pattern for one column per "
        "training.",
        show_default=False,
    ),
]
Features = Annotated[
    list[str] | None,
    typer.Option(help="File: column to use as a structural feature; may be repeated.", show_default=False),
]
Ignored = Annotated[
    list[str] | None,
    typer.Option(help="File: column or pattern to ignore, such as 'val_*'; may be repeated.", show_default=False),
]
Baselines = Annotated[
    list[str] | None,
    typer.Option(help="File: column to use as a baseline that costs nothing; may be repeated.", show_default=False),
]


def given(**options: Any) -> dict[str, Any]:
    """The options that were given, by name."""
    return {name: value for name, value in options.items() if value is not None}
