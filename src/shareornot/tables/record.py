"""What one record of the official NASBench-101 file says: plain Python, the meaning that the fast reader is held to.

A payload is the UTF-8 JSON list

    [module hash, epochs, adjacency row by row, "input,...,output", base64 of a protobuf message]

with this message (protobuf wire format, proto2):

    ModelMetrics:   1 = EvaluationData (repeated: before, half-way through and after training)
                    2 = trainable parameters (varint)          3 = total time (double)
    EvaluationData: 1 = epoch   2 = training time in seconds   3, 4, 5 = train, validation, test accuracy (doubles)

The publisher's encoder broke the base64 text into lines of 76 characters, so line breaks belong to the format.

References: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", 2019, arXiv:1902.09635.
"""

import base64
import binascii
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shareornot.errors import CellError, DataError
from shareornot.spaces.nasbench101 import OPERATIONS, encode

NUM_EVALUATIONS = 3
"""Evaluations of a training: before it, half-way, and at its end; the first is not kept."""

VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5
"""Wire types of protobuf."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A network at one moment of its training: accuracies as fractions, time in seconds."""

    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    training_time_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRecord:
    """One training of one cell."""

    module_hash: bytes
    """Official hash, 16 bytes."""
    epochs: int
    """Budget of this training."""
    code: int
    """Packed code of the cell."""
    trainable_parameters: int
    halfway: Moment
    final: Moment


def parse_payload(payload: bytes) -> TrainingRecord:
    """Read the payload of one record.

    Raises:
        DataError: anything is not as described above; the message says what, the caller where.
    """
    try:
        fields = json.loads(payload)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"payload: expected JSON, got {payload[:40]!r}") from error
    kinds = (str, int, str, str, str)
    if not isinstance(fields, list) or [type(field) for field in fields] != list(kinds):
        raise DataError(f"payload: expected [hash, epochs, adjacency, operations, metrics], got {payload[:40]!r}")
    module_hash, epochs, adjacency, operations, metrics = fields
    if not 0 < epochs < 2**31:
        raise DataError(f"epochs: expected a positive number, got {epochs}")
    num_parameters, evaluations = _parse_metrics(_decode_base64(metrics))
    if len(evaluations) != NUM_EVALUATIONS:
        raise DataError(f"evaluations of a training: expected {NUM_EVALUATIONS}, got {len(evaluations)}")
    return TrainingRecord(
        module_hash=_parse_hash(module_hash),
        epochs=epochs,
        code=pack_cell(adjacency, operations),
        trainable_parameters=num_parameters,
        halfway=evaluations[1],
        final=evaluations[2],
    )


def pack_cell(adjacency: str, operations: str) -> int:
    """Packed code of a cell, from the adjacency row by row as 0/1 text and its operations separated by commas.

    Whether it is a cell of the search space (connected, few enough edges) is not asked here.

    Raises:
        DataError: not square, not 2 to 7 vertices, not upper-triangular, not 0/1, or unknown operations.
    """
    names = operations.split(",")
    if len(adjacency) != len(names) ** 2 or not {"0", "1"} >= set(adjacency):
        raise DataError(
            f"adjacency: expected V x V digits 0 and 1 for V operations, "
            f"got {adjacency[:60]!r} and {operations[:120]!r}"
        )
    if names[0] != "input" or names[-1] != "output" or not set(OPERATIONS) >= set(names[1:-1]):
        raise DataError(f"operations: expected input, any of {', '.join(OPERATIONS)}, output, got {operations[:120]!r}")
    matrix = np.array([entry == "1" for entry in adjacency], np.int8).reshape(1, len(names), len(names))
    labels = np.array([OPERATIONS.index(name) for name in names[1:-1]], np.int8).reshape(1, -1)
    try:
        return int(encode(matrix, labels)[0])
    except CellError as error:
        raise DataError(f"cell: {error}") from error


def _parse_hash(text: str) -> bytes:
    if len(text) != 32 or not set("0123456789abcdef") >= set(text):
        raise DataError(f"module hash: expected 32 hexadecimal digits, got {text[:40]!r}")
    return bytes.fromhex(text)


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(f"metrics: expected base64, got {text[:40]!r}") from error


def _parse_metrics(message: bytes) -> tuple[int, list[Moment]]:
    num_parameters = None
    evaluations = []
    for field, value in _fields(message):
        if field == 1 and isinstance(value, bytes):
            evaluations.append(_parse_evaluation(value))
        elif field == 2 and isinstance(value, int):
            num_parameters = value
    if num_parameters is None or num_parameters >= 2**31:
        raise DataError(f"trainable parameters: expected a number below 2^31, got {num_parameters}")
    return num_parameters, evaluations


def _parse_evaluation(message: bytes) -> Moment:
    values = {field: value for field, value in _fields(message) if isinstance(value, float)}
    if missing := {2, 3, 4, 5} - values.keys():
        raise DataError(f"evaluation: expected time and three accuracies, got none in field {min(missing)}")
    return Moment(
        training_time_s=values[2], train_accuracy=values[3], validation_accuracy=values[4], test_accuracy=values[5]
    )


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """Field numbers and values of a protobuf message: varints as int, doubles as float, the rest as bytes."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        value: int | float | bytes
        if kind == VARINT:
            value, position = _varint(message, position)
        elif kind in (DOUBLE, BYTES, FLOAT):
            length = 8 if kind == DOUBLE else 4
            if kind == BYTES:
                length, position = _varint(message, position)
            raw = message[position : position + length]
            if len(raw) < length:
                raise DataError("metrics: the protobuf message ends in the middle of a field")
            value = struct.unpack("<d", raw)[0] if kind == DOUBLE else raw
            position += length
        else:
            raise DataError(f"metrics: expected protobuf wire types 0, 1, 2 or 5, got {kind}")
        yield tag >> 3, value


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Value of the variable-length integer at `position`, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            break
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise DataError("metrics: a protobuf number that does not end")
