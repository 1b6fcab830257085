"""Graphs with operations on edges, as NAS-Bench-201 writes them, whatever their operations and number of vertices.

A text lists for each vertex after the input the operation on the edge from each earlier one:
`|nor_conv_3x3~0|+|none~0|skip_connect~1|+|...|`. A list is understood only as a whole: if one text is of another kind,
all are names.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64, Integer, UInt8

NONE, SKIP = "none", "skip_connect"
"""NAS-Bench-201's words for an edge that is not there and for one without an operation."""
MAX_EDGE_VERTICES = 10
"""Most vertices of a graph with operations on edges: more would make too many features."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeTexts:
    """Graphs in which every vertex but the input hears from every earlier one, by an operation on the edge."""

    words: tuple[str, ...]
    """The operations, in alphabetical order."""
    codes: UInt8[np.ndarray, "rows edges"]
    """Position in `words` of the operation on each edge, in the order of `pairs`."""

    @property
    def num_vertices(self) -> int:
        """Input and output included."""
        return (1 + math.isqrt(1 + 8 * self.codes.shape[1])) // 2

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Source and target of each edge, as the text lists them."""
        return tuple((source, target) for target in range(1, self.num_vertices) for source in range(target))

    def drawn(self, row: int) -> tuple[tuple[int, int, str], ...]:
        """From, to and operation of the edges that are there."""
        named = zip(self.pairs, (self.words[code] for code in self.codes[row].tolist()), strict=True)
        return tuple((source, target, word) for (source, target), word in named if word != NONE)

    def features(self, rows: Integer[np.ndarray, " rows"]) -> dict[str, np.ndarray]:
        """The operation on each edge, how often each is used, and what paths lead from input to output.

        `connected`: one without `none`. `skip_path`: one of skips alone. `depth`: most operations on any, skips not
        counted; NaN if none is connected. `path_convolutions`: most convolutions on any, 0 where none is connected.
        """
        codes = self.codes[rows]
        words = np.array(self.words)
        found: dict[str, np.ndarray] = {
            f"edge_{source}_{target}": words[codes[:, number]] for number, (source, target) in enumerate(self.pairs)
        }
        for code, word in enumerate(self.words):
            found[f"num_{word}"] = (codes == code).sum(axis=1).astype(np.int16)
        depth = self._longest(codes, [0.0 if word == SKIP else 1.0 for word in self.words])
        convolutions = self._longest(codes, [float("conv" in word) for word in self.words])
        found["depth"] = np.where(np.isfinite(depth), depth, np.nan)
        found["path_convolutions"] = np.maximum(convolutions, 0).astype(np.int16)
        found["connected"] = np.isfinite(depth)
        found["skip_path"] = self._reaches(codes == self._code(SKIP))
        return found

    def sizes(self, rows: Integer[np.ndarray, " rows"]) -> dict[str, np.ndarray]:
        """Weights of the convolutions for each pair of channels: in the order of the number of parameters."""
        weights = np.array([_kernel_weights(word) for word in self.words])
        return {"number of parameters": weights[self.codes[rows]].sum(axis=1)} if weights.any() else {}

    def _code(self, word: str) -> int:
        """Position of a word, or one past the last if it is unused."""
        return self.words.index(word) if word in self.words else len(self.words)

    def _longest(
        self, codes: UInt8[np.ndarray, "rows edges"], lengths: Sequence[float]
    ) -> Float64[np.ndarray, " rows"]:
        """Length of the longest path from input to output; minus infinity without any.

        Args:
            codes: the operation on each edge.
            lengths: length of each operation; `none` interrupts a path.
        """
        steps = np.array(lengths)
        steps[[word == NONE for word in self.words]] = -np.inf
        longest = np.full((len(codes), self.num_vertices), -np.inf)
        longest[:, 0] = 0
        for number, (source, target) in enumerate(self.pairs):
            reached = longest[:, source] + steps[codes[:, number]]
            longest[:, target] = np.maximum(longest[:, target], reached)
        return longest[:, -1]

    def _reaches(self, open_edges: Bool[np.ndarray, "rows edges"]) -> Bool[np.ndarray, " rows"]:
        """Whether open edges lead from input to output."""
        reached = np.zeros((len(open_edges), self.num_vertices), bool)
        reached[:, 0] = True
        for number, (source, target) in enumerate(self.pairs):
            reached[:, target] |= reached[:, source] & open_edges[:, number]
        return reached[:, -1]


def edge_texts(texts: Sequence[str]) -> EdgeTexts | None:
    """Read texts such as `|nor_conv_3x3~0|+|none~0|skip_connect~1|`, or None unless all are such with as many edges."""
    if not len(texts) or not texts[0].strip().startswith("|"):
        return None
    known: dict[str, int] = {}
    rows = []
    num_edges = None
    for text in texts:
        operations = list(_edge_operations(text))
        num_edges = len(operations) if num_edges is None else num_edges
        if not operations or len(operations) != num_edges:
            return None
        rows.append([known.setdefault(word, len(known)) for word in operations])
        if len(known) > 255:
            return None
    words = sorted(known)
    places = np.array([words.index(word) for word in known], np.uint8)
    return EdgeTexts(words=tuple(words), codes=places[np.array(rows, np.intp)])


def _edge_operations(text: str) -> Iterator[str]:
    """The operation of each edge; none at all where the text is not of this kind."""
    vertices = text.strip().split("+")
    if len(vertices) >= MAX_EDGE_VERTICES:
        return
    found = []
    for target, part in enumerate(vertices, start=1):
        if not (part.startswith("|") and part.endswith("|") and len(part) > 2):
            return
        edges = part[1:-1].split("|")
        for source, edge in enumerate(edges):
            word, separator, place = edge.rpartition("~")
            if not word or not separator or place != str(source):
                return
            found.append(word)
        if len(edges) != target:
            return
    yield from found


def _kernel_weights(word: str) -> float:
    """Weights of a convolution for a pair of channels, such as 9 for `nor_conv_3x3`; 0 for anything else."""
    if "conv" not in word:
        return 0.0
    for size in (1, 3, 5, 7):
        if f"{size}x{size}" in word:
            return float(size * size)
    return 0.0
