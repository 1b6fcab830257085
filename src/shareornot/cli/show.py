"""Results on the terminal: for people as tables, for programs as JSON."""

import json
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from shareornot.appraisal.appraisal import Appraisal
    from shareornot.report.table import Table
    from shareornot.statistics import Interval

ANSWER_STYLES = {
    "helped": "bold green",
    "did not pay": "bold red",
    "undecided": "bold yellow",
    "reliable": "bold green",
    "partly": "bold yellow",
    "unreliable": "bold red",
}


def show_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(json.dumps(value, indent=2, allow_nan=False))  # noqa: T201


def show_table(title: str, columns: list[str], rows: list[list[str]], note: str = "") -> None:
    """Print a table whose first column is text and whose other columns are numbers.

    No line is longer than the terminal, or than 80 characters (or `COLUMNS`) elsewhere. On a terminal, the columns that
    do not fit are left out, from the right, and named below the table. Elsewhere they follow in further blocks, each
    with the leading columns that distinguish the rows.
    """
    from rich.console import Console

    console = Console(highlight=False)
    console.print(title, style="bold", markup=False)
    for shown in blocks_that_fit(columns, rows, console.width):
        _print_block(columns, rows, shown, console.width)
        if not console.is_terminal and shown[-1] < len(columns) - 1:
            console.print()
        if console.is_terminal:
            left_out = ", ".join(column or "-" for column in columns[len(shown) :])
            if left_out:
                console.print(f"Columns that do not fit: {left_out}.", style="dim", markup=False)
            break
    if note:
        console.print(note, style="dim", markup=False)
    console.print()


