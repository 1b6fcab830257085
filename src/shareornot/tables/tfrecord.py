"""The official NASBench-101 files, read without TensorFlow and without unpickling anything.

A TFRecord file is a row of frames: length of the payload (8 bytes), masked CRC-32C of these 8 bytes, payload, masked
CRC-32C of the payload; all little-endian. Records are read one by one and packed into arrays in batches, so that the
memory needed is little more than that of the arrays.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path

import google_crc32c
import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt8, UInt32

from shareornot.errors import CellError, DataError, MissingDataError
from shareornot.progress import Progress, Silent
from shareornot.spaces.nasbench101 import parse_codes
from shareornot.tables.file_kinds import LONGEST, other_format
from shareornot.tables.record import TrainingRecord, parse_payload

MAX_PAYLOAD = 1 << 16
"""Bytes; a real one has some 400."""
BATCH_SIZE = 20_000
"""Records that are packed at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRecords:
    """All trainings of a file, in its order."""

    module_hashes: UInt8[np.ndarray, "records 16"]
    epochs: Int32[np.ndarray, " records"]
    codes: UInt32[np.ndarray, " records"]
    """Packed codes of the cells."""
    trainable_parameters: Int64[np.ndarray, " records"]
    values: Float32[np.ndarray, "records 2 4"]
    """Half-way and final; train, validation and test accuracy (fractions), training time (seconds)."""
    is_exact: bool
    """Whether float32 holds every value of the file exactly."""
    sha256: str
    """SHA-256 of the file."""

    def __len__(self) -> int:
        return len(self.epochs)


class _Reader:
    """The records of an open file, one after the other, with the digest of what was read."""

    def __init__(self, path: Path, file: BufferedReader) -> None:
        self.digest = hashlib.sha256()
        self._path = path
        self._file = file
        self._start = 0
        """Position of the next record in the file."""
        self._number = 0

    @property
    def num_bytes(self) -> int:
        """Bytes of the file that are done."""
        return self._start

    def __iter__(self) -> Iterator[TrainingRecord]:
        while record := self._next():
            yield record

    def place(self, number: int) -> str:
        """A record, in a message."""
        return f"{self._path}: record {number}"

    def _next(self) -> TrainingRecord | None:
        head = self._file.read(12)
        if not head:
            return None
        place = f"{self.place(self._number)} at byte {self._start:,}"
        if len(head) < 12:
            raise self._truncated(len(head))
        if masked_crc(head[:8]) != int.from_bytes(head[8:], "little"):
            if self._number == 0:
                raise DataError(
                    f"{self._path}: expected a TFRecord file, but the first bytes are others; download it again"
                )
            raise DataError(f"{place}: the checksum of its length is wrong, so the file is damaged; download it again")
        length = int.from_bytes(head[:8], "little")
        if length > MAX_PAYLOAD:
            raise DataError(
                f"{place}: expected at most {MAX_PAYLOAD:,} bytes, got {length:,}; this is not a NASBench-101 file"
            )
        body = self._file.read(length + 4)
        if len(body) < length + 4:
            raise self._truncated(12 + len(body))
        payload = body[:length]
        if masked_crc(payload) != int.from_bytes(body[length:], "little"):
            raise DataError(f"{place}: its checksum is wrong, so the file is damaged; download it again")
        self.digest.update(head)
        self.digest.update(body)
        try:
            record = parse_payload(payload)
        except DataError as error:
            raise DataError(f"{place}: {error}; this is not a NASBench-101 file, or one of another version") from error
        self._number += 1
        self._start += length + 16
        return record

    def _truncated(self, num_bytes: int) -> DataError:
        return DataError(
            f"{self._path}: truncated: the file ends at byte {self._start + num_bytes:,}, in the middle of record "
            f"{self._number} that starts at byte {self._start:,}; download it again"
        )


def read_records(path: Path, progress: Progress | None = None) -> TrainingRecords:
    """Read a whole file, every checksum verified.

    Args:
        path: the file, as published.
        progress: advances by the number of bytes that are done.

    Raises:
        MissingDataError: no such file.
        DataError: truncated, damaged, or of another format; the message names the place.
    """
    with _open(path) as file:
        reader, progress = _Reader(path, file), progress or Silent()
        parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, bool]] = []
        num_before = num_bytes = 0
        records = iter(reader)
        while batch := tuple(islice(records, BATCH_SIZE)):
            parts.append(_pack(batch, reader, num_before))
            num_before += len(batch)
            progress.advance(reader.num_bytes - num_bytes)
            num_bytes = reader.num_bytes
    if not parts:
        raise DataError(f"{path}: expected a TFRecord file, got an empty file; download it again")
    hashes, epochs, codes, parameters, values, exact = zip(*parts, strict=True)
    return TrainingRecords(
        module_hashes=np.concatenate(hashes),
        epochs=np.concatenate(epochs),
        codes=np.concatenate(codes),
        trainable_parameters=np.concatenate(parameters),
        values=np.concatenate(values),
        is_exact=all(exact),
        sha256=reader.digest.hexdigest(),
    )


def _pack(
    batch: tuple[TrainingRecord, ...], reader: _Reader, num_before: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, bool]:
    """The columns of some records, and whether float32 holds their values exactly."""
    hashes, epochs, cells, parameters, values = zip(*batch, strict=True)
    try:
        codes = parse_codes(cells)
    except CellError:
        for position, cell in enumerate(cells):
            try:
                parse_codes([cell])
            except CellError as error:
                raise DataError(f"{reader.place(num_before + position)}: {error}") from error
        raise
    doubles = np.array(values)
    with np.errstate(over="ignore"):  # a number too large becomes infinite, which no table takes
        floats = doubles.astype(np.float32)
    return (
        np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 16),
        np.array(epochs, np.int32),
        codes,
        np.array(parameters, np.int64),
        floats.reshape(-1, 2, 4),
        bool((floats == doubles).all()),
    )


def _open(path: Path) -> BufferedReader:
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise MissingDataError(f"{path}: expected a file, found none; check the name, or download it") from error
    found = other_format(file.read(LONGEST))
    file.seek(0)
    if found is not None:
        file.close()
        raise DataError(f"{path}: expected a TFRecord file, got {found}")
    return file


def masked_crc(content: bytes) -> int:
    """CRC-32C of some bytes, rotated and shifted as TFRecord stores it, so that checksums of checksums differ."""
    crc: int = google_crc32c.value(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
