"""The topologies of NAS-Bench-1Shot1, and those of them that its authors enumerate.

A topology is the set of parents of each vertex, empty for a vertex on no path to the output. The authors' search for
all topologies "without loose ends" stops at the first partial graph that passes its validity check and descends into
parent by parent, so that it misses some: it finds 49, 65 and 234 of 66, 190 and 876.

References: Zela, Siems and Hutter 2020, "NAS-Bench-1Shot1: Benchmarking and Dissecting One-shot Neural Architecture
Search", arXiv:2001.10422.
"""

from collections.abc import Iterator
from itertools import combinations, product

Topology = tuple[frozenset[int], ...]
"""Parents of each vertex, the input first and the output last."""


def pruned_topologies(num_parents: tuple[int, ...]) -> set[Topology]:
    """The topologies of all specifications, without the vertices on no path to the output.

    Args:
        num_parents: for each vertex, 0 for the input.

    >>> len(pruned_topologies((0, 1, 2, 2, 2, 2)))
    66
    """
    options = [[frozenset(chosen) for chosen in combinations(range(v), n)] for v, n in enumerate(num_parents)]
    return {_pruned(parents) for parents in product(*options)}


def enumerated_topologies(num_parents: tuple[int, ...]) -> set[Topology]:
    """The topologies that the authors' enumeration finds.

    >>> len(enumerated_topologies((0, 1, 2, 2, 2, 2)))
    49
    """
    empty = tuple(frozenset[int]() for _ in num_parents)
    return set(_descend(empty, len(num_parents) - 1, num_parents))


def _pruned(parents: Topology) -> Topology:
    kept = {len(parents) - 1}
    for vertex in reversed(range(len(parents))):
        if vertex in kept:
            kept |= parents[vertex]
    return tuple(own if vertex in kept else frozenset() for vertex, own in enumerate(parents))


def _descend(graph: Topology, vertex: int, num_parents: tuple[int, ...]) -> Iterator[Topology]:
    """Give a vertex its parents, then each of these in turn; a graph that passes the check ends the descent."""
    if _passes_check(graph, num_parents):
        yield graph
        return
    free = [source for source in range(vertex) if source not in graph[vertex]]
    num_missing = num_parents[vertex] - len(graph[vertex])
    for chosen in [(0,)] if vertex == 1 else combinations(free, num_missing):
        grown = list(graph)
        for parent in chosen:
            grown[vertex] = grown[vertex] | {parent}
            yield from _descend(tuple(grown), parent, num_parents)


def _passes_check(graph: Topology, num_parents: tuple[int, ...]) -> bool:
    """The authors' check: right numbers of parents, and as many vertices with parents as with children."""
    has_children = [any(vertex in parents for parents in graph) for vertex in range(len(graph))]
    return (
        any(has_children[1:-1])
        and all(len(parents) in (0, number) for parents, number in zip(graph, num_parents, strict=True))
        and sum(map(bool, graph)) == sum(has_children)
        and has_children[0]
    )
