"""The verdict: two answers with the sentences that carry them.

*Did sharing weights help?* The guided search is compared, at a budget that is fixed before anything is computed, with
the best search that needs no super-net. *Can the scores be trusted?* They are compared with free baselines such as the
number of parameters, and with what noise in the table allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shareornot.appraisal.beyond_baselines import BeyondBaselines
from shareornot.appraisal.budget_comparison import BudgetComparison, RivalComparison
from shareornot.statistics import SIGNIFICANCE, Interval, NoiseCeiling

Answer = Literal["helped", "did not pay", "undecided"]
TrustAnswer = Literal["reliable", "partly", "unreliable", "undecided"]

HEADLINE = 10
"""The verdict is about TOP-10 unless the user fixes another k."""
EXPLAINED = 0.5
"""Share of the variance of ranks that noise leaves explainable, of which reliable scores explain at least so much."""
NEGLIGIBLE = 0.2
"""A correlation below, which explains less than 4 % of the variance of ranks, is negligible."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Helped:
    """Did sharing weights help?"""

    answer: Answer
    num_trained: int
    """k of the TOP-k that the answer is about."""
    sentence: str
    more_supernets: int | None
    """Number of further super-nets that decide with a probability of 80 %; None if decided, or if 1,000 are too few."""

    @property
    def word(self) -> str:
        """HELPED, DID NOT PAY or UNDECIDED."""
        return self.answer.upper()


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Can the scores be trusted?"""

    answer: TrustAnswer
    """`reliable`: they rank better than every free baseline, add to all of them together, and explain at least half of
    the variance of ranks that noise leaves explainable. `partly`: they add to the baselines, and no more is shown.
    `unreliable`: they add nothing, or a negligible amount."""
    sentence: str
    more_supernets: int | None
    """Estimated number of further super-nets that decide; None if decided, or if no number suffices."""

    @property
    def word(self) -> str:
        """RELIABLE, PARTLY, UNRELIABLE or UNDECIDED."""
        return self.answer.upper()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Both answers in words."""

    helped: Helped
    trust: Trust
    details: tuple[str, ...]
    """Further sentences, each with a number that carries the answers."""

    @property
    def answer(self) -> Answer:
        """Whether sharing weights helped."""
        return self.helped.answer

    @property
    def sentence(self) -> str:
        """The reason, in words."""
        return self.helped.sentence


def judge(
    comparisons: Sequence[BudgetComparison],
    beyond: BeyondBaselines,
    ceiling: NoiseCeiling | None,
    *,
    top: int = HEADLINE,
    num_diverged: int = 0,
    thing: str = "architecture",
) -> Verdict:
    """Put the numbers into words.

    Args:
        comparisons: at each budget, at least one.
        beyond: the scores beside free baselines.
        ceiling: None if trainings were not repeated.
        top: k of the budget that the answer is about; where it was not compared, the next smaller k that was, or else
            the smallest.
        num_diverged: super-nets left out.
        thing: what an architecture is called.

    Returns:
        Two answers, each with the sentences and numbers that support it.
    """
    headline = headline_comparison(comparisons, top)
    details = [_ranking(beyond.agreement, ceiling, thing), *_beside_baselines(beyond), _price(headline, thing)]
    details += [_other_budget(one, thing) for one in comparisons if one is not headline and (one.helped or one.hurt)]
    if num_diverged:
        details.append(f"Training diverged for {_count(num_diverged, 'super-net')}, left out of all figures.")
    return Verdict(
        helped=_helped(headline, beyond.agreement.n, thing),
        trust=_trust(beyond, ceiling),
        details=tuple(details),
    )


def headline_comparison(comparisons: Sequence[BudgetComparison], top: int = HEADLINE) -> BudgetComparison:
    """The comparison that the verdict is about.

    Args:
        comparisons: ascending in k, at least one.
        top: the wanted k.
    """
    return next((one for one in reversed(comparisons) if one.num_trained <= top), comparisons[0])


