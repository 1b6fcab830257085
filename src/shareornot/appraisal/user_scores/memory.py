"""Memory that large files took, given back to the system as soon as it is free."""

import ctypes

import pyarrow as pa

LARGE = 100_000
"""Rows from which on it is worth the time."""


def release_memory(num_rows: int) -> None:
    """Give freed memory of Arrow and of the C library back, where both keep it and the file was large.

    Without it a million rows take 200 MB more at their peak.

    Args:
        num_rows: number of rows of the file.
    """
    if num_rows < LARGE:
        return
    pa.default_memory_pool().release_unused()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library than that of GNU
        return
    trim(0)
