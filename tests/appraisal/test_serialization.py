"""A chapter comes back from its files to the last bit, and nothing else comes back at all."""

import json
import math
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from shareornot.appraisal.appraisal import appraise
from shareornot.appraisal.audit import audit_space
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.paired_comparison import compare_on_pools
from shareornot.appraisal.serialization import numbers, read_chapter, write_chapter
from shareornot.appraisal.truth import search_table
from shareornot.errors import DataError
from shareornot.spaces import list_architectures, open_space
from shareornot.spaces.nasbench101 import NASBench101


@pytest.fixture(scope="module")
def chapter(replay_table):
    rng = np.random.default_rng(3)
    space, costs = open_space("A_FULL"), SupernetCosts(training=2.0)
    pools = []
    for seed in range(3):
        cells = np.sort(rng.choice(2_532, 80, replace=False)).astype(np.int32)
        truth = replay_table.query_many(cells, "validation_accuracy")[0]
        pools.append(ScoredPool(name=f"seed-{seed}", cells=cells, proxies=truth + rng.normal(0, 0.1, 80)))
    pools.append(ScoredPool(name="diverged", cells=pools[0].cells, proxies=np.full(80, np.nan)))
    appraisal = appraise(replay_table, space, pools, costs, rng, num_trained=(1, 5), num_runs=10, variant="own")
    return Chapter(
        appraisal=appraisal,
        audit=audit_space(replay_table, space, pools, rng, num_trained=(1, 5)),
        pairs=compare_on_pools(search_table(replay_table, space), pools[:3], costs, rng, num_trained=(1, 5)),
    )


@pytest.fixture
def folder(chapter, tmp_path):
    write_chapter(tmp_path, chapter)
    return tmp_path


def assert_equal_bits(ours, theirs, place=""):
    assert type(ours) is type(theirs), place
    if is_dataclass(ours):
        for field in fields(ours):
            assert_equal_bits(getattr(ours, field.name), getattr(theirs, field.name), f"{place}.{field.name}")
    elif isinstance(ours, np.ndarray):
        assert (ours.dtype, ours.shape, ours.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes()), place
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs), place
        for name, value in ours.items():
            assert_equal_bits(value, theirs[name], f"{place}[{name}]")
    elif isinstance(ours, tuple | list):
        assert len(ours) == len(theirs), place
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_equal_bits(one, other, f"{place}[{number}]")
    elif isinstance(ours, float):
        assert np.float64(ours).tobytes() == np.float64(theirs).tobytes(), place
    elif not hasattr(ours, "names"):  # the architectures of a space have no state
        assert ours == theirs, place


def test_a_chapter_comes_back_to_the_last_bit(chapter, folder):
    assert_equal_bits(chapter, read_chapter(folder))
    json.loads((folder / "record.json").read_text(), parse_constant=pytest.fail)  # standard JSON: no NaN, no Infinity


def test_a_list_of_architectures_comes_back(chapter, tmp_path):
    texts = ("|none~0|+|none~0|skip_connect~1|", "|skip_connect~0|+|none~0|none~1|")
    listed = list_architectures(texts, {"lr": np.array([0.1, np.nan]), "kind": np.array(["a", ""])}, sizes=("lr",))
    found = replace(chapter.appraisal, architectures=listed, baselines={"array": 0.5, "number": math.inf})
    write_chapter(tmp_path, Chapter(appraisal=found))
    assert_equal_bits(Chapter(appraisal=found), read_chapter(tmp_path))


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[:-1],
        lambda _: "[" * 100_000,
        lambda text: text.replace('"spearmans"', '"sparemen"'),
        lambda text: text.replace('"family":"nasbench101"', '"family":"Popen"'),
        lambda text: text.replace('{"array":"a1"}', '{"array":"a999"}'),
        lambda text: text.replace('{"array":"a1"}', "[0.1,0.2]"),
        lambda text: text.replace('{"array":"a1"}', '{"array":"a0"}'),  # whole numbers for real ones
        lambda text: text.replace('"num_known":', '"num_known":"x","more":'),
        lambda _: "[]",
    ],
)
def test_a_record_of_something_else_is_refused(damage, folder):
    path = folder / "record.json"
    text = path.read_text()
    assert damage(text) != text
    path.write_text(damage(text))
    with pytest.raises(DataError, match="expected the record of an appraisal"):
        read_chapter(folder)


def test_arrays_are_not_unpickled(folder):
    np.savez(folder / "arrays.npz", a0=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="expected the record of an appraisal"):
        read_chapter(folder)


def test_architectures_that_no_file_can_hold_are_our_bug(chapter, tmp_path):
    class Others(NASBench101):
        pass

    with pytest.raises(TypeError, match="expected a family of architectures or a list, got Others"):
        write_chapter(tmp_path, Chapter(appraisal=replace(chapter.appraisal, architectures=Others())))


def test_numbers_are_the_fields_without_arrays(chapter):
    found = numbers(chapter.appraisal)
    text = json.dumps(found, allow_nan=False)
    assert found["agreement"]["mean"] == chapter.appraisal.agreement.mean
    assert found["spearmans"][3] is None
    assert "standalone" not in found
    assert "time_s" not in text
    assert len(numbers(chapter.audit)["bias"]["effects"]) == len(chapter.audit.bias.effects)
