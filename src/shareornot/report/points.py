"""The scores of a chapter as the page embeds them: whole numbers with a scale, architectures once each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Integer

from shareornot.appraisal.audit_words import structure_in_words
from shareornot.report.chapter import Chapter
from shareornot.spaces import LabelledGraph, Space
from shareornot.statistics.pools import distinct_cells, first_of_each, places_among
from shareornot.statistics.rank_residuals import rank_fractions

MOST_POINTS = 10_000
"""Scores drawn in one cloud: more hide one another, and no browser moves them fluidly."""
STEPS = 100_000
"""Into how many steps a column of real numbers is cut: 0.001 points for accuracies from 0 to 1."""
MOST_LETTERS = 2_000
"""Most letters of a name on the page; a longer one is cut."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DrawnScores:
    """The scores of one super-net that are drawn."""

    supernet: str
    rows: Int[np.ndarray, " drawn"]
    """What the `Space` looks up."""
    proxies: Float[np.ndarray, " drawn"]
    standalone: Float[np.ndarray, " drawn"]
    proxy_ranks: Float[np.ndarray, " drawn"]
    """Shares of the whole pool that a score beats, as in the bias audit: also where only some scores are drawn."""
    standalone_ranks: Float[np.ndarray, " drawn"]


def drawn_scores(chapter: Chapter, most: int = MOST_POINTS) -> list[DrawnScores]:
    """The scores of the super-nets that converged; of too many, every n-th by proxy, the best and the worst among them.

    Args:
        chapter: results with at least one super-net that converged.
        most: scores in all, roughly.
    """
    found = chapter.appraisal
    kept = [number for number, value in enumerate(found.spearmans) if value is not None]
    total = sum(len(found.pools[number].cells) for number in kept)
    drawn = []
    for number in kept:
        pool, truth = found.pools[number], found.standalone[number]
        chosen = _every_nth(pool.proxies, max(2, round(len(truth) * most / max(total, most))))
        drawn.append(
            DrawnScores(
                supernet=pool.name,
                rows=np.asarray(pool.cells[chosen], np.int64),
                proxies=np.asarray(pool.proxies[chosen], np.float64),
                standalone=np.asarray(truth[chosen], np.float64),
                proxy_ranks=_ranks(pool.cells, pool.proxies)[chosen],
                standalone_ranks=_ranks(pool.cells, truth)[chosen],
            )
        )
    return drawn


def _ranks(cells: Integer[np.ndarray, " pool"], values: Float[np.ndarray, " pool"]) -> Float[np.ndarray, " pool"]:
    """Rank of each score among the first evaluations of the distinct architectures of a pool, see `rank_fractions`."""
    distinct = distinct_cells(cells)
    if len(distinct) == len(cells):
        return rank_fractions(values)
    which = places_among(distinct, cells)
    return np.asarray(rank_fractions(values[first_of_each(which, len(distinct))])[which])


def _every_nth(values: Float[np.ndarray, " scores"], most: int) -> Integer[np.ndarray, " chosen"]:
    """Positions of at most `most` values, spread evenly over the ranks, in the order of the values."""
    if len(values) <= most:
        return np.arange(len(values))
    order = np.argsort(values, kind="stable")
    return np.sort(order[np.linspace(0, len(values) - 1, most).round().astype(np.int64)])


