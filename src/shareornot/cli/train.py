"""`shareornot train`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import AnyBenchmark, Device, Processes, SpaceText
from shareornot.cli.warnings import warn, warn_of_precision
from shareornot.errors import SettingsError


def train(
    folder: Annotated[Path, typer.Argument(help="Folder for the super-nets. Unfinished super-nets in it are resumed.")],
    benchmark: AnyBenchmark = "nasbench101",
    space: SpaceText = None,
    variant: Annotated[
        Literal["baseline", "single-k", "pro-rata", "avg-3", "s-k+p-r"],
        typer.Option(help="Variant of the training, as in the columns of the paper's Table 1."),
    ] = "baseline",
    recipe: Annotated[
        str,
        typer.Option(
            help="Recipe of the hyper-parameters: tuned is ours and the fastest to learn, as-described follows the "
            "text of the paper, as-published follows the authors' code. "
            "as-published is not available for digits."
        ),
    ] = "tuned",
    method: Annotated[
        str | None,
        typer.Option(
            help="Method that trains the shared weights, see: shareornot methods; default: the method of the variant."
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Set an option of the method, as in mean=true, or a setting by its full name, as in "
            "training.paths_per_step=3; may be repeated.",
        ),
    ] = None,
    supernets: Annotated[int, typer.Option(min=1, help="Number of super-nets; each gets the next seed.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first super-net.")] = 0,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of epochs. Default: 16 for the recipe tuned, 432 for the others, 600 on digits."
        ),
    ] = None,
    filters: Annotated[
        int | None, typer.Option(min=1, help="Number of channels of the stem; default: 16, or 8 on digits.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Number of images per step; default: the recipe's.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-9, help="Initial learning rate; default: the recipe's.")
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16"],
        typer.Option(
            help="Precision of the computation. bfloat16 may be faster for wide and deep super-nets on hardware that "
            "supports it."
        ),
    ] = "float32",
    device: Device = "auto",
    processes: Processes = None,
) -> None:
    """Train super-nets on a search space.

    On digits for the embedded benchmark, on CIFAR-10 for all other tables of cells. The folder is that of a study:
    "shareornot study status FOLDER" reports on it.

    Example: shareornot train results/a4 --space A4 --supernets 5

    "shareornot probe --space A4" shows within seconds whether such a super-net is likely to learn.

    Press Ctrl-C at any time: the same command resumes at the same step.
    """
    with user_errors():
        from shareornot.images.source import image_set_of
        from shareornot.progress import progress_bar
        from shareornot.studies.recipes import VARIANTS
        from shareornot.studies.study_file import decode_study
        from shareornot.studies.supernets import train_supernets, training_warnings
        from shareornot.tables import BenchmarkTable, open_table
        from shareornot.tables.catalogue import default_space

        if method is not None and "method" in VARIANTS[variant].get("training", {}):
            raise SettingsError(f"--method, --variant {variant}: both select a method; leave one of them out")
        table = open_table(benchmark)
        max_vertices = table.info.max_vertices if isinstance(table, BenchmarkTable) else None
        chosen = {
            "network": {"num_filters": filters, "max_vertices": max_vertices},
            "training": {
                "epochs": epochs,
                "batch_size": batch_size,
                "method": method,
                "precision": precision if precision != "float32" else None,
                "optimizer": {"learning_rate": learning_rate},
            },
        }
        study = decode_study(
            {
                "name": folder.resolve().name or "supernets",
                "benchmark": str(Path(benchmark).resolve()) if Path(benchmark).is_file() else benchmark,
                "images": image_set_of(table.name),
                "recipe": recipe,
                "spaces": [space or default_space(table)],
                "variants": [variant],
                "supernets": supernets,
                "seed": seed,
                **_given(chosen),
            },
            [one if "." in one.partition("=")[0] else f"training.options.{one}" for one in changes or ()],
            where="train",
        )
        warn_of_precision(precision, device)
        study = train_supernets(folder, study, device=device, num_processes=processes, bars=progress_bar, warn=warn)
        for sentence in training_warnings(folder, study):
            remedy = ""
            if "has learnt nothing" in sentence:
                remedy = "; train longer, or with a lower --learning-rate"
                if recipe != "tuned":
                    remedy += ", or with --recipe tuned"
            warn(f"{sentence}{remedy}")
        seeds = range(study.seed, study.seed + study.supernets)
        names = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
        typer.echo(f"Trained: {folder}, {names}\nNext: shareornot evaluate {folder}")


def _given(values: dict[str, object]) -> dict[str, object]:
    """Only the options that were given."""
    kept = {name: _given(value) if isinstance(value, dict) else value for name, value in values.items()}
    return {name: value for name, value in kept.items() if value is not None and value != {}}
