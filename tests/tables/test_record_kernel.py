"""The compiled reader against the plain one, number for number."""

import json

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shareornot.tables.record import parse_payload
from shareornot.tables.record_kernel import CRC_TABLES, KERNEL_CONSTANTS, masked_crc, parse_records
from shareornot.tables.tfrecord import masked_crc as plain_masked_crc


def run_kernel(content: bytes, capacity: int = 100):
    columns = (
        np.zeros((capacity, 16), np.uint8),
        np.zeros(capacity, np.int32),
        np.zeros(capacity, np.uint32),
        np.zeros(capacity, np.int64),
        np.zeros((capacity, 2, 4), np.float32),
    )
    buffer = np.frombuffer(content, np.uint8)
    num_records, consumed, is_exact = parse_records(buffer, len(buffer), *KERNEL_CONSTANTS, *columns)
    return num_records, consumed, is_exact, columns


def assert_same(columns, number, record):
    hashes, epochs, codes, parameters, values = columns
    assert hashes[number].tobytes() == record.module_hash
    assert (epochs[number], codes[number], parameters[number]) == (
        record.epochs,
        record.code,
        record.trainable_parameters,
    )
    expected = [
        [moment.train_accuracy, moment.validation_accuracy, moment.test_accuracy, moment.training_time_s]
        for moment in (record.halfway, record.final)
    ]
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(values[number], np.array(expected).astype(np.float32))


def test_checksum_of_the_reference_vector():
    assert google_crc32c.value(b"123456789") == 0xE3069283
    rotated = 0xE3069283 >> 15 | (0xE3069283 << 17) & 0xFFFFFFFF
    assert plain_masked_crc(b"123456789") == (rotated + 0xA282EAD8) % 2**32


@settings(deadline=None)  # the first example loads compiled code
@given(st.binary(max_size=64))
def test_checksum_equals_the_library(content):
    assert masked_crc(np.frombuffer(content, np.uint8), 0, len(content), CRC_TABLES) == plain_masked_crc(content)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 423_623), min_size=1, max_size=5), st.integers(0, 1000), st.booleans())
def test_equals_the_plain_reader(make_trainings, as_tfrecord, as_payload, indices, seed, line_breaks):
    trainings = make_trainings(indices, budgets=(4, 108), num_runs=1, seed=seed)
    content = as_tfrecord(trainings, line_breaks)
    num_records, consumed, is_exact, columns = run_kernel(content)
    assert (num_records, consumed, is_exact) == (len(trainings), len(content), True)
    for number, training in enumerate(trainings):
        assert_same(columns, number, parse_payload(as_payload(training, line_breaks)))


def test_takes_whole_records_only(make_trainings, as_tfrecord):
    trainings = make_trainings([4], num_runs=2)
    first, both = as_tfrecord(trainings[:1]), as_tfrecord(trainings)
    for size in range(len(first), len(both), 7):
        assert run_kernel(both[:size])[:2] == (1, len(first))


def test_stops_where_the_output_is_full(make_trainings, as_tfrecord):
    trainings = make_trainings([4], num_runs=3)
    assert run_kernel(as_tfrecord(trainings), capacity=2)[:2] == (2, len(as_tfrecord(trainings[:2])))


def test_notices_that_float32_is_too_narrow(make_trainings, as_tfrecord):
    training = make_trainings([4], num_runs=1)[0]
    training["final"][2] = 0.1
    num_records, _, is_exact, columns = run_kernel(as_tfrecord([training]))
    assert (num_records, is_exact) == (1, False)
    assert columns[4][0, 1, 0] == np.float32(0.1)


@settings(deadline=None)
@given(st.data())
def test_takes_nothing_that_a_flipped_bit_changed(make_trainings, as_tfrecord, data):
    content = bytearray(as_tfrecord(make_trainings([90], num_runs=1)))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert run_kernel(bytes(content))[0] == 0


@settings(deadline=None)
@given(st.data())
def test_whatever_it_takes_the_plain_reader_takes_too(make_trainings, as_frame, as_payload, data):
    """Payloads that are damaged under a right checksum: refused by both, or read as the same numbers."""
    payload = bytearray(as_payload(make_trainings([2531], num_runs=1)[0]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload) - 1))
        payload[at] = data.draw(st.sampled_from(b'0123456789abcdefABCD+/=[],"\\n \x00\xff'))
    num_records, _, _, columns = run_kernel(as_frame(bytes(payload)))
    if num_records:
        assert_same(columns, 0, parse_payload(bytes(payload)))


@pytest.mark.parametrize(
    "spelling", [lambda text: text.replace(", ", ","), lambda text: text.replace("/", "\\/") + " "]
)
def test_leaves_unusual_json_to_the_plain_reader(make_trainings, as_frame, as_payload, spelling):
    payload = as_payload(make_trainings([2531], num_runs=1)[0])
    unusual = spelling(payload.decode()).encode()
    assert json.loads(unusual) == json.loads(payload)
    assert run_kernel(as_frame(unusual))[0] == 0
    assert parse_payload(unusual) == parse_payload(payload)
