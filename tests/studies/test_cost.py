import warnings
from dataclasses import replace

import pytest
from safetensors import safe_open

from shareornot.errors import SettingsError
from shareornot.studies import cost, decode_study, plan_jobs
from shareornot.studies.cost import Measured, measure_supernets, study_cost
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

    def measure(supernets, _watching, device, _progress):
        found = {}
        for key, (supernet, ways) in supernets.items():
            asked.append(supernet)
            found[key] = Measured(
                step_s=0.01,
                score_s={name: 0.05 if way.adaptation == "none" else 0.1 for name, way in ways.items()},
                watch_s=0.02,
                memory_bytes=10**9,
                checkpoint_bytes=10**5,
                device=device,
            )
        return found

    monkeypatch.setattr(cost, "measure_supernets", measure)
    return asked


def test_nothing_is_measured_without_a_request(jobs, monkeypatch):
    monkeypatch.setattr(cost, "measure_supernets", None)
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


def test_a_measurement_takes_real_steps(jobs):
    supernet, ways = jobs[0].spec.supernet, {"adapted": EvaluationSettings(batch_size=50)}
    one_step = replace(supernet, training=replace(supernet.training, epochs=1, batch_size=100))
    asked = {"many steps": (supernet, ways), "one step": (one_step, {})}
    done = Counted()
    found = measure_supernets(asked, WatchingSettings(num_images=50), "cpu", done)
    assert (list(found), done.number) == (["many steps", "one step"], 2)
    assert found["many steps"].score_s.keys() == {"adapted"}
    assert 0 < found["many steps"].score_s["adapted"] < 10
    for one in found.values():
        assert one.device == "cpu"
        assert 0 < one.step_s < 10
        assert 0 < one.watch_s < 10
        assert 10**8 < one.memory_bytes < 10**10
        assert 10_000 < one.checkpoint_bytes < 10**6


class Counted:
    """A progress that counts."""

    number = 0

    def advance(self, num_done=1, note=""):  # noqa: ARG002
        self.number += num_done


def test_learning_rates_by_size_are_measured_to_the_end_of_a_training_and_not_beyond(tiny, tmp_path):
    study = decode_study(tiny, ["variants=['baseline']", "training.schedule='by-size'", "training.epochs=2"])
    supernet = plan_jobs(study, DataHashes())[0].spec.supernet
    path = tmp_path / "measured.json"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the power of a negative number
        cost._measure(supernet, {}, WatchingSettings(num_images=50), "cpu", path, lambda: False)
    with safe_open(path.with_suffix(".checkpoint"), "pt") as checkpoint:
        assert int(checkpoint.metadata()["steps_done"]) <= 2 * 4


class Clock:
    """A clock that the work moves."""

    now_s = 100.0

    def __call__(self):
        return self.now_s

    def work(self, durations_s):
        durations_s = iter(durations_s)

        def do():
            self.now_s += next(durations_s)

        return do


@pytest.mark.parametrize(
    ("durations_s", "most", "mean_s"),
    [
        ([5, *[0.1] * 9], 10, 0.1),  # the first call loads what it needs
        ([5, 0.1, 0.3, 0.2], 4, 0.2),
        ([5, 7], 2, 7),
        ([5], 1, 5),  # a training of one step
        ([5, 0.01, 0.4, *[0.2] * 100], 100, (0.01 + 0.4 + 0.2 * 8) / 10),  # to 2 s, as times differ
        ([0.1, 60, 60], 100, 60),  # once at least
    ],
)
def test_the_time_of_a_call_is_a_mean_over_no_more_calls_than_there_are(durations_s, most, mean_s):
    clock = Clock()
    found_s = cost._seconds_each(clock.work(durations_s), lambda: False, most, clock)
    assert found_s == pytest.approx(mean_s)


def test_a_failed_measurement_reports_the_reason(jobs):
    with pytest.raises(SettingsError, match=r"measurement on gpu: expected it to finish, got: device.*; try --no-meas"):
        measure_supernets({"a": (jobs[0].spec.supernet, {})}, WatchingSettings(), "gpu")
