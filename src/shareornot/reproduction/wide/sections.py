"""The rows of a replay of a wide table, section by section, from the measures of its super-nets."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float64

from shareornot.reproduction.wide.measures import Ground, Measures
from shareornot.reproduction.wide.settings import Contrast, SupernetSetting
from shareornot.statistics import (
    Interval,
    ceiling_in_chosen_top,
    kendall_tau,
    spearman,
    student_interval,
    training_in_chosen_top,
    within_top,
)

Row = dict[str, Any]
Values = Float64[np.ndarray, " supernets"]
TRAINING = "another training"


def agreement_rows(settings: Sequence[SupernetSetting], found: Measures, free: Measures) -> list[Row]:
    """Agreement over the whole space by setting; intervals are Student's over super-nets."""
    best = float(free.kendall.max()) if len(free.kendall) else None
    rows = []
    for setting in settings:
        row = _setting(setting)
        own = np.array(setting.supernets)
        row |= _mean("kendall", found.kendall[own], (-1.0, 1.0))
        over = student_interval(found.kendall[own] - best) if best is not None else None
        row |= {
            "over_best": over.mean if over else None,
            "over_best_low": over.low if over else None,
            "over_best_high": over.high if over else None,
        }
        row |= _mean("spearman", found.spearman[own], (-1.0, 1.0))
        for name in ("given_size", "given_all", "at_equal_size"):
            row |= _mean(name, getattr(found, name)[own], (-1.0, 1.0))
        rows.append(row)
    return rows


