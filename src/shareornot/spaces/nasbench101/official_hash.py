"""The module hash of NASBench-101, by which its files name a cell."""

from collections.abc import Sequence
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
    sources = [[x for x in range(v) if edges[x][v]] for v in vertices]
    targets = [[y for y in range(v + 1, len(edges)) if edges[v][y]] for v in vertices]
    labels = [-1, *operations, -2]
    texts = [f"({len(targets[v])}, {len(sources[v])}, {labels[v]})" for v in vertices]
    digests = [md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
    for _ in vertices:
        # Written out, as this is where the time goes. Most vertices have one neighbour on a side: nothing to sort.
        texts = []
        for own, before, after in zip(digests, sources, targets, strict=True):
            left = digests[before[0]] if len(before) == 1 else "".join(sorted([digests[x] for x in before]))
            right = digests[after[0]] if len(after) == 1 else "".join(sorted([digests[y] for y in after]))
            texts.append(f"{left}|{right}|{own}")
        digests = [md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
    return md5(str(sorted(digests)).encode(), usedforsecurity=False).hexdigest()
