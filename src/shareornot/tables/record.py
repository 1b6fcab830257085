"""One record of the official NASBench-101 file.

A payload is the UTF-8 JSON list

    [module hash, epochs, adjacency row by row, "input,...,output", base64 of a protobuf message]

with this message (protobuf wire format, proto2):

    ModelMetrics:   1 = EvaluationData (repeated: before, half-way through and after training)
                    2 = trainable parameters (varint)          3 = total time (double)
    EvaluationData: 1 = epoch   2 = training time in seconds   3, 4, 5 = train, validation, test accuracy (doubles)

The publisher's encoder broke the base64 text into lines of 76 characters, so line breaks belong to the format.

References: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", 2019, arXiv:1902.09635.
"""

import binascii
import json
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from shareornot.errors import DataError

NUM_EVALUATIONS = 3
"""Evaluations of a training: before it, half-way, and at its end; the first is not kept."""
VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5
"""Wire types of protobuf."""
TIME, TRAIN, VALIDATION, TEST = 2, 3, 4, 5
"""Fields of an evaluation."""
KINDS = [str, int, str, str, str]

USUAL_EVALUATION = Struct("<BdBdBdBdBd")
USUAL_TAGS = tuple(field << 3 | DOUBLE for field in range(1, 6))
"""Tags of an evaluation with its five doubles in their order, as the publisher wrote them all."""

_read_double = Struct("<d").unpack_from
_HEXADECIMAL = set("0123456789abcdef")


class TrainingRecord(NamedTuple):
    """One training of one cell."""

    module_hash: bytes
    """Official hash, 16 bytes."""
    epochs: int
    """Budget of this training."""
    cell: str
    """Text of the cell: adjacency, a semicolon, operations. Not yet checked to be one."""
    trainable_parameters: int
    values: tuple[float, ...]
    """Half-way, then at the end: train, validation and test accuracy (fractions), training time (seconds)."""


def parse_payload(payload: bytes) -> TrainingRecord:
    """Read the payload of one record.

    Raises:
        DataError: anything is not as described above; the message names the fault, the caller adds the place.
    """
    try:
        fields = json.loads(payload)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"payload: expected JSON, got {payload[:40]!r}") from error
    if not isinstance(fields, list) or [type(field) for field in fields] != KINDS:
        raise DataError(f"payload: expected [hash, epochs, adjacency, operations, metrics], got {payload[:40]!r}")
    module_hash, epochs, adjacency, operations, metrics = fields
    if not 0 < epochs < 2**31:
        raise DataError(f"epochs: expected a positive number, got {epochs}")
    if len(module_hash) != 32 or not set(module_hash) <= _HEXADECIMAL:
        raise DataError(f"module hash: expected 32 hexadecimal digits, got {module_hash[:40]!r}")
    try:
        message = binascii.a2b_base64(metrics.replace("\n", ""), strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(f"metrics: expected base64, got {metrics[:40]!r}") from error
    num_parameters, values = _parse_metrics(message)
    return TrainingRecord(bytes.fromhex(module_hash), epochs, f"{adjacency};{operations}", num_parameters, values)


def _parse_metrics(message: bytes) -> tuple[int, tuple[float, ...]]:
    """Trainable parameters, and the values half-way and at the end."""
    num_parameters = None
    evaluations: list[tuple[float, ...]] = []
    for field, value in protobuf_fields(message):
        if field == 1 and isinstance(value, bytes):
            evaluations.append(_parse_evaluation(value))
        elif field == 2 and isinstance(value, int):
            num_parameters = value
    if num_parameters is None or num_parameters >= 2**31:
        raise DataError(f"trainable parameters: expected a number below 2^31, got {num_parameters}")
    if len(evaluations) != NUM_EVALUATIONS:
        raise DataError(f"evaluations of a training: expected {NUM_EVALUATIONS}, got {len(evaluations)}")
    return num_parameters, evaluations[1] + evaluations[2]


def _parse_evaluation(message: bytes) -> tuple[float, ...]:
    """Train, validation and test accuracy, and training time."""
    if len(message) == USUAL_EVALUATION.size:
        tags_and_values = USUAL_EVALUATION.unpack(message)
        if tags_and_values[::2] == USUAL_TAGS:
            _, time_s, *accuracies = tags_and_values[1::2]
            return (*accuracies, time_s)
    found = dict(protobuf_fields(message))
    for field in (TIME, TRAIN, VALIDATION, TEST):
        if not isinstance(found.get(field), float):
            raise DataError(f"evaluation: expected time and three accuracies, got none in field {field}")
    return tuple(float(found[field]) for field in (TRAIN, VALIDATION, TEST, TIME))


def protobuf_fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """Field numbers and values of a protobuf message: varints as int, doubles as float, the rest as bytes.

    Raises:
        DataError: the message breaks off, or has a wire type other than these.
    """
    position, end = 0, len(message)
    while position < end:
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == DOUBLE and position + 8 <= end:
            yield tag >> 3, _read_double(message, position)[0]
            position += 8
        elif kind == VARINT:
            value, position = _varint(message, position)
            yield tag >> 3, value
        elif kind in (DOUBLE, BYTES, FLOAT):
            length = 8 if kind == DOUBLE else 4
            if kind == BYTES:
                length, position = _varint(message, position)
            if position + length > end:
                raise DataError("metrics: the protobuf message ends in the middle of a field")
            yield tag >> 3, message[position : position + length]
            position += length
        else:
            raise DataError(f"metrics: expected protobuf wire types 0, 1, 2 or 5, got {kind}")


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Value of the variable-length integer at `position`, and the position behind it."""
    value = shift = 0
    for byte in message[position : position + 10]:
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise DataError("metrics: a protobuf number has no end")
