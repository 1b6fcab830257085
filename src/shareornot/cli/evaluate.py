"""`shareornot evaluate`."""

from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Device, Processes, Supernets


def evaluate(
    folder: Supernets,
    cells: Annotated[
        int | None,
        typer.Option(min=1, help="Cells in the pool of each super-net; default: 1,000, all on digits."),
    ] = None,
    adaptation: Annotated[
        Literal["average", "last-batch", "none"] | None,
        typer.Option(
            help="Batch-norm statistics: average (BNS-FT), last-batch (BNS-FT as published) or none (NO-FT); "
            "default: the recipe's."
        ),
    ] = None,
    batches: Annotated[int | None, typer.Option(min=1, help="Training batches for the adaptation; default: 4.")] = None,
    fine_tuning_steps: Annotated[
        int | None,
        typer.Option(
            min=0, help="Steps of training each cell alone, from the shared weights, before it is scored; default: 0."
        ),
    ] = None,
    device: Device = "auto",
    processes: Processes = None,
) -> None:
    """Score cells with the shared weights of every super-net in a folder.

    Scores are kept for each way of scoring: run the command once with --adaptation none and once without, and
    "shareornot appraise" shows both side by side. More --cells extend what is there.

    Example: shareornot evaluate results/a4 --cells 1000

    Press Ctrl-C at any time: the same command resumes at the same cell.
    """
    with user_errors():
        from shareornot.progress import progress_bar
        from shareornot.studies.supernets import evaluate_supernets, larger_than_space

        if sentence := larger_than_space(folder, cells):
            typer.echo(f"shareornot: {sentence}", err=True)
        asked = {"adaptation": adaptation, "num_batches": batches, "fine_tuning_steps": fine_tuning_steps}
        name = evaluate_supernets(
            folder,
            evaluation={setting: value for setting, value in asked.items() if value is not None},
            num_cells=cells,
            device=device,
            num_processes=processes,
            bars=progress_bar,
        )
        typer.echo(f"Scored: {folder}, {name}\nNext: shareornot appraise {folder}")