def _print_block(columns: "Sequence[str]", rows: "Sequence[Sequence[str]]", shown: "Sequence[int]", width: int) -> None:
    """Print some columns of a table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    titles, texts = _chosen(columns, rows, shown)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="dim")
    for place, (column, one_width) in enumerate(zip(shown, widths_that_fit(titles, texts, width), strict=True)):
        right = column > 0 and _are_numbers(rows, column)
        justify: Literal["left", "right"] = "right" if right else "left"
        table.add_column(titles[place], justify=justify, vertical="bottom", width=one_width, overflow="fold")
    for row in texts:
        table.add_row(*map(Text, row))  # a user's text is no markup
    Console(highlight=False, width=max(width, 20)).print(table, markup=False, crop=False)


def show(table: "Table") -> None:
    """Print a table of results with its notes."""
    from rich.console import Console

    if not table.rows:
        Console(highlight=False).print(f"{table.title}: none\n", markup=False)
        return
    titles = [column.title for column in table.shown_columns()]
    show_table(table.title, titles, table.texts(), "\n".join(table.shown_notes()))


def blocks_that_fit(columns: "Sequence[str]", rows: "Sequence[Sequence[str]]", width: int) -> "Iterator[list[int]]":
    """Numbers of the columns that fit side by side: those of the first block, then those of the blocks below it.

    Every block but the first begins with the leading columns that distinguish the rows, at most three.
    """
    leading = next((one for one in (1, 2) if len({tuple(row[:one]) for row in rows}) == len(rows)), 3)
    labels: list[int] = []
    left = list(range(len(columns)))
    while left:
        fitting = len(widths_that_fit(*_chosen(columns, rows, labels + left), width))
        if fitting <= len(labels):
            labels, fitting = labels[:1], 2
        yield (labels + left)[:fitting]
        left = left[fitting - len(labels) :]
        labels = labels or list(range(min(leading, fitting)))


def _chosen(
    columns: "Sequence[str]", rows: "Sequence[Sequence[str]]", numbers: "Sequence[int]"
) -> tuple[list[str], list[list[str]]]:
    """Titles and values of some columns."""
    return [columns[number] for number in numbers], [[row[number] for number in numbers] for row in rows]


def widths_that_fit(columns: "Sequence[str]", rows: "Sequence[Sequence[str]]", width: int) -> list[int]:
    """The widths of the columns that fit into a terminal, from the left; of at least two.

    Titles wrap at spaces and the first column wraps; all other values stay whole, unless the second column alone is too
    wide. What is left widens the columns.
    """
    longest = [max((len(row[number]) for row in rows), default=0) for number in range(len(columns))]
    wanted = [max(one, len(title), 1) for one, title in zip(longest, columns, strict=True)]
    longest[:1] = [min(one, max(12, width // 4)) for one in longest[:1]]
    widths = [max(one, *map(len, title.split()), 1) for one, title in zip(longest, columns, strict=True)]
    while len(widths) > 2 and _total(widths) > width:
        widths.pop()
    if len(widths) == 2:
        widths[1] = min(widths[1], max(width - widths[0] - 2, 8))  # a text that is still too long is folded
    for number in range(len(widths)):
        widths[number] += max(0, min(wanted[number] - widths[number], width - _total(widths)))
    return widths


def _total(widths: "Sequence[int]") -> int:
    """Width of a table with two spaces between columns."""
    return sum(widths) + 2 * (len(widths) - 1)


def _are_numbers(rows: "Sequence[Sequence[str]]", number: int) -> bool:
    """Whether most values of a column look like numbers."""
    values = [row[number] for row in rows if row[number]]
    return sum(any(one.isdigit() for one in value[:3]) for value in values) * 2 >= len(values)


def show_appraisal(appraisal: "Appraisal", picture: "Path | None") -> None:
    """Print the verdict in words, the numbers behind it, and where the picture is."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    from shareornot.appraisal.chapter import Chapter
    from shareornot.report.columns import DIFFERENCES, SUPERNETS, TOP

    verdict, chapter = appraisal.verdict, Chapter(appraisal=appraisal)
    console = Console(highlight=False)
    console.print(title_of(appraisal), style="bold", markup=False)
    console.print()
    show(SUPERNETS.of([chapter], ()))
    console.print(f"Mean Spearman correlation: {_correlation(appraisal.agreement)}.", markup=False)
    console.print(f"{_ceiling(appraisal)}\n{_baselines(appraisal)}\n", markup=False)
    show(TOP.of([chapter], ()))
    show(DIFFERENCES.of([chapter], ()))
    if appraisal.notes:
        show_sentences("Notes on the data", appraisal.notes)
    words = Text("\n\n").join(
        (
            Text.assemble(
                ("Did sharing weights help? ", "dim"),
                (f"{verdict.helped.word}\n", ANSWER_STYLES[verdict.helped.answer]),
                verdict.helped.sentence,
            ),
            Text.assemble(
                ("Can the scores be trusted? ", "dim"),
                (f"{verdict.trust.word}\n", ANSWER_STYLES[verdict.trust.answer]),
                verdict.trust.sentence,
            ),
            *map(Text, verdict.details),
        )
    )
    console.print(Panel(words, title="Verdict", padding=(1, 2)))
    if picture is not None:
        console.print(f"Picture: {picture}", soft_wrap=True, markup=False)


def title_of(appraisal: "Appraisal") -> str:
    """Which super-nets, and of how much of their space the truth is known."""
    variant = f", {appraisal.variant}" if appraisal.variant else ""
    return (
        f"{appraisal.benchmark}, {appraisal.space}{variant}: {appraisal.num_known:,} of {appraisal.num_cells:,} "
        f"{appraisal.thing}s known"
    )


def _correlation(interval: "Interval") -> str:
    """A mean correlation with its interval, which cannot leave -1 to 1."""
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.3f}, with one super-net no interval is possible"
    low, high = max(interval.low, -1.0), min(interval.high, 1.0)
    return f"{interval.mean:.3f}, {interval.confidence * 100:.0f} % interval {low:.3f} to {high:.3f}"


def _ceiling(appraisal: "Appraisal") -> str:
    """How well any scores could agree."""
    if appraisal.ceiling is None:
        return "No training was repeated, so the noise ceiling is unknown."
    return f"Noise in the table allows {appraisal.ceiling.ceiling:.2f}."


def _baselines(appraisal: "Appraisal") -> str:
    """Correlations of the baselines that need no training."""
    free = ", ".join(f"{name} {value:.2f}" for name, value in appraisal.baselines.items())
    return f"Without any training: {free}." if free else "No zero-cost baseline was available for comparison."


def show_sentences(title: str, sentences: "Sequence[str]") -> None:
    """Print a heading and a list of sentences."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(title, style="bold", markup=False)
    points = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        points.add_row("-", Text(sentence))
    console.print(points)
    console.print()
