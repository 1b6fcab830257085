import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.errors import SettingsError
from shareornot.report.wide_columns import wide_tables, write_wide
from shareornot.reproduction.wide.index import in_order_of, read_index, where
from shareornot.reproduction.wide.replay import SECTIONS, WideSettings, num_steps, replay_wide
from shareornot.reproduction.wide.scores import baseline_columns, wide_scores
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.tables import import_columns, open_table

QUICK = WideSettings(sections=SECTIONS, num_runs=20, top_share=0.1, num_trained=(1, 10))


class Counted:
    done = 0

    def advance(self, num_done=1, note=""):
        del note
        self.done += num_done


@pytest.fixture(scope="module")
def given(wide_folder):
    table = open_table(wide_folder / "truth.arrow")
    scores = wide_scores(read_columns(wide_folder / "scores.parquet"), table)
    index = in_order_of(read_index(wide_folder / "index.parquet"), scores.names)
    free = baseline_columns(wide_folder / "truth.parquet", ["zero_cost"], table, scores.architectures)
    return scores, index, table, free


@pytest.fixture(scope="module")
def found(given):
    scores, index, table, free = given
    progress = Counted()
    result = replay_wide(scores, index, table, QUICK, progress, baselines=free)
    assert progress.done == num_steps(scores, QUICK)
    return result


def row_of(rows, **wanted):
    (row,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return row


def test_agreement_by_setting_is_the_mean_over_seeds(given, found):
    scores, _, table, free = given
    truth = table.mean("test_accuracy")[table.rows_of(scores.architectures)[0]]
    taus = [
        stats.kendalltau(own, truth)[0]
        for name, own in zip(scores.names, scores.scores, strict=True)
        if "one-balanced" in name
    ]
    row = row_of(found.agreement, setting="one-shot, balanced")
    assert row["kendall"] == pytest.approx(np.mean(taus))
    assert row["kendall_half_width"] == pytest.approx(stats.t.ppf(0.975, 2) * np.std(taus, ddof=1) / np.sqrt(3))
    best = max(row["kendall"] for row in found.baselines)
    assert row["over_best"] == pytest.approx(row["kendall"] - best)
    assert found.baselines[0]["baseline"] == "number of parameters"
    assert {"zero_cost"} <= {row["baseline"] for row in found.baselines}
    assert stats.kendalltau(free["zero_cost"], truth)[0] == pytest.approx(found.baselines[-1]["kendall"])


def test_a_change_with_an_effect_is_distinguished_from_one_without(found):
    balanced = row_of(found.effects, setting="balanced")
    assert balanced["kendall_low"] > 0.05
    split = row_of(found.effects, setting="kind")
    assert abs(split["kendall"]) < 0.05
    assert (balanced["num_pairs"], balanced["num_seeds"], balanced["num_settings"]) == (6, 3, 2)


def test_the_top_has_a_ceiling_of_its_own(found):
    everything, tenth, top = found.ceilings
    assert (everything.num_architectures, tenth.num_architectures) == (200, 20)
    assert everything.ceiling > 0.99
    assert top.kendall < everything.kendall
    assert top.by_mean_low < top.by_mean < top.by_mean_high
    another = row_of(found.top, setting="another training")
    assert another["share_of_ceiling"] == pytest.approx(top.spearman / top.ceiling)
    for row in found.top:
        assert row["unjudged_highest"] >= row["unjudged_kendall"]


def test_the_search_is_judged_against_those_without_a_super_net(found):
    row = row_of(found.search, setting="one-shot, balanced", num_trained=10)
    assert row["budget"] == 14, "a super-net costs four trainings"
    assert row["difference"] == pytest.approx(row["regret"] - row["random_regret"])
    assert row["rival"] in {"number of parameters", "number of operations", "zero_cost"}, "a part of a space"
    assert any("without evolution" in note for note in found.notes)


def test_the_bias_of_the_settings_with_the_most_super_nets_is_audited(found):
    assert [label for label, _ in found.audits] == [group.label for group in found.groups]
    assert all(len(audit.supernets) == 3 for _, audit in found.audits)


def test_every_super_net_is_listed(given, found):
    assert [row["supernet"] for row in found.supernets] == list(given[0].names)


def test_results_depend_on_seed_and_data_alone(given, found):
    scores, index, table, free = given
    settings = replace(QUICK, sections=("effects", "search"))
    again = replay_wide(scores, index, table, settings, baselines=free)
    assert (again.effects, again.search) == (found.effects, found.search)
    other = replay_wide(scores, index, table, replace(settings, seed=1), baselines=free)
    assert other.effects == found.effects
    assert other.search != found.search


def test_without_repeated_trainings_there_is_no_ceiling(given, wide_folder, tmp_path):
    scores, index, table, _ = given
    single = import_columns(
        wide_folder / "truth.parquet",
        tmp_path / "single.arrow",
        name="single",
        space=FAMILY,
        columns={"test_accuracy": ["run_0"]},
        percent=True,
    )
    settings = WideSettings(sections=("agreement", "top", "effects"), top_share=0.1)
    alone = replay_wide(scores, index, single, settings)
    assert alone.ceilings == ()
    assert alone.top[0]["unjudged_kendall"] is None
    assert any("--repeats" in note for note in alone.notes)
    together = replay_wide(scores, index, single, settings, repeats=table)
    assert together.ceilings[0].num_architectures == 200
    assert together.agreement == alone.agreement


def test_files_hold_every_row(found, tmp_path):
    written = write_wide(found, tmp_path)
    read = json.loads((tmp_path / "replay.json").read_text())
    tables = wide_tables(found)
    assert [table["name"] for table in read["tables"]] == [table.name for table in tables]
    assert len(written) == 1 + 2 * len(tables)
    header = (tmp_path / "agreement.csv").read_text().splitlines()[0].split(",")
    assert {"setting", "kendall", "kendall_half_width", "setting_balanced"} <= set(header)
    assert "regret_points" in (tmp_path / "search.csv").read_text().splitlines()[0].split(",")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sections": ("agrement",)}, "try agreement"),
        ({"top_share": 1.0}, "between 0 and 1"),
        ({"num_runs": 1}, "at least 2 runs"),
        ({"supernet_trainings": -1.0}, "cost from 0"),
    ],
)
def test_settings_out_of_range(options, message):
    with pytest.raises(SettingsError, match=message):
        WideSettings(**options)


