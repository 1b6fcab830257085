"""Made-up files of scores, and what is read from them beside what SciPy computes on the same data."""

import numpy as np
import pytest
import scipy.stats

from shareornot.appraisal.user_scores.agreements import agreement_of

NUM = 40
RNG = np.random.default_rng(7)
TRUTH = np.round(RNG.uniform(0.85, 0.95, NUM), 5)
PROXY = np.round(TRUTH / 2 + RNG.normal(0, 0.01, NUM), 6)
NAMES = [f"net{number}" for number in range(NUM)]


def table(**changes):
    """Columns of a file, all as text; None leaves one out."""
    columns = {"architecture": NAMES, "proxy": PROXY, "standalone": TRUTH} | changes
    return {name: [str(value) for value in values] for name, values in columns.items() if values is not None}


def csv(columns, *, mark=",", end="\n", decimal="."):
    def cell(text):
        text = text.replace(".", decimal) if decimal != "." and text.replace(".", "").lstrip("-").isdigit() else text
        return f'"{text}"' if mark in text or text != text.strip() else text

    rows = zip(*columns.values(), strict=True)
    return end.join([mark.join(columns), *(mark.join(map(cell, row)) for row in rows)]) + end


def spearmans(scores):
    """Of each super-net of the only space and variant."""
    (one,) = scores.variants
    found = [agreement_of(one).spearman.mean] if len(one.pools) == 1 else []
    validation = one.truth.table.validation
    return found or [scipy.stats.spearmanr(p.proxies, validation[p.cells])[0] for p in one.pools]


def is_right(scores, proxy=PROXY, truth=TRUTH):
    """Whether the agreement is SciPy's, to 1e-9."""
    assert spearmans(scores)[0] == pytest.approx(scipy.stats.spearmanr(proxy, truth)[0], abs=1e-9)
    return True


def features(scores):
    (one,) = scores.variants
    return one.truth.architectures.columns


def baselines(scores):
    (one,) = scores.variants
    return one.truth.baselines
