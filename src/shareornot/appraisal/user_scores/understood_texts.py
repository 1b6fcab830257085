"""What the texts of architectures describe, also where some are odd, wrapped in other text, or in another order."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool

from shareornot.appraisal.user_scores.wording import count, shown
from shareornot.errors import DataError, MissingDataError
from shareornot.spaces import ListedSpace, list_architectures, open_family, open_space
from shareornot.spaces.contract import Indices, LabelledGraph
from shareornot.spaces.edge_texts import MAX_EDGE_VERTICES
from shareornot.tables import BenchmarkTable, open_benchmark, open_table

MOST_ODD = 0.2
"""Share of texts that may be odd; where there are more, all are names."""
_EDGES = re.compile(r"\|(?:[^|+~]+~\d+\|)+(?:\+\|(?:[^|+~]+~\d+\|)+)*")
_PAIR = re.compile(r"[\[(]\s*['\"]([^'\"]+)['\"]\s*,\s*(\d+)\s*[\])]")
_HASH = re.compile(r"[0-9a-fA-F]{32}")


@dataclass(frozen=True, kw_only=True, eq=False)
class UnderstoodSpace(ListedSpace):
    """A list of which some texts may not be understood: they have no features of their own."""

    understood: Bool[np.ndarray, " entries"] | None = None
    """None where all are."""

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Features as of any list; NaN or empty where a text is not understood."""
        if self.understood is None:
            return super().features(architectures)
        kept = self.understood[architectures]
        described = replace(self, columns={}, understood=None).features(architectures[kept])
        spread = {name: _spread(values, kept) for name, values in described.items()}
        return spread | {name: values[architectures] for name, values in self.columns.items()}

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Sizes as of any list; NaN where a text is not understood."""
        if self.understood is None:
            return super().sizes(architectures)
        kept = self.understood[architectures]
        described = replace(self, size_columns=(), understood=None).sizes(architectures[kept])
        own = {name: np.asarray(self.columns[name][architectures], np.float64) for name in self.size_columns}
        return {name: _spread(values, kept) for name, values in described.items()} | own

    def graph(self, architecture: int) -> LabelledGraph | None:
        """Graph as of any list; None where the text is not understood."""
        if self.understood is not None and not self.understood[architecture]:
            return None
        return super().graph(architecture)


def _spread(values: np.ndarray, kept: Bool[np.ndarray, " rows"]) -> np.ndarray:
    """Values at the rows that are kept, and nothing at the others."""
    match values.dtype.kind:
        case "b":
            words = np.where(values, "true", "false")
            return _spread(words, kept) if not kept.all() else values
        case "i" | "u" | "f":
            numbers = np.full(len(kept), np.nan)
            numbers[kept] = values
            return numbers
        case _:
            texts = np.full(len(kept), "", dtype=values.dtype if values.dtype.kind == "U" else object)
            texts[kept] = values
            return texts


def understand(
    texts: Sequence[str], kind: str, benchmark: str | None, row_of: Callable[[int], str]
) -> tuple[UnderstoodSpace, list[str]]:
    """The space that texts of architectures make, and notes.

    Args:
        texts: different ones.
        kind: `text`, `hash` for official hashes of NASBench-101, or `index` for unique indices.
        benchmark: table that holds them, for hashes and indices; None for NASBench-101.
        row_of: names the first row that holds a text.

    Raises:
        DataError: an index that the table does not hold.
        MissingDataError: the table is not there.
    """
    if kind == "index":
        return _indexed(texts, benchmark, row_of), []
    if kind == "hash" or _are_hashes(texts):
        return _hashed(texts, benchmark, row_of)
    entries = [_unwrapped(text) for text in texts]
    listed = list_architectures(entries)
    if listed.kind is not None or listed.edges is not None:
        space = _of_listed(listed, texts)
        odd = _foreign_operations(space)
        return (space, []) if odd is None else _without(space, odd, texts, row_of)
    good = _described(entries)
    if not good.any() or (~good).mean() > MOST_ODD:
        return UnderstoodSpace(entries=list(texts)), []
    part = list_architectures([entry for entry, kept in zip(entries, good.tolist(), strict=True) if kept])
    if part.kind is None and part.edges is None:
        return UnderstoodSpace(entries=list(texts)), []
    where = np.zeros(len(texts), np.int64)
    where[good] = np.arange(int(good.sum()))
    space = UnderstoodSpace(
        entries=list(texts),
        kind=part.kind,
        numbers=None if part.numbers is None else np.asarray(part.numbers)[where],
        edges=None if part.edges is None else replace(part.edges, codes=part.edges.codes[where]),
    )
    odd = _foreign_operations(space)
    return _without(space, ~good if odd is None else ~good | odd, texts, row_of)


def _of_listed(listed: ListedSpace, texts: Sequence[str]) -> UnderstoodSpace:
    return UnderstoodSpace(entries=list(texts), kind=listed.kind, numbers=listed.numbers, edges=listed.edges)


def _without(
    space: UnderstoodSpace, odd: Bool[np.ndarray, " texts"], texts: Sequence[str], row_of: Callable[[int], str]
) -> tuple[UnderstoodSpace, list[str]]:
    """The space with some texts not understood, and a note that names them."""
    places = np.flatnonzero(odd).tolist()
    some = ", ".join(f"{row_of(place)}: {shown(texts[place])}" for place in places[:3])
    more = f" and {len(places) - 3:,} more" if len(places) > 3 else ""
    what = "a cell or graph" if space.kind is None else f"an architecture of {space.kind.name}"
    note = (
        f"{count(len(places), 'text')} understood as no architecture: expected {what} as in the other rows, got {some}"
        f"{more}. Scores and accuracies count, features are missing."
    )
    return replace(space, understood=~odd), [note]


def _foreign_operations(space: UnderstoodSpace) -> Bool[np.ndarray, " texts"] | None:
    """Texts with an operation that hardly any other has, such as a misspelt one; None without any."""
    if space.edges is None or len(space.edges.words) < 2 or len(space.entries) < 10:
        return None
    codes = space.edges.codes
    uses = np.array([int((codes == code).any(axis=1).sum()) for code in range(len(space.edges.words))])
    rare = np.flatnonzero(uses <= max(1, len(codes) // 50))
    if not len(rare) or len(rare) == len(uses):
        return None
    odd = np.isin(codes, rare).any(axis=1)
    return np.asarray(odd) if 0 < odd.mean() <= MOST_ODD else None


def _unwrapped(text: str) -> str:
    """A text of edges without surrounding characters, its edges in the order of their sources; other texts as they are.

    Example:
        >>> _unwrapped("Structure(4 nodes with |a~0|+|c~1|b~0|)")
        '|a~0|+|b~0|c~1|'
        >>> _unwrapped("((('a', 0),), (('b', 0), ('c', 1)))")
        '|a~0|+|b~0|c~1|'
    """
    if "~" in text and _in_order(text.count("+")).fullmatch(text):
        return text
    if "~" in text and (found := _EDGES.search(text)):
        nodes = [node.strip("|").split("|") for node in found[0].split("+")]
        pairs = [[edge.rpartition("~")[::2] for edge in node] for node in nodes]
    elif "(" in text and len(edges := _PAIR.findall(text)) > 1:
        pairs = _nodes([(operation, source) for operation, source in edges])
    else:
        return text.strip()
    ordered = [sorted(node, key=lambda edge: int(edge[1])) for node in pairs]
    return "+".join("|" + "|".join(f"{word.strip()}~{source}" for word, source in node) + "|" for node in ordered)


@lru_cache
def _in_order(num_pluses: int) -> re.Pattern[str]:
    """A text of edges in the order of their sources, with nothing around it."""
    vertices = range(1, min(num_pluses, MAX_EDGE_VERTICES) + 2)
    return re.compile(r"\+".join(r"\|" + "".join(rf"[^|+~\s]+~{source}\|" for source in range(v)) for v in vertices))


def _nodes(edges: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Edges in a row by the vertex that they lead to: the first vertex has one, the next two, and so on."""
    nodes: list[list[tuple[str, str]]] = []
    rest = list(edges)
    while rest:
        size = len(nodes) + 1
        nodes.append(rest[:size])
        rest = rest[size:]
    return nodes