def with_half_width(correlation: Interval) -> str:
    """A mean correlation and its half-width after +-, or both ends where the interval is cut."""
    half = correlation.half_width
    if half is None or correlation.low is None or correlation.high is None:
        return f"{correlation.mean:.2f}"
    if abs(correlation.mean - (correlation.low + correlation.high) / 2) > 1e-9:
        return f"{correlation.mean:.2f} ({correlation.low:.2f} to {correlation.high:.2f})"
    return f"{correlation.mean:.2f} ± {half:.2f}"


def _helped(headline: BudgetComparison, num_supernets: int, thing: str) -> Helped:
    """The first answer."""
    answer: Answer = "helped" if headline.helped else "did not pay" if headline.hurt else "undecided"
    lead = {
        "helped": "Sharing weights helped",
        "did not pay": "Sharing weights did not pay",
        "undecided": "Whether sharing weights helped is undecided",
    }[answer]
    tested = [one for one in headline.rivals if one.tested]
    compared = "; it is ".join(_against(one) for one in tested)
    best = f"best {thing}" if headline.num_trained == 1 else f"{headline.num_trained} best {thing}s"
    sentence = f"{lead}: after training its {best}, the guided search is {compared}."
    if answer == "undecided":
        sentence += " " + _needed(headline.more_supernets, num_supernets)
    return Helped(
        answer=answer,
        num_trained=headline.num_trained,
        sentence=sentence,
        more_supernets=headline.more_supernets if answer == "undecided" else None,
    )


def _against(one: RivalComparison) -> str:
    """The difference to one rival, with its interval and its test."""
    mean = one.difference.mean * 100
    rival = f"{one.name} in the same time"
    if one.kind == "baseline":
        rival = f"the search without a super-net that ranks by {one.name}"
    where = f"{abs(mean):.2f} points {'closer to' if mean < 0 else 'further from'} the optimum than {rival}"
    if round(abs(mean), 2) == 0:
        where = f"as far from the optimum as {rival}"
    low, high = one.difference.low, one.difference.high
    if low is None or high is None or one.p_value is None:
        return where
    p_value = "p < 0.001" if one.p_value < 0.001 else f"p = {one.p_value:.2g}"
    return f"{where} (95 % interval of the difference {low * 100:+.2f} to {high * 100:+.2f} points, {p_value})"


def _needed(more: int | None, num_supernets: int) -> str:
    """How many more super-nets would decide, in words."""
    one = "With one super-net no test is possible. " if num_supernets == 1 else ""
    if more is None:
        return f"{one}The searches differ too little to be decided by an affordable number of super-nets."
    return (
        f"{one}If the true differences equal the observed ones, {more} more super-net{'s' * (more != 1)} "
        "will decide with a probability of 80 %."
    )


def _trust(beyond: BeyondBaselines, ceiling: NoiseCeiling | None) -> Trust:
    """The second answer."""
    agreement, partial = beyond.agreement, beyond.partial_given_all or beyond.agreement
    highest = ceiling.ceiling if ceiling is not None and ceiling.ceiling > 0 else 1.0
    least = highest * EXPLAINED**0.5
    best = None if beyond.best is None else beyond.differences[beyond.best]
    beats = [one.low is not None and one.low > 0 for one in beyond.differences.values()]
    worse = best is not None and best.high is not None and best.high < 0
    explained = 100 * max(agreement.mean, 0) ** 2 / highest**2
    share = f"explain {explained:.0f} % of the variance of ranks that noise leaves"
    answer: TrustAnswer = "undecided"
    if partial.low is None or partial.high is None or agreement.low is None or agreement.high is None:
        sentence = (
            "Whether the scores can be trusted is undecided: with one super-net there is no interval for other seeds. "
            "Train at least one more."
        )
        return Trust(answer=answer, sentence=sentence, more_supernets=1)
    adds = partial.low > 0
    if adds and all(beats) and agreement.low >= least:
        answer = "reliable"
    elif min(partial.high, agreement.high) < NEGLIGIBLE or (worse and not adds):
        answer = "unreliable"
    elif adds:
        answer = "partly"
    lead = {
        "reliable": "The scores can be trusted",
        "partly": "The scores can be trusted in part",
        "unreliable": "The scores cannot be trusted",
        "undecided": "Whether the scores can be trusted is undecided",
    }[answer]
    added = (
        f"given all free baselines, their partial correlation with standalone accuracy is {with_half_width(partial)}"
        if beyond.partial_given_all
        else f"their correlation with standalone accuracy is {with_half_width(agreement)}"
    )
    more = None
    sentence = f"{lead}: {added}, and they {share}."
    if answer == "undecided":
        more = _for_trust(partial)
        sentence += (
            " More super-nets alone are unlikely to decide."
            if more is None
            else f" About {_count(more, 'more super-net')} would decide, if the true correlation equals the observed "
            f"one."
        )
    return Trust(answer=answer, sentence=sentence, more_supernets=more)


