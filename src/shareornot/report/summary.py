"""The top of a page: the two answers, and the numbers that carry them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shareornot.appraisal.budget_comparison import RivalComparison
from shareornot.appraisal.verdict import (
    Answer,
    Helped,
    Trust,
    TrustAnswer,
    Verdict,
    headline_comparison,
    is_significant,
    with_half_width,
)
from shareornot.report.chapter import Chapter, names_in_order
from shareornot.report.table import p_text
from shareornot.statistics import Interval
from shareornot.text import MINUS

HELPED: tuple[Answer, ...] = ("helped", "did not pay", "undecided")
TRUSTED: tuple[TrustAnswer, ...] = ("reliable", "partly", "unreliable", "undecided")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyNumber:
    """A number with its name and a remark."""

    label: str
    value: str
    note: str


def whole_verdict(chapters: Sequence[Chapter]) -> Verdict:
    """The verdict of the only chapter, or how the answers fall over all of them."""
    if len(chapters) == 1:
        return chapters[0].appraisal.verdict
    total = len(chapters)
    variants = names_in_order([chapter.variant for chapter in chapters])
    what = "spaces" if len(variants) == 1 else "pairs of a space and a variant"
    helped = Counter(chapter.appraisal.verdict.helped.answer for chapter in chapters)
    trusted = Counter(chapter.appraisal.verdict.trust.answer for chapter in chapters)
    return Verdict(
        helped=Helped(
            answer=next((answer for answer, count in helped.items() if count * 2 > total), "undecided"),
            num_trained=chapters[0].appraisal.verdict.helped.num_trained,
            sentence=f"Of {total} {what}, sharing weights helped in {helped['helped']}, did not pay in "
            f"{helped['did not pay']}, and is undecided in {helped['undecided']}, each at the budget that was fixed "
            "beforehand and against the best search without a super-net.",
            more_supernets=None,
        ),
        trust=Trust(
            answer=next((answer for answer, count in trusted.items() if count * 2 > total), "undecided"),
            sentence=f"Of {total} {what}, the scores are reliable in {trusted['reliable']}, reliable in part in "
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
    details = [f"The Spearman correlation ranges from {low} ({worst.title}) to {high} ({best.title})."]
    significant = [
        (one.difference.mean, chapter.title, one)
        for chapter in chapters
        for one in chapter.appraisal.comparisons
        if is_significant(one.p_value)
    ]
    for when, words, found in (
        ("best", "closer to", min(significant, key=lambda one: one[0], default=None)),
        ("worst", "further from", max(significant, key=lambda one: one[0], default=None)),
    ):
        if found and (found[0] < 0) == (words == "closer to"):
            details.append(
                f"At {when}, the guided search ends {points(abs(found[0]), signed=False)} points {words} the best "
                f"architecture than random search ({found[1]}, TOP-{found[2].num_trained}, "
                f"{p_in_words(found[2].p_value)})."
            )
    return tuple(details)


def key_numbers(chapter: Chapter) -> list[KeyNumber]:
    """The differences that answer the first question, and the correlations that answer the second."""
    found = chapter.appraisal
    headline = headline_comparison(found.comparisons, found.verdict.helped.num_trained)
    agreement, beyond = found.agreement, found.beyond_baselines
    numbers = [_rival_number(one, headline.num_trained) for one in headline.rivals if one.tested]
    numbers.append(
        KeyNumber(
            label="Spearman correlation of the scores",
            value=with_half_width(agreement),
            note=f"mean over {agreement.n} super-nets, 95 % interval"
            if agreement.n > 1
            else "one super-net: no interval is possible",
        )
    )
    numbers.append(
        KeyNumber(
            label="Noise ceiling",
            value="unknown" if found.ceiling is None else f"{found.ceiling.ceiling:.2f}",
            note="no training was repeated"
            if found.share_of_ceiling is None
            else f"the scores reach {found.share_of_ceiling * 100:.0f} % of it",
        )
    )
    if beyond.best is not None:
        difference = beyond.differences[beyond.best]
        numbers.append(
            KeyNumber(
                label="Best free baseline",
                value=f"{agreement.mean - difference.mean:.2f}".replace("-", MINUS),
                note=f"Spearman correlation of the {beyond.best}, on the same architectures",
            )
        )
    if beyond.partial_given_all is not None:
        numbers.append(
            KeyNumber(
                label="Partial correlation of the scores",
                value=with_half_width(beyond.partial_given_all).replace("-", MINUS),
                note="given all free baselines",
            )
        )
    return numbers


def _rival_number(one: RivalComparison, num_trained: int) -> KeyNumber:
    half = one.difference.half_width
    name = f"search by {one.name}" if one.kind == "baseline" else one.name
    return KeyNumber(
        label=f"TOP-{num_trained}: regret, guided search minus {name}",
        value=points(one.difference.mean),
        note=f"points{'' if half is None else f' ± {half * 100:.2f}'}, {p_in_words(one.p_value)}",
    )


def whole_key_numbers(chapters: Sequence[Chapter]) -> list[KeyNumber]:
    """Those of the only chapter, or how much was looked at and how the answers fall."""
    if len(chapters) == 1:
        return key_numbers(chapters[0])
    helped = Counter(chapter.appraisal.verdict.helped.answer for chapter in chapters)
    num_scores = sum(len(pool.cells) for chapter in chapters for pool in chapter.appraisal.pools)
    num_supernets = sum(len(chapter.appraisal.pools) for chapter in chapters)
    num_diverged = sum(value is None for chapter in chapters for value in chapter.appraisal.spearmans)
    lost = f", {num_diverged} diverged" if num_diverged else ""
    return [
        *(
            KeyNumber(label=f"Sharing {answer}", value=str(helped[answer]), note=f"of {len(chapters)}")
            for answer in HELPED
        ),
        KeyNumber(label="Super-nets", value=f"{num_supernets:,}", note=f"{num_scores:,} scores{lost}"),
    ]


def points(fraction: float, *, signed: bool = True) -> str:
    """A difference in points, with a true minus sign."""
    text = f"{fraction * 100:{'+' if signed else ''}.2f}"
    return text.replace("-", MINUS)


def p_in_words(p_value: float | None) -> str:
    """A p-value, or a remark that there is none."""
    if p_value is None:
        return "no test with one super-net"
    text = p_text(p_value, 2 if p_value >= 0.01 else 3)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def interval_in_words(interval: Interval) -> str:
    """What stands behind a mean correlation: its half width, or both ends where the interval is cut; or nothing."""
    words = with_half_width(interval)
    return words.partition(" ")[2]
