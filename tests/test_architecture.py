"""Every package, file and contract suite that ARCHITECTURE.md names is there, and every package has a row."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "shareornot"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", TEXT, re.MULTILINE)]


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


def test_rows_of_floors_name_existing_files():
    floors = [row for row in ROWS if row[0] == "ground" or row[0].isdigit()]
    packages = {name.rstrip("/") for row in floors for name in quoted(row[1])}
    for floor, package, holds, files in floors:
        home = SOURCE if floor == "ground" else SOURCE / quoted(package)[0]
        named = [name for name in quoted(holds) if name.endswith("/")] + quoted(files)
        assert all((home / name).exists() for name in named), (floor, package, named)
    there = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__", "__main__"} <= packages


def test_contracts_and_paths_exist():
    contracts = [row for row in ROWS if row[-1].endswith("/test_contract.py`")]
    assert len(contracts) == 5
    for row in contracts:
        assert (SOURCE / quoted(row[2])[0]).is_file()
        assert (ROOT / quoted(row[3])[0]).is_file()
    paths = {name for name in quoted(TEXT) if re.fullmatch(r"[\w./-]+/[\w.-]*", name)}
    missing = [name for name in paths if not any((base / name).exists() for base in (SOURCE, ROOT))]
    nested = {name for row in ROWS for cell in row for name in quoted(cell)}
    assert not set(missing) - nested
