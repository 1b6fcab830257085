"""The official NASBench-101 files, read without TensorFlow and without unpickling anything.

A TFRecord file is a row of frames: length of the payload (8 bytes), masked CRC-32C of these 8 bytes, payload, masked
CRC-32C of the payload; all little-endian. `read_records` takes the frames through a compiled kernel, a buffer at a
time, so that only what is kept takes memory. Where the kernel stops, the plain reader looks at that one record: it may
be written unusually but rightly, or it is damaged, and then the error says which record and where in the file.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

import google_crc32c
import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt8, UInt32

from shareornot.errors import DataError, MissingDataError
from shareornot.progress import Progress, Silent
from shareornot.tables.record import TrainingRecord, parse_payload
from shareornot.tables.record_kernel import KERNEL_CONSTANTS, MAX_PAYLOAD, MIN_FRAME, parse_records

COLUMNS = ("module_hashes", "epochs", "codes", "trainable_parameters", "values")
MIN_RECORD = 200
"""Bytes that the smallest valid record takes at least: the base64 text alone has 156."""

OTHER_FORMATS = {
    b"\x1f\x8b": "a gzip file; unpack it first (gunzip)",
    b"PK\x03\x04": "a zip file; unpack it first",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file behind it (git lfs pull)",
    b"<": "a page of HTML or XML, most likely an error message of the server; download the file again",
}
"""What the first bytes of files say that people have under that name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRecords:
    """All trainings of a file, in its order."""

    module_hashes: UInt8[np.ndarray, "records 16"]
    epochs: Int32[np.ndarray, " records"]
    codes: UInt32[np.ndarray, " records"]
    """Packed codes of the cells; not checked to be cells of the search space."""
    trainable_parameters: Int64[np.ndarray, " records"]
    values: Float32[np.ndarray, "records 2 4"]
    """Half-way and final; train, validation and test accuracy (fractions), training time (seconds)."""
    is_exact: bool
    """Whether float32 holds every value of the file exactly."""
    sha256: str
    """SHA-256 of the file."""

    def __len__(self) -> int:
        return len(self.epochs)

    def columns(self) -> tuple[np.ndarray, ...]:
        """The arrays, in the order of the fields."""
        return tuple(getattr(self, name) for name in COLUMNS)


class _Window:
    """The part of a file that is in memory; it moves forward as its start is consumed."""

    def __init__(self, file: BufferedReader, size: int) -> None:
        self.buffer = bytearray(size)
        self.size = 0
        """Bytes of the buffer that count."""
        self.start = 0
        """Where in the file the buffer starts."""
        self.digest = hashlib.sha256()
        self._file = file

    def move(self, num_consumed: int) -> bool:
        """Drop that many bytes at the start and read on; false at the end of the file."""
        rest = self.size - num_consumed
        self.buffer[:rest] = self.buffer[num_consumed : self.size]
        num_new = self._file.readinto(memoryview(self.buffer)[rest:])
        self.digest.update(memoryview(self.buffer)[rest : rest + num_new])
        self.start += num_consumed
        self.size = rest + num_new
        return num_new > 0


def read_records(path: Path, progress: Progress | None = None, buffer_size: int = 1 << 23) -> TrainingRecords:
    """Read a whole file, every checksum verified.

    Args:
        path: the file, as published.
        progress: told the number of bytes that are done.
        buffer_size: bytes in memory at once.

    Raises:
        MissingDataError: no such file.
        DataError: truncated, damaged, or of another format; says where.
    """
    progress = progress or Silent()
    with _open(path) as file:
        window = _Window(file, max(buffer_size, 2 * MAX_PAYLOAD))
        # Memory that is never written is never taken, so that a generous capacity costs nothing.
        capacity = os.fstat(file.fileno()).st_size // MIN_RECORD + 1
        records = TrainingRecords(
            module_hashes=np.empty((capacity, 16), np.uint8),
            epochs=np.empty(capacity, np.int32),
            codes=np.empty(capacity, np.uint32),
            trainable_parameters=np.empty(capacity, np.int64),
            values=np.empty((capacity, 2, 4), np.float32),
            is_exact=True,
            sha256="",
        )
        array = np.frombuffer(window.buffer, np.uint8)
        num_records = consumed = 0
        is_exact = True
        while window.move(consumed):
            consumed = 0
            while True:
                num_taken, num_bytes, exact = parse_records(
                    array[consumed:],
                    window.size - consumed,
                    *KERNEL_CONSTANTS,
                    *(column[num_records:] for column in records.columns()),
                )
                num_records += num_taken
                consumed += num_bytes
                is_exact &= exact
                following = _plain_record(path, window, consumed, num_records)
                if following is None:
                    break
                if num_records == capacity:
                    raise DataError(f"{path}: expected a file that stays as it is, but it grew; import it again")
                is_exact &= _store(following[0], records, num_records)
                num_records += 1
                consumed += following[1]
            progress.advance(consumed)
        _check_end(path, window, num_records)
    return replace(
        records,
        **{name: getattr(records, name)[:num_records] for name in COLUMNS},
        is_exact=bool(is_exact),
        sha256=window.digest.hexdigest(),
    )


