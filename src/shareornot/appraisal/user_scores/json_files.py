"""JSON as columns: records, columns, architectures with values, lines of records, and what pandas writes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from shareornot.appraisal.user_scores.column_names import is_known_name
from shareornot.appraisal.user_scores.columns import Columns, make_columns
from shareornot.appraisal.user_scores.python_columns import Pairs, array_of, mapping_columns, record_columns
from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import DataError, message_of


def read_json(source: str, content: bytes) -> Columns:
    """Columns of a JSON document, or of JSON lines.

    Understood are a list of records; a mapping of names to columns; a mapping of architectures to scores or to records;
    records under one key beside others that describe them; pandas' orients `split` and `table`; one record a line.

    Raises:
        DataError: no JSON, a key that occurs twice, or a document of another form.
    """
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{source}: line {line:,}: expected UTF-8 text, got another encoding; save it in UTF-8"
        ) from None
    try:
        value = _parsed(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise DataError(_complaint(source, text, error)) from None
        return make_columns(source, record_columns(source, _lines(source, text)), first_line=1)
    except (RecursionError, ValueError) as error:
        reason = "values nested too deeply" if isinstance(error, RecursionError) else message_of(error, 160)
        raise DataError(
            f"{source}: expected JSON of records or columns, got {reason}; write a list of records"
        ) from None
    return make_columns(source, _columns_of(source, value))


def _parsed(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_distinct)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of keys of which none occurs twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"the key {shown(twice)} twice in one object")
    return found


def _complaint(source: str, text: str, error: json.JSONDecodeError) -> str:
    line = text.splitlines()[error.lineno - 1].strip() if error.lineno <= len(text.splitlines()) else ""
    remedy = "write double quotes around names and texts" if "'" in line[:20] else "write the file again"
    return (
        f"{source}: line {error.lineno:,}: expected JSON, got {shown(line[:60])} ({error.msg.lower()} at character "
        f"{error.colno:,}); {remedy}"
    )


def _lines(source: str, text: str) -> list[Mapping[str, Any]]:
    """The records of JSON lines."""
    records: list[Mapping[str, Any]] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if not line.strip():
            continue
        try:
            record = _parsed(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{source}: line {number:,}: expected one JSON record in each line, got {shown(line.strip())} "
                f"({message_of(error, 80)}); write it again"
            ) from None
        if not isinstance(record, dict):
            raise DataError(
                f'{source}: line {number:,}: expected a record such as {{"architecture": ...}}, got '
                f"{shown(line.strip())}; write one record in each line"
            )
        records.append(record)
    return records


def _columns_of(source: str, value: Any) -> Pairs:
    """The columns of a document, whichever form it has."""
    if isinstance(value, list):
        if value and all(isinstance(one, dict) for one in value):
            return record_columns(source, value)
        odd = next((place for place, one in enumerate(value) if not isinstance(one, dict)), None)
        got = "an empty list" if odd is None else f"{shown(json.dumps(value[odd])[:60])} in row {odd + 1:,}"
        raise DataError(f"{source}: expected a list of records, got {got}; write records with named values")
    if not isinstance(value, dict):
        raise DataError(f"{source}: expected records or columns, got {shown(str(value))}; write a list of records")
    if isinstance(value.get("data"), list) and isinstance(value.get("columns"), list):
        return _split_columns(source, value)
    lists = [key for key, one in value.items() if isinstance(one, list) and one and isinstance(one[0], dict)]
    if len(lists) > 1 and len(lists) == len(value):
        raise DataError(
            f"{source}: expected one list of records, got {len(lists):,}: {listed(lists)}; write one list, and these "
            "names as a value of each record, such as supernet"
        )
    if len(lists) == 1 and all(isinstance(one, dict) for one in value[lists[0]]):
        return record_columns(source, value[lists[0]])
    if len(value) == 1 and isinstance(inner := next(iter(value.values())), dict) and _is_table(inner):
        return _columns_of(source, inner)
    tables = [key for key, one in value.items() if _holds_records(one)]
    columns = [key for key, one in value.items() if isinstance(one, list | dict) and is_known_name(key)]
    if len(tables) == 1 and not columns and not any(isinstance(one, list) for one in value.values()):
        return _columns_of(source, value[tables[0]])
    return mapping_columns(source, value)


def _holds_records(value: Any) -> bool:
    """Whether a value maps architectures to records."""
    return isinstance(value, dict) and len(value) > 1 and all(isinstance(one, dict) for one in value.values())


def _is_table(value: Mapping[str, Any]) -> bool:
    return bool(value) and all(isinstance(one, list | dict) for one in value.values())


def _split_columns(source: str, value: Mapping[str, Any]) -> Pairs:
    """What pandas writes with orient `split`."""
    names, rows, index = value["columns"], value["data"], value.get("index")
    odd = next((n for n, row in enumerate(rows) if not isinstance(row, list) or len(row) != len(names)), None)
    if odd is not None:
        raise DataError(f"{source}: row {odd + 1:,}: expected {len(names)} values, got others; write the file again")
    pairs: Pairs = []
    if isinstance(index, list) and len(index) == len(rows) and any(isinstance(one, str) for one in index):
        pairs += array_of(source, "__index_level_0__", index)
    for place, name in enumerate(names):
        pairs += array_of(source, str(name), [row[place] for row in rows])
    return pairs
