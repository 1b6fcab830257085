"""Whole files: read as they are, or refused with the place of the damage."""

import gzip
import hashlib
import json

import numpy as np
import pytest

from shareornot.errors import DataError, MissingDataError
from shareornot.tables.tfrecord import iterate_records, read_records


class Counter:
    def __init__(self):
        self.total = 0.0

    def advance(self, num_done=1.0, note=""):  # noqa: ARG002
        self.total += num_done


def assert_equals_plain(path, records):
    plain = list(iterate_records(path))
    assert len(records) == len(plain)
    for number, record in enumerate(plain):
        assert records.module_hashes[number].tobytes() == record.module_hash
        assert records.epochs[number] == record.epochs
        assert records.codes[number] == record.code
        assert records.trainable_parameters[number] == record.trainable_parameters
        for i, moment in enumerate((record.halfway, record.final)):
            expected = [moment.train_accuracy, moment.validation_accuracy, moment.test_accuracy, moment.training_time_s]
            np.testing.assert_array_equal(records.values[number, i], np.array(expected, np.float32))


def test_reads_every_record(tfrecord):
    records = read_records(tfrecord)
    assert len(records) == 20
    assert records.is_exact
    assert set(records.epochs.tolist()) == {4, 108}
    assert records.sha256 == hashlib.sha256(tfrecord.read_bytes()).hexdigest()
    assert_equals_plain(tfrecord, records)


def test_records_may_lie_across_buffers(tmp_path, make_trainings, as_tfrecord):
    path = tmp_path / "long.tfrecord"
    path.write_bytes(as_tfrecord(make_trainings(range(7, 407))))
    progress = Counter()
    records = read_records(path, progress, buffer_size=1)
    assert path.stat().st_size > 3 * 131_072, "the file is longer than the smallest buffer, several times"
    assert progress.total == path.stat().st_size
    assert_equals_plain(path, records)


def test_unusual_records_are_read_plainly(tmp_path, make_trainings, as_frame, as_payload):
    trainings = make_trainings([4, 5], num_runs=3)
    trainings[3]["final"][3] = 0.1
    payloads = [as_payload(training) for training in trainings]
    payloads[0] = json.dumps(json.loads(payloads[0]), separators=(",", ":")).encode()
    payloads[3] = json.dumps(json.loads(payloads[3]), indent=1).encode()
    path = tmp_path / "mixed.tfrecord"
    path.write_bytes(b"".join(map(as_frame, payloads)))
    records = read_records(path)
    assert_equals_plain(path, records)
    assert not records.is_exact


@pytest.mark.parametrize("reader", [read_records, lambda path: list(iterate_records(path))])
class TestRefuses:
    def test_a_missing_file(self, reader, tmp_path):
        with pytest.raises(MissingDataError, match="found none"):
            reader(tmp_path / "nowhere.tfrecord")
        with pytest.raises(MissingDataError, match="found none"):
            reader(tmp_path)

    def test_an_empty_file(self, reader, tfrecord):
        tfrecord.write_bytes(b"")
        with pytest.raises(DataError, match="got an empty file"):
            reader(tfrecord)

    @pytest.mark.parametrize("kept", [-1, -300, 5, 12, 100])
    def test_a_truncated_file(self, reader, tfrecord, kept):
        content = tfrecord.read_bytes()
        tfrecord.write_bytes(content[:kept])
        number = 19 if kept < 0 else 0
        with pytest.raises(DataError, match=rf"truncated.* in the middle of record {number} that starts at byte"):
            reader(tfrecord)

    @pytest.mark.parametrize(("shift", "what"), [(0, "checksum of its length"), (9, "length"), (40, "its checksum")])
    def test_a_flipped_bit(self, reader, tfrecord, as_tfrecord, make_trainings, shift, what):
        content = bytearray(tfrecord.read_bytes())
        start = len(as_tfrecord(make_trainings([0, 4, 90, 2531, 423_623], budgets=(4, 108), num_runs=2)[:5]))
        content[start + shift] ^= 4
        tfrecord.write_bytes(content)
        with pytest.raises(DataError, match=rf"record 5 at byte {start:,}: .*{what}.*damaged"):
            reader(tfrecord)

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "HTML"),
            (b"\n\n <html>", "HTML"),
            (gzip.compress(b"anything", mtime=0), "gzip"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
            (b"module_hash,epochs\n1,2\n", "does not start as one"),
            (bytes(100), "does not start as one"),
        ],
    )
    def test_another_format(self, reader, tfrecord, content, what):
        tfrecord.write_bytes(content)
        with pytest.raises(DataError, match=f"expected a TFRecord file.*{what}"):
            reader(tfrecord)

    def test_a_tfrecord_of_something_else(self, reader, tfrecord, as_frame):
        tfrecord.write_bytes(tfrecord.read_bytes() + as_frame(b"\x0a\x05image"))
        with pytest.raises(DataError, match=r"record 20 at byte .*expected JSON.*no NASBench-101 file"):
            reader(tfrecord)

    def test_a_record_without_end(self, reader, tfrecord, as_frame):
        tfrecord.write_bytes(as_frame(b" " * 70_000))
        with pytest.raises(DataError, match=r"record 0 at byte 0: expected at most 65,536 bytes, got 70,000"):
            reader(tfrecord)
