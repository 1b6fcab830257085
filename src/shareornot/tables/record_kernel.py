"""The fast path of the TFRecord reader: whole records in compiled code.

The kernel takes the records that look exactly as the publisher's encoder writes them and stops at the first that does
not. What that record means, or what is wrong with it, the plain reader in `record.py` decides. So the kernel never
guesses and never has to explain; tests hold what it takes against the plain reader, number for number.

CRC-32C is computed eight bytes at a time from eight tables ("slicing by 8").

References: M. E. Kounavis and F. L. Berry, "A systematic approach to building high performance software-based CRC
generators", 2005.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

MIN_FRAME = 16
"""Bytes around a payload: its length (8), the length's checksum (4) before it, its own checksum (4) after it."""
MAX_PAYLOAD = 1 << 16
"""Longest payload that is believed, bytes; the publisher's have about 400."""
NO_DIGIT = 255
CASTAGNOLI = 0x82F63B78


def crc_tables() -> np.ndarray:
    """The eight tables of CRC-32C by slicing, (8, 256) uint32."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = (first >> np.uint32(1)) ^ np.where(first & np.uint32(1), np.uint32(CASTAGNOLI), np.uint32(0))
    tables = [first]
    for _ in range(7):
        tables.append((tables[-1] >> np.uint32(8)) ^ first[tables[-1] & np.uint32(255)])
    return np.stack(tables).astype(np.uint32)


def digit_table(alphabet: bytes) -> np.ndarray:
    """Value of each byte as a digit of `alphabet`, (256,) uint8, `NO_DIGIT` for bytes outside it."""
    table = np.full(256, NO_DIGIT, np.uint8)
    table[np.frombuffer(alphabet, np.uint8)] = np.arange(len(alphabet))
    return table


CRC_TABLES = crc_tables()
HEX_DIGITS = digit_table(b"0123456789abcdef")
BASE64_DIGITS = digit_table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
OPERATION_TEXTS = np.frombuffer(b"conv3x3-bn-relu\0conv1x1-bn-relu\0maxpool3x3\0\0\0\0\0\0", np.uint8).reshape(3, 16)
"""Names of the operations in the order of their codes, filled up with zero bytes."""
INPUT_TEXT = np.frombuffer(b"input", np.uint8)
OUTPUT_TEXT = np.frombuffer(b"output", np.uint8)
KERNEL_CONSTANTS = (CRC_TABLES, HEX_DIGITS, BASE64_DIGITS, OPERATION_TEXTS, INPUT_TEXT, OUTPUT_TEXT)
"""What `parse_records` takes after the buffer and its size."""


@no_type_check
@njit(cache=True, nogil=True)
def masked_crc(buffer: Any, start: Any, end: Any, tables: Any) -> Any:
    """CRC-32C of `buffer[start:end]`, masked as TFRecord masks it."""
    crc = np.uint32(0xFFFFFFFF)
    at = start
    while at + 8 <= end:
        low = crc ^ (
            np.uint32(buffer[at])
            | np.uint32(buffer[at + 1]) << np.uint32(8)
            | np.uint32(buffer[at + 2]) << np.uint32(16)
            | np.uint32(buffer[at + 3]) << np.uint32(24)
        )
        crc = (
            tables[7, low & np.uint32(255)]
            ^ tables[6, (low >> np.uint32(8)) & np.uint32(255)]
            ^ tables[5, (low >> np.uint32(16)) & np.uint32(255)]
            ^ tables[4, low >> np.uint32(24)]
            ^ tables[3, buffer[at + 4]]
            ^ tables[2, buffer[at + 5]]
            ^ tables[1, buffer[at + 6]]
            ^ tables[0, buffer[at + 7]]
        )
        at += 8
    while at < end:
        crc = (crc >> np.uint32(8)) ^ tables[0, (crc ^ np.uint32(buffer[at])) & np.uint32(255)]
        at += 1
    crc ^= np.uint32(0xFFFFFFFF)
    return np.uint32(((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(0xA282EAD8))


@no_type_check
@njit(cache=True, nogil=True)
def _little_endian(buffer: Any, at: Any, num_bytes: Any) -> Any:
    """Unsigned integer of `num_bytes` bytes."""
    value = np.uint64(0)
    for i in range(num_bytes):
        value |= np.uint64(buffer[at + i]) << np.uint64(8 * i)
    return value


@no_type_check
@njit(cache=True, nogil=True)
def _matches(buffer: Any, at: Any, end: Any, text: Any) -> bool:
    """Whether `buffer[at:end]` starts with `text`."""
    is_equal = at + text.size <= end
    for i in range(text.size):
        is_equal = is_equal and buffer[at + i] == text[i]
    return is_equal


@no_type_check
@njit(cache=True, nogil=True)
def _text_end(buffer: Any, at: Any, end: Any) -> int:
    """Position of the quotation mark that ends the text starting at `at`, or -1; no escapes before it."""
    while at < end:
        if buffer[at] == 34:
            return at
        if buffer[at] == 92 or buffer[at] < 32 or buffer[at] > 126:
            return -1
        at += 1
    return -1


@no_type_check
@njit(cache=True, nogil=True)
def _separator(buffer: Any, at: Any, end: Any, opening: Any) -> int:
    """Position behind `", "` and, where `opening`, a quotation mark; -1 if something else stands there."""
    if at + 3 > end or buffer[at] != 44 or buffer[at + 1] != 32:
        return -1
    if not opening:
        return at + 2
    return at + 3 if buffer[at + 2] == 34 else -1


@no_type_check
@njit(cache=True, nogil=True)
def _pack_cell(
    buffer: Any,
    adjacency: Any,
    num_entries: Any,
    operations: Any,
    operations_end: Any,
    texts: Any,
    input_text: Any,
    output_text: Any,
) -> int:
    """Packed code of the cell whose two texts start at `adjacency` and `operations`, or -1."""
    num_vertices = 2
    while num_vertices < 8 and num_vertices * num_vertices != num_entries:
        num_vertices += 1
    if num_vertices == 8:
        return -1
    code = 0
    for source in range(num_vertices):
        for target in range(num_vertices):
            entry = buffer[adjacency + source * num_vertices + target]
            if entry == 49 and source < target:
                column = 6 if target == num_vertices - 1 else target
                code |= 1 << (source + column * (column - 1) // 2)
            elif entry != 48:
                return -1
    at = operations
    if not _matches(buffer, at, operations_end, input_text):
        return -1
    at += input_text.size
    place = 1
    packed_operations = 0
    for _ in range(num_vertices - 2):
        if at >= operations_end or buffer[at] != 44:
            return -1
        at += 1
        found = -1
        for operation in range(3):
            length = 16
            while texts[operation, length - 1] == 0:
                length -= 1
            if _matches(buffer, at, operations_end, texts[operation, :length]):
                found = operation
                at += length
                break
        if found < 0:
            return -1
        packed_operations += found * place
        place *= 3
    if at >= operations_end or buffer[at] != 44 or not _matches(buffer, at + 1, operations_end, output_text):
        return -1
    if at + 1 + output_text.size != operations_end:
        return -1
    return code | packed_operations << 21


@no_type_check
@njit(cache=True, nogil=True)
def _decode_base64(buffer: Any, at: Any, end: Any, digits: Any, message: Any) -> tuple[int, int]:
    """Decode base64 with JSON's line breaks up to the quotation mark: (bytes written or -1, position of the mark)."""
    num_bytes = 0
    bits = 0
    num_bits = 0
    num_digits = 0
    num_padding = 0
    while at < end:
        character = buffer[at]
        if character == 34:
            if (num_digits + num_padding) % 4 or num_padding > 2 or bits & ((1 << num_bits) - 1):
                return -1, at
            return num_bytes, at
        if character == 92:
            if at + 1 >= end or buffer[at + 1] != 110:
                return -1, at
            at += 2
            continue
        if character == 61:
            num_padding += 1
        else:
            digit = digits[character]
            if digit == 255 or num_padding:
                return -1, at
            num_digits += 1
            bits = ((bits << 6) | digit) & 0xFFFF
            num_bits += 6
            if num_bits >= 8:
                if num_bytes == message.size:
                    return -1, at
                num_bits -= 8
                message[num_bytes] = (bits >> num_bits) & 255
                num_bytes += 1
        at += 1
    return -1, at


