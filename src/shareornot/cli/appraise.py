"""`shareornot appraise`."""

from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json, Open, Supernets


def appraise(
    folder: Supernets,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated searches.")] = 0,
    times: Annotated[
        Path | None, typer.Option(help="Measured training times, see measure-times; default: the benchmark's.")
    ] = None,
    supernet_times: Annotated[
        Path | None, typer.Option(help="Measured times at the super-net's width; default: as for a cell alone.")
    ] = None,
    as_json: Json = False,
    open_it: Open = False,
) -> None:
    """Judge scored super-nets: can their scores be trusted, and did sharing weights help?

    Writes appraisal.png, .svg, .pdf and .json, scores.parquet and regret.parquet into the folder. Needs no PyTorch.

    Example: shareornot appraise results/a4
    """
    with user_errors():
        from shareornot.cli.show import show_appraisal, show_json
        from shareornot.report import to_json, write_report
        from shareornot.study.supernets import appraise_supernets

        appraisal = appraise_supernets(folder, seed=seed, times=times, supernet_times=supernet_times)
        picture = write_report(folder, appraisal)
        if as_json:
            show_json(to_json(appraisal))
        else:
            show_appraisal(appraisal, picture)
        if open_it:
            typer.launch(str(picture))