def _described(entries: Sequence[str]) -> Bool[np.ndarray, " texts"]:
    """Which texts are of the most frequent kind, found by halving, so that most texts are read in large groups."""
    sample = entries[:: max(1, len(entries) // 50)]
    kinds = [_kind(one) for one in sample]
    known = [kind for kind in kinds if kind is not None]
    if not known or len(known) < len(kinds) / 2:
        return np.zeros(len(entries), bool)
    wanted = max(set(known), key=known.count)
    good = np.zeros(len(entries), bool)
    budget = [max(200, len(entries) // 50)]

    def look(start: int, stop: int) -> None:
        if budget[0] <= 0:
            return
        if _kind_of_all(entries[start:stop]) == wanted:
            good[start:stop] = True
        elif stop - start > 1:
            budget[0] -= 1
            middle = (start + stop) // 2
            look(start, middle)
            look(middle, stop)

    look(0, len(entries))
    return good


def _kind(text: str) -> str | None:
    return _kind_of_all([text])


def _kind_of_all(entries: Sequence[str]) -> str | None:
    """What all of the texts are, with the number of edges of graphs; None where they are not of one kind."""
    listed = list_architectures(list(entries))
    if listed.kind is not None:
        return listed.kind.name
    return None if listed.edges is None else f"{listed.edges.codes.shape[1]} edges"


def _are_hashes(texts: Sequence[str]) -> bool:
    return bool(len(texts)) and all(_HASH.fullmatch(text) is not None for text in texts)


def _indexed(texts: Sequence[str], benchmark: str | None, row_of: Callable[[int], str]) -> UnderstoodSpace:
    """Architectures by their number in the family of a table.

    Raises:
        DataError: a number that the table does not hold.
        MissingDataError: the table is not there.
    """
    table = open_table(benchmark or "nasbench101")
    family = open_family(table.space.family)
    numbers = np.array([int(text) if re.fullmatch(r"\d{1,9}", text) else -1 for text in texts], np.int64)
    inside = (numbers >= 0) & (numbers < table.num_architectures)
    if not inside.all():
        place = int(np.argmin(inside))
        raise DataError(
            f"{row_of(place)}: column 'cell': expected numbers of architectures below {table.num_architectures:,}, got "
            f"{shown(texts[place])}; name the table that they belong to: --benchmark NAME"
        )
    return UnderstoodSpace(entries=family.texts(numbers), kind=family, numbers=numbers.astype(np.int32))


def _hashed(
    texts: Sequence[str], benchmark: str | None, row_of: Callable[[int], str]
) -> tuple[UnderstoodSpace, list[str]]:
    """Cells by their official hashes, where the table that holds them is available; and notes."""
    names = UnderstoodSpace(entries=list(texts))
    try:
        known = hash_rows(open_benchmark(benchmark or "nasbench101"))
    except (MissingDataError, DataError):
        note = (
            "Architectures look like official hashes; without NASBench-101 their cells are unknown; fetch it: "
            "shareornot data fetch nasbench101."
        )
        return names, [note]
    numbers = np.array([known.get(text.lower(), -1) for text in texts], np.int32)
    odd = numbers < 0
    if odd.mean() > MOST_ODD:
        place = int(np.argmax(odd))
        note = (
            f"Architectures look like official hashes, but the table holds only {int((~odd).sum()):,} of them, and not "
            f"{shown(texts[place])} of {row_of(place)}."
        )
        return names, [note]
    space = UnderstoodSpace(entries=list(texts), kind=open_space("nasbench101"), numbers=np.where(odd, 0, numbers))
    return _without(space, odd, texts, row_of) if odd.any() else (space, [])


def hash_rows(table: BenchmarkTable) -> dict[str, int]:
    """Unique indices of a table's cells by their official hashes."""
    return {table.module_hash(row): int(table.cells[row]) for row in range(len(table))}
