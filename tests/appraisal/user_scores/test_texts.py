"""Texts of architectures that users bring: odd ones, other ways to write them, and accuracies looked up by them."""

import numpy as np
import pytest
from made_up_score_files import NAMES, NUM, baselines, is_right, table

from shareornot.errors import DataError
from shareornot.spaces import open_space


def edges_texts(number=NUM, seed=0):
    rng = np.random.default_rng(seed)
    space = open_space("nasbench201")
    return space.texts(rng.choice(len(space), number, replace=False))


@pytest.mark.parametrize(
    "odd", ["|none~0|+|none~0|none~1|+|none~0", "|none~0|+|nonne~0|none~1|+|none~0|none~1|none~2|", "what?"]
)
@pytest.mark.parametrize("place", [0, 7])
def test_one_odd_text_of_a_graph(read, odd, place):
    texts = edges_texts()
    texts[place] = odd
    scores = read(table(architecture=texts))
    assert is_right(scores)
    notes = " ".join(scores.variants[0].truth.notes)
    assert "1 text understood as no architecture" in notes
    assert f"row {place + 1} (line {place + 2})" in notes
    found = scores.variants[0].truth.architectures.features(np.arange(NUM))
    assert found["edge_0_1"][place] == ""
    assert np.isnan(found["depth"][place])
    assert sum(word == "" for word in found["edge_0_1"]) == 1
    assert "number of parameters" in baselines(scores)


@pytest.mark.parametrize("place", [0, 11])
def test_one_odd_text_of_a_cell(read, place):
    cells = open_space("nasbench101")
    texts = cells.texts(np.arange(100, 100 + NUM))
    texts[place] = texts[place].replace("conv1x1-bn-relu", "conv1x1") + " "
    texts[place] = texts[place] if "conv1x1," in texts[place] else texts[place].replace("input", "in put")
    scores = read(table(architecture=texts))
    assert is_right(scores)
    found = scores.variants[0].truth.architectures.features(np.arange(NUM))
    assert np.isnan(found["num_edges"][place])
    assert np.isfinite(np.delete(found["num_edges"], place)).all()
    assert scores.variants[0].truth.architectures.graph(place) is None


def wrapped(text):
    return f"Structure(4 nodes with {text})"


def reordered(text):
    return "+".join("|" + "|".join(reversed(node.strip("|").split("|"))) + "|" for node in text.split("+"))


def as_tuples(text):
    nodes = [node.strip("|").split("|") for node in text.split("+")]
    pairs = [tuple((edge.split("~")[0], int(edge.split("~")[1])) for edge in node) for node in nodes]
    return str(tuple(pairs))


@pytest.mark.parametrize("write", [wrapped, reordered, as_tuples])
def test_texts_of_graphs_written_otherwise(read, write):
    texts = edges_texts()
    plain, other = read(table(architecture=texts)), read(table(architecture=[write(text) for text in texts]))
    assert is_right(other)
    expected = plain.variants[0].truth.architectures.features(np.arange(NUM))
    for name, values in other.variants[0].truth.architectures.features(np.arange(NUM)).items():
        np.testing.assert_array_equal(values, expected[name])


def test_names_stay_names(read):
    scores = read(table(architecture=[*NAMES[:-1], edges_texts(1)[0]]))
    assert scores.variants[0].truth.architectures.features(np.arange(3)) == {}


def test_accuracies_are_looked_up(read, replay_table, monkeypatch):
    monkeypatch.setattr("shareornot.appraisal.user_scores.accuracies.open_table", lambda _: replay_table)
    cells = open_space("nasbench101").texts(np.arange(200, 200 + NUM))
    known = replay_table.mean("validation_accuracy")[200 : 200 + NUM]
    scores = read(table(architecture=cells, standalone=None))
    assert is_right(scores, truth=known.round(9))
    assert "Looked up in the table made up, which holds 40 of the 40 architectures" in " ".join(
        scores.variants[0].truth.notes
    )
    with pytest.raises(
        DataError, match="expected the column standalone, got none, and architectures that no table holds"
    ):
        read(table(standalone=None))
    with pytest.raises(DataError, match="and the table made up is of nasbench101, where the architectures are of nasb"):
        read(table(architecture=edges_texts(), standalone=None))


def test_accuracies_without_a_table(read, monkeypatch, tmp_path):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no table to look them up: .*fetch nasbench201.*or add the column"):
        read(table(architecture=edges_texts(), standalone=None))
