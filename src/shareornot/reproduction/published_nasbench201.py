"""Scores of super-nets of NAS-Bench-201 as their authors published them: JSON files, an object by architecture.

A key is the architecture as nested tuples, `[(('none', 0),), (('none', 0), ('none', 1)), ...]`, which is searched for
operations and never evaluated. A super-net's scores may be spread over files that differ in a number at the end.

References:
    Oh, Lee and Ham, "Efficient Few-Shot Neural Architecture Search by Counting the Number of Nonlinear Functions",
    https://github.com/cvlab-yonsei/Few-Shot-NAS, folder `SuperNet/logs`.
    Zhao et al. 2021, "Few-shot Neural Architecture Search", https://github.com/aoiang/few-shot-NAS, folder
    `Few-Shot_NasBench201/supernet_info`.
"""

import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from shareornot.errors import DataError
from shareornot.progress import Progress, Silent
from shareornot.reproduction.published_files import published_files
from shareornot.spaces.nasbench201 import FAMILY

FILES = re.compile(r"(?:SuperNet/logs|supernet_info)/(?P<name>[\w\-]+?)(?P<part>_\d)?$")
OPERATION = re.compile(r"\('(\w+)', ([012])\)")
SOURCES = ["0", "0", "1", "0", "1", "2"]
"""Node from which each edge comes, in the order of the text."""
SETTINGS = re.compile(
    r"seed-(?P<seed>\d+)-[\w\-]*?(?:baseline|decom\d*)-(?P<numbers>\d+(?:-\d+)+)(?P<rand>rand)?(?P<balanced>-balanced)?"
)


def read_published_scores(source: Path, progress: Progress | None = None) -> tuple[pa.Table, pa.Table]:
    """Read the scores of a repository.

    Args:
        source: its folder, or a .zip or .tar.gz archive of it.
        progress: advances by one for each file.

    Returns:
        A wide table, a column for each super-net that scored all of the architectures that any scored, in the order of
        NAS-Bench-201's numbers here; and an index of them with the settings in their names.

    Raises:
        MissingDataError: nothing is there.
        DataError: no scores, or a file of another kind.
    """
    progress = progress or Silent()
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for match, content in published_files(source, FILES):
        found = _scores(f"{source}: {match[0]}", content)
        if found:
            scores[match["name"]] |= found
        progress.advance(1, match["name"])
    if not scores:
        raise DataError(
            f"{source}: expected JSON files in SuperNet/logs or in supernet_info, got none; name the repository"
        )
    texts = FAMILY.texts(np.unique(FAMILY.parse(sorted({text for own in scores.values() for text in own}))))
    complete = sorted(name for name, own in scores.items() if len(own) == len(texts))
    columns = {name: np.array([scores[name][text] for text in texts], np.float32) for name in complete}
    return pa.table({"architecture": texts, **columns}), pa.Table.from_pylist([_index_row(name) for name in complete])


def _scores(where: str, content: bytes) -> dict[str, float]:
    """Scores by text; empty where the file is about something else."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: expected a JSON object: {error}") from error
    if not isinstance(found, dict):
        return {}
    scores = {}
    for key, value in found.items():
        edges = OPERATION.findall(key)
        if [node for _, node in edges] != SOURCES:
            return {}
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DataError(f"{where}: {key[:60]}: expected a number, got {str(value)[:40]!r}")
        (a,), (b, c), (d, e, f) = ([word for word, _ in edges[start:end]] for start, end in ((0, 1), (1, 3), (3, 6)))
        scores[f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"] = float(value)
    return scores


def _index_row(name: str) -> dict[str, str | int | bool | None]:
    """The settings in the name of a super-net; those that it lacks are missing."""
    match = SETTINGS.fullmatch(name)
    seed = re.match(r"seed-(\d+)", name)
    row: dict[str, str | int | bool | None] = {"supernet": name, "seed": int(seed[1]) if seed else 0}
    numbers = [int(one) for one in match["numbers"].split("-")] if match else []
    if match is None or len(numbers) < 3:
        return row | dict.fromkeys(("channels", "thresholds", "batch_size", "epochs", "balanced", "rand_in_name"))
    channels, *thresholds, batch_size, epochs = numbers
    return row | {
        "channels": channels,
        "thresholds": ",".join(map(str, thresholds)),
        "batch_size": batch_size,
        "epochs": epochs,
        "balanced": match["balanced"] is not None,
        "rand_in_name": match["rand"] is not None,
    }
