"""The plain reader of one record."""

import json
import struct

import pytest

from shareornot.errors import DataError
from shareornot.tables.record import _parse_evaluation, parse_payload


@pytest.mark.parametrize("line_breaks", [True, False])
def test_reads_what_was_written(make_trainings, as_payload, line_breaks):
    for training in make_trainings([0, 1, 77, 2531, 64_541, 423_623]):
        record = parse_payload(as_payload(training, line_breaks))
        assert record.module_hash.hex() == training["hash"]
        assert record.epochs == training["epochs"]
        assert record.cell == str(training["cell"])
        assert record.trainable_parameters == training["parameters"]
        for start, name in ((0, "halfway"), (4, "final")):
            *accuracies, time_s = record.values[start : start + 4]
            assert [time_s, *accuracies] == training[name][1:]


def test_skips_unknown_fields(make_trainings, as_payload, metrics_of):
    training = make_trainings([4])[0]
    fields = json.loads(as_payload(training))
    extra = b"\x3a\x03abc" + b"\x45" + struct.pack("<f", 1.5) + b"\x48\x05"
    fields[4] = metrics_of(training, extra)
    assert parse_payload(json.dumps(fields).encode()) == parse_payload(as_payload(training))


def test_the_last_value_of_a_field_counts(make_trainings, as_payload, metrics_of):
    training = make_trainings([4])[0]
    fields = json.loads(as_payload(training))
    fields[4] = metrics_of(training, b"\x10\x07")
    assert parse_payload(json.dumps(fields).encode()).trainable_parameters == 7


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, "abc", "32 hexadecimal digits"),
        (0, "Z" * 32, "32 hexadecimal digits"),
        (1, 0, "epochs"),
        (1, True, "payload"),
        (1, "108", "payload"),
        (4, "%%%%", "base64"),
        (4, "", "trainable parameters"),
        (4, "CAg", "base64"),
        (4, "EAE=", "expected 3, got 0"),
        (4, "CgA=", "time and three accuracies"),
        (4, "Cv8=", "has no end"),
        (4, "CgUJ", "in the middle of a field"),
        (4, "Cw==", "wire types"),
        (4, "EP//////////////AQ==", "has no end"),
    ],
)
def test_refuses_what_is_not_as_described(make_trainings, as_payload, position, value, message):
    fields = json.loads(as_payload(make_trainings([4])[0]))
    fields[position] = value
    with pytest.raises(DataError, match=message):
        parse_payload(json.dumps(fields).encode())


@pytest.mark.parametrize("payload", [b"", b"{}", b"[1, 2]", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_refuses_other_json(payload):
    with pytest.raises(DataError, match="payload"):
        parse_payload(payload)


def test_the_usual_layout_of_an_evaluation_equals_any_other():
    values = [1.0, 2.5, 0.25, 0.5, 0.75]
    usual = b"".join(struct.pack("<Bd", field << 3 | 1, value) for field, value in enumerate(values, start=1))
    shuffled = b"".join(usual[9 * place : 9 * place + 9] for place in (4, 0, 2, 1, 3))
    longer = usual + b"\x30\x01"
    assert (
        _parse_evaluation(usual) == _parse_evaluation(shuffled) == _parse_evaluation(longer) == (0.25, 0.5, 0.75, 2.5)
    )
