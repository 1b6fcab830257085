"""The columns of scores that a user brings: found in a file or in arrays, named, and of the type that each should have.

| column | |
|---|---|
| `architecture` | any text; cells of NASBench-101 and texts of NAS-Bench-201 are understood |
| `proxy` | the super-net's score, any unit, the higher the better; empty where it gave none |
| `standalone`, or `standalone_0`, `standalone_1`, ... | accuracy when trained alone, one column for each repeat |
| `test`, or `test_0`, ... | optional: test accuracies, in which regret is measured; by default in `standalone` |
| `supernet` | optional: which super-net, such as its seed |
| `cost` | optional: seconds of training alone |
| `space`, `variant` | optional: rows of each pair are appraised by themselves |
| any other | a structural feature: numbers, truth values or words |
"""

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from jaxtyping import Float64, Int64

from shareornot.errors import DataError, MissingDataError

WORDS = ("architecture", "supernet", "space", "variant")
"""Columns of text, whatever they look like."""
NUMBERS = re.compile(r"proxy|cost|standalone(_\d+)?|test(_\d+)?")
"""Columns of numbers, among those whose meaning is known."""
REQUIRED = ("architecture", "proxy", "standalone")
MOST_CHARACTERS = 10_000
"""Of a word: more is a mistake, and would be shown."""
MOST_SHOWN = 80
"""Characters of a name in a title or a table."""
MOST_ROWS = 100_000_000
MOST_FEATURES = 1_000
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_NO_NUMBER = ["", "NA", "N/A", "NaN", "nan", "-", "null", "NULL", "None", "none"]
_NOT_TEXT = {b"PK\x03\x04": "a spreadsheet or archive", b"\x1f\x8b": "a compressed file", b"\xff\xfe": "UTF-16 text"}


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnColumns:
    """Columns as Arrow has them, under the names that are known; all of one length, at least 1."""

    source: str
    """What to call them in messages."""
    columns: Mapping[str, pa.Array]
    features: tuple[str, ...]
    """Which of them have no known meaning."""
    notes: tuple[str, ...]
    """What was ignored or assumed."""

    def __len__(self) -> int:
        return len(self.columns["architecture"])

    def repeats(self, what: str) -> list[str]:
        """Names of the columns of `standalone` or `test`, in the order of their numbers; perhaps none."""
        numbered = [name for name in self.columns if re.fullmatch(rf"{what}_\d+", name)]
        alone = [what] if what in self.columns else []
        return sorted(numbered, key=lambda name: int(name.rsplit("_", 1)[1])) or alone

    def numbers(self, name: str) -> Float64[np.ndarray, " rows"]:
        """A column of numbers, NaN where there is none."""
        return as_numbers(self.columns[name])

    def words(self, name: str) -> tuple[Int64[np.ndarray, " rows"], list[str]]:
        """For each row the position of its word among the distinct ones, -1 where there is none; and those."""
        encoded = pc.dictionary_encode(self.columns[name])
        indices = as_numbers(pc.cast(encoded.indices, pa.float64()))
        words = encoded.dictionary.to_pylist()
        positions = np.where(np.isnan(indices), -1, indices).astype(np.int64)
        if "" in words:
            positions[positions == words.index("")] = -1
        return positions, words


