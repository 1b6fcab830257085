"""Scoring in a folder: interrupted, extended, taken over from other pools, damaged."""

import itertools
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.appraisal.scores_file import read_scores
from shareornot.errors import DataError, Interrupted
from shareornot.images import digits_images
from shareornot.studies import scoring
from shareornot.studies.execution import last_line, open_log
from shareornot.studies.recipes import digits_network
from shareornot.studies.scoring import PARTIAL, PROXIES, score_cells
from shareornot.supernet import EvaluationSettings, NASBench101SuperNet

CELLS = np.array([284, 584, 284, 1084, 2134, 1584], np.int32)
"""As published code draws them: with replacement."""
EVALUATION = EvaluationSettings(num_batches=2, batch_size=20)


@pytest.fixture(scope="module")
def images():
    digits = digits_images()
    return replace(
        digits, validation_images=digits.validation_images[:40], validation_labels=digits.validation_labels[:40]
    )


@pytest.fixture(scope="module")
def network():
    return NASBench101SuperNet(replace(digits_network(), num_filters=4), 0)


@pytest.fixture
def score(images, network):
    def call(folder, num_cells=None, *, cells=CELLS, evaluation=EVALUATION, others=(), num_steps=12):
        """Score, and be stopped after this number of further cells; returns the scores."""
        asked = itertools.count(1)
        stop = (lambda: next(asked) >= num_cells) if num_cells is not None else lambda: False
        with open_log(folder / "log.jsonl") as log:
            score_cells(folder, network, num_steps, evaluation, images, cells, stop, log=log, others=list(others))
        return read_scores(folder / PROXIES).proxies

    return call


@pytest.fixture
def counted(monkeypatch):
    """The cells that are really scored."""
    import shareornot.supernet

    seen = []

    class Counting(shareornot.supernet.Evaluator):
        def correct_in_halves(self, cells):
            for cell, value in zip(cells, super().correct_in_halves(cells), strict=True):
                seen.append(int(cell))
                yield value

    monkeypatch.setattr(shareornot.supernet, "Evaluator", Counting, raising=False)
    return seen


@pytest.mark.parametrize("adaptation", ["none", "average", "last-batch"])
def test_a_stopped_scoring_resumes_with_equal_numbers(adaptation, score, tmp_path):
    evaluation = replace(EVALUATION, adaptation=adaptation)
    expected = score(tmp_path / "whole", evaluation=evaluation)
    folder = tmp_path / "stopped"
    for done, num_cells in ((1, 1), (3, 2)):
        with pytest.raises(Interrupted, match=f"stopped after {done} of 6 cells; they are saved"):
            score(folder, num_cells, evaluation=evaluation)
        assert not (folder / PROXIES).exists()
    np.testing.assert_array_equal(score(folder, evaluation=evaluation), expected)
    assert not (folder / PARTIAL).exists()
    np.testing.assert_array_equal(pq.read_table(folder / PROXIES)["cell"], CELLS)
    assert expected[0] == expected[2]
    assert last_line(folder / "log.jsonl").done == 6


def test_scores_are_kept_while_scoring(score, images, network, counted, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "SAVE_INTERVAL_S", 0.0)
    asked = itertools.count(1)

    def killed():
        if next(asked) == 4:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        score_cells(tmp_path, network, 12, EVALUATION, images, CELLS, killed)
    counted.clear()
    score(tmp_path)
    assert len(counted) == 3


def test_scores_that_are_there_are_not_made_again(score, counted, tmp_path):
    expected = score(tmp_path)
    counted.clear()
    np.testing.assert_array_equal(score(tmp_path), expected)
    np.testing.assert_array_equal(score(tmp_path, evaluation=replace(EVALUATION, forward_size=3)), expected)
    assert counted == []


def test_a_larger_pool_takes_over_the_scores_of_a_smaller_one_and_the_other_way_round(score, counted, tmp_path):
    expected = score(tmp_path / "whole")
    small = score(tmp_path / "small", cells=CELLS[:4])
    counted.clear()
    extended = score(tmp_path / "extended", others=[tmp_path / "small"])
    assert counted == CELLS[4:].tolist()
    np.testing.assert_array_equal(extended, expected)
    counted.clear()
    np.testing.assert_array_equal(score(tmp_path / "less", cells=CELLS[:4], others=[tmp_path / "whole"]), small)
    assert counted == []


def test_scores_of_other_weights_evaluations_or_cells_are_not_taken_over(score, counted, tmp_path):
    score(tmp_path / "there")
    for number, changes in enumerate(
        (
            {"num_steps": 13},
            {"evaluation": replace(EVALUATION, seed=1)},
            {"cells": CELLS[::-1].copy()},
        )
    ):
        counted.clear()
        score(tmp_path / str(number), others=[tmp_path / "there"], **changes)
        assert len(counted) == 6


def test_damaged_scores_of_others_are_passed_over(score, counted, tmp_path):
    score(tmp_path / "there")
    (tmp_path / "there" / PROXIES).write_bytes(b"PAR1")
    counted.clear()
    score(tmp_path / "here", others=[tmp_path / "there"])
    assert len(counted) == 6


@pytest.mark.parametrize("name", [PROXIES, PARTIAL])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_damaged_scores_are_refused(damage, name, score, tmp_path):
    if name == PROXIES:
        score(tmp_path)
    else:
        with pytest.raises(Interrupted):
            score(tmp_path, 3)
    path = tmp_path / name
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[30] ^= 1
    path.write_bytes({"truncated": content[:-1], "flipped": flipped, "empty": b""}[damage])
    with pytest.raises(DataError, match=rf"{name}: expected scored cells in Parquet format, got .*; delete it"):
        score(tmp_path)


def test_scores_on_fewer_images_cost_less(score, tmp_path):
    """The record counts the images that were passed, which is what scoring is charged for."""
    score(tmp_path, evaluation=replace(EVALUATION, num_images=20))
    scores = read_scores(tmp_path / PROXIES)
    assert (scores.origin["num_validation_images"], scores.origin["evaluation"]["num_images"]) == (20, 20)