@no_type_check
@njit(cache=True, nogil=True)
def _parse_metrics(message: Any, num_bytes: Any, values: Any) -> int:
    """Read a ModelMetrics message into `values` (2, 4): number of parameters, or -1."""
    num_parameters = -1
    num_evaluations = 0
    at = 0
    while at < num_bytes:
        tag = message[at]
        at += 1
        if tag == 0x10:  # trainable parameters, a varint
            num_parameters = 0
            shift = 0
            while True:
                if at == num_bytes or shift > 28:
                    return -1
                byte = np.int64(message[at])
                at += 1
                num_parameters |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
        elif tag == 0x19:  # total time, which is not kept
            at += 8
        elif tag == 0x0A:  # an evaluation: five doubles, in the order of their fields
            if num_evaluations == 3 or at + 46 > num_bytes or message[at] != 45:
                return -1
            at += 1
            for field in range(5):
                if message[at] != ((field + 1) << 3 | 1):
                    return -1
                if num_evaluations and field:
                    column = 3 if field == 1 else field - 2
                    values[num_evaluations - 1, column] = message[at + 1 : at + 9].view(np.float64)[0]
                at += 9
            num_evaluations += 1
        else:
            return -1
    if at != num_bytes or num_evaluations != 3 or num_parameters >= 1 << 31:
        return -1
    return num_parameters


