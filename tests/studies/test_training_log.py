"""The line an epoch that a super-net writes."""

import json
import math

import pytest

from shareornot.studies.training_log import LOG_NAME, TrainingLog, warning
from shareornot.supernet import EpochReport


def test_a_line_an_epoch(tmp_path):
    log = TrainingLog(tmp_path)
    for epoch in (1, 2, 3):
        log.write(None, EpochReport(epoch, 2.0 / epoch, 4), 10.0)
    again = TrainingLog(tmp_path)  # a kill lost the third epoch, and it is done again
    again.write(None, EpochReport(3, 0.5, 4), 20.0)
    lines = [json.loads(line) for line in (tmp_path / LOG_NAME).read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[2] == {"epoch": 3, "loss": 0.5, "images_per_s": 20.0}


@pytest.mark.parametrize("loss", [math.log(10), 2.31, math.nan, math.inf])
def test_what_has_learnt_nothing(tmp_path, loss):
    log = TrainingLog(tmp_path)
    log.write(None, EpochReport(1, 1.0, 4), 10.0)
    log.write(None, EpochReport(2, loss, 4), 10.0)
    assert warning(tmp_path, 10) == (
        f"{tmp_path}: has learnt nothing: its loss in epoch 2 was {loss:.3f}, and guessing gives 2.303"
    )


@pytest.mark.parametrize("content", [None, "", "[]\n", '{"epoch": 1, "loss": 1.9}\n', '{"epoch": 1}\n', "{\n", "3\n"])
def test_nothing_to_say(tmp_path, content):
    if content is not None:
        (tmp_path / LOG_NAME).write_text(content)
    assert warning(tmp_path, 10) is None
