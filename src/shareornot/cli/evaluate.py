"""`shareornot evaluate`."""

from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Device, Processes, Supernets


def evaluate(
    folder: Supernets,
    cells: Annotated[
        int | None, typer.Option(min=1, help="Cells in the pool of each super-net; default: 1,000, all on digits.")
    ] = None,
    adaptation: Annotated[
        Literal["average", "last-batch", "none"] | None,
        typer.Option(
            help="Batch-norm statistics: average (BNS-FT), last-batch (BNS-FT as published) or none (NO-FT); "
            "default: what the recipe says."
        ),
    ] = None,
    batches: Annotated[int | None, typer.Option(min=1, help="Training batches for the adaptation; default: 4.")] = None,
    fine_tuning_steps: Annotated[
        int,
        typer.Option(min=0, help="Steps of training each cell alone, from the shared weights, before it is scored."),
    ] = 0,
    device: Device = "auto",
    processes: Processes = None,
) -> None:
    """Score cells with the weights that they share in the super-nets of a folder.

    Example: shareornot evaluate results/a4 --cells 1000
    """
    with user_errors():
        from dataclasses import replace

        from shareornot.progress import progress_bar
        from shareornot.studies.settings import read_settings
        from shareornot.studies.supernets import evaluate_supernets, supernet_folders

        usual = read_settings(supernet_folders(folder)[0] / "settings.json").evaluation
        chosen = replace(
            usual,
            adaptation=adaptation or usual.adaptation,
            num_batches=batches or usual.num_batches,
            fine_tuning_steps=fine_tuning_steps,
        )
        evaluate_supernets(
            folder,
            evaluation=chosen,
            num_cells=cells,
            device=device,
            num_processes=processes,
            bars=progress_bar,
        )
        typer.echo(f"Scored: {folder}\nNext: shareornot appraise {folder}")
