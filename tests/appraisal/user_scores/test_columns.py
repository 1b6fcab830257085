import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.appraisal.user_scores.columns import columns_of, printable, read_columns
from shareornot.errors import DataError, MissingDataError, ShareOrNotError

HEAD = "architecture,proxy,standalone\n"
ROWS = "a,0.3,0.5\nb,0.4,0.6\n"


@pytest.fixture
def csv(tmp_path):
    """Reads what a file with such content holds."""

    def read(content):
        path = tmp_path / "scores.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_columns(path)

    return read


@pytest.fixture
def parquet(tmp_path):
    def read(**columns):
        path = tmp_path / "scores.parquet"
        given = {"architecture": ["a", "b"], "proxy": [0.3, 0.4], "standalone": [0.5, 0.6]}
        pq.write_table(pa.table(given | columns), path)
        return read_columns(path)

    return read


def test_a_csv_file(csv):
    columns = csv(HEAD + ROWS)
    assert columns.words("architecture")[1] == ["a", "b"]
    assert columns.numbers("proxy").tolist() == [0.3, 0.4]
    assert columns.repeats("standalone") == ["standalone"]
    assert columns.repeats("test") == []
    assert (columns.features, columns.notes, len(columns)) == ((), (), 2)


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_delimiters_are_told(csv, mark, name):
    columns = csv((HEAD + ROWS).replace(",", mark))
    assert columns.numbers("standalone").tolist() == [0.5, 0.6]
    assert columns.notes == (f"Columns are separated by {name}.",)


def test_names_are_taken_generously(csv):
    columns = csv("\ufeffArchitecture, Proxy ,STANDALONE 1,standalone-0,Depth\r\na,1,2,3,4\r\n")
    assert columns.repeats("standalone") == ["standalone_0", "standalone_1"]
    assert columns.features == ("Depth",)


def test_repeats_are_ordered_by_their_number(csv):
    names = [f"standalone_{number}" for number in (10, 9, 1)]
    columns = csv(f"architecture,proxy,{','.join(names)}\na,1,2,3,4\n")
    assert columns.repeats("standalone") == names[::-1]


def test_a_mean_beside_its_repeats_is_ignored(csv):
    columns = csv("architecture,proxy,standalone,standalone_0,standalone_1\na,1,2,3,4\n")
    assert columns.repeats("standalone") == ["standalone_0", "standalone_1"]
    assert "Ignored: standalone," in columns.notes[0]


def test_cells_keep_their_commas_in_quotes(csv):
    columns = csv(f'{HEAD}"0100;input,output",0.3,0.5\n')
    assert columns.words("architecture")[1] == ["0100;input,output"]


def test_what_is_no_number_is_missing(csv):
    columns = csv(HEAD + "a,NaN,0.5\nb,,0.6\nc,N/A,\nd,inf,0.7\n")
    np.testing.assert_array_equal(columns.numbers("proxy"), [np.nan, np.nan, np.nan, np.inf])


def test_words_stay_words_where_they_look_like_nothing(csv):
    columns = csv("architecture,proxy,standalone,activation\na,1,2,none\nb,1,2,\nc,1,2,relu\n")
    positions, words = columns.words("activation")
    assert positions.tolist()[1] == -1
    assert [words[position] for position in (positions[0], positions[2])] == ["none", "relu"]


def test_a_column_has_the_type_of_all_its_rows(csv):
    rows = "\n".join(f"a{row},1,2,{row if row < 90_000 else 'late'}" for row in range(90_001))
    columns = csv(f"architecture,proxy,standalone,mixed\n{rows}\n")
    assert pa.types.is_string(columns.columns["mixed"].type)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "names of columns in the first line, got none; add a header"),
        ("\n\n", "names of columns in the first line"),
        (b"\0\0\0", "names of columns in the first line"),
        (HEAD, "got a header only; add scores"),
        (HEAD.strip(), "got a header only; add scores"),
        ("architecture proxy standalone\na 1 2\n", "with commas between them, got 'architecture proxy standalone'"),
        ("architecture;proxy;standalone\na;0,3;0,5\n", r"'proxy': expected numbers, got '0,3'; write decimal points"),
        (HEAD + "a,good,0.5\n", "'proxy': expected numbers, got 'good'; leave the cell empty"),
        (HEAD + "a,0.3,93.2%\n", "'standalone': expected numbers, got '93.2%'; write percentages without the sign"),
        (HEAD + "0100;input,output,0.3,0.5\n", "expected 3 values with commas between them, got 4; put quotes"),
        (HEAD + "a,1\n", "expected 3 values .* got 2"),
        ("architecture,proxy,proxy,standalone\na,1,2,3\n", "different names, got 'proxy' twice"),
        ("architecture,proxy,Proxy,standalone\na,1,2,3\n", "expected one column 'proxy', got two"),
        ("architektur,proxy,standalone\na,1,2\n", "column architecture, .*'architektur' may be meant for architecture"),
        ("architecture,val_proxy,standalone\na,1,2\n", "'val_proxy' may be meant for proxy"),
        ("architecture,proxy,accuracy\na,1,2\n", "expected the column standalone, got architecture, proxy, accuracy;"),
        (HEAD.encode() + "é,1,2\n".encode("latin-1"), "expected UTF-8 text, got another encoding"),
        ("é,proxy\n".encode("latin-1"), "expected UTF-8 text, got another encoding"),
        ((HEAD + ROWS).encode("utf-16"), "got UTF-16 text; save it as CSV"),
        (b"PK\x03\x04rest", "got a spreadsheet or archive; save it as CSV"),
        (b"\x1f\x8brest", "got a compressed file"),
        (HEAD + "x" * 10_000_000 + ",0.3,0.5\n", "at most 10,000 characters, got 10,000,000; give short names"),
    ],
)
def test_files_that_are_refused(csv, content, message):
    with pytest.raises(DataError, match=message) as caught:
        csv(content)
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path):
    with pytest.raises(MissingDataError, match="found none"):
        read_columns(tmp_path / "none.csv")
    with pytest.raises(DataError, match="Is a directory; name a file"):
        read_columns(tmp_path)


