"""The module hash of NASBench-101, by which its files name a cell."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import md5

import numpy as np
from jaxtyping import Integer


def official_hash(adjacency: Integer[np.ndarray, "vertices vertices"], operations: Sequence[int]) -> str:
    """Hash that is the same for isomorphic cells.

    Each vertex starts from the digest of its out-degree, in-degree and label; as many times as there are vertices,
    it becomes the digest of the sorted digests of its in-neighbours, those of its out-neighbours, and its own.

    Args:
        adjacency: pruned, upper-triangular 0/1 matrix.
        operations: 0, 1 or 2 for each interior vertex.

    Returns:
        32 hexadecimal digits.

    References: Ying et al. 2019, arXiv:1902.09635, appendix S2; Ying, 2019, "Enumerating Unique Computational Graphs
    via an Iterative Graph Invariant", arXiv:1902.06192.
    """
    edges = adjacency.tolist()
    vertices = range(len(edges))
    sources = [[x for x in vertices if edges[x][v]] for v in vertices]
    targets = [[y for y in vertices if edges[v][y]] for v in vertices]
    labels = [-1, *operations, -2]
    digests = [_digest(str((len(targets[v]), len(sources[v]), labels[v]))) for v in vertices]
    for _ in vertices:
        digests = [
            _digest(
                "".join(sorted([digests[x] for x in sources[v]]))
                + "|"
                + "".join(sorted([digests[y] for y in targets[v]]))
                + "|"
                + digests[v]
            )
            for v in vertices
        ]
    return _digest(str(sorted(digests)))


@lru_cache(maxsize=1 << 16)
def _digest(text: str) -> str:
    """MD5 as hexadecimal digits; early rounds meet the same few texts again and again."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()
