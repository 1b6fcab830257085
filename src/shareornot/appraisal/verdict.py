"""The verdict: the numbers of an appraisal in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shareornot.appraisal.budget_comparison import BudgetComparison
from shareornot.statistics import Interval, NoiseCeiling

Answer = Literal["helped", "hurt", "undecided"]
SIGNIFICANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer in words."""

    answer: Answer
    sentence: str
    details: tuple[str, ...]
    """Further sentences, each with a number that carries the answer."""


def judge(
    agreement: Interval,
    ceiling: NoiseCeiling | None,
    baselines: Mapping[str, float],
    comparisons: Sequence[BudgetComparison],
    *,
    num_diverged: int,
    thing: str = "cell",
) -> Verdict:
    """Put the numbers into words.

    Sharing helped where the guided search ends significantly closer to the best cell than random search in the same
    time at some budget and nowhere further from it, and hurt where it is the other way round.

    Args:
        agreement: Spearman's correlation over super-nets.
        ceiling: None where trainings were not repeated.
        baselines: correlation of what costs nothing, by its words; may be empty.
        comparisons: at each budget, at least one.
        num_diverged: super-nets left out.
        thing: what an architecture is called.
    """
    significant = [one for one in comparisons if one.p_value is not None and one.p_value < SIGNIFICANCE]
    signs = {one.difference.mean < 0 for one in significant}
    answer: Answer = "undecided" if len(signs) != 1 else "helped" if signs == {True} else "hurt"
    told = max(significant, key=lambda one: abs(one.difference.mean)) if significant else _most_precise(comparisons)
    points = abs(told.difference.mean) * 100
    direction = "closer to" if told.difference.mean < 0 else "further from"
    test = "with one super-net no test is possible" if told.p_value is None else f"p = {told.p_value:.2g}"
    lead = {
        "helped": "Sharing weights helped",
        "hurt": "Sharing weights did not pay",
        "undecided": "Whether sharing weights helped is undecided",
    }[answer]
    sentence = (
        f"{lead}: after training its {_best(told.num_trained, thing)}, the guided search is "
        f"{points:.2f} points {direction} the best {thing} {'than' if points else 'as'} random search in the same time "
        f"({_range(told.difference)}{test})."
    )
    price = (
        f"In the time of the super-net, of its scoring and of {_count(told.num_trained, 'training')}, random search "
        f"trains {told.num_random_trainings:.0f} {thing}s."
    )
    details = [f"{_ranking(agreement, ceiling, thing)} {_beside_baselines(agreement, baselines)}", price]
    if num_diverged:
        details.append(f"Training diverged for {_count(num_diverged, 'super-net')}, left out of all figures.")
    return Verdict(answer=answer, sentence=sentence, details=tuple(details))


def with_half_width(correlation: Interval) -> str:
    """A mean correlation and what is printed after +-, as far as a correlation can go."""
    half = correlation.half_width
    if half is None:
        return f"{correlation.mean:.2f}"
    return f"{correlation.mean:.2f} ± {half:.2f}" if half < 1 else f"{correlation.mean:.2f} ± 1 or more"


def _most_precise(comparisons: Sequence[BudgetComparison]) -> BudgetComparison:
    """The one with the narrowest interval, or with the most trainings where there are no intervals."""
    return min(comparisons, key=lambda one: (one.difference.half_width or 0.0, -one.num_trained))


def _ranking(agreement: Interval, ceiling: NoiseCeiling | None, thing: str) -> str:
    """How the scores rank, and how well any could."""
    limit = (
        "no training was repeated, so how far any scores could agree is unknown"
        if ceiling is None
        else f"noise in the table allows {ceiling.ceiling:.2f}"
    )
    return (
        f"Over {_count(agreement.n, 'super-net')}, the scores rank the {thing}s with a Spearman correlation of "
        f"{with_half_width(agreement)}; {limit}."
    )


def _beside_baselines(agreement: Interval, baselines: Mapping[str, float]) -> str:
    """Whether they rank better than what comes for free."""
    if not baselines:
        return "Nothing that comes for free, such as the number of parameters, was given to compare with."
    guide = max(baselines, key=lambda name: baselines[name])
    comparison = "better" if agreement.mean > baselines[guide] else "no better"
    return f"That is {comparison} than the {guide}, which comes for free and reaches {baselines[guide]:.2f}."


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _best(number: int, thing: str) -> str:
    return f"best {thing}" if number == 1 else f"{number} best {thing}s"


def _range(difference: Interval) -> str:
    if difference.low is None or difference.high is None:
        return ""
    return f"95 % interval of the difference {difference.low * 100:+.2f} to {difference.high * 100:+.2f} points, "
