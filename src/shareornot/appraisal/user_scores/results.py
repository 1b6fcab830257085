"""What an appraisal of a user's scores finds, and the same as data frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.audit import SpaceAudit
from shareornot.appraisal.user_scores.agreements import ScoreAgreement
from shareornot.spaces.frames import import_pandas


@dataclass(frozen=True, kw_only=True, eq=False)
class AppraisedScores:
    """What was found about one space and variant."""

    appraisal: Appraisal
    audit: SpaceAudit | None
    """None where there are too few architectures or no features; a note of the appraisal reports it."""

    def to_pandas(self) -> Any:
        """A data frame with a row for each score: super-net, architecture, proxy, mean standalone accuracy.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        found = self.appraisal
        return import_pandas().DataFrame(
            {
                "supernet": [pool.name for pool in found.pools for _ in pool.cells],
                "architecture": [name for pool in found.pools for name in found.architectures.texts(pool.cells)],
                "proxy": [value for pool in found.pools for value in pool.proxies.tolist()],
                "standalone": [value for own in found.standalone for value in own.tolist()],
            }
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class UserAppraisals(Sequence[AppraisedScores]):
    """The appraisals of a user's scores, in the order of the file: a sequence."""

    found: tuple[AppraisedScores, ...]
    agreements: tuple[ScoreAgreement, ...]
    """Agreements of every space and variant, also of those that were not appraised further."""
    notes: tuple[str, ...]
    """What was assumed about all of the scores, and what was left out."""
    interrupted: bool = False
    """Whether appraisals are missing because Ctrl-C ended the work."""

    @overload
    def __getitem__(self, place: int) -> AppraisedScores: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[AppraisedScores, ...]: ...
    def __getitem__(self, place: int | slice) -> AppraisedScores | tuple[AppraisedScores, ...]:
        return self.found[place]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[AppraisedScores]:
        return iter(self.found)

    def to_pandas(self) -> Any:
        """A data frame with a row for each space and variant: agreement, ceiling, verdict, regret at each budget.

        Correlations are in [-1, 1]; regrets and ceilings are fractions; None where something is not known.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        appraised = {(one.appraisal.space, one.appraisal.variant): one.appraisal for one in self.found}
        rows = []
        for one in self.agreements:
            row: dict[str, Any] = {
                "space": one.space,
                "variant": one.variant,
                "supernets": one.num_supernets,
                "diverged": one.num_diverged,
                "scores": one.num_scores,
                "spearman": one.spearman.mean,
                "spearman_low": one.spearman.low,
                "spearman_high": one.spearman.high,
            }
            if (found := appraised.get((one.space, one.variant))) is not None:
                row |= _numbers(found)
            rows.append(row)
        return import_pandas().DataFrame(rows)


def _numbers(found: Appraisal) -> dict[str, Any]:
    """The numbers of an appraisal by column."""
    numbers: dict[str, Any] = {
        "noise_ceiling": None if found.ceiling is None else found.ceiling.ceiling,
        "answer": found.verdict.answer,
    }
    for one in found.comparisons:
        numbers[f"guided_regret_top_{one.num_trained}"] = one.guided_regret
        numbers[f"random_regret_top_{one.num_trained}"] = one.random_regret
        numbers[f"p_value_top_{one.num_trained}"] = one.p_value
    return numbers