def read_columns(path: Path) -> OwnColumns:
    """Read a CSV or Parquet file, told apart by its first bytes.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, no row, or a column that is missing, twice there, or of another type.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(1 << 16)
    except FileNotFoundError:
        raise MissingDataError(f"{path}: expected a CSV or Parquet file of scores, found none") from None
    except OSError as error:
        raise DataError(f"{path}: expected a CSV or Parquet file, got {error.strerror}; name a file") from error
    notes: list[str] = []
    is_parquet = beginning.startswith(b"PAR1")
    columns = _parquet(path, notes) if is_parquet else _comma_separated(path, beginning, notes)
    return _checked(path.name, columns, notes)


def columns_of(source: Any) -> OwnColumns:
    """Take columns from a mapping of names to arrays, or from a data frame.

    Args:
        source: has `keys()`, or `columns` as data frames have; `standalone` and `test` may have two dimensions,
            architectures x repeats.

    Raises:
        DataError: as `read_columns`, or arrays of different lengths.
    """
    if isinstance(source, pa.Table):
        named: Iterable[tuple[str, Any]] = zip(source.column_names, source.columns, strict=True)
    elif isinstance(source, Mapping):
        named = source.items()
    elif hasattr(source, "columns"):
        named = ((name, source[name]) for name in source.columns)
    else:
        raise DataError(f"scores: expected a file or a mapping of columns, got {type(source).__name__}")
    columns = []
    for name, values in named:
        array = values if isinstance(values, pa.ChunkedArray | pa.Array) else None
        if array is None and getattr(values, "ndim", 1) == 2:
            columns += [
                (f"{name}_{repeat}", pa.array(np.ascontiguousarray(column)))
                for repeat, column in enumerate(np.asarray(values).T)
            ]
            continue
        columns.append((str(name), _array(str(name), values) if array is None else array))
    if len({len(array) for _, array in columns}) > 1:
        lengths = ", ".join(f"{name} {len(array):,}" for name, array in columns[:10])
        raise DataError(f"scores: expected columns of one length, got {lengths}; give one value for each row")
    return _checked("scores", columns, [])


def as_numbers(column: pa.Array) -> Float64[np.ndarray, " rows"]:
    """Numbers without a detour over pandas, NaN where there is none."""
    filled = pc.fill_null(pc.cast(column, pa.float64()), np.nan)
    return np.frombuffer(filled.buffers()[1], np.float64, len(filled), filled.offset * 8)


def _array(name: str, values: Any) -> pa.Array:
    """Whatever a user gives, as Arrow has it; objects become text."""
    if isinstance(values, str):
        raise DataError(f"{name}: expected a value for each row, got one text; give a list")
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _parquet(path: Path, notes: list[str]) -> list[tuple[str, Any]]:
    """All columns but nested ones that nobody needs."""
    try:
        schema = pq.read_schema(path)
        num_rows = pq.read_metadata(path).num_rows
        nested = [one.name for one in schema if pa.types.is_nested(one.type)]
        wanted = [one.name for one in schema if one.name not in nested]
        if num_rows > MOST_ROWS:
            raise DataError(f"{path}: expected at most {MOST_ROWS:,} rows, got {num_rows:,}; split the file")
        for name in nested:
            role = _role(name)
            if role in WORDS or NUMBERS.fullmatch(role):
                raise DataError(
                    f"{path}: {_shown(name)}: expected text or numbers, got a nested column; give one value for a row"
                )
        if nested:
            notes.append(f"Ignored: {_listed(nested)}, which {_are(nested)} nested.")
        table = pq.read_table(path, columns=wanted, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        reason = str(error).splitlines()[0][:200]
        raise DataError(f"{path}: expected a Parquet file of scores, got: {reason}; write it again") from error
    return list(zip(table.column_names, table.columns, strict=True))


def _comma_separated(path: Path, beginning: bytes, notes: list[str]) -> list[tuple[str, Any]]:
    """All columns of a CSV file; known ones of their type, others of the type that they look like."""
    for magic, what in _NOT_TEXT.items():
        if beginning.startswith(magic):
            raise DataError(f"{path}: expected a CSV file in UTF-8 or a Parquet file, got {what}; save it as CSV")
    header, delimiter = _header(path, beginning)
    if delimiter != ",":
        notes.append(f"Columns are separated by {_DELIMITERS[delimiter]}.")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{path}: expected columns of different names, got {_shown(twice)} twice; rename one")
    types = {}
    for name in header:
        role = _role(name)
        if role in WORDS:
            types[name] = pa.string()
        elif NUMBERS.fullmatch(role):
            types[name] = pa.float64()
    try:
        table = pacsv.read_csv(
            path,
            # in one block, so that a column has the type of all its rows, and a cell may be of any length
            read_options=pacsv.ReadOptions(block_size=min(max(path.stat().st_size + 1, 1 << 20), (1 << 31) - 1)),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(column_types=types, null_values=_NO_NUMBER),
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: {_explained(str(error), header, delimiter)}") from error
    return list(zip(table.column_names, table.columns, strict=True))


def _header(path: Path, beginning: bytes) -> tuple[list[str], str]:
    """The names of the columns and what separates them."""
    line = beginning.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise DataError(f"{path}: expected UTF-8 text, got another encoding; save it as CSV in UTF-8") from None
    if not text.strip() or "\0" in text:
        raise DataError(f"{path}: expected names of columns in the first line, got none; add a header")
    split = {mark: next(csv.reader(io.StringIO(text.rstrip("\r")), delimiter=mark)) for mark in _DELIMITERS}
    fitting = [mark for mark, names in split.items() if {"architecture", "proxy"} & {_role(name) for name in names}]
    delimiter = fitting[0] if fitting else ","
    if len(split[delimiter]) == 1 and len(fitting) != 1:
        raise DataError(
            f"{path}: expected names of columns with commas between them, got {_shown(text)}; "
            "separate columns by commas, and name them: architecture, proxy, standalone, ..."
        )
    return split[delimiter], delimiter


def _explained(reason: str, header: Sequence[str], delimiter: str) -> str:
    """Arrow's complaint about a CSV file in the words of its user."""
    if found := re.search(r"In CSV column #(\d+): .*invalid value '(.*)'", reason, re.DOTALL):
        name, value = header[int(found[1])], found[2]
        remedy = "leave the cell empty where there is none"
        if value.strip().endswith("%"):
            remedy = "write percentages without the sign"
        elif "," in value:
            remedy = "write decimal points"
        return f"{_shown(name)}: expected numbers, got {_shown(value)}; {remedy}"
    if found := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", reason) or re.search(
        r"()Expected (\d+) columns, got (\d+)", reason
    ):
        where = f"row {found[1]}: " if found[1] else ""
        return (
            f"{where}expected {found[2]} values with {_DELIMITERS[delimiter]} between them, got {found[3]}; put quotes "
            "around texts that hold such marks, as cells do"
        )
    if "Empty CSV file" in reason:
        return "expected a row for each architecture and super-net, got a header only; add scores"
    if "UTF8" in reason:
        return "expected UTF-8 text, got another encoding; save it as CSV in UTF-8"
    return f"expected a CSV file of scores, got: {reason.splitlines()[0][:200] if reason else 'something else'}"