def iterate_records(path: Path) -> Iterator[TrainingRecord]:
    """The records of a file one by one in plain Python: slow, and what `read_records` is tested against.

    Raises:
        MissingDataError, DataError: as `read_records`.
    """
    with _open(path) as file:
        window = _Window(file, 2 * MAX_PAYLOAD)
        num_records = consumed = 0
        while window.move(consumed):
            consumed = 0
            while following := _plain_record(path, window, consumed, num_records):
                yield following[0]
                num_records += 1
                consumed += following[1]
        _check_end(path, window, num_records)


def _open(path: Path) -> BufferedReader:
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise MissingDataError(f"{path}: expected a file, found none; check the name, or download it") from error
    head = file.read(max(len(magic) for magic in OTHER_FORMATS)).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    for magic, description in OTHER_FORMATS.items():
        if head.startswith(magic):
            file.close()
            raise DataError(f"{path}: expected a TFRecord file, got {description}")
    return file


def _plain_record(path: Path, window: _Window, at: int, number: int) -> tuple[TrainingRecord, int] | None:
    """The record at `at` in the window and the bytes of its frame; None if the window ends before it does."""
    frame = window.buffer[at : min(window.size, at + MAX_PAYLOAD + MIN_FRAME)]
    if len(frame) < 12:
        return None
    place = f"{path}: record {number} at byte {window.start + at:,}"
    if masked_crc(bytes(frame[:8])) != int.from_bytes(frame[8:12], "little"):
        if number == 0:
            raise DataError(f"{path}: expected a TFRecord file, but it does not start as one; download it again")
        raise DataError(f"{place}: the checksum of its length is wrong, so the file is damaged; download it again")
    length = int.from_bytes(frame[:8], "little")
    if length > MAX_PAYLOAD:
        raise DataError(
            f"{place}: expected at most {MAX_PAYLOAD:,} bytes, got {length:,}; this is no NASBench-101 file"
        )
    if len(frame) < length + MIN_FRAME:
        return None
    payload = bytes(frame[12 : 12 + length])
    if masked_crc(payload) != int.from_bytes(frame[12 + length : 16 + length], "little"):
        raise DataError(f"{place}: its checksum is wrong, so the file is damaged; download it again")
    try:
        return parse_payload(payload), length + MIN_FRAME
    except DataError as error:
        raise DataError(f"{place}: {error}; this is no NASBench-101 file, or one of another version") from error


def _store(record: TrainingRecord, records: TrainingRecords, number: int) -> bool:
    """Put a record that was read plainly into the columns; whether float32 holds it exactly."""
    moments = [
        [moment.train_accuracy, moment.validation_accuracy, moment.test_accuracy, moment.training_time_s]
        for moment in (record.halfway, record.final)
    ]
    records.module_hashes[number] = np.frombuffer(record.module_hash, np.uint8)
    records.epochs[number] = record.epochs
    records.codes[number] = record.code
    records.trainable_parameters[number] = record.trainable_parameters
    with np.errstate(over="ignore"):  # a number too large becomes infinite, which no table takes
        records.values[number] = moments
    return bool((records.values[number] == np.array(moments)).all())


def _check_end(path: Path, window: _Window, num_records: int) -> None:
    if window.size:
        raise DataError(
            f"{path}: truncated: the file ends at byte {window.start + window.size:,}, in the middle of record "
            f"{num_records} that starts at byte {window.start:,}; download it again"
        )
    if num_records == 0:
        raise DataError(f"{path}: expected a TFRecord file, got an empty file; download it again")


def masked_crc(content: bytes) -> int:
    """CRC-32C of some bytes, rotated and shifted as TFRecord stores it, so that checksums of checksums differ."""
    crc: int = google_crc32c.value(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
