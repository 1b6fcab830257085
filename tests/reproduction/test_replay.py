from dataclasses import dataclass, field

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.reproduction.evaluations import read_evaluations
from shareornot.reproduction.replay import SECTIONS, ReplaySettings, num_steps, replay
from shareornot.tables import BenchmarkTable, import_parquet

QUICK = {"num_redraws": 20, "num_runs": 10}


@dataclass
class Counting:
    notes: list[str] = field(default_factory=list)

    def advance(self, num_done=1, note=""):
        self.notes += [note] * num_done


SECTION_ROWS = {
    "agreement": ("agreement", "copies", "diverged"),
    "quality": ("quality", "ceilings"),
    "claims": ("sizes",),
    "version-1": ("version1",),
    "version-2": ("version2",),
    "first-population": ("first_populations",),
}


def test_a_replay_of_everything(replay_table, make_evaluations):
    evaluations, progress = make_evaluations(replay_table), Counting()
    found = replay(evaluations, replay_table, ReplaySettings(**QUICK), progress)
    assert len(progress.notes) == num_steps(evaluations, found.settings)
    assert (found.num_supernets, found.num_evaluations, found.guide) == (12, 720, "BNS-FT")
    assert not [name for names in SECTION_ROWS.values() for name in names if getattr(found, name) is None]
    assert found.claims is None  # nothing is printed for this table


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_alone_is_what_it_is_among_all(replay_table, make_evaluations, section):
    evaluations = make_evaluations(replay_table, spaces=("A1",))
    everything = replay(evaluations, replay_table, ReplaySettings(**QUICK))
    alone = replay(evaluations, replay_table, ReplaySettings(sections=(section,), **QUICK))
    for own, names in SECTION_ROWS.items():
        for name in names:
            assert getattr(alone, name) == (getattr(everything, name) if own == section else None)


def test_the_papers_figures_stand_beside_its_own_benchmark_alone(partial_table, replay_table, make_evaluations):
    settings = ReplaySettings(sections=("claims", "version-2"), **QUICK)
    for table, printed in ((partial_table, True), (replay_table, False)):
        found = replay(make_evaluations(table), table, settings)
        assert (found.claims is not None) is printed is found.with_printed
        assert all((row.printed_d is not None) is printed for row in found.version2)


@pytest.mark.parametrize(
    "settings",
    [
        {"sections": ("version-3",)},
        {"sections": ()},
        {"num_redraws": 1},
        {"num_runs": 1},
        {"num_resamples": -1},
        {"seed": -1},
        {"supernet_trainings": 0.0},
        {"supernet_trainings": float("nan")},
        {"edge_flips": 0.0},
        {"edge_flips": float("nan")},
    ],
)
def test_settings_out_of_range(settings):
    with pytest.raises(SettingsError, match="expected"):
        ReplaySettings(**settings)


def test_unknown_guide(replay_table, make_evaluations):
    with pytest.raises(SettingsError, match="name the variant whose proxies guide"):
        replay(make_evaluations(replay_table), replay_table, ReplaySettings(sections=("version-1",), guide="nobody"))


@pytest.fixture(scope="module")
def published(shared_data, tmp_path_factory):
    """What a replay of the published evaluations finds, with fewer redraws."""
    path = tmp_path_factory.mktemp("sample") / "sample.arrow"
    import_parquet(shared_data / "nasbench101-sample.parquet", path)
    table = BenchmarkTable.open(path)
    evaluations = read_evaluations(shared_data / "published-supernets.parquet", table)
    sections = tuple(section for section in SECTIONS if section != "quality")
    found = replay(evaluations, table, ReplaySettings(sections=sections, num_resamples=0, num_redraws=200))
    assert (found.num_supernets, found.num_evaluations) == (210, 210_000)
    return found


def test_published_table_1(published):
    rows = published.agreement
    assert len(rows) == 42
    assert {(row.variant, row.space): row.as_printed for row in rows if row.as_printed != "yes"} == {
        ("S-K+P-R", "A_FULL^RES"): "not ±"
    }
    assert sum(row.num_repeats for row in rows) == 1_976
    assert sum(row.expected_repeats for row in rows) == pytest.approx(1_976, abs=4 * np.sqrt(1_976))


def test_published_copies_and_what_they_change(published):
    assert [(row.first, row.second) for row in published.copies] == [
        ("NO-FT A4 seed 3", "NO-FT A4 seed 4"),
        ("S-K+P-R A1 seed 0", "S-K+P-R A1 seed 1"),
    ]
    no_ft, skpr = (row for row in published.agreement if row.num_copies)
    assert no_ft.mean_without_copies == pytest.approx(0.113, abs=5e-4)
    assert no_ft.student_half_width_without_copies == pytest.approx(0.364, abs=5e-4)
    assert skpr.mean_without_copies == pytest.approx(0.674, abs=5e-4)


def test_published_super_nets_that_diverged(published):
    assert len(published.diverged) == 5
    assert {row.proxies for row in published.diverged} == {"all 0.1014"}


def test_published_size_correlation(published):
    own = next(row for row in published.sizes if row.source != "as printed" and row.printed)
    assert own.variant == "BNS-FT"
    assert own.correlation == pytest.approx(-5 / 7)
    assert own.exact_p == pytest.approx(0.0881, abs=5e-5)


def test_published_verdicts_of_version_1_are_mostly_luck(published):
    rows = {(row.space, row.num_trained): row for row in published.version1}
    assert len(rows) == 21
    assert rows["A_FULL", 10].share_printed < 0.03
    assert rows["A4", 1].share_printed < 0.3
    assert rows["A_FULL^NRES", 10].share_printed > 0.4
    assert rows["A_FULL^NRES", 10].num_supernets == 4
    for row in rows.values():
        assert row.difference == pytest.approx(row.exact_difference, abs=0.003)


def test_evolutions_early_advantage_on_a4_is_its_first_population(published):
    gaps = {}
    for row in published.first_populations:
        if row.space == "A4":
            gaps.setdefault(row.first_population, []).append(abs(row.difference - row.printed_difference))
            assert row.first_population != "raw-in-space" or row.share_before_evolution == 1
    means = {first: np.mean(gap) for first, gap in gaps.items()}
    assert means.pop("raw-in-space") < 0.0012
    assert len(means) == 3
    assert min(means.values()) > 0.002


def test_version_2_beside_ours(published):
    rows = published.version2
    assert len(rows) == 42
    assert sum(row.same_sign for row in rows if row.method == "guided") >= 15
    assert {row.num_method for row in rows if row.method == "guided"} == {4, 5}
    assert all(
        2 <= row.implied_random_trainings <= 8 for row in rows if row.num_trained == 1 and row.method == "guided"
    )