def baseline_rows(names: Sequence[str], free: Measures, num_trained: Sequence[int]) -> list[Row]:
    """Agreement of each free baseline, and the regret of the search that it guides."""
    return [
        {
            "baseline": name,
            "kendall": float(free.kendall[place]),
            "spearman": float(free.spearman[place]),
            "top_kendall": _number(free.top_kendall[place]),
            "unjudged_kendall": _number(free.unjudged_kendall[place]),
            **{f"regret_{k}": float(free.regret[place, column]) for column, k in enumerate(num_trained)},
        }
        for place, name in enumerate(names)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopCeiling:
    """How far a training of each architecture agrees with another one."""

    share: float
    num_architectures: int
    """Number of the best ones."""
    by_mean: float
    """Kendall's tau of two trainings among the best by the mean of all, themselves included."""
    by_mean_low: float
    """Lowest over pairs of trainings."""
    by_mean_high: float
    kendall: float | None
    """Kendall's tau of two trainings among the best by a third; None with two trainings, as the next two."""
    spearman: float | None
    ceiling: float | None
    """Highest Spearman correlation of any score with a single training among these."""


def top_ceilings(ground: Ground, shares: Sequence[float]) -> list[TopCeiling]:
    """Agreement of trainings over the whole space and among the best; none without repeated trainings."""
    runs = ground.repeats
    if runs is None:
        return []
    mean = runs.mean(axis=1)
    rows = []
    for share in shares:
        three = runs.shape[1] > 2
        top = within_top(mean, share)
        taus = [kendall_tau(runs[top, one], runs[top, two]).value for one, two in combinations(range(runs.shape[1]), 2)]
        pairs = [tau for tau in taus if tau is not None]
        if not pairs:
            continue
        rows.append(
            TopCeiling(
                share=share,
                num_architectures=int(top.sum()),
                by_mean=float(np.mean(pairs)),
                by_mean_low=min(pairs),
                by_mean_high=max(pairs),
                kendall=training_in_chosen_top(runs, share, kendall_tau) if three else None,
                spearman=training_in_chosen_top(runs, share, spearman) if three else None,
                ceiling=ceiling_in_chosen_top(runs, share) if three else None,
            )
        )
    return rows


def top_rows(
    settings: Sequence[SupernetSetting],
    found: Measures,
    names: Sequence[str],
    free: Measures,
    ceiling: TopCeiling | None,
) -> list[Row]:
    """Agreement among the best: another training, each baseline, each setting."""
    limit = ceiling.ceiling if ceiling else None

    def row(name: str, count: int | None, by_mean: Values, kendall: Values, rank: Values) -> Row:
        own = _mean("unjudged_spearman", rank, (-1.0, 1.0))
        mean = own["unjudged_spearman"]
        share = mean / limit if limit and mean is not None else None
        highest = {"highest": _number(by_mean.max()), "unjudged_highest": _number(kendall.max())}
        return {
            "setting": name,
            "num_supernets": count,
            **_mean("top_kendall", by_mean, (-1.0, 1.0)),
            **_mean("unjudged_kendall", kendall, (-1.0, 1.0)),
            **own,
            "share_of_ceiling": share,
            **highest,
        }

    rows = []
    if ceiling is not None and ceiling.kendall is not None and ceiling.spearman is not None:
        one = (np.array([value]) for value in (ceiling.by_mean, ceiling.kendall, ceiling.spearman))
        rows.append(row(TRAINING, None, *one))
    for place, name in enumerate(names):
        own = slice(place, place + 1)
        rows.append(row(name, None, free.top_kendall[own], free.unjudged_kendall[own], free.unjudged_spearman[own]))
    for setting in settings:
        own_nets = np.array(setting.supernets)
        rows.append(
            row(
                setting.label,
                len(own_nets),
                found.top_kendall[own_nets],
                found.unjudged_kendall[own_nets],
                found.unjudged_spearman[own_nets],
            )
        )
    return rows


def effect_rows(contrasts: Sequence[Contrast], found: Measures, num_trained: Sequence[int]) -> list[Row]:
    """What a change of one setting brings, after minus before: for each seed the mean over pairs, then over seeds."""
    measures: dict[str, Values] = {"kendall": found.kendall}
    measures["top"] = found.unjudged_kendall if np.isfinite(found.unjudged_kendall).all() else found.top_kendall
    for column, k in enumerate(num_trained):
        measures[f"regret_{k}"] = found.regret[:, column]
    rows = []
    for one in contrasts:
        row: Row = {
            "setting": one.name,
            "before": one.before,
            "after": one.after,
            "num_pairs": len(one.pairs),
            "num_settings": one.num_settings,
            "num_seeds": len(set(one.seeds)),
        }
        before, after = np.array(one.pairs).T
        for name, values in measures.items():
            differences = values[after] - values[before]
            seeds = np.array(one.seeds)
            by_seed = np.array([np.mean(differences[seeds == seed]) for seed in dict.fromkeys(one.seeds)])
            row |= _interval(name, student_interval(by_seed))
        rows.append(row)
    return rows


def supernet_rows(
    names: Sequence[str], settings: Sequence[SupernetSetting], found: Measures, num_trained: Sequence[int]
) -> list[Row]:
    """Each super-net on its own."""
    label = {place: setting.label for setting in settings for place in setting.supernets}
    fields = ("kendall", "spearman", "given_size", "given_all", "at_equal_size", "top_kendall", "unjudged_kendall")
    return [
        {
            "supernet": name,
            "setting": label[place],
            **{field: _number(getattr(found, field)[place]) for field in fields},
            **{f"regret_{k}": float(found.regret[place, column]) for column, k in enumerate(num_trained)},
        }
        for place, name in enumerate(names)
    ]


def search_rows(
    settings: Sequence[SupernetSetting],
    found: Measures,
    rivals: Sequence[tuple[str, Float64[np.ndarray, " budgets"]]],
    num_trained: Sequence[int],
    to_trainings: Callable[[float], float],
) -> list[Row]:
    """The guided search by setting and budget against searches without a super-net in the same time.

    Args:
        settings: settings whose super-nets guide.
        found: their measures.
        rivals: name and expected regret at each budget of every search without a super-net, random search first.
        num_trained: k of the budgets.
        to_trainings: a time in average trainings.
    """
    rows = []
    for setting in settings:
        own = np.array(setting.supernets)
        for column, k in enumerate(num_trained):
            regret = found.regret[own, column]
            name, best = min(((name, float(values[column])) for name, values in rivals[1:]), key=lambda one: one[1])
            random = float(rivals[0][1][column])
            rows.append(
                {
                    **_setting(setting),
                    "num_trained": k,
                    "budget": to_trainings(float(found.time_s[column])),
                    **_mean("regret", regret, (0.0, 1.0)),
                    "random_regret": random,
                    **_interval("difference", student_interval(regret - random)),
                    "rival": name,
                    "rival_regret": best,
                    **_interval("rival_difference", student_interval(regret - best)),
                }
            )
    return rows


def _setting(setting: SupernetSetting) -> Row:
    return {
        "setting": setting.label,
        "num_supernets": len(setting.supernets),
        **{f"setting_{name}": value for name, value in setting.values},
    }


def _mean(name: str, values: Values, bounds: tuple[float, float]) -> Row:
    """Mean and half width of the interval over super-nets; None if a value is missing."""
    if not np.isfinite(values).all():
        return {name: None, f"{name}_half_width": None}
    interval = student_interval(values, bounds=bounds)
    return {name: interval.mean, f"{name}_half_width": interval.half_width}


def _interval(name: str, interval: Interval) -> Row:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
