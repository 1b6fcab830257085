"""`shareornot evaluate`."""

from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Device, Processes, Supernets
from shareornot.cli.warnings import warn, warn_of_precision
from shareornot.errors import SettingsError


def evaluate(
    folder: Supernets,
    cells: Annotated[
        int | None,
        typer.Option(min=1, help="Number of cells to score with each super-net; default: 1,000, or all on digits."),
    ] = None,
    adaptation: Annotated[
        Literal["average", "last-batch", "none"] | None,
        typer.Option(
            help="Batch-norm statistics: average (BNS-FT), last-batch (BNS-FT as published) or none (NO-FT); "
            "default: the recipe's."
        ),
    ] = None,
    batches: Annotated[
        int | None, typer.Option(min=1, help="Number of training batches for the adaptation; default: 4.")
    ] = None,
    fine_tuning_steps: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of steps to train each cell alone, starting from the shared weights, before it is scored; "
            "default: 0.",
        ),
    ] = None,
    checkpoints: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of last epochs over whose weights the scores are averaged; train keeps them with --set "
            "training.keep_checkpoints=N; default: 1.",
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            help="Number of validation images, or all, or auto for the number that gives the scores a reliability of "
            "0.95; "
            "default: the recipe's, auto for tuned.",
        ),
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16"] | None,
        typer.Option(
            help="Precision of the computation. bfloat16 may be faster on hardware that supports it; default: float32."
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
        from shareornot.studies.score_notes import score_notes
        from shareornot.studies.supernets import evaluate_supernets, larger_than_space

        if sentence := larger_than_space(folder, cells):
            typer.echo(f"shareornot: {sentence}", err=True)
        warn_of_precision(precision or "float32", device)
        chosen = {
            "adaptation": adaptation,
            "num_batches": batches,
            "fine_tuning_steps": fine_tuning_steps,
            "num_images": _number_of_images(images),
            "precision": precision,
            "num_checkpoints": checkpoints,
        }
        name = evaluate_supernets(
            folder,
            evaluation={setting: value for setting, value in chosen.items() if value is not None},
            num_cells=cells,
            device=device,
            num_processes=processes,
            bars=progress_bar,
        )
        lines, sentences = score_notes(folder, name)
        for line in lines:
            typer.echo(line)
        for sentence in sentences:
            warn(sentence)
        typer.echo(f"Scored: {folder}, {name}\nNext: shareornot appraise {folder}")


def _number_of_images(text: str | None) -> int | str | None:
    """The value of --images."""
    if text is None or text in ("all", "auto"):
        return text
    if not text.isdecimal() or int(text) < 2:
        raise SettingsError(f"--images: expected a number of at least 2, all or auto, got {text!r}")
    return int(text)