def points_as_json(chapter: Chapter, most: int = MOST_POINTS, *, with_names: bool = True) -> dict[str, Any]:
    """Scores, names, features and graphs of a chapter.

    Args:
        chapter: what to embed.
        most: scores drawn.
        with_names: False leaves out names of architectures whose structure is drawn.

    Returns:
        Columns `{values, offset, scale}` of whole numbers. A number is offset + scale x value, and null where there is
        none. A graph is a pair: numbers of the vertices' words, and from, to, number of the word + 1 or 0 for each
        edge in a row.
    """
    drawn = drawn_scores(chapter, most)
    found = chapter.appraisal
    rows, which = np.unique(np.concatenate([one.rows for one in drawn]), return_inverse=True)
    proxies = np.concatenate([one.proxies for one in drawn])
    standalone = np.zeros(len(rows))
    standalone[which] = np.concatenate([one.standalone for one in drawn])
    words, graphs = _graphs(found.architectures, rows)
    nameless = found.architectures.family == "nasbench101" or not (with_names or graphs is None)
    are_fractions = found.proxy_unit == "fraction"
    num_scores = sum(len(p.cells) for p, value in zip(found.pools, found.spearmans, strict=True) if value is not None)
    return {
        "points": {
            "supernets": [one.supernet for one in drawn],
            "counts": [len(one.rows) for one in drawn],
            "num_scores": num_scores,
            "architecture": which.tolist(),
            "proxies": column_as_json(proxies, as_fractions=are_fractions),
            "proxies_are_fractions": are_fractions,
            "proxy_ranks": column_as_json(np.concatenate([one.proxy_ranks for one in drawn]), as_fractions=True),
            "standalone_ranks": column_as_json(
                np.concatenate([one.standalone_ranks for one in drawn]), as_fractions=True
            ),
        },
        "standalone": column_as_json(standalone, as_fractions=True),
        "names": None if nameless else [name[:MOST_LETTERS] for name in found.architectures.texts(rows)],
        "features": features_as_json(found.architectures.features(rows)),
        "words": words,
        "graphs": graphs,
    }


def column_as_json(values: Float[np.ndarray, " rows"], *, as_fractions: bool = False) -> dict[str, Any]:
    """Real numbers in whole steps: of 1/100,000 for fractions, else of 1/100,000 of their range; null for NaN."""
    known = values[np.isfinite(values)]
    low, high = (0.0, 1.0) if as_fractions or not len(known) else (float(known.min()), float(known.max()))
    scale = (high - low) / STEPS or 1.0
    steps = [round(number) if np.isfinite(number) else None for number in ((values - low) / scale).tolist()]
    return {"values": steps, "offset": low, "scale": scale}


def features_as_json(features: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Each feature that differs, with its kind: truth, number or words."""
    packed = []
    for name, values in features.items():
        values = np.asarray(values)
        base = {"name": name, "label": feature_in_words(name), "offset": 0, "scale": 1}
        match values.dtype.kind:
            case "b":
                column = {"kind": "truth", "values": values.astype(int).tolist()}
            case "i" | "u":
                column = {"kind": "number", "values": values.tolist()}
            case "f":
                column = {"kind": "number", **column_as_json(values.astype(np.float64))}
            case _:
                levels, codes = np.unique(values.astype(np.str_), return_inverse=True)
                column = {"kind": "words", "levels": [str(level)[:MOST_LETTERS] for level in levels]}
                column["values"] = [int(code) if levels[code] else None for code in codes.tolist()]
        if len(set(column["values"])) > 1:
            packed.append(base | column)
    return packed


def feature_in_words(name: str) -> str:
    """Short words for a feature, such as `operation on vertex 1`."""
    vertex = name.removeprefix("operation_")
    return f"operation on vertex {vertex}" if vertex != name and vertex.isdigit() else structure_in_words(name)


def _graphs(
    architectures: Space, rows: Integer[np.ndarray, " rows"]
) -> tuple[list[str], list[tuple[list[int], list[int]] | None] | None]:
    """Words, and the graphs in numbers of those words; no list where no structure is known."""
    drawn = [architectures.graph(row) for row in rows.tolist()]
    if not any(drawn):
        return [], None
    numbers: dict[str, int] = {}
    return_value = [None if graph is None else _packed(graph, numbers) for graph in drawn]
    return list(numbers), return_value


def _packed(graph: LabelledGraph, numbers: dict[str, int]) -> tuple[list[int], list[int]]:
    vertices = [numbers.setdefault(word, len(numbers)) for word in graph.vertices]
    edges: list[int] = []
    for source, target, word in graph.edges:
        edges += [source, target, numbers.setdefault(word, len(numbers)) + 1 if word else 0]
    return vertices, edges


def most_misjudged(chapter: Chapter, features: Sequence[Mapping[str, Any]]) -> str:
    """Initial colour of the cloud: the structure with the largest effect, or the super-net."""
    names = [feature["name"] for feature in features]
    effects = chapter.audit.bias.effects if chapter.audit else ()
    for effect in effects:
        feature = effect.feature
        if effect.rating in ("over-rated", "under-rated") and feature in names:
            return f"feature-{names.index(feature)}"
    return "supernet"
