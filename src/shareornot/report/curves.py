"""Regret against time as figures draw it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shareornot.appraisal.appraisal import Appraisal

SEARCHES = ("guided", "random", "evolution", "local", "baseline")
"""Names of the curves of an appraisal, the most important one first."""
LABELS = {
    "guided": "guided by the super-net",
    "random": "random search",
    "evolution": "regularized evolution",
    "local": "local search",
    "baseline": "best free baseline",
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DrawnCurve:
    """One search: mean test regret over runs, fractions, with its 95 % band; NaN if there is no band."""

    label: str
    time: Float64[np.ndarray, " times"]
    mean: Float64[np.ndarray, " times"]
    low: Float64[np.ndarray, " times"]
    high: Float64[np.ndarray, " times"]
    num_runs: int


def drawn_curves(found: Appraisal) -> dict[str, DrawnCurve]:
    """The curves of an appraisal by name, the most important one first.

    The curve of the guided search begins when every super-net has finished a training. The budgets before, at which
    super-nets are compared each at its own time, are put in front, so that the curve reaches its TOP-1 line.
    """
    drawn = {}
    for name in SEARCHES:
        if name not in found.curves:
            continue
        curve = found.curves[name]
        columns = [curve.time_s, curve.mean, curve.low, curve.high]
        if name == "guided":
            first = curve.time_s[0] if len(curve.time_s) else np.inf
            before = [one for one in found.comparisons if one.budget_s < first]
            front = np.array([[one.budget_s, one.guided_regret, np.nan, np.nan] for one in before]).reshape(-1, 4)
            columns = [np.concatenate([front[:, number], column]) for number, column in enumerate(columns)]
        time, mean, low, high = (np.asarray(column, np.float64) for column in columns)
        drawn[name] = DrawnCurve(
            label=_label(found, name), time=time, mean=mean, low=low, high=high, num_runs=curve.num_runs
        )
    return drawn


def _label(found: Appraisal, name: str) -> str:
    if name != "baseline":
        return LABELS[name]
    tested = [rival.name for rival in found.comparisons[-1].rivals if rival.tested and rival.kind == "baseline"]
    return f"by {tested[0]}, no super-net" if tested else LABELS[name]
