import pytest

from shareornot.errors import SettingsError
from shareornot.studies import cost, decode_study, plan_jobs
from shareornot.studies.cost import Measured, measure_supernet, study_cost
from shareornot.studies.data_hashes import DataHashes
from shareornot.studies.settings import WatchingSettings
from shareornot.supernet import EvaluationSettings


@pytest.fixture
def jobs(tiny):
    return plan_jobs(decode_study(tiny, ["variants=['baseline', 'avg-3']", "search.num_trained=[1]"]), DataHashes())


@pytest.fixture
def measured(monkeypatch):
    """Takes the place of measuring: 10 ms per step, 50 or 100 ms per cell, 20 ms while watching."""
    asked = []

    def measure(supernet, ways, _watching, device):
        asked.append(supernet)
        score_s = {key: 0.05 if way.adaptation == "none" else 0.1 for key, way in ways.items()}
        return Measured(
            step_s=0.01, score_s=score_s, watch_s=0.02, memory_bytes=10**9, checkpoint_bytes=10**5, device=device
        )

    monkeypatch.setattr(cost, "measure_supernet", measure)
    return asked


def test_nothing_is_measured_without_a_request(jobs, monkeypatch):
    monkeypatch.setattr(cost, "measure_supernet", None)
    found = study_cost(jobs, {jobs[0].name}, measure=False)
    assert (found.total("time_s"), found.hours, found.device, found.most_memory()) == (None, {}, None, None)
    assert cost.count_kinds(found.jobs, finished=False)["train"] == 3


def test_costs_add_up_with_watching(jobs, measured):
    found = study_cost(jobs, set(), device="cpu", num_processes=(1, 2, 100))
    assert [one.variant for one in measured] == ["baseline", "avg-3"]  # each with its own steps
    watching_s = 4 * 0.02  # once, 4 cells
    assert found.total("time_s", "train") == pytest.approx(4 * (3 * 4 * 0.01 + watching_s))
    assert found.total("time_s", "score") == pytest.approx(2 * 2 * 12 * (0.1 + 0.05))
    assert found.hours[1] * 3600 == pytest.approx(found.total("time_s"))
    assert found.hours[2] == pytest.approx(found.hours[1] / 2)
    longest_s = 3 * 4 * 0.01 + watching_s + 7 * 0.1 + cost.APPRAISAL_S
    assert found.hours[100] * 3600 == pytest.approx(longest_s)
    assert found.total("disk_bytes", "train") == 4 * 10**5
    assert found.most_memory() == 10**9
    part = study_cost(jobs, {one.name for one in jobs if one.kind == "train"}, device="cpu")
    assert part.total("time_s", "train") == 0
    assert part.as_dict()["device"] == "cpu"


def test_a_measurement_takes_real_steps(jobs, monkeypatch):
    monkeypatch.setattr(cost, "MEASURING_S", 0.1)
    ways = {"adapted": EvaluationSettings(batch_size=50)}
    found = measure_supernet(jobs[0].spec.supernet, ways, WatchingSettings(num_images=50), "cpu")
    assert found.device == "cpu"
    assert 0 < found.step_s < 10
    assert 0 < found.watch_s < 10
    assert 0 < found.score_s["adapted"] < 10
    assert 10**8 < found.memory_bytes < 10**10
    assert 10_000 < found.checkpoint_bytes < 10**6


def test_a_failed_measurement_reports_the_reason(jobs):
    with pytest.raises(SettingsError, match=r"measurement on gpu: expected it to finish, got: device.*; try --no-meas"):
        measure_supernet(jobs[0].spec.supernet, {}, WatchingSettings(), "gpu")
