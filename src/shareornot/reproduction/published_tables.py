"""The printed numbers of the paper: Table 1, Table 2 of both versions, and Table 1 of the appendix.

Accuracies, correlations and regrets are fractions; the paper prints regrets times 100. Differences are method minus
random search, so that negative means better than random search, as the paper's text and colours read them; the headers
of its tables have the opposite sign.

References: Pourchot, Ducarouge and Sigaud, "To Share or Not To Share", 2020, arXiv:2002.04289, versions 1 and 2.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from shareornot.errors import SettingsError

Verdict = Literal["better", "worse", "none"]
"""What version 1 prints as <, > and x: regret significantly below or above that of random search, or neither."""
Method = Literal["evolution", "guided"]
METHODS: tuple[Method, ...] = get_args(Method)
"""Methods in the order of version 2's columns."""

SPACE_NAMES = {
    "4": "A4",
    "3": "A3",
    "2": "A2",
    "1": "A1",
    "full": "A_FULL",
    "full_0": "A_FULL^NRES",
    "full_1": "A_FULL^RES",
}
"""Names of the spaces by those of the published evaluations, in the order of the paper's rows."""
VARIANT_NAMES = {
    "baseline_no_ft": "NO-FT",
    "baseline_ft_bn": "BNS-FT",
    "single-k_ft_bn": "SINGLE-K",
    "pro-rata_ft_bn": "PRO-RATA",
    "avg-3_ft_bn": "AVG-3",
    "s-k+p-r_ft_bn": "S-K+P-R",
}
"""Names of the variants by those of the published evaluations, in the order of the paper's columns."""
PAPER_SPACES = tuple(SPACE_NAMES.values())
PAPER_VARIANTS = tuple(VARIANT_NAMES.values())

NUM_RUNS_V2 = {"guided": 30, "evolution": 500, "random": 500}
"""Runs that version 2 compares."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedAgreement:
    """A cell of Table 1, the same in both versions."""

    mean: float
    half_width: float
    """What stands after +-. Version 1 calls it the standard deviation, version 2 the 95 % interval."""
    diverged: bool
    """An asterisk: one super-net failed to converge and is left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedTest:
    """A cell of Table 2 in version 1."""

    p_value: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedDifference:
    """A cell of Table 2, or of Table 1 of the appendix, in version 2."""

    difference: float
    """Mean regret of the method minus that of random search, a fraction."""
    half_width: float
    """Half width of the 95 % interval of the difference, a fraction."""
    p_value: float | None
    """None if the paper prints p < 0.01."""
    d: float
    """Cohen's d."""


# One row per space, in the paper's order; an asterisk follows what the paper marks with one.
_TABLE_1 = """
 0.08 0.17  | 0.64 0.03  | 0.66 0.01  | 0.68 0.03 | 0.67 0.02* | 0.69 0.02
 0.12 0.15  | 0.59 0.03  | 0.62 0.02  | 0.63 0.02 | 0.61 0.03  | 0.66 0.02
 0.24 0.03  | 0.60 0.04  | 0.64 0.02  | 0.64 0.02 | 0.61 0.01  | 0.65 0.02
 0.32 0.05  | 0.68 0.02  | 0.72 0.02  | 0.75 0.02 | 0.73 0.01  | 0.67 0.01
 0.24 0.05  | 0.56 0.04  | 0.63 0.02* | 0.59 0.03 | 0.61 0.02  | 0.58 0.02
 0.11 0.05* | 0.46 0.06* | 0.58 0.02* | 0.56 0.03 | 0.52 0.02  | 0.49 0.02
 0.34 0.10  | 0.71 0.02  | 0.68 0.01  | 0.72 0.02 | 0.69 0.02  | 0.66 0.01
"""

# TOP-1, TOP-10 and TOP-100.
_TABLE_2_V1 = """
 0.02 worse  | 0.02 worse  | 0.17 none
 0.25 none   | 0.02 better | 0.36 none
 0.04 better | 0.34 none   | 0.17 none
 0.02 better | 0.04 better | 0.34 none
 0.25 none   | 0.03 worse  | 0.07 none
 0.23 none   | 0.02 better | 0.11 none
 0.25 none   | 0.11 none   | 0.25 none
"""

