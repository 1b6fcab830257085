"""The 15,625 cells of NAS-Bench-201 as a product space, in the benchmark's order.

A cell has four nodes; each of the six edges between them carries one of five operations, and a node is the sum of the
edges that lead to it. The benchmark numbers the architectures in a fixed random order, which is reproduced here.

References: Dong and Yang 2020, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search",
arXiv:2001.00326.
"""

import random
from functools import cached_property

import numpy as np
from jaxtyping import Int32

from shareornot.spaces.contract import Choices, Decision, Indices, LabelledGraph, check_choices, check_numbers
from shareornot.spaces.edge_texts import EdgeTexts
from shareornot.spaces.nasbench201.costs import flop_count, parameter_count
from shareornot.spaces.product import TextSpace

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""Operations of edges, in the benchmark's order; their position here is their code."""
NONE, SKIP, CONV1X1, CONV3X3, POOL = range(5)
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""Source and target of each edge."""
SHUFFLE_SEED = 88
"""Seed of Python's generator with which the benchmark shuffles the lexicographic order of its architectures."""


class NASBench201(TextSpace):
    """All architectures of NAS-Bench-201."""

    form = (
        "six operations as in |none~0|+|none~0|none~1|+|none~0|none~1|none~2|, each one of none, skip_connect, "
        "nor_conv_1x1, nor_conv_3x3, avg_pool_3x3"
    )

    def __init__(self) -> None:
        decisions = tuple(Decision(f"edge_{source}_{target}", OPERATIONS) for source, target in EDGES)
        super().__init__("nasbench201", "4 nodes, one of 5 operations on each of 6 edges", decisions)

    @cached_property
    def _orders(self) -> tuple[Int32[np.ndarray, " architectures"], Int32[np.ndarray, " architectures"]]:
        """Maps the benchmark's numbers to positions in lexicographic order, and back."""
        order = list(range(len(self)))
        random.Random(SHUFFLE_SEED).shuffle(order)  # noqa: S311 (the order is what matters)
        positions = np.array(order, np.int32)
        return positions, np.argsort(positions).astype(np.int32)

    def choices(self, architectures: Indices) -> Choices:
        """The code of the operation on each edge."""
        check_numbers(self.name, architectures, len(self))
        return super().choices(self._orders[0][architectures])

    def architectures(self, choices: Choices) -> Indices:
        """The number of each combination of operations."""
        check_choices(self, choices)
        return np.asarray(self._orders[1][super().architectures(choices)])

    def _write(self, choices: Choices) -> list[str]:
        words = np.array(OPERATIONS)[choices].tolist()
        return [f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|" for a, b, c, d, e, f in words]

    @cached_property
    def _edges(self) -> EdgeTexts:
        return EdgeTexts(words=OPERATIONS, codes=self.choices(self.members).astype(np.uint8))

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """The operation on each edge, counts of operations, and paths; see `EdgeTexts.features`."""
        check_numbers(self.name, architectures, len(self))
        return self._edges.features(architectures)

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Parameters and operations of the benchmark's networks on CIFAR-10, with C = 16 and N = 5."""
        choices = self.choices(architectures)
        counts = (choices == CONV1X1).sum(axis=1), (choices == CONV3X3).sum(axis=1)
        return {
            "number of parameters": parameter_count(*counts).astype(np.float64),
            "number of operations": flop_count(*counts).astype(np.float64),
        }

    def graph(self, architecture: int) -> LabelledGraph:
        """Operations on edges; edges with `none` are left out."""
        check_numbers(self.name, np.array([architecture]), len(self))
        return LabelledGraph(("input", "node 1", "node 2", "output"), self._edges.drawn(architecture))

    @cached_property
    def _classes(self) -> Int32[np.ndarray, " architectures"]:
        """The first architecture with the same expression as each one, see `isomorphism_classes`."""
        first: dict[str, int] = {}
        rows = self.choices(self.members).tolist()
        return np.array([first.setdefault(_expression(row), number) for number, row in enumerate(rows)], np.int32)

    def isomorphism_classes(self, architectures: Indices) -> Indices:
        """The smallest number with the same expression, by the rule with which the benchmark counts 6,466 classes.

        A skip stands for the node that it leads from, and the order of a sum does not matter. Architectures of one
        class compute the same function. The rule does not find all that do: a zero stays in its sum, and a sum inside
        a sum stays one term.
        """
        check_numbers(self.name, architectures, len(self))
        return np.asarray(self._classes[architectures])


def _expression(row: list[int]) -> str:
    """The output of a cell as a formula in the input, with the benchmark's symbols, as their order decides classes."""
    nodes = ["0"]
    for target in (1, 2, 3):
        terms = []
        for operation, (source, to) in zip(row, EDGES, strict=True):
            if to != target:
                continue
            if operation == NONE or nodes[source] == "#":
                terms.append("#")
            elif operation == SKIP:
                terms.append(nodes[source])
            else:
                terms.append(f"({nodes[source]})@{OPERATIONS[operation]}")
        nodes.append("+".join(sorted(terms)))
    return nodes[-1]


FAMILY = NASBench201()
SPACES: tuple[()] = ()
