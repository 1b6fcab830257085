"""Texts of cells: the adjacency row by row, a semicolon, and the operations with commas, such as `str(cell)` writes."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt32

from shareornot.errors import CellError
from shareornot.spaces.nasbench101.cell import Cell
from shareornot.spaces.nasbench101.codes import decode, encode
from shareornot.spaces.nasbench101.index import find_index
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS, OPERATIONS

Codes = UInt32[np.ndarray, " cells"]


def parse_codes(texts: Sequence[str]) -> Codes:
    """Packed codes of the specifications that texts describe; each is a cell, pruned or not.

    Each distinct adjacency and each distinct list of operations is read once, so that a million texts take seconds.
    `Cell.parse` is the plain twin.

    Raises:
        CellError: a text describes no cell; names the text and what is wrong with it.
    """
    try:
        codes = _packed(texts)
        if find_index(codes)[1].all():
            return codes
    except (CellError, ValueError):
        pass
    for position, text in enumerate(texts):
        try:
            Cell.parse(text)
        except CellError as error:
            raise CellError(f"architecture {position + 1} of {len(texts)}, {text[:120]!r}: {error}") from error
    raise AssertionError("the fast parser refuses a text that Cell.parse reads")


def cell_text(code: int) -> str:
    """The text of a packed code."""
    adjacency, operations = decode(code)
    return "".join(map(str, adjacency.ravel().tolist())) + ";" + ",".join(operations)


def _packed(texts: Sequence[str]) -> Codes:
    """Parse as `parse_codes` does, but do not check whether the input is connected to the output.

    Raises:
        CellError, ValueError: something is wrong with a text.
    """
    adjacencies: dict[str, tuple[int, int]] = {}
    labellings: dict[str, tuple[int, int]] = {}
    codes = np.empty(len(texts), np.uint32)
    for row, text in enumerate(texts):
        bits, _, names = text.strip().partition(";")
        adjacency = adjacencies.get(bits) or adjacencies.setdefault(bits, _adjacency_code(bits))
        labels = labellings.get(names) or labellings.setdefault(names, _label_code(names))
        if adjacency[0] != labels[0]:
            raise ValueError("an operation for each vertex")
        codes[row] = adjacency[1] | labels[1]
    return codes


def _adjacency_code(bits: str) -> tuple[int, int]:
    """Number of vertices, and the adjacency's part of the packed code."""
    size = math.isqrt(len(bits))
    if size < 2 or size * size != len(bits) or set(bits) - {"0", "1"}:
        raise ValueError("a square of digits 0 and 1")
    matrix = (np.frombuffer(bits.encode(), np.uint8) - ord("0")).astype(np.int8).reshape(1, size, size)
    return size, int(encode(matrix, np.zeros((1, size - 2), np.int8))[0])


def _label_code(names: str) -> tuple[int, int]:
    """Number of vertices, and the operations' part of the packed code."""
    first, *inner, last = [name.strip() for name in names.split(",")] if "," in names else ["", ""]
    if (first, last) != ("input", "output"):
        raise ValueError("input first and output last")
    digits = [OPERATIONS.index(name) for name in inner]
    return len(inner) + 2, sum(digit * 3**vertex for vertex, digit in enumerate(digits)) << ADJACENCY_BITS