def test_parquet(parquet):
    columns = parquet(
        architecture=pa.array(["a", "b"]).dictionary_encode(),
        proxy=pa.array([1, 2]),
        when=pa.array([0, 0], pa.timestamp("s")),
        path=pa.array([[1], [2]]),
        flag=[True, None],
        depth=pa.array([1, None]),
        width=pa.array(["1.5", "2.5"]).cast(pa.decimal128(5, 2)),
    )
    assert columns.words("architecture")[1] == ["a", "b"]
    assert columns.features == ("flag", "depth", "width")
    assert columns.notes == (
        "Ignored: path, which is nested.",
        "Ignored: when, neither numbers nor truth values nor words.",
    )


def test_a_nested_column_that_is_needed(parquet):
    with pytest.raises(DataError, match="'proxy': expected text or numbers, got a nested column"):
        parquet(proxy=pa.array([[1], [2]]))


def test_a_type_that_is_no_number(parquet):
    with pytest.raises(DataError, match="cost: expected numbers, got timestamp"):
        parquet(cost=pa.array([0, 0], pa.timestamp("s")))


@given(cut=st.integers(4, 600))
def test_a_damaged_parquet_file(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("damaged") / "scores.parquet"
    pq.write_table(pa.table({"architecture": ["a", "b"], "proxy": [0.3, 0.4], "standalone": [0.5, 0.6]}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole) - 1)])
    with pytest.raises(DataError, match="write it again"):
        read_columns(path)


@given(noise=st.binary(max_size=300))
def test_noise_gives_one_line(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "scores.csv"
    path.write_bytes(HEAD.encode() + noise)
    try:
        said = f"{len(read_columns(path))} rows"
    except ShareOrNotError as error:
        said = str(error)
    assert len(said.splitlines()) == 1
    assert said != "0 rows"


def test_a_mapping_of_arrays():
    columns = columns_of({"architecture": np.arange(3), "proxy": [1, None, 3], "standalone": np.ones((3, 2))})
    assert columns.words("architecture")[1] == ["0", "1", "2"]
    np.testing.assert_array_equal(columns.numbers("proxy"), [1, np.nan, 3])
    assert columns.repeats("standalone") == ["standalone_0", "standalone_1"]


def test_an_arrow_table_and_objects():
    table = pa.table({"architecture": ["a"], "proxy": [1.0], "standalone": [2.0]})
    assert len(columns_of(table)) == 1
    from shareornot.spaces.nasbench101 import Cell

    columns = columns_of({"architecture": [Cell.from_index(0)], "proxy": [1], "standalone": [0.5]})
    assert columns.words("architecture")[1] == ["0100;input,output"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, "expected a file or a mapping of columns, got int"),
        ({}, "expected the columns architecture, proxy, standalone, got none"),
        ({"architecture": ["a"], "proxy": [1, 2], "standalone": [1]}, "architecture 1, proxy 2, standalone 1"),
        ({"architecture": "abc", "proxy": [1], "standalone": [1]}, "got one text; give a list"),
        ({"architecture": ["a"], "proxy": ["x"], "standalone": [1]}, "proxy: expected numbers"),
        ({"architecture": [], "proxy": [], "standalone": []}, "got a header only"),
    ],
)
def test_arrays_that_are_refused(source, message):
    with pytest.raises(DataError, match=message):
        columns_of(source)


def test_printable():
    assert printable("plain ü") == "plain ü"
    assert printable("red\x1b[31m\n") == "red\ufffd[31m\ufffd"
    assert len(printable("x" * 1_000)) == 80