def test_published_super_nets_of_nasbench201(shared_data, tmp_path):
    """The means over seeds that others computed from the same files, to the digit."""
    source = shared_data / "nasbench201.parquet"
    if not (shared_data / "nasbench201-supernets.parquet").is_file() or not source.is_file():
        pytest.skip("no published super-nets of NAS-Bench-201 among the real data")
    columns = {"test_accuracy": ["cifar10_test_200"]}
    table = import_columns(source, tmp_path / "nb201.arrow", name="nb201", space=FAMILY, columns=columns, percent=True)
    index = read_index(shared_data / "nasbench201-supernets-index.parquet")
    index = where(index, ["channels=5", "batch_size=128", "epochs=1000", "rand_in_name=no"])
    scores = wide_scores(read_columns(shared_data / "nasbench201-supernets.parquet"), table, supernets=index.names)
    settings = WideSettings(sections=("agreement", "baselines", "super-nets"))
    free = baseline_columns(source, ["cifar10_naswot", "cifar10_logsynflow"], table, scores.architectures)
    found = replay_wide(scores, in_order_of(index, scores.names), table, settings, baselines=free)
    assert {row["setting"]: round(row["kendall"], 3) for row in found.agreement} == {
        "one-shot": 0.715,
        "few-shot": 0.716,
        "one-shot, balanced": 0.740,
        "few-shot, balanced": 0.755,
    }
    assert [round(row["kendall"], 3) for row in found.baselines] == [0.578, 0.578, 0.608, 0.630]
