"""Loss curves come from logs, which are no results: what cannot be read is left out."""

import numpy as np

from shareornot.studies import Store
from shareornot.studies.execution.log import open_log
from shareornot.studies.losses import losses_of


def test_losses_are_read_as_far_as_logs_have_them(tmp_path, monkeypatch):
    store = Store(tmp_path)
    monkeypatch.setattr(Store, "read_job", lambda _, name: {"identity": {"supernet": name.replace("score", "train")}})
    for name in ("train-a", "train-b"):
        store.path(name).mkdir(parents=True)
    log = store.path("train-a") / "log.jsonl"
    with open_log(log, clock=lambda: 0.0) as writer:
        for epoch, loss in ((1, 2.0), (2, 1.5), (3, 1.25)):
            writer.write(epoch, 3, "epochs", loss=loss)
    with log.open("ab") as file:
        file.write(b"\xff\xfe no line of a log\n")
    found = losses_of(["a", "b", "c", "d"], store, [["score-a"], ["score-b"], ["score-c"], []])
    assert list(found) == ["a"]
    np.testing.assert_array_equal(found["a"], [2.0, 1.5, 1.25])


def test_a_job_that_is_not_there_has_no_losses(tmp_path):
    assert losses_of(["a"], Store(tmp_path), [["score-a"]]) == {}
