"""The words and bounds of the search space of NASBench-101.

References: Ying et al. 2019, arXiv:1902.09635, section 2.1.
"""

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
"""Operations of interior vertices; their position here is their code."""

CONV3X3, CONV1X1, MAXPOOL3X3 = range(3)
NO_OPERATION = 3
"""Stands for the operation of a vertex that a cell does not have."""

MAX_VERTICES = 7
"""Most vertices of a cell, input and output included."""
MAX_EDGES = 9
MAX_INTERIOR = MAX_VERTICES - 2
NUM_CELLS = 423_624
"""Cells up to isomorphism."""
NUM_CELLS_UP_TO = {2: 1, 3: 7, 4: 91, 5: 2_532, 6: 64_542, 7: NUM_CELLS}
"""Number of cells up to isomorphism by largest number of vertices; their indices are the numbers below."""

ADJACENCY_BITS = MAX_VERTICES * (MAX_VERTICES - 1) // 2
"""Possible edges among 7 vertices, one bit each in a packed code."""
NUM_LABELLINGS = len(OPERATIONS) ** MAX_INTERIOR
"""Ways to give 5 vertices an operation each."""


def edge_bit(source: int, target: int) -> int:
    """Bit of a packed code that stands for the edge from `source` to `target` (`source < target`)."""
    return source + target * (target - 1) // 2
