"""Tables as data frames of pandas, in the same way for every kind of table."""

from typing import Any

from shareornot.spaces.frames import import_pandas


class TableFrame:
    """What gives a `Table` its data frame."""

    def to_pandas(self: Any) -> Any:
        """A data frame with a row for each architecture that the table holds, in the order of their numbers.

        The columns are the text of the architecture, and each metric of each run, such as `test_accuracy_0`: accuracies
        are fractions, times seconds, and NaN stands for a run that is missing. The index holds the numbers.

        Raises:
            MissingExtraError: pandas is not installed.
            SettingsError: a metric of several data sets; `select` one first.
        """
        pandas = import_pandas()
        columns: dict[str, Any] = {"architecture": self.space.texts(self.architectures)}
        for metric in self.metrics:
            for run, values in enumerate(self.values(metric).T):
                columns[f"{metric}_{run}"] = values
        return pandas.DataFrame(columns, index=pandas.Index(self.architectures, name="number"))
