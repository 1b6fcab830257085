"""The command line, put together from its commands."""

from typing import Annotated

import typer

from shareornot import __version__
from shareornot.cli.appraise import appraise
from shareornot.cli.audit import audit
from shareornot.cli.benchmark import app as benchmark_app
from shareornot.cli.data import app as data_app
from shareornot.cli.demo import demo
from shareornot.cli.encoding import replace_what_cannot_be_encoded
from shareornot.cli.evaluate import evaluate
from shareornot.cli.group import Group
from shareornot.cli.measure_times import measure_times
from shareornot.cli.methods import methods
from shareornot.cli.probe import probe
from shareornot.cli.query import query
from shareornot.cli.replay import replay
from shareornot.cli.spaces import spaces
from shareornot.cli.study import app as study_app
from shareornot.cli.train import train

app = typer.Typer(
    name="shareornot",
    cls=Group,
    help="Does weight sharing help neural architecture search here, and can its scores be trusted?\n\n"
    "Start with: shareornot demo. The steps one by one: train, evaluate, appraise.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # plain text: it wraps well, copies well, and needs half the time
)


def _show_version(wanted: bool) -> bool:
    if wanted:
        print(__version__)  # noqa: T201
        raise typer.Exit
    return wanted


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


app.command(short_help="Train, score and appraise super-nets on real images within two minutes.")(demo)
app.command(short_help="Train super-nets on a search space.")(train)
app.command(short_help="Check before training whether a super-net is likely to learn.")(probe)
app.command(short_help="Score architectures with the shared weights.")(evaluate)
app.command(short_help="Report whether sharing helped and whether the scores can be trusted.")(appraise)
app.command(short_help="Report which structures super-nets over- and under-rate.")(audit)
app.command(short_help="Re-analyse published super-net evaluations, such as those of the paper.")(replay)
app.command(short_help="List the spaces of a benchmark and their noise ceilings.")(spaces)
app.command(short_help="List the methods that train shared weights.")(methods)
app.command(short_help="Show one architecture and the results of its standalone training.")(query)
app.command(short_help="Measure how long trainings take on this machine.")(measure_times)
app.add_typer(data_app, name="data")
app.add_typer(benchmark_app, name="benchmark")
app.add_typer(study_app, name="study")


def main() -> None:
    """Entry point of the command `shareornot`."""
    replace_what_cannot_be_encoded()
    app(prog_name="shareornot")
