"""Rows that summarise the others are left out where that is certain, and named where it is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from shareornot.appraisal.user_scores import read_user_scores
from shareornot.appraisal.user_scores.agreements import agreement_of

NUM = 20
RNG = np.random.default_rng(7)
STANDALONE = RNG.uniform(0.8, 0.95, NUM).round(4)
PROXY = (STANDALONE + RNG.normal(0, 0.05, NUM)).round(4)
NAMES = [f"net-{number}" for number in range(NUM)]
ROWS = [f"{a},{p},{s}" for a, p, s in zip(NAMES, PROXY.tolist(), STANDALONE.tolist(), strict=True)]
DESCRIBED = ("count", "mean", "std", "min", "25%", "50%", "75%", "max")
WORDS = (
    *("Average", "AVG", "Std Dev", "total", "Grand Total", "Mean:", "**Mean**", "Mean ± std", "mean (std)", "median"),
    *("Mean (n=20)", "mean value", "Average over all architectures", "average accuracy", "Spearman rho"),
    *("Mittelwert", "Summe", "Moyenne", *DESCRIBED),
)
OPERATIONS = ["conv1x1", "conv3x3", "conv5x5", "sep3x3", "sep5x5", "dil3x3", "avg", "max"]
FAMILIES = ["resnet", "densenet", "mobilenet", "vgg", "alexnet", "googlenet"]


def read_rows(tmp_path, rows, header="architecture,proxy,standalone"):
    path = tmp_path / "scores.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_user_scores(path)


def spearman(scores):
    (one,) = scores.variants
    return agreement_of(one).spearman.mean


EXPECTED = pytest.approx(spearmanr(PROXY, STANDALONE).statistic, abs=1e-9)


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8, unique=True),
    at_end=st.booleans(),
    value=st.sampled_from(["0.4,0.9", "0.4 ± 0.1,0.9 ± 0.1", "20,20", "0.4,"]),
)
def test_summaries_at_either_end_are_left_out(tmp_path_factory, words, at_end, value):
    summaries = [f"{word},{value}" for word in words]
    rows = [*ROWS, *summaries] if at_end else [*summaries, *ROWS]
    scores = read_rows(tmp_path_factory.mktemp("scores"), rows)
    assert spearman(scores) == EXPECTED
    (note,) = (note for note in scores.notes if note.startswith("Left out as a summary"))
    first = NUM + 1 if at_end else 1
    assert f"row {first} (line {first + 1}) {words[0]!r}" in note
    assert scores.variants[0].truth.comparable.sum() == NUM


def test_a_summary_may_be_named_in_the_index_and_follow_a_blank_row(tmp_path):
    rows = [f"{place},{row}" for place, row in enumerate(ROWS)]
    scores = read_rows(tmp_path, [*rows, ",,,", "mean,,0.4,0.9"], ",architecture,proxy,standalone")
    assert spearman(scores) == EXPECTED
    assert any("row 22 (line 23) 'mean'" in note for note in scores.notes)


def test_numbers_may_name_architectures(tmp_path):
    rows = [f"{place},{p},{s}" for place, (p, s) in enumerate(zip(PROXY, STANDALONE, strict=True))]
    scores = read_rows(tmp_path, [*rows, "mean,0.4,0.9"])
    assert spearman(scores) == EXPECTED
    assert len(scores.variants[0].pools[0].cells) == NUM


@pytest.mark.parametrize("names", [OPERATIONS, [*FAMILIES, "mean"], ["max", "min", "sum", "mean", "total"]])
def test_names_that_are_words_are_kept_and_named(tmp_path, names):
    proxy, alone = PROXY[: len(names)], STANDALONE[: len(names)]
    scores = read_rows(tmp_path, [f"{a},{p},{s}" for a, p, s in zip(names, proxy, alone, strict=True)])
    assert spearman(scores) == pytest.approx(spearmanr(proxy, alone).statistic, abs=1e-9)
    uncertain = [note for note in scores.notes if "take it out" in note]
    assert len(uncertain) == (names != ["max", "min", "sum", "mean", "total"])
    assert not uncertain or repr(names[-1]) in uncertain[0]


def test_statistics_of_the_other_rows_show_what_a_word_means(tmp_path):
    proxy, alone = PROXY[:6], STANDALONE[:6]
    rows = [f"{a},{p},{s}" for a, p, s in zip(FAMILIES, proxy, alone, strict=True)]
    summaries = [
        f"mean,{proxy.mean():.4f},{alone.mean():.4f}",
        f"std,{proxy.std(ddof=1):.4f},{alone.std(ddof=1):.4f}",
    ]
    scores = read_rows(tmp_path, [*rows, *summaries])
    assert spearman(scores) == pytest.approx(spearmanr(proxy, alone).statistic, abs=1e-9)
    assert any(note.startswith("Left out as a summary") for note in scores.notes)
