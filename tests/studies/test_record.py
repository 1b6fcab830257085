import json

import numpy as np
import pytest

from shareornot.appraisal.appraisal import Appraisal
from shareornot.errors import DataError
from shareornot.spaces.architectures import CellArchitectures
from shareornot.statistics import EffectSize
from shareornot.studies import Store
from shareornot.studies.appraisal_job import read_appraisal
from shareornot.studies.record import known_classes, read_record, write_record


def test_values_come_back_as_they_were(tmp_path):
    value = (
        {"a": 1, 2: None, "": [True, "b"]},
        (float("inf"), float("-inf"), 0.1, ()),
        np.array([1.5, np.nan]),
        np.array(["x", "longer"]),
        CellArchitectures(),
    )
    write_record(tmp_path, value)
    read = read_record(tmp_path)
    assert read[:2] == value[:2]
    assert isinstance(read[1], tuple)
    np.testing.assert_array_equal(read[2], value[2])
    assert read[3].tolist() == ["x", "longer"]
    assert isinstance(read[4], CellArchitectures)
    json.loads((tmp_path / "record.json").read_text(), parse_constant=pytest.fail)  # no NaN, no infinity


def test_not_a_number_stays_none(tmp_path):
    write_record(tmp_path, [float("nan")])
    assert np.isnan(read_record(tmp_path)[0])


def test_an_appraisal_comes_back_as_it_was(finished):
    store = Store(finished)
    name = next(one.name for one in store.read_plan() if one.kind == "appraise")
    appraisal, audit, pairs = read_appraisal(store, name)
    assert isinstance(appraisal, Appraisal)
    assert (appraisal.space, appraisal.variant, len(appraisal.pools), pairs) == ("A3", "NO-FT", 2, ())
    assert audit is None  # which takes twenty distinct cells; the pools hold fewer, or about so many
    assert appraisal.curves["random"].mean.dtype == np.float64
    assert {"Appraisal", "SpaceAudit", "Interval", "BiasAudit", "PairedComparison"} <= known_classes().keys()


def test_what_no_record_holds(tmp_path):
    for value in (object(), np.array([object()]), {1, 2}, Store(tmp_path)):
        with pytest.raises(TypeError, match="record: expected"):
            write_record(tmp_path, value)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"class": "Popen", "fields": {}}', '{"class": "EffectSize", "fields": {"x": 1}}', '{"array": "a"}'],
)
def test_a_record_of_something_else_is_refused(text, tmp_path):
    write_record(tmp_path, (1,))
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(DataError, match="expected the record of a result"):
        read_record(tmp_path)
    assert EffectSize.__name__ in known_classes()
    assert "Popen" not in known_classes()


def test_arrays_are_not_unpickled(tmp_path):
    write_record(tmp_path, np.zeros(3))
    np.savez(tmp_path / "arrays.npz", a0=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="expected the record of a result"):
        read_record(tmp_path)
