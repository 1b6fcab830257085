"""Spaces as data frames of pandas, in the same way for every family."""

from typing import Any

from shareornot.errors import MissingExtraError
from shareornot.spaces.contract import Indices, Members


def import_pandas() -> Any:
    """The module pandas.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("to_pandas: expected pandas, found none; install it: pip install pandas") from None
    return pandas


class SpaceFrame:
    """What gives a `Space` its data frame."""

    __slots__ = ()

    def to_pandas(self: Any, architectures: Indices | None = None) -> Any:
        """A data frame with a row for each architecture: its text, its features, and what measures its size.

        Args:
            architectures: numbers in the family, by default all of the space. They are the index of the frame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        numbers: Indices | Members = self.members if architectures is None else architectures
        pandas = import_pandas()
        columns = {"architecture": self.texts(numbers), **self.features(numbers), **self.sizes(numbers)}
        return pandas.DataFrame(columns, index=pandas.Index(numbers, name="number"))