def _for_trust(partial: Interval) -> int | None:
    """Super-nets until the interval excludes 0, or a negligible value, at the same mean and spread."""
    half = partial.half_width
    if half is None or half == 0:
        return None
    distance = max(abs(partial.mean), NEGLIGIBLE - partial.mean)
    total = partial.n * (1.4 * half / distance) ** 2  # 1.4: for a probability of 80 % rather than one half
    return int(min(max(total - partial.n, 0), 1e6)) + 1 if distance > 0 else None


def _ranking(agreement: Interval, ceiling: NoiseCeiling | None, thing: str) -> str:
    """How the scores rank, and how well any could."""
    limit = (
        "no training was repeated, so the noise ceiling is unknown"
        if ceiling is None
        else f"noise in the table allows {ceiling.ceiling:.2f}"
    )
    return (
        f"Over {_count(agreement.n, 'super-net')}, the scores rank the {thing}s with a Spearman correlation of "
        f"{with_half_width(agreement)}; {limit}."
    )


def _beside_baselines(beyond: BeyondBaselines) -> list[str]:
    """Whether the scores rank better than free baselines, by a test of the difference on the same architectures."""
    if beyond.best is None:
        return ["No free baseline, such as the number of parameters, is available for comparison."]
    best, difference = beyond.best, beyond.differences[beyond.best]
    free = beyond.agreement.mean - difference.mean
    shown = f"{difference.mean:+.2f}"
    if difference.low is not None and difference.high is not None:
        shown += f", 95 % interval {difference.low:+.2f} to {difference.high:+.2f}"
        words = "not shown to differ from"
        if difference.low > 0 or difference.high < 0:
            words = "better than" if difference.low > 0 else "worse than"
    else:
        words = "to be compared with"
    sentences = [
        f"That is {words} the {best}, which is free and reaches {free:.2f} on the same architectures ({shown})."
    ]
    if beyond.partial_given_size and beyond.at_equal_size:
        sentences.append(
            f"Given the {beyond.size}, the partial correlation is {with_half_width(beyond.partial_given_size)}; among "
            f"architectures of about equal size, the correlation is {with_half_width(beyond.at_equal_size)}."
        )
    return sentences


def _price(headline: BudgetComparison, thing: str) -> str:
    return (
        f"In the time of the super-net, of its scoring and of {_count(headline.num_trained, 'training')}, random "
        f"search trains {headline.num_random_trainings:.0f} {thing}s."
    )


def _other_budget(one: BudgetComparison, thing: str) -> str:
    """What another budget shows, which is no part of the answer."""
    best = f"best {thing}" if one.num_trained == 1 else f"{one.num_trained} best {thing}s"
    compared = "; it is ".join(_against(rival) for rival in one.rivals if rival.tested)
    return f"At another budget, after training its {best}, the guided search is {compared}."


def is_significant(p_value: float | None) -> bool:
    """Whether a p-value lies below the level of significance."""
    return p_value is not None and p_value < SIGNIFICANCE


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"