def _checked(source: str, columns: Sequence[tuple[str, Any]], notes: list[str]) -> OwnColumns:
    """Known columns under their names and of their types, and what else can be a feature."""
    named: dict[str, Any] = {}
    for name, array in columns:
        role = _role(name)
        known = role in WORDS or NUMBERS.fullmatch(role)
        key = role if known else name
        if key in named:
            raise DataError(f"{source}: expected one column {_shown(key)}, got two; rename one")
        named[key] = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    _check_required(source, named)
    if "standalone" in named and any(re.fullmatch(r"standalone_\d+", name) for name in named):
        notes.append("Ignored: standalone, since standalone_0, ... hold the single trainings.")
        del named["standalone"]
    if not len(named["architecture"]):
        raise DataError(f"{source}: expected a row for each architecture and super-net, got a header only; add scores")
    checked: dict[str, pa.Array] = {}
    ignored = []
    for name, array in named.items():
        plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
        if name in WORDS:
            checked[name] = _words(source, name, plain)
        elif NUMBERS.fullmatch(name):
            checked[name] = _numbers(source, name, plain)
        elif (feature := _feature(plain)) is None:
            ignored.append(name)
        else:
            checked[name] = feature
    if ignored:
        notes.append(f"Ignored: {_listed(ignored)}, neither numbers nor truth values nor words.")
    features = tuple(name for name in checked if name not in WORDS and not NUMBERS.fullmatch(name))
    if len(features) > MOST_FEATURES:
        raise DataError(f"{source}: expected at most {MOST_FEATURES:,} features, got {len(features):,}; drop columns")
    return OwnColumns(source=source, columns=checked, features=features, notes=tuple(notes))


def _check_required(source: str, named: Mapping[str, Any]) -> None:
    """Refuse scores without a column that no appraisal can do without, and say which column might be meant."""
    there = {re.sub(r"_\d+$", "", name) if NUMBERS.fullmatch(name) else name for name in named}
    missing = [name for name in REQUIRED if name not in there]
    if not missing:
        return
    free = [name for name in named if name not in WORDS and not NUMBERS.fullmatch(name)]
    hints = []
    for name in missing:
        inside = [one for one in free if name in one.lower()]
        near = inside or difflib.get_close_matches(name, free, n=1, cutoff=0.5)
        if near:
            hints.append(f"{_shown(near[0])} may be meant for {name}")
    hint = f" ({'; '.join(hints)})" if hints else ""
    raise DataError(
        f"{source}: expected the column{'s' * (len(missing) > 1)} {', '.join(missing)}, got "
        f"{_listed(list(named)) or 'none'}{hint}; add or rename columns"
    )


def _words(source: str, name: str, array: pa.Array) -> pa.Array:
    """Text, whatever it was."""
    try:
        text = pc.cast(array, pa.string())
    except pa.ArrowException as error:
        raise DataError(f"{source}: {name}: expected text, got {array.type}; convert the column") from error
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    if longest > MOST_CHARACTERS:
        raise DataError(
            f"{source}: {name}: expected at most {MOST_CHARACTERS:,} characters, got {longest:,}; give short names"
        )
    return pc.utf8_trim_whitespace(text)


def _numbers(source: str, name: str, array: pa.Array) -> pa.Array:
    """Numbers, also where they were written as text."""
    if pa.types.is_null(array.type):
        return pc.cast(array, pa.float64())
    try:
        return pc.cast(array, pa.float64(), safe=False)
    except pa.ArrowException as error:
        raise DataError(f"{source}: {name}: expected numbers, got {array.type}; convert the column") from error


def _feature(array: pa.Array) -> pa.Array | None:
    """Numbers, truth values or words; None for anything else."""
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return array
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pc.cast(array, pa.string())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pc.cast(array, pa.float64(), safe=False)
    return None


def _role(name: str) -> str:
    """A name of a column without what does not matter."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}...")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name if name.isprintable() and len(name) <= 40 else _shown(name) for name in names[:10])
    return shown + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def count(number: int, thing: str) -> str:
    """Such as `1 row` and `2,000 rows`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def printable(text: str) -> str:
    """A text that may be shown: no control characters, and no more than a line of it."""
    kept = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: MOST_SHOWN + 1])
    return kept if len(kept) <= MOST_SHOWN else f"{kept[: MOST_SHOWN - 3]}..."


def _are(names: Sequence[str]) -> str:
    return "are" if len(names) > 1 else "is"
