"""Standalone accuracies as users have them, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from shareornot.errors import ArchitectureError, DataError, SettingsError, UnitError
from shareornot.own_supernet import appraise
from shareornot.own_supernet.appraising import _described
from shareornot.own_supernet.architectures import own_architectures
from shareornot.own_supernet.scores import SupernetScores
from shareornot.spaces import list_architectures, open_space
from shareornot.tables import open_benchmark

RUNS = {"num_runs": 20}
TEXTS = [f"net {number}" for number in range(30)]


def scores_of(architectures, seed=0):
    """Made-up scores that grow with the position, with noise."""
    own = own_architectures(architectures)
    noise = np.random.default_rng(seed).normal(0, 5, len(own))
    halves = np.clip(np.linspace(10, 90, len(own)) + noise, 0, 100).astype(np.int64)
    return SupernetScores(
        architectures=own, correct=np.stack([halves, halves], axis=1), num_images=200, evaluation="BNS-FT"
    )


@pytest.fixture
def scores():
    return scores_of(TEXTS)


TRUTH = {text: 0.5 + 0.01 * number for number, text in enumerate(TEXTS)}
FRAME = pd.DataFrame({"architecture": TEXTS, "standalone": list(TRUTH.values())})
FORMS = {
    "a mapping": TRUTH,
    "trainings": {text: [value, value + 0.001] for text, value in TRUTH.items()},
    "a frame": FRAME,
    "a frame with an index": FRAME.set_index("architecture"),
    "a frame with an accuracy of any name": FRAME.rename(columns={"standalone": "top1"}),
    "a series": FRAME.set_index("architecture")["standalone"],
    "polars": pl.DataFrame({"architecture": TEXTS, "standalone": list(TRUTH.values())}),
    "percentages": {text: 100 * value for text, value in TRUTH.items()},
}


@pytest.mark.parametrize("form", FORMS)
def test_standalone_accuracies_in_every_form_give_one_appraisal(form, scores):
    found = appraise(scores, FORMS[form], **RUNS).appraisal
    expected = appraise(scores, TRUTH, **RUNS).appraisal
    assert found.agreement.mean == expected.agreement.mean > 0.9
    np.testing.assert_allclose(found.standalone[0], expected.standalone[0], atol=0.001)
    assert any("percentages" in note for note in found.notes) == (form == "percentages")
    assert found.verdict.sentence


def test_keys_are_the_architectures_themselves():
    scores = scores_of([(kernel, depth) for kernel in range(5) for depth in range(4)])
    truth = {(kernel, depth): 0.5 + kernel / 20 + depth / 100 for kernel in range(5) for depth in range(4)}
    assert appraise(scores, truth, **RUNS).appraisal.agreement.mean > 0.9


def test_several_super_nets_and_what_they_cost(scores):
    found = appraise([scores, scores_of(TEXTS, seed=1)], TRUTH, supernet_cost=7.0, **RUNS).appraisal
    assert len(found.pools) == 2
    assert any("counts as 7 average trainings" in note for note in found.notes)


def test_architectures_without_a_score_are_known_to_random_search(scores):
    more = TRUTH | {f"unseen {number}": 0.9 for number in range(10)}
    found = appraise(scores, more, **RUNS).appraisal
    assert any("10 rows without a proxy" in note for note in found.notes)


def test_features_and_sizes_of_a_space_are_used():
    columns = {"depth": np.arange(30) % 7, "parameters": 1_000 + 100 * np.arange(30)}
    space = list_architectures(TEXTS, columns, sizes=("parameters",))
    found = appraise(scores_of(space), TRUTH, **RUNS)
    assert found.audit is not None
    assert "parameters" in str(found.appraisal.baselines)


def test_a_table_is_looked_up():
    table = open_benchmark("digits")
    numbers = table.architectures[::60]
    accuracies = table.mean("validation_accuracy")[::60]
    by_text = appraise(scores_of(table.space.texts(numbers)), table, **RUNS).appraisal
    by_number = appraise(scores_of(numbers), table, **RUNS).appraisal
    assert by_text.agreement.mean == pytest.approx(by_number.agreement.mean)
    np.testing.assert_allclose(np.sort(by_text.standalone[0]), np.sort(accuracies), atol=1e-6)
    with pytest.raises(ArchitectureError):
        appraise(scores_of(TEXTS), table, **RUNS)


def test_standalone_accuracies_that_lack_half_of_the_architectures_are_refused(scores):
    half = dict(list(TRUTH.items())[:14])
    message = "expected an accuracy of each of the 30 scored architectures, got 14: it lacks 'net 14'; train more"
    with pytest.raises(DataError, match=message):
        appraise(scores, half, **RUNS)
    assert appraise(scores, half, allow_missing=True, **RUNS).appraisal.agreement.mean > 0.5
    assert appraise(scores, dict(list(TRUTH.items())[:20]), **RUNS).appraisal.agreement.mean > 0.5
    other = {f"Net-{number}": 0.5 for number in range(30)}
    for allow in (False, True):
        with pytest.raises(DataError, match="got 0: it lacks 'net 0', and has others, such as 'Net-0'; give them the"):
            appraise(scores, other, allow_missing=allow, **RUNS)


@pytest.mark.parametrize(
    ("standalone", "error", "message"),
    [
        ({**TRUTH, "net 3": 63.0}, UnitError, "expected one unit"),
        ({**TRUTH, "net 3": -1.0}, UnitError, "expected accuracies, fractions up to 1 or percentages up to 100"),
        ([0.5] * 30, SettingsError, "expected a mapping of architectures to accuracies, a data frame or a Table"),
        (
            pl.DataFrame({"net": TEXTS, "top1": [0.5] * 30}),
            DataError,
            "expected the column architecture, got net, top1",
        ),
    ],
)
def test_other_accuracies_are_refused_in_one_sentence(standalone, error, message, scores):
    with pytest.raises(error, match=message):
        appraise(scores, standalone, **RUNS)


def test_other_scores_are_refused():
    with pytest.raises(SettingsError, match="expected what score_supernet returns, or a list of it, got SimpleName"):
        getattr(appraise, "__wrapped__", appraise)([SimpleNamespace()], TRUTH)
    with pytest.raises(SettingsError, match="got list"):
        appraise([], TRUTH)


def test_a_space_of_a_known_family_needs_no_columns():
    space = open_space("num_vertices<=4")
    texts = space.texts(space.members)
    assert _described(space, texts) == {}
    assert _described(list_architectures(texts), texts) == {}
    assert set(_described(list_architectures(TEXTS, {"depth": np.arange(30)}), TEXTS)) == {"depth"}