@no_type_check
@njit(cache=True, nogil=True)
def parse_records(
    buffer: Any,
    size: Any,
    tables: Any,
    hex_digits: Any,
    base64_digits: Any,
    texts: Any,
    input_text: Any,
    output_text: Any,
    hashes: Any,
    epochs: Any,
    codes: Any,
    parameters: Any,
    values: Any,
) -> tuple[int, int, bool]:
    """Read records from the start of `buffer[:size]` until it ends, the output is full, or one looks unusual.

    The arguments from `tables` to `output_text` are `KERNEL_CONSTANTS`, the last five the columns to fill: (n, 16)
    uint8, (n,) int32, (n,) uint32, (n,) int64, and (n, 2, 4) float32 for half-way and final values of train, validation
    and test accuracy and training time in seconds.

    Returns:
        Number of records read, number of bytes that they took, and whether float32 holds all their values exactly.
    """
    message = np.empty(1024, np.uint8)
    exact_values = np.empty((2, 4), np.float64)
    is_exact = True
    num_records = 0
    consumed = 0
    while num_records < epochs.size and consumed + MIN_FRAME <= size:
        length = _little_endian(buffer, consumed, 8)
        if length > MAX_PAYLOAD or consumed + MIN_FRAME + np.int64(length) > size:
            break
        start = consumed + 12
        end = start + np.int64(length)
        if _little_endian(buffer, consumed + 8, 4) != masked_crc(buffer, consumed, consumed + 8, tables):
            break
        if _little_endian(buffer, end, 4) != masked_crc(buffer, start, end, tables):
            break
        # ["<32 hexadecimal digits>", <epochs>, "<adjacency>", "<operations>", "<base64>"]
        if length < 64 or buffer[start] != 91 or buffer[start + 1] != 34 or buffer[start + 34] != 34:
            break
        is_hash = True
        for i in range(16):
            high = hex_digits[buffer[start + 2 + 2 * i]]
            low = hex_digits[buffer[start + 3 + 2 * i]]
            is_hash = is_hash and high != 255 and low != 255
            hashes[num_records, i] = (high << 4 | low) & 255
        at = _separator(buffer, start + 35, end, False)
        if not is_hash or at < 0:
            break
        num_digits = 0
        budget = 0
        while at < end and 48 <= buffer[at] <= 57 and num_digits < 9:
            budget = 10 * budget + np.int64(buffer[at]) - 48
            num_digits += 1
            at += 1
        if num_digits == 0 or buffer[at - num_digits] == 48:
            break
        adjacency = _separator(buffer, at, end, True)
        if adjacency < 0:
            break
        adjacency_end = _text_end(buffer, adjacency, end)
        if adjacency_end < 0:
            break
        operations = _separator(buffer, adjacency_end + 1, end, True)
        if operations < 0:
            break
        operations_end = _text_end(buffer, operations, end)
        if operations_end < 0:
            break
        code = _pack_cell(
            buffer, adjacency, adjacency_end - adjacency, operations, operations_end, texts, input_text, output_text
        )
        metrics = _separator(buffer, operations_end + 1, end, True)
        if code < 0 or metrics < 0:
            break
        num_bytes, metrics_end = _decode_base64(buffer, metrics, end, base64_digits, message)
        if num_bytes < 0 or metrics_end + 2 != end or buffer[metrics_end + 1] != 93:
            break
        num_parameters = _parse_metrics(message, num_bytes, exact_values)
        if num_parameters < 0:
            break
        for moment in range(2):
            for metric in range(4):
                value = np.float32(exact_values[moment, metric])
                is_exact = is_exact and value == exact_values[moment, metric]
                values[num_records, moment, metric] = value
        epochs[num_records] = budget
        codes[num_records] = code
        parameters[num_records] = num_parameters
        num_records += 1
        consumed = end + 4
    return num_records, consumed, is_exact
