"""Files of every kind, recognized by their content, and those that are refused."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import re
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.appraisal.user_scores.options import ReadingOptions
from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.appraisal.user_scores.score_table import score_table
from shareornot.appraisal.user_scores.scores import scores_of_table
from shareornot.appraisal.user_scores.structure import structure_of
from shareornot.errors import DataError, MissingDataError, ShareOrNotError

HEAD = "architecture,proxy,standalone\n"


ROWS = "a,0.3,0.5\nb,0.4,0.6\n"


NAMES, PROXIES, ACCURACIES = ["a", "b", "c"], [0.3, 0.5, 0.4], [0.91, 0.942, 0.939]


PLAIN = {"architecture": NAMES, "proxy": PROXIES, "standalone": ACCURACIES}


def table_of(source, **options):
    return score_table(read_columns(source), ReadingOptions(**options))


def is_plain(table):
    """Whether a table holds `PLAIN`."""
    np.testing.assert_array_equal(table.proxy, PROXIES)
    np.testing.assert_allclose(table.standalone[:, 0], ACCURACIES)
    assert [table.texts[code] for code in table.architecture] == NAMES
    return True


@pytest.fixture
def csv(tmp_path):
    """Reads what a file with such content holds."""

    def read(content, **options):
        path = tmp_path / "scores.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return table_of(path, **options)

    return read


@pytest.fixture
def file(tmp_path):
    """Reads a file with these bytes, under a name without a suffix."""

    def read(content, **options):
        path = tmp_path / "scores.dat"
        path.write_bytes(content)
        return table_of(path, **options)

    return read


def features_of(table, **options):
    return structure_of(table, ReadingOptions(**options))


def test_missing_files(tmp_path):
    (tmp_path / "nine.csv").touch()
    with pytest.raises(MissingDataError, match=r"found none; check the path; 'nine.csv' is there"):
        read_columns(tmp_path / "none.csv")
    with pytest.raises(DataError, match="got a folder; name a file in it"):
        read_columns(tmp_path)


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((HEAD + ROWS).encode())))
    assert table_of("-").proxy.tolist() == [0.3, 0.4]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(DataError, match="standard input: expected scores, got nothing"):
        read_columns("-")


def text_file():
    return (
        "architecture,proxy,standalone\n"
        + "\n".join(f"{n},{p},{a}" for n, p, a in zip(NAMES, PROXIES, ACCURACIES, strict=True))
    ).encode()


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files(file, compress):
    assert is_plain(file(compress(text_file())))
    with pytest.raises(DataError, match="compressed twice; decompress it once"):
        file(compress(gzip.compress(text_file())))
    with pytest.raises(DataError, match=r"a whole file compressed by .*; compress it again"):
        file(compress(text_file())[:-9])


def test_a_zstandard_file(tmp_path):
    path = tmp_path / "scores"
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write(text_file())
    assert is_plain(table_of(path))


RECORDS = [{"architecture": n, "proxy": p, "standalone": a} for n, p, a in zip(*PLAIN.values(), strict=True)]


@pytest.mark.parametrize(
    "document",
    [
        RECORDS,
        PLAIN,
        {"results": RECORDS, "seed": 3},
        {"scores": PLAIN},
        {one["architecture"]: {"proxy": one["proxy"], "standalone": one["standalone"]} for one in RECORDS},
        {name: dict(zip(NAMES, PLAIN[name], strict=True)) for name in ("proxy", "standalone")},
        {name: dict(zip("012", values, strict=True)) for name, values in PLAIN.items()},
        {"columns": list(PLAIN), "index": [0, 1, 2], "data": [list(one.values()) for one in RECORDS]},
        {"columns": ["proxy", "standalone"], "index": NAMES, "data": [list(one.values())[1:] for one in RECORDS]},
        {"schema": {"fields": []}, "data": RECORDS},
    ],
)
def test_json_of_any_form(file, document):
    assert is_plain(file(json.dumps(document).encode()))
    assert is_plain(file(b"\xef\xbb\xbf  \n" + json.dumps(document, indent=2).encode()))


def test_json_lines(file):
    lines = "\n".join(map(json.dumps, RECORDS))
    assert is_plain(file(lines.encode()))
    assert is_plain(file(("\n" + lines + "\n\n").encode()))
    with pytest.raises(DataError, match="line 2: expected one JSON record in each line"):
        file(lines.replace("}\n", "\n", 2).replace("\n", "}\n", 1).encode())


def test_json_with_lists_and_gaps(file):
    records = [{"architecture": "a", "proxy": 1, "standalone": [0.8, 0.9]}, {"architecture": "b", "standalone": [0.7]}]
    table = file(json.dumps(records).encode())
    np.testing.assert_array_equal(table.standalone, [[0.8, 0.9], [0.7, np.nan]])
    np.testing.assert_array_equal(table.proxy, [1, np.nan])
    assert file(b'[{"architecture": "a", "proxy": NaN, "standalone": 0.5}]').proxy.size == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "expected a list of records, got an empty list"),
        (b"[1, 2]", "got '1' in row 1; write records with named values"),
        (b"{'architecture': ['a']}", "line 1: expected JSON, .*; write double quotes around names and texts"),
        (b'{"architecture": ["a"], "proxy": [1', "line 1: expected JSON"),
        (b'{"a": 1, "a": 2}', "the key 'a' twice in one object"),
        (b'{"architecture": ["a"], "proxy": {"x": 1}, "standalone": [1]}', "'proxy': expected a list .* got a mapping"),
        (b'{"architecture": ["a"], "proxy": [1, 2], "standalone": [1]}', "columns of one length, got .*proxy 2"),
        (b'[{"architecture": "a", "proxy": "good", "standalone": 1}]', "row 1: column 'proxy': expected numbers"),
        (b"[" * 100_000, "expected JSON"),
        (b'{"a": 0.4, "b": 0.5}', "expected the column standalone, got none"),
        (b'\xff{"a"', "row|line|UTF-8|header|names"),
    ],
)
def test_json_that_is_refused(file, content, message):
    with pytest.raises(ShareOrNotError, match=message):
        scores_of_table(file(content), ReadingOptions())


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"architecture": ["a", "b"], "proxy": [0.3, 0.4], "standalone": [0.5, 0.6]} | columns), sink
    )
    return sink.getvalue()


def test_parquet(file):
    table = file(
        parquet(
            architecture=pa.array(["a", "b"]).dictionary_encode(),
            proxy=pa.array([1, 2]),
            when=pa.array([0, 0], pa.timestamp("s")),
            path=pa.array([[1], [2]]),
            flag=[True, None],
            depth=pa.array([1, None]),
            width=pa.array(["1.5", "2.5"]).cast(pa.decimal128(5, 2)),
        )
    )
    structure = features_of(table)
    assert list(structure.features) == ["flag", "depth", "width"]
    assert "left out: when, path (neither numbers nor words)" in structure.notes[0]


def test_lists_of_trainings_in_parquet(file):
    table = file(parquet(standalone=[[0.5, 0.6, None], [0.7, 0.8, 0.9]]))
    np.testing.assert_array_equal(table.standalone, [[0.5, 0.6, np.nan], [0.7, 0.8, 0.9]])


@pytest.mark.parametrize("kind", [pa.time32("s"), pa.time64("ns"), pa.duration("ms")])
def test_times_of_day_and_durations_are_seconds(file, kind):
    per_second = {"s": 1, "ms": 1_000, "ns": 1_000_000_000}[kind.unit]
    table = file(parquet(cost=pa.array([90 * per_second, 3_600 * per_second], kind)))
    assert table.cost.tolist() == [90, 3_600]


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.date32()])
def test_a_type_that_is_no_number(file, kind):
    with pytest.raises(DataError, match=r"row 1: column 'cost': expected numbers, got (timestamp|date)"):
        file(parquet(cost=pa.array([0, 0], kind)))


@given(cut=st.integers(4, 600))
def test_a_damaged_parquet_file(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("damaged") / "scores.parquet"
    whole = parquet()
    path.write_bytes(whole[: min(cut, len(whole) - 1)])
    with pytest.raises(DataError, match="write it again"):
        read_columns(path)


@pytest.mark.parametrize(
    "content",
    [
        b"PAR1 and no more",
        b"PAR1" + bytes(20),
        b"ARROW1 and no more",
        b"FEA1 and no more",
        b"\x93NUMPY\x01\x00",
        b"PK\x03\x04 and no more",
        b"\x1f\x8b\x08 and no more",
        b"BZh91AY and no more",
        b"\xfd7zXZ\x00 and no more",
        b"\x28\xb5\x2f\xfd and no more",
        b'{"architecture": ["a',
        b'[{"architecture": "a"}, {"architecture": "a", "architecture": "b"}]',
        HEAD.encode() + b'a,"0.3,0.5\nb,0.4,0.6\n',
    ],
)
def test_words_of_other_packages_end_without_a_full_stop(file, content):
    with pytest.raises(DataError) as caught:
        file(content)
    assert not re.search(r"[.,;:][;:,]|\.\s*$", str(caught.value))


@pytest.mark.parametrize("stream", [False, True])
def test_arrow_files(file, stream):
    sink, table = io.BytesIO(), pa.table(PLAIN)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)
    assert is_plain(file(sink.getvalue()))
    with pytest.raises(DataError, match=r"an Arrow file of scores, got: .*write it again"):
        file(sink.getvalue()[:200])


def test_npz(file):
    sink = io.BytesIO()
    np.savez(sink, architecture=np.array(NAMES), proxy=np.array(PROXIES), standalone=np.array(ACCURACIES)[:, None])
    assert is_plain(file(sink.getvalue()))
    np.savez(sink := io.BytesIO(), architecture=np.array(NAMES, object), proxy=PROXIES, standalone=ACCURACIES)
    with pytest.raises(DataError, match="'architecture': expected numbers or text, got Python objects"):
        file(sink.getvalue())


def test_npy(file):
    rows = np.array(
        list(zip(*PLAIN.values(), strict=True)), [("architecture", "U1"), ("proxy", "f8"), ("standalone", "f8")]
    )
    np.save(sink := io.BytesIO(), rows)
    assert is_plain(file(sink.getvalue()))
    np.save(sink := io.BytesIO(), np.ones((3, 2)))
    with pytest.raises(DataError, match=r"one array of shape \(3, 2\), which has no names; save several"):
        file(sink.getvalue())
    np.save(sink := io.BytesIO(), np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match="got Python objects, which are a pickle"):
        file(sink.getvalue())


@pytest.mark.parametrize("library", ["python_calamine", "openpyxl"])
def test_spreadsheets(file, library, monkeypatch):
    openpyxl = pytest.importorskip("openpyxl")
    if library == "openpyxl":
        monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    else:
        pytest.importorskip(library)
    book = openpyxl.Workbook()
    book.active.append(["about", "this"])
    book.active.append(["made", "up"])
    sheet = book.create_sheet("scores")
    sheet.append([])
    sheet.append([*PLAIN, "supernet"])
    for number, row in enumerate(zip(*PLAIN.values(), strict=True)):
        sheet.append([*row, number // 2])
    book.save(sink := io.BytesIO())
    table = file(sink.getvalue())
    assert is_plain(table)
    assert table.supernets == ["0", "1"]
    assert table.notes == ("Read: the sheet 'scores', one of 2 sheets.",)
    assert table.columns.row(0) == "row 1 (line 3)"
    with pytest.raises(DataError, match=r"expected an .xlsx file|whole archive"):
        file(sink.getvalue()[:-60])


def torch_file():
    with zipfile.ZipFile(sink := io.BytesIO(), "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
        archive.writestr("archive/version", b"3")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(PLAIN), "a pickle, which can run code"),
        (pickle.dumps(PLAIN, protocol=0), "a pickle, which can run code"),
        (torch_file(), "a PyTorch file, which holds a pickle"),
        (b"SQLite format 3\0" + b"\0" * 84, "an SQLite database; export the table: sqlite3 -header -csv"),
        (b"<!DOCTYPE html>\n<html>", "a page in HTML or XML; download the raw file"),
        (b"\n<?xml version='1.0'?>", "a page in HTML or XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer .*; run: git lfs pull"),
        (b"/annex/objects/SHA256E-s10--00.csv\n", "run: git annex get"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 60, "an HDF5 file"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 60,
            "an old version of Excel or one with a password; save it as .xlsx without one, or as CSV",
        ),
        (b"PK\x03\x04rest", "expected a whole archive"),
        (b"%PDF-1.4\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
    ],
)
def test_kinds_of_files_that_are_refused(file, content, message):
    with pytest.raises(DataError, match=message):
        file(content)


@given(noise=st.binary(max_size=300))
def test_noise_gives_one_line(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "scores.csv"
    path.write_bytes(HEAD.encode() + noise)
    try:
        said = f"{table_of(path).columns.num_rows} rows"
    except ShareOrNotError as error:
        said = str(error)
    assert len(said.splitlines()) == 1
    assert said != "0 rows"
