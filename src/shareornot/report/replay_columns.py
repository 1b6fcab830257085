"""The tables of a replay: which numbers they show, under which titles, and the notes that a reader needs.

The paper's tables have its headings and the printed figures beside ours. For evaluations on another table than
NASBench-101 nothing is printed: then the titles name what is computed, and the empty columns are left out.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shareornot.report.replay_agreement_columns import (
    agreement_table,
    ceilings_table,
    copies_table,
    diverged_table,
    quality_table,
    without_copies_table,
)
from shareornot.report.replay_claim_columns import claims_table, consistency_table, sizes_table
from shareornot.report.replay_search_columns import first_populations_table, version1_table, version2_table
from shareornot.report.table import Table
from shareornot.reproduction.replay import Replay
from shareornot.storage import atomic_write


def replay_tables(found: Replay) -> list[Table]:
    """The tables of all replayed sections, in the order in which they were requested."""
    makers: dict[str, tuple[Callable[[Replay], Table | None], ...]] = {
        "agreement": (agreement_table, without_copies_table, copies_table, diverged_table),
        "quality": (quality_table, ceilings_table),
        "claims": (sizes_table, claims_table, consistency_table),
        "version-1": (version1_table,),
        "version-2": (version2_table,),
        "first-population": (first_populations_table,),
    }
    made = [make(found) for section in found.settings.sections for make in makers[section]]
    return [table for table in made if table is not None]


def replay_to_json(found: Replay) -> dict[str, Any]:
    """All rows in full and in the units of the project: accuracies, regrets and shares are fractions."""
    return {
        "settings": asdict(found.settings),
        "benchmark": {"name": found.benchmark, "num_known": found.num_known, "num_cells": found.num_cells},
        "evaluations": {"num_supernets": found.num_supernets, "num_evaluations": found.num_evaluations},
        "tables": [table.to_json() for table in replay_tables(found)],
    }


def write_replay(found: Replay, folder: Path) -> list[Path]:
    """Write `replay.json`, and each table as CSV with all fields and as LaTeX as shown.

    Returns:
        The files, each of them whole.

    Raises:
        OSError: the folder cannot be written.
    """
    contents = {"replay.json": json.dumps(replay_to_json(found), indent=2, allow_nan=False) + "\n"}
    for table in replay_tables(found):
        contents[f"{table.name}.csv"] = table.to_csv()
        contents[f"{table.name}.tex"] = table.to_latex()
    for name, text in contents.items():
        with atomic_write(folder / name) as file:
            file.write(text.encode("utf-8", "replace"))
    return [folder / name for name in contents]
