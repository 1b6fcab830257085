import json
import math
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from shareornot.report import to_json, write_report
from shareornot.statistics import EffectSize

NAMES = {
    "appraisal.png",
    "appraisal.json",
    "scores.parquet",
    "regret.parquet",
}


@pytest.fixture(scope="module")
def appraisal(make_appraisal):
    return make_appraisal(num_diverged=1)


@pytest.fixture(scope="module")
def folder(appraisal, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "new"
    assert write_report(folder, appraisal) == folder / "appraisal.png"
    return folder


def test_nothing_but_the_report_is_left(folder):
    assert {path.name for path in folder.iterdir()} == NAMES


def test_the_pictures_open(folder):
    with Image.open(folder / "appraisal.png") as picture:
        picture.load()
        assert picture.width == 1800
        assert 900 <= picture.height <= 1200  # as high as the two answers need
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 100


def test_scores_come_back(folder, appraisal):
    table = pq.read_table(folder / "scores.parquet")
    assert table.column_names == [
        "supernet",
        "cell",
        "proxy_validation_accuracy",
        "standalone_validation_accuracy",
    ]
    assert len(table) == 4 * 60
    second = table.slice(60, 60)
    assert second["supernet"].unique().to_pylist() == ["seed-1"]
    np.testing.assert_array_equal(second["cell"], appraisal.pools[1].cells)
    np.testing.assert_array_equal(second["proxy_validation_accuracy"], appraisal.pools[1].proxies)
    np.testing.assert_array_equal(second["standalone_validation_accuracy"], appraisal.standalone[1])


def test_curves_come_back(folder, appraisal):
    table = pq.read_table(folder / "regret.parquet")
    assert table["search"].unique().to_pylist() == ["random", "evolution", "local", "baseline", "guided"]
    guided = table.slice(200)
    for name in ("time_s", "mean", "low", "high"):
        np.testing.assert_array_equal(guided[name], getattr(appraisal.curves["guided"], name))


def refuse_constant(text):
    raise AssertionError(text)


def test_numbers_come_back(folder, appraisal):
    content = json.loads((folder / "appraisal.json").read_text(), parse_constant=refuse_constant)
    assert content == json.loads(json.dumps(to_json(appraisal)))
    assert content["agreement"]["mean"] == appraisal.agreement.mean
    assert [one["diverged"] for one in content["supernets"]] == [False, False, False, True]
    assert content["supernets"][3]["spearman"] is None
    assert content["comparisons"][0]["num_trained"] == 1
    assert content["verdict"]["helped"]["answer"] == "helped"
    assert "negative = better than random search" in content["sign"]


def test_an_infinite_effect_is_null(make_appraisal):
    appraisal = make_appraisal()
    endless = EffectSize(d=-math.inf, low=None, high=None, confidence=0.95)
    changed = replace(appraisal, comparisons=(replace(appraisal.comparisons[0], effect=endless),))
    text = json.dumps(to_json(changed), allow_nan=False)
    assert json.loads(text)["comparisons"][0]["effect"]["d"] is None


def test_a_report_is_written_over_an_older_one(folder, make_appraisal):
    other = make_appraisal(num_supernets=1, space="A3")
    write_report(folder, other)
    assert json.loads((folder / "appraisal.json").read_text())["space"] == "A3"
    assert {path.name for path in folder.iterdir()} == NAMES


def test_a_folder_that_cannot_be_one(tmp_path, appraisal):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write_report(tmp_path / "file", appraisal)
