"""The plain reader of one record."""

import json
import struct

import pytest

from shareornot.errors import DataError
from shareornot.spaces.nasbench101 import Cell
from shareornot.tables.record import pack_cell, parse_payload


@pytest.mark.parametrize("line_breaks", [True, False])
def test_reads_what_was_written(make_trainings, as_payload, line_breaks):
    for training in make_trainings([0, 1, 77, 2531, 64_541, 423_623]):
        record = parse_payload(as_payload(training, line_breaks))
        assert record.module_hash.hex() == training["hash"]
        assert record.epochs == training["epochs"]
        assert record.code == training["cell"].code
        assert record.trainable_parameters == training["parameters"]
        for name in ("halfway", "final"):
            moment = getattr(record, name)
            got = [moment.training_time_s, moment.train_accuracy, moment.validation_accuracy, moment.test_accuracy]
            assert got == training[name][1:]


def test_skips_fields_that_it_does_not_know(make_trainings, as_payload, metrics_of):
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
        (2, "0", "V x V digits"),
        (2, "011001002", "V x V digits"),
        (2, "011001100", "upper-triangular"),
        (3, "input,conv5x5,output", "conv3x3-bn-relu"),
        (3, "output,maxpool3x3,input", "conv3x3-bn-relu"),
        (4, "%%%%", "base64"),
        (4, "", "trainable parameters"),
        (4, "CAg", "base64"),
        (4, "EAE=", "expected 3, got 0"),
        (4, "CgA=", "time and three accuracies"),
        (4, "Cv8=", "does not end"),
        (4, "CgUJ", "in the middle of a field"),
        (4, "Cw==", "wire types"),
        (4, "EP//////////////AQ==", "does not end"),
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


def test_packs_as_cells_do():
    cell = Cell.parse("0110001000010000;input,maxpool3x3,conv1x1-bn-relu,output")
    assert pack_cell(*str(cell).split(";")) == cell.code
