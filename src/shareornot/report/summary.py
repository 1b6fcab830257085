"""What stands at the top of a page: the verdict, and the numbers that carry it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shareornot.appraisal.budget_comparison import BudgetComparison
from shareornot.appraisal.verdict import Answer, Helped, Trust, Verdict, with_half_width
from shareornot.report.chapter import Chapter, names_in_order
from shareornot.statistics import Interval
from shareornot.text import MINUS

ANSWERS: dict[Answer, str] = {"helped": "helped", "did not pay": "did not pay", "undecided": "is undecided"}
"""Sharing weights ..."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyNumber:
    """A number with what it is, and what one should know about it."""

    label: str
    value: str
    note: str


def whole_verdict(chapters: Sequence[Chapter]) -> Verdict:
    """The verdict of the only chapter, or how often sharing weights helped over all of them."""
    if len(chapters) == 1:
        return chapters[0].appraisal.verdict
    counts = Counter(chapter.appraisal.verdict.answer for chapter in chapters)
    total = len(chapters)
    told = [f"helped in {counts['helped']}", f"did not pay in {counts['did not pay']}"]
    told.append(f"is undecided in {counts['undecided']}")
    variants = names_in_order([chapter.variant for chapter in chapters])
    what = "spaces" if len(variants) == 1 else "pairs of a space and a variant"
    answer: Answer = "undecided"
    if counts["helped"] != counts["did not pay"] and max(counts["helped"], counts["did not pay"]) * 2 > total:
        answer = "helped" if counts["helped"] > counts["did not pay"] else "did not pay"
    sentence = (
        f"Of {total} {what}, sharing weights {told[0]}, {told[1]}, and {told[2]} "
        "(each at the budget that was fixed for it beforehand, against the best search without a super-net)."
    )
    trusted = Counter(chapter.appraisal.verdict.trust.answer for chapter in chapters)
    trust, most = max(trusted.items(), key=lambda one: one[1])
    return Verdict(
        helped=Helped(
            answer=answer,
            num_trained=chapters[0].appraisal.verdict.helped.num_trained,
            sentence=sentence,
            more_supernets=None,
        ),
        trust=Trust(
            answer=trust if most * 2 > total else "undecided",
            sentence=f"Of {total} {what}, the scores are reliable in {trusted['reliable']}, partly reliable in "
            f"{trusted['partly']}, unreliable in {trusted['unreliable']}, and undecided in {trusted['undecided']}.",
            more_supernets=None,
        ),
        details=_extremes(chapters),
    )


def _extremes(chapters: Sequence[Chapter]) -> tuple[str, ...]:
    """Where the scores agree best and worst, and where the search gained and lost most."""
    ranked = sorted(chapters, key=lambda chapter: chapter.appraisal.agreement.mean)
    worst, best = ranked[0], ranked[-1]
    low, high = with_half_width(worst.appraisal.agreement), with_half_width(best.appraisal.agreement)
    details = [f"Spearman's correlation goes from {low} ({worst.title}) to {high} ({best.title})."]
    significant = [
        (one.difference.mean, chapter.title, one)
        for chapter in chapters
        for one in chapter.appraisal.comparisons
        if one.p_value is not None and one.p_value < 0.05
    ]
    for when, words, found in (
        ("best", "closer to", min(significant, key=lambda one: one[0], default=None)),
        ("worst", "further from", max(significant, key=lambda one: one[0], default=None)),
    ):
        if found and (found[0] < 0) == (words == "closer to"):
            details.append(
                f"At {when}, the guided search ends {points(abs(found[0]), signed=False)} points {words} the best cell "
                f"than random search ({found[1]}, TOP-{found[2].num_trained}, {p_in_words(found[2].p_value)})."
            )
    return tuple(details)


def key_numbers(chapter: Chapter) -> list[KeyNumber]:
    """Agreement, its ceiling, what comes for free, and the difference to random search at each budget."""
    found = chapter.appraisal
    several = found.agreement.n > 1
    over = f"{found.agreement.n} super-net{'s' * several}"
    numbers = [
        KeyNumber(
            label="Spearman's correlation",
            value=with_half_width(found.agreement),
            note=f"mean over {over}, 95 % interval (Student)" if several else "one super-net: no interval is possible",
        ),
        KeyNumber(
            label="Noise ceiling",
            value="unknown" if found.ceiling is None else f"{found.ceiling.ceiling:.2f}",
            note="no training was repeated"
            if found.share_of_ceiling is None
            else f"the scores reach {found.share_of_ceiling * 100:.0f} % of it",
        ),
    ]
    if found.baselines:
        guide = max(found.baselines, key=lambda name: found.baselines[name])
        numbers.append(
            KeyNumber(
                label="For free",
                value=f"{found.baselines[guide]:.2f}".replace("-", MINUS),
                note=f"Spearman of the {guide}",
            )
        )
    numbers += [_budget_number(one) for one in found.comparisons]
    return numbers


def _budget_number(one: BudgetComparison) -> KeyNumber:
    half = one.difference.half_width
    return KeyNumber(
        label=f"TOP-{one.num_trained}: regret against random search",
        value=points(one.difference.mean),
        note=f"points{'' if half is None else f' ± {half * 100:.2f}'}, {p_in_words(one.p_value)}; "
        f"random search trains {one.num_random_trainings:,.0f} in that time",
    )


def whole_key_numbers(chapters: Sequence[Chapter]) -> list[KeyNumber]:
    """Those of the only chapter, or how much was looked at and how the answers fall."""
    if len(chapters) == 1:
        return key_numbers(chapters[0])
    counts = Counter(chapter.appraisal.verdict.answer for chapter in chapters)
    num_scores = sum(len(pool.cells) for chapter in chapters for pool in chapter.appraisal.pools)
    num_supernets = sum(len(chapter.appraisal.pools) for chapter in chapters)
    num_diverged = sum(value is None for chapter in chapters for value in chapter.appraisal.spearmans)
    lost = f", {num_diverged} diverged" if num_diverged else ""
    return [
        *(
            KeyNumber(label=f"Sharing {ANSWERS[answer]}", value=str(counts[answer]), note=f"of {len(chapters)}")
            for answer in ANSWERS
        ),
        KeyNumber(label="Super-nets", value=f"{num_supernets:,}", note=f"{num_scores:,} scores{lost}"),
    ]


def points(fraction: float, *, signed: bool = True) -> str:
    """A difference in points, with a true minus sign."""
    text = f"{fraction * 100:{'+' if signed else ''}.2f}"
    return text.replace("-", MINUS)


def p_in_words(p_value: float | None) -> str:
    """A p-value, or that there is none."""
    if p_value is None:
        return "no test with one super-net"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def interval_in_words(interval: Interval) -> str:
    """Half of the width, as it is printed after ±; nothing where there is none."""
    return "" if interval.half_width is None else f"± {interval.half_width:.2f}"
