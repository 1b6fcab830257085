"""`shareornot measure-times`."""

from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Device, Json


def measure_times(
    out: Annotated[Path, typer.Argument(help="Parquet file for the times of all cells.")],
    filters: Annotated[
        int,
        typer.Option(min=1, help="Number of channels of the stem: 128 for standalone training, 16 for the super-net."),
    ] = 128,
    cells: Annotated[
        int, typer.Option(min=1, help="Number of cells to measure; a model predicts the times of the others.")
    ] = 60,
    batch_size: Annotated[int, typer.Option(min=1, help="Number of images per batch.")] = 256,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure how long trainings take on this machine, for comparisons at equal time.

    Times a forward and a backward pass of some cells on CIFAR-10's image size and fits all cells by their operations
    and widths. Give the files to appraise: --times at 128 filters, --supernet-times at 16.

    Example: shareornot measure-times times-16.parquet --filters 16
    """
    with user_errors():
        from shareornot.cli.show import show_json
        from shareornot.progress import progress_bar
        from shareornot.studies.measured_times import measure_times as measure
        from shareornot.studies.measured_times import write_times

        times = measure(filters, num_cells=cells, batch_size=batch_size, device=device, bars=progress_bar)
        write_times(out, times)
        if as_json:
            show_json(dict(times.origin))
            return
        error = times.origin["median_error"]
        typer.echo(
            f"{out}: times of {len(times.time_s):,} cells from {cells} measured; on cells left out of the fit, the "
            f"median error is {error['forward'] * 100:.1f} % forward and {error['backward'] * 100:.1f} % backward"
        )
