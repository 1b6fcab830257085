"""`shareornot probe`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import AnyBenchmark, Json, SpaceText
from shareornot.cli.warnings import warn


def probe(
    benchmark: AnyBenchmark = "nasbench101",
    space: SpaceText = None,
    recipe: Annotated[
        str, typer.Option(help="Recipe of the hyper-parameters: tuned, as-described or as-published.")
    ] = "tuned",
    initial_weights: Annotated[
        str | None,
        typer.Option(
            help="Initial weights: random or aligned; default: the recipe's choice, which depends on the depth."
        ),
    ] = None,
    filters: Annotated[
        int | None, typer.Option(min=1, help="Number of channels of the stem; default: the recipe's.")
    ] = None,
    architectures: Annotated[int, typer.Option(min=2, help="Number of random architectures to compare.")] = 10,
    images: Annotated[int, typer.Option(min=8, help="Number of training images to use.")] = 256,
    seed: Annotated[int, typer.Option(min=0, help="Seed for the initial weights and the architectures.")] = 0,
    as_json: Json = False,
) -> None:
    """Check a super-net before training: whether its paths agree and whether the image reaches the classifier.

    Both numbers are 1 where nothing is lost and near 0 where everything is. A super-net with low numbers learns slowly
    at best. In Python, shareornot.supernet.probe does the same for a network of your own.

    Example: shareornot probe --space A1 --initial-weights random
    """
    with user_errors():
        from shareornot.cli.show import show_json
        from shareornot.images.source import image_set_of
        from shareornot.studies.devices import choose_device
        from shareornot.studies.study_settings import decode_values
        from shareornot.tables import BenchmarkTable, open_table
        from shareornot.tables.catalogue import default_space

        choose_device("cpu")  # which explains how to install PyTorch where it is missing
        from shareornot.studies.probing import probe_settings

        table = open_table(benchmark)
        max_vertices = table.info.max_vertices if isinstance(table, BenchmarkTable) else None
        network = {
            "num_filters": filters,
            "max_vertices": max_vertices,
            "initial_weights": initial_weights,
        }
        study = decode_values(
            {
                "name": "probe",
                "benchmark": str(Path(benchmark).resolve()) if Path(benchmark).is_file() else benchmark,
                "images": image_set_of(table.name),
                "recipe": recipe,
                "spaces": [space or default_space(table)],
                "seed": seed,
                "network": {name: value for name, value in network.items() if value is not None},
            },
            "probe",
        )
        supernet = study.chapters()[0].supernet
        found = probe_settings(supernet, num_architectures=architectures, num_images=images)
        if as_json:
            show_json(asdict(found) | {"depth": supernet.network.depth, "warnings": found.warnings()})
            return
        typer.echo(
            f"{supernet.space}, {supernet.network.initial_weights} initial weights, at most {supernet.network.depth} "
            "operations in a row\n"
            f"Alignment of {found.num_architectures} random paths: {found.alignment:.2f} on average, "
            f"{found.lowest_alignment:.2f} between the two that agree least\n"
            f"Image similarity at the classifier: {found.image_similarity:.2f} on average, "
            f"{found.lowest_image_similarity:.2f} at least ({found.num_images} images)"
        )
        for sentence in found.warnings():
            warn(sentence)
