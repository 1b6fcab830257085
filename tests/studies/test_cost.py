import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.studies import cost, decode_study, plan_pieces
from shareornot.studies.cost import Measured, measure_network, study_cost
from shareornot.studies.data_hashes import DataHashes

MEASURED = Measured(
    step_s=0.01,
    step_flops=1e6,
    score_s=0.1,
    score_plain_s=0.05,
    score_flops=1e6,
    memory_bytes=10**9,
    checkpoint_bytes=10**5,
    device="cpu",
)


@pytest.fixture
def pieces(tiny):
    return plan_pieces(decode_study(tiny, ["variants=['baseline', 'avg-3']", "search.num_trained=[1]"]), DataHashes())


def test_nothing_is_measured_where_nobody_asks(pieces, monkeypatch):
    monkeypatch.setattr(cost, "measure_network", None)
    found = study_cost(pieces, {pieces[0].name}, measure=False)
    assert len(found.left("train")) == 3
    assert (found.total("time_s"), found.hours, found.device, found.most_memory()) == (None, {}, None, None)


def test_costs_add_up(pieces, monkeypatch):
    asked = []
    monkeypatch.setattr(cost, "measure_network", lambda settings, _: asked.append(settings) or MEASURED)
    monkeypatch.setattr(cost, "_flops", lambda cells, _: np.full(len(cells), 1e6))
    found = study_cost(pieces, set(), num_processes=(1, 2, 100))
    assert len(asked) == 1  # both variants have the same network
    assert found.total("time_s", "train") == pytest.approx(2 * 3 * 4 * 0.01 * (1 + 3))
    assert found.total("time_s", "score") == pytest.approx(2 * 2 * 12 * (0.1 + 0.05))
    total_s = found.total("time_s")
    assert found.hours[1] * 3600 == pytest.approx(total_s)
    assert found.hours[2] == pytest.approx(found.hours[1] / 2)
    longest_s = 3 * 4 * 3 * 0.01 + 7 * 0.1 + cost.JUDGING_S + 1
    assert found.hours[100] * 3600 == pytest.approx(longest_s)
    assert found.total("disk_bytes", "train") > 4 * 10**5
    assert found.most_memory() == 10**9
    part = study_cost(pieces, {one.name for one in pieces if one.kind == "train"})
    assert part.total("time_s", "train") == 0
    assert part.as_dict()["device"] == "cpu"


def test_larger_cells_take_longer(pieces, monkeypatch):
    monkeypatch.setattr(cost, "measure_network", lambda *_: MEASURED)
    times = []
    for flops in (1e6, 3e6):
        monkeypatch.setattr(cost, "_flops", lambda cells, _, flops=flops: np.full(len(cells), flops))
        times.append(study_cost(pieces, set()).total("time_s", "train"))
    assert times[1] == pytest.approx(2 * times[0])


def test_a_network_is_measured_in_a_process_of_its_own(pieces, monkeypatch):
    monkeypatch.setattr(cost, "MEASURING_S", 0.1)
    measured = measure_network(pieces[0].work.settings, "cpu")
    assert measured.device == "cpu"
    assert 0 < measured.step_s < 10
    assert 0 < measured.score_plain_s < 10
    assert measured.step_flops > 0
    assert 10**8 < measured.memory_bytes < 10**10
    assert 10_000 < measured.checkpoint_bytes < 10**6


def test_a_measurement_that_fails_says_why(pieces):
    with pytest.raises(SettingsError, match=r"measurement on gpu: expected it to finish, got: .*; try --no-measure"):
        measure_network(pieces[0].work.settings, "gpu")