# TOP-1, TOP-10 and TOP-20; evolution before the guided search; regrets times 100; "-" where p < 0.01.
_TABLES_V2 = """
-0.47 0.08 - -0.72    ; 0.68 0.37 - 0.90    | -0.27 0.06 - -0.56 ; 0.07 0.19 0.50 0.13 | -0.21 0.05 - -0.47 ; 0.03 0.18 0.79 0.06
-0.39 0.09 - -0.54    ; 0.33 0.28 0.03 0.43 | -0.21 0.05 - -0.51 ; 0.15 0.23 0.23 0.31 | -0.11 0.05 - -0.31 ; 0.07 0.19 0.47 0.18
-0.38 0.11 - -0.41    ; -0.41 0.27 - -0.47  | -0.21 0.05 - -0.57 ; -0.17 0.09 - -0.41  | -0.14 0.04 - -0.45 ; -0.11 0.09 0.03 -0.33
-0.43 0.18 - -0.29    ; -1.37 0.14 - -1.16  | -0.10 0.04 - -0.32 ; -0.24 0.10 - -0.62  | -0.05 0.03 - -0.18 ; -0.11 0.08 0.01 -0.37
0.11 0.19 0.24 0.07   ; -0.88 0.17 - -0.85  | -0.23 0.05 - -0.58 ; -0.24 0.12 - -0.52  | -0.13 0.04 - -0.39 ; -0.22 0.10 - -0.59
-0.63 0.16 - -0.50    ; -0.54 0.42 0.02 -0.47 | -0.44 0.06 - -0.98 ; -0.55 0.12 - -0.96 | -0.30 0.04 - -0.85 ; -0.38 0.11 - -0.89
1.01 0.22 - 0.56      ; -0.22 0.13 - -0.39  | 0.01 0.04 0.42 0.05 ; -0.17 0.09 - -0.56 | 0.04 0.03 0.02 0.14 ; -0.08 0.08 0.06 -0.31
"""  # noqa: E501


def _cells_of(table: str) -> dict[str, list[str]]:
    """The cells of each row, by space."""
    rows = [line.split("|") for line in table.strip().splitlines()]
    return {space: [cell.strip() for cell in row] for space, row in zip(PAPER_SPACES, rows, strict=True)}


def _agreement(text: str) -> PrintedAgreement:
    mean, half_width = text.rstrip("*").split()
    return PrintedAgreement(mean=float(mean), half_width=float(half_width), diverged=text.endswith("*"))


def _difference(text: str) -> PrintedDifference:
    difference, half_width, p_value, d = text.split()
    return PrintedDifference(
        difference=round(float(difference) / 100, 4),
        half_width=round(float(half_width) / 100, 4),
        p_value=None if p_value == "-" else float(p_value),
        d=float(d),
    )


def _test(text: str) -> PrintedTest:
    p_value, verdict = text.split()
    for known in ("better", "worse", "none"):
        if verdict == known:
            return PrintedTest(p_value=float(p_value), verdict=known)
    raise SettingsError(f"printed verdict: expected better, worse or none, got {verdict!r}")


TABLE_1: dict[tuple[str, str], PrintedAgreement] = {
    (variant, space): _agreement(text)
    for space, row in _cells_of(_TABLE_1).items()
    for variant, text in zip(PAPER_VARIANTS, row, strict=True)
}
"""Spearman's correlation by variant and space."""

TABLE_2_V1: dict[tuple[str, int], PrintedTest] = {
    (space, k): _test(text)
    for space, row in _cells_of(_TABLE_2_V1).items()
    for k, text in zip((1, 10, 100), row, strict=True)
}
"""Version 1: guided against random search, by space and k of TOP-k."""

TABLES_V2: dict[tuple[str, int, Method], PrintedDifference] = {
    (space, k, method): _difference(text)
    for space, row in _cells_of(_TABLES_V2).items()
    for k, cell in zip((1, 10, 20), row, strict=True)
    for method, text in zip(METHODS, cell.split(";"), strict=True)
}
"""Version 2: Table 2 (k = 1 and 10) and Table 1 of the appendix (k = 20), by space, k and method."""

SIZE_CORRELATION = -0.71
"""Versions 1 and 2, section 5.3: Spearman's correlation of BNS-FT agreement with the size of the space."""
SIZE_CORRELATION_P = 0.07
SUPERIORITY = {0.39: 0.61, 1.16: 0.89, 0.52: 0.65}
"""Version 2, section 5.2: probability that a guided run has a smaller regret, by |d|."""
POWER, POWER_EFFECT = 0.8, 0.5
"""Version 2, section 4.2: 30 runs against 500 find a medium effect with this power at the 5 % level."""
BNS_GAIN = 2.7
"""Versions 1 and 2, section 5.1: increase of the mean correlation by BNS-FT over NO-FT, relative ("270 %")."""
NRES_LOSS, NRES_FEWER = 0.25, 0.23
"""Versions 1 and 2, section 5.3: A_FULL^NRES against A_FULL, correlation and number of cells, relative."""
