"""`shareornot train`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Benchmark, Device, Processes, SpaceText
from shareornot.errors import SettingsError


def train(
    folder: Annotated[Path, typer.Argument(help="Folder for the super-nets; one that is begun is finished.")],
    benchmark: Benchmark = "nasbench101",
    space: SpaceText = "A_FULL",
    variant: Annotated[
        Literal["baseline", "single-k", "pro-rata", "avg-3", "s-k+p-r"],
        typer.Option(help="Way of training: a column of the paper's Table 1."),
    ] = "baseline",
    recipe: Annotated[
        Literal["as-described", "as-published"],
        typer.Option(help="as-described does what the paper says, as-published what its code did; not for digits."),
    ] = "as-described",
    method: Annotated[
        str | None,
        typer.Option(help="How shared weights are trained, such as uniform or pro-rata; default: the variant's."),
    ] = None,
    supernets: Annotated[int, typer.Option(min=1, help="How many, with seeds that count up.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first.")] = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="Default: 432, the paper's; 600 on digits.")] = None,
    filters: Annotated[int | None, typer.Option(min=1, help="Channels of the stem; default: 16, 8 on digits.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images a step; default: 256, 50 on digits.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=1e-9, help="Default: 0.2, 0.05 on digits.")] = None,
    device: Device = "auto",
    processes: Processes = None,
) -> None:
    """Train super-nets on a space of cells.

    On digits for the embedded benchmark, on CIFAR-10 for all other tables of cells.

    Example: shareornot train results/a4 --space A4 --supernets 5

    Ctrl-C saves and stops; the same command goes on from there.
    """
    with user_errors():
        from shareornot.progress import progress_bar
        from shareornot.studies.settings import digits_settings, paper_settings
        from shareornot.studies.supernets import train_supernets
        from shareornot.studies.training_log import warning
        from shareornot.tables import open_benchmark

        info = open_benchmark(benchmark).info
        if info.name == "digits":
            if recipe != "as-described":
                raise SettingsError(f"recipe: expected as-described on digits, got {recipe}, which is the paper's")
            settings = digits_settings(space, variant=variant, seed=seed)
        else:
            settings = paper_settings(space, variant=variant, recipe=recipe, seed=seed, max_vertices=info.max_vertices)
        training, network = settings.training, settings.network
        settings = replace(
            settings,
            benchmark=str(Path(benchmark).resolve()) if Path(benchmark).is_file() else benchmark,
            network=replace(network, num_filters=filters or network.num_filters),
            training=replace(
                training,
                epochs=epochs or training.epochs,
                batch_size=batch_size or training.batch_size,
                method=method or training.method,
                optimizer=replace(training.optimizer, learning_rate=learning_rate or training.optimizer.learning_rate),
            ),
        )
        folders = train_supernets(
            folder, settings, num_supernets=supernets, device=device, num_processes=processes, bars=progress_bar
        )
        for one in folders:
            if told := warning(one, settings.network.num_classes):
                remedy = "train longer, or with a lower --learning-rate"
                if info.name != "digits" and recipe == "as-described":
                    remedy += ", or with --recipe as-published"
                typer.echo(f"shareornot: {told}; {remedy}", err=True)
        typer.echo(f"Trained: {', '.join(map(str, folders))}\nNext: shareornot evaluate {folder}")
