import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.errors import DataError, MissingDataError
from shareornot.reproduction.fetch import fetch_nasbench201_supernets
from shareornot.reproduction.published_nasbench201 import read_published_scores
from shareornot.reproduction.wide.index import read_index
from shareornot.reproduction.wide.scores import is_wide
from shareornot.spaces.nasbench201 import FAMILY

NUMBERS = np.array([0, 1, 17, 3_125, 15_624])
NAME = "seed-0-opt5-wotrash-decom5-5-15-20-128-1000-balanced"


def key(text):
    """An architecture as the published files name it."""
    words = [word.split("~") for word in text.replace("+", "").replace("||", "|").strip("|").split("|")]
    edges = [(word, int(node)) for word, node in words]
    return str([tuple(edges[:1]), tuple(edges[1:3]), tuple(edges[3:])])


def test_the_made_up_keys_have_the_published_form():
    text = "|none~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"
    assert key(text) == (
        "[(('none', 0),), (('none', 0), ('skip_connect', 1)), (('none', 0), ('none', 1), ('nor_conv_1x1', 2))]"
    )


@pytest.fixture
def repository(tmp_path):
    """Two complete super-nets, one in two parts; one that is not complete; and a file about something else."""
    folder = tmp_path / "repository" / "SuperNet" / "logs"
    folder.mkdir(parents=True)
    keys = [key(text) for text in FAMILY.texts(NUMBERS)]
    scores = {one: 10.0 + place for place, one in enumerate(keys)}
    (folder / f"{NAME}_0").write_text(json.dumps({one: scores[one] for one in keys[:2]}))
    (folder / f"{NAME}_3").write_text(json.dumps({one: scores[one] for one in keys[2:]}))
    (folder / "seed-118-opt5-wotrash-baseline-16-64-250").write_text(json.dumps(dict.fromkeys(keys, 9)))
    (folder / "seed-1-last_0").write_text(json.dumps({keys[0]: 1.0}))
    (folder / "seed-0-last_arch320").write_text(json.dumps({"best": 1.0}))
    return folder.parents[1]


def test_a_wide_table_and_what_its_names_describe(repository, tmp_path):
    wide, index, count = fetch_nasbench201_supernets(repository, tmp_path / "out")
    assert count == 2
    columns = read_columns(wide)
    assert is_wide(columns)
    assert columns.named["architecture"].to_pylist() == FAMILY.texts(NUMBERS)
    assert columns.named[NAME].to_pylist() == [10, 11, 12, 13, 14]
    found = read_index(index)
    assert found.seeds == ("0", "118")
    assert {name: values[0] for name, values in found.columns.items()} == {
        "channels": 5,
        "thresholds": "15,20",
        "batch_size": 128,
        "epochs": 1000,
        "balanced": True,
        "rand_in_name": False,
    }
    assert found.columns["thresholds"][1] == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no JSON", "expected a JSON object"),
        (json.dumps({key(FAMILY.texts(np.array([1]))[0]): "high"}), "expected a number, got 'high'"),
    ],
)
def test_files_that_are_no_scores(repository, content, message):
    (repository / "SuperNet" / "logs" / "seed-2-bad_0").write_text(content)
    with pytest.raises(DataError, match=message):
        read_published_scores(repository)


def test_without_a_copy_the_address_is_reported(tmp_path):
    with pytest.raises(MissingDataError, match="cvlab-yonsei/Few-Shot-NAS"):
        fetch_nasbench201_supernets(None)
    with pytest.raises(DataError, match="got none; name the repository"):
        read_published_scores(tmp_path)


def test_names_give_the_settings_of_the_published_super_nets(shared_data, tmp_path):
    path = shared_data / "nasbench201-supernets-index.parquet"
    if not path.is_file():
        pytest.skip("no index of published super-nets among the real data")
    folder = tmp_path / "SuperNet" / "logs"
    folder.mkdir(parents=True)
    known = {row["supernet"]: row for row in pq.read_table(path).to_pylist()}
    one = json.dumps({key(FAMILY.texts(np.array([1]))[0]): 10.0})
    for name in known:
        (folder / name).write_text(one)
    _, index = read_published_scores(tmp_path)
    told = [row for row in index.to_pylist() if known[row["supernet"]]["kind"] in ("few-shot", "one-shot")]
    assert len(told) == 169
    for row in told:
        expected = known[row["supernet"]]
        for name in ("seed", "channels", "thresholds", "batch_size", "epochs", "balanced", "rand_in_name"):
            assert row[name] == expected[name], (row["supernet"], name)
