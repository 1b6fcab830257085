"""`shareornot data`: published data sets, and the user's own tables."""

from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.group import Group
from shareornot.errors import SettingsError

app = typer.Typer(cls=Group, help="Get published data sets, and add your own tables.", no_args_is_help=True)
FETCHED = ("nasbench101", "nasbench201", "macro", "cifar10", "published-supernets", "nasbench201-supernets")


@app.callback()
def _group() -> None:
    pass


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(FETCHED)}.")],
    full: Annotated[bool, typer.Option("--full", help="nasbench101: all budgets (4, 12, 36 and 108 epochs).")] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Use this file or folder instead of downloading. Required for nasbench201, macro and "
            "nasbench201-supernets.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="published-supernets and nasbench201-supernets: folder for the tables. Default: the data folder.",
            file_okay=False,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Download a published data set, or read a local copy of it, check it and prepare it for use.

    An interrupted download is resumed. The result goes into the platform's user data folder, or into the folder that
    SHAREORNOT_DATA names.

    For nasbench101, --from takes nasbench_only108.tfrecord, nasbench_full.tfrecord or Parquet; for nasbench201
    NAS-Bench-201-v1_1-096897.pth or a folder such as NATS-tss-v1_0-3ffb9-simple; for macro
    nas-bench-macro_cifar10.json, CSV or Parquet; for cifar10 the published archive or Parquet; for published-supernets
    and nasbench201-supernets a copy of their authors' repositories, as a folder or an archive. Nothing in these files
    is run: the reader of pickles accepts plain data only.

    published-supernets are the evaluations of the paper's 210 super-nets and a table of the cells in them.
    nasbench201-supernets is a wide table with a column for each super-net, and an index of them.

    Example: shareornot data fetch nasbench101 --from nasbench_only108.tfrecord
    """
    with user_errors():
        from shareornot.progress import progress_bar

        if name == "nasbench101":
            from shareornot.tables import fetch_nasbench101, open_benchmark

            path = fetch_nasbench101(full=full, source=source, bars=progress_bar)
            table = open_benchmark(path)
            official = table.info.provenance.get("official")
            kind = "from the published file" if official else "from a file that is not the published one"
            typer.echo(f"{path}: {len(table):,} of {table.info.num_cells:,} cells, {kind}")
        elif name in ("nasbench201", "macro"):
            from shareornot.tables import fetch_table

            path, found = fetch_table(name, source, progress_bar)
            settings = ", ".join(found.settings)
            typer.echo(
                f"{path}: {len(found):,} of {found.num_architectures:,} architectures with {', '.join(found.metrics)} "
                f"for {settings}"
            )
            typer.echo(f"Select a setting with a suffix: --benchmark {name}:{found.settings[0]}")
        elif name == "cifar10":
            from shareornot.images import fetch_cifar10

            typer.echo(f"{fetch_cifar10(source=source, bars=progress_bar)}: 50,000 training and 10,000 test images")
        elif name == "published-supernets":
            from shareornot.reproduction.fetch import fetch_published_supernets

            evaluations, cells, is_published = fetch_published_supernets(source, out, progress_bar)
            kind = "the evaluations of the paper" if is_published else "not the evaluations of the paper"
            typer.echo(f"{evaluations}: {kind}\n{cells}: a table of their cells")
        elif name == "nasbench201-supernets":
            from shareornot.reproduction.fetch import fetch_nasbench201_supernets

            wide, index, count = fetch_nasbench201_supernets(source, out, progress_bar)
            typer.echo(f"{wide}: {count} super-nets\n{index}: what each of them is")
        else:
            raise SettingsError(f"data set: expected one of {', '.join(FETCHED)}, got {name!r}")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name under which --benchmark finds the table.")],
    source: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON file with one row per architecture.")],
    space: Annotated[
        str | None,
        typer.Option(
            help="Space of the architectures, or a TOML file that describes it; default: recognized from the "
            "architectures."
        ),
    ] = None,
    architecture: Annotated[str, typer.Option(help="Column that holds the architectures as text.")] = "architecture",
    validation: Annotated[
        list[str] | None, typer.Option(help="Column with validation accuracies; repeat it for several runs.")
    ] = None,
    test: Annotated[
        list[str] | None, typer.Option(help="Column with test accuracies; repeat it for several runs.")
    ] = None,
    time: Annotated[
        list[str] | None, typer.Option(help="Column with training times in seconds; repeat it for several runs.")
    ] = None,
    percent: Annotated[bool, typer.Option("--percent", help="Accuracies are percentages, not fractions.")] = False,
    data_set: Annotated[str, typer.Option(help="Name of the data set on which the networks were trained.")] = "unnamed",
    epochs: Annotated[int | None, typer.Option(min=1, help="Number of epochs of each training.")] = None,
) -> None:
    """Add your own table, which needs at least two columns: the architecture and its accuracy.

    Columns with the usual names are found automatically: architecture, accuracy or validation_accuracy, test_accuracy
    and training_time; with _0, _1, ... at the end there is one for each run. An empty field is a missing run. A
    table of that name is replaced.

    Example: shareornot data add mine trained.csv --percent
    """
    with user_errors():
        from shareornot.spaces import open_space
        from shareornot.tables import import_columns
        from shareornot.tables.catalogue import added_path

        named = {"validation_accuracy": validation or [], "test_accuracy": test or [], "training_time": time or []}
        path = added_path(name)
        table = import_columns(
            source,
            path,
            name=name,
            space=None if space is None else open_space(space),
            architecture=architecture,
            columns=named if any(named.values()) else None,
            percent=percent,
            data_set=data_set,
            epochs=epochs,
        )
        of = table.info.family or "a list of its own"
        typer.echo(f"{path}: {len(table):,} of {table.num_architectures:,} architectures of {of}")
        for metric in table.metrics:
            missing = int((table.values(metric) != table.values(metric)).sum())
            runs = len(table.column(metric).runs)
            gaps = f", {missing:,} values missing" if missing else ""
            typer.echo(f"{metric}: {runs} run{'s' if runs > 1 else ''}{gaps}")
