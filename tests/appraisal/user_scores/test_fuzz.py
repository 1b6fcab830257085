"""Damaged and hostile files end in an answer or in one line of words, never in a traceback."""

import bz2
import gzip
import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.appraisal.user_scores import appraise_scores, read_user_scores
from shareornot.errors import ShareOrNotError
from shareornot.spaces import open_space

NUM_MUTATIONS = 10_000
NUM_APPRAISED = 6
"""Number of readable files that are appraised as well."""
TOKENS = (
    *(
        "",
        " ",
        ",",
        ";",
        "\t",
        "|",
        '"',
        "'",
        "\n",
        "\r",
        "\r\n",
        "\\",
        "\0",
        "\ufeff",
        "\x1b[31m",
        "\u202e",
        "{",
        "[",
        "}",
    ),
    *(
        "nan",
        "inf",
        "-inf",
        "1e999",
        "-1",
        "1e-320",
        "0",
        "1",
        "100",
        "1,5",
        "1.2M",
        "3 ms",
        "93%",
        "n/a",
        "<NA>",
        "None",
    ),
    *(
        "tensor(0.9)",
        "0.9±0.1",
        "[0.1, 0.2]",
        "9" * 400,
        "standalone_" + "9" * 50,
        "proxy",
        "supernet",
        "sep=;",
        "#",
        "=",
    ),
    *(
        "true",
        "2026-01-01",
        "\u0669",
        "\u2212" + "1",
        "|none~0|+|none~0|none~1|",
        "0100;input,output",
        "../../etc/passwd",
    ),
)
MAGIC = (b"\xff", b"\xc3", b"\x80\x04.", b"PK\x03\x04", b"PAR1", b"\x1f\x8b")
MARKS = re.compile(rb'[,;\n:"]')
BYTES = (*(token.encode() for token in TOKENS), *MAGIC)


def valid_files():
    rng = np.random.default_rng(0)
    num = 20
    truth = rng.uniform(0.8, 0.95, num).round(4)
    columns = {
        "architecture": open_space("nasbench201").texts(rng.choice(15_625, num // 2, replace=False)) * 2,
        "supernet": np.repeat(["a", "b"], num // 2).tolist(),
        "proxy": (truth + rng.normal(0, 0.03, num)).round(4).tolist(),
        "standalone_0": np.resize(truth[: num // 2], num).tolist(),
        "standalone_1": np.resize(truth[: num // 2] + 0.01, num).round(4).tolist(),
        "params": [f"{value}k" for value in rng.integers(10, 900, num // 2)] * 2,
        "depth": rng.integers(1, 5, num // 2).tolist() * 2,
    }
    rows = list(zip(*columns.values(), strict=True))
    text = "\n".join(",".join(map(str, row)) for row in [tuple(columns), *rows])
    cells = [f'"{text}"' for text in open_space("nasbench101").texts(np.arange(50, 62))]
    quoted = "\n".join(["architecture,proxy,standalone", *(f"{c},{n / 9},{n % 7 / 7}" for n, c in enumerate(cells))])
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    files = [text, quoted, text.replace(",", "\t"), json.dumps(records)]
    files = [*map(str.encode, files), "\n".join(map(json.dumps, records)).encode(), json.dumps(columns).encode()]
    table = pa.table(columns)
    pq.write_table(table, sink := io.BytesIO())
    files.append(sink.getvalue())
    with pa.ipc.new_file(sink := io.BytesIO(), table.schema) as writer:
        writer.write_table(table)
    files.append(sink.getvalue())
    np.savez(sink := io.BytesIO(), **{name: np.array(values) for name, values in columns.items()})
    files.append(sink.getvalue())
    wide = {"architecture": columns["architecture"][:12], "standalone": columns["standalone_0"][:12]}
    wide |= {f"proxy_{number}": rng.random(12).round(3).tolist() for number in range(3)}
    semicolons = "\n".join(
        ";".join(map(str, row)).replace(".", ",") for row in [tuple(wide), *zip(*wide.values(), strict=True)]
    )
    files += [
        semicolons.encode(),
        semicolons.encode("utf-16"),
        gzip.compress(text.encode()),
        bz2.compress(quoted.encode()),
    ]
    texts = [
        content for content in files if content[:1].isascii() and not content.startswith((b"PAR1", b"ARROW", b"PK"))
    ]
    return [*files, *texts]


def mutated(content, rng):
    """The content with one to three changes."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        place, length = int(rng.integers(0, len(data) + 1)), int(rng.integers(1, 30))
        match rng.integers(0, 8):
            case 0:
                data[place : place + 1] = bytes([rng.integers(0, 256)])
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = BYTES[rng.integers(0, len(BYTES))]
            case 3:
                data[place : place + length] = BYTES[rng.integers(0, len(BYTES))]
            case 4:
                del data[place:]
            case 5:
                other = int(rng.integers(0, len(data) + 1))
                data[place:place] = data[other : other + 10 * length]
            case _:
                _replace_a_cell(data, rng)
    return bytes(data)


def _replace_a_cell(data, rng):
    """Put a token in place of what stands between two marks of a text."""
    marks = [found.start() for found in MARKS.finditer(data)]
    if len(marks) > 1:
        number = int(rng.integers(0, len(marks) - 1))
        data[marks[number] + 1 : marks[number + 1]] = BYTES[rng.integers(0, len(BYTES))]


@pytest.mark.filterwarnings("ignore")
def test_mutations_of_valid_files(monkeypatch):
    held = [b""]
    monkeypatch.setattr("shareornot.appraisal.user_scores.reading._content", lambda path: (path, held[0]))  # no disk
    rng = np.random.default_rng(2020)
    files = valid_files()
    for held[0] in files:
        read_user_scores("valid")
    read = refused = appraised = 0
    said = []
    for number in range(NUM_MUTATIONS):
        content = mutated(files[number % len(files)], rng)
        held[0] = content
        try:
            scores = read_user_scores("mutated")
            read += 1
            if read % 100 == 0 and appraised < NUM_APPRAISED:
                appraised += 1
                appraise_scores(scores, num_runs=2)
        except ShareOrNotError as error:
            refused += 1
            said.append((str(error), content))
        except BaseException as error:
            error.add_note(f"mutation {number}: {content[:3_000]!r}")
            raise
    for words, content in said:
        assert len(words.splitlines()) == 1, (words, content)
        assert len(words) < 1_500, (words, content)
    assert read > NUM_MUTATIONS / 10
    assert refused > NUM_MUTATIONS / 10
    assert appraised == NUM_APPRAISED
