"""Whole files: read as they are, or refused with the place of the damage."""

import gzip
import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shareornot.errors import DataError, MissingDataError
from shareornot.tables import tfrecord as tfrecord_module
from shareornot.tables.tfrecord import masked_crc, read_records


class Counter:
    def __init__(self):
        self.total = 0.0

    def advance(self, num_done=1.0, note=""):  # noqa: ARG002
        self.total += num_done


def assert_equals(trainings, records):
    """The arrays hold what was written."""
    assert len(records) == len(trainings)
    for number, training in enumerate(trainings):
        assert records.module_hashes[number].tobytes().hex() == training["hash"]
        assert records.epochs[number] == training["epochs"]
        assert records.codes[number] == training["cell"].code
        assert records.trainable_parameters[number] == training["parameters"]
        for i, moment in enumerate(("halfway", "final")):
            _, time_s, *accuracies = training[moment]
            np.testing.assert_array_equal(records.values[number, i], np.array([*accuracies, time_s], np.float32))


def test_reads_every_record(tfrecord, make_trainings):
    records = read_records(tfrecord)
    assert len(records) == 20
    assert records.is_exact
    assert set(records.epochs.tolist()) == {4, 108}
    assert records.sha256 == hashlib.sha256(tfrecord.read_bytes()).hexdigest()
    assert_equals(make_trainings([0, 4, 90, 2531, 423_623], budgets=(4, 108), num_runs=2), records)


def test_records_in_several_batches(tmp_path, make_trainings, as_tfrecord, monkeypatch):
    monkeypatch.setattr(tfrecord_module, "BATCH_SIZE", 17)
    trainings = make_trainings(range(7, 107))
    path = tmp_path / "long.tfrecord"
    path.write_bytes(as_tfrecord(trainings))
    progress = Counter()
    assert_equals(trainings, read_records(path, progress))
    assert progress.total == path.stat().st_size


def test_unusual_records_are_read_too(tmp_path, make_trainings, as_frame, as_payload):
    trainings = make_trainings([4, 5], num_runs=3)
    trainings[3]["final"][3] = 0.1
    payloads = [as_payload(training) for training in trainings]
    payloads[0] = json.dumps(json.loads(payloads[0]), separators=(",", ":")).encode()
    payloads[3] = json.dumps(json.loads(payloads[3]), indent=1).encode()
    path = tmp_path / "mixed.tfrecord"
    path.write_bytes(b"".join(map(as_frame, payloads)))
    records = read_records(path)
    assert_equals(trainings, records)
    assert not records.is_exact


def test_a_record_about_no_cell_is_named(tmp_path, make_trainings, as_frame, as_payload):
    payloads = [as_payload(training) for training in make_trainings([4, 5])]
    fields = json.loads(payloads[4])
    fields[2] = "0" * len(fields[2])
    payloads[4] = json.dumps(fields).encode()
    path = tmp_path / "odd.tfrecord"
    path.write_bytes(b"".join(map(as_frame, payloads)))
    with pytest.raises(DataError, match=r"odd\.tfrecord: record 4: .*expected a path from the input"):
        read_records(path)


def test_checksum_of_the_reference_vector():
    rotated = 0xE3069283 >> 15 | (0xE3069283 << 17) & 0xFFFFFFFF
    assert masked_crc(b"123456789") == (rotated + 0xA282EAD8) % 2**32


@settings(deadline=None)
@given(st.data())
def test_a_flipped_bit_is_never_overlooked(make_trainings, as_tfrecord, tmp_path_factory, data):
    content = bytearray(as_tfrecord(make_trainings([90], num_runs=1)))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("flipped") / "one.tfrecord"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_records(path)


class TestRefuses:
    def test_a_missing_file(self, tmp_path):
        with pytest.raises(MissingDataError, match="found none"):
            read_records(tmp_path / "nowhere.tfrecord")
        with pytest.raises(MissingDataError, match="found none"):
            read_records(tmp_path)

    def test_an_empty_file(self, tfrecord):
        tfrecord.write_bytes(b"")
        with pytest.raises(DataError, match="got an empty file"):
            read_records(tfrecord)

    @pytest.mark.parametrize("kept", [-1, -300, 5, 12, 100])
    def test_a_truncated_file(self, tfrecord, kept):
        content = tfrecord.read_bytes()
        tfrecord.write_bytes(content[:kept])
        number = 19 if kept < 0 else 0
        with pytest.raises(DataError, match=rf"truncated.* in the middle of record {number} that starts at byte"):
            read_records(tfrecord)

    @pytest.mark.parametrize(("shift", "what"), [(0, "checksum of its length"), (9, "length"), (40, "its checksum")])
    def test_a_flipped_bit(self, tfrecord, as_tfrecord, make_trainings, shift, what):
        content = bytearray(tfrecord.read_bytes())
        start = len(as_tfrecord(make_trainings([0, 4, 90, 2531, 423_623], budgets=(4, 108), num_runs=2)[:5]))
        content[start + shift] ^= 4
        tfrecord.write_bytes(content)
        with pytest.raises(DataError, match=rf"record 5 at byte {start:,}: .*{what}.*damaged"):
            read_records(tfrecord)

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "HTML"),
            (b"\n\n <html>", "HTML"),
            (gzip.compress(b"anything", mtime=0), "gzip"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
            (b"module_hash,epochs\n1,2\n", "the first bytes are others"),
            (bytes(100), "the first bytes are others"),
        ],
    )
    def test_another_format(self, tfrecord, content, what):
        tfrecord.write_bytes(content)
        with pytest.raises(DataError, match=f"expected a TFRecord file.*{what}"):
            read_records(tfrecord)

    def test_a_tfrecord_of_something_else(self, tfrecord, as_frame):
        tfrecord.write_bytes(tfrecord.read_bytes() + as_frame(b"\x0a\x05image"))
        with pytest.raises(DataError, match=r"record 20 at byte .*expected JSON.*not a NASBench-101 file"):
            read_records(tfrecord)

    def test_a_record_without_end(self, tfrecord, as_frame):
        tfrecord.write_bytes(as_frame(b" " * 70_000))
        with pytest.raises(DataError, match=r"record 0 at byte 0: expected at most 65,536 bytes, got 70,000"):
            read_records(tfrecord)
