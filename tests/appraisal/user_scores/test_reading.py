"""Delimited text to columns: headers, marks, quotes, and rows that are refused."""

import numpy as np
import pytest

from shareornot.appraisal.user_scores.options import ReadingOptions
from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.appraisal.user_scores.score_table import score_table
from shareornot.appraisal.user_scores.structure import structure_of
from shareornot.appraisal.user_scores.wording import printable
from shareornot.errors import SettingsError, ShareOrNotError

HEAD = "architecture,proxy,standalone\n"


ROWS = "a,0.3,0.5\nb,0.4,0.6\n"


def table_of(source, **options):
    return score_table(read_columns(source), ReadingOptions(**options))


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


def test_a_csv_file(csv):
    table = csv(HEAD + ROWS)
    assert table.texts == ["a", "b"]
    assert table.proxy.tolist() == [0.3, 0.4]
    assert table.standalone.tolist() == [[0.5], [0.6]]
    assert (table.test, table.cost, table.notes, table.supernets) == (None, None, (), ["super-net"])


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_other_delimiters_and_line_ends(csv, mark, name, end):
    table = csv((HEAD + ROWS).replace(",", mark).replace("\n", end))
    assert table.standalone[:, 0].tolist() == [0.5, 0.6]
    assert table.notes == (f"Columns are separated by {name}.",)
    assert table.columns.row(1) == "row 2 (line 3)"


def test_what_stands_before_the_header(csv):
    assert csv("sep=;\narchitecture;proxy;standalone\na;1;0.5\nb;2;0.6\n").proxy.tolist() == [1, 2]
    assert csv('"sep=,"\r\n' + HEAD + ROWS).proxy.tolist() == [0.3, 0.4]
    table = csv("# made by us\n#\n\n" + HEAD + ROWS)
    assert table.notes == ("2 lines before the header left out.",)
    assert table.columns.row(0) == "row 1 (line 5)"


def test_names_are_taken_generously(csv):
    table = csv("\ufeffArchitecture, Proxy ,STANDALONE 1,standalone-0,Depth\r\na,1,2,3,4\r\n")
    assert table.chosen.standalone == ("standalone-0", "STANDALONE 1")
    assert table.chosen.others == ("Depth",)


def test_repeats_are_ordered_by_their_number(csv):
    names = [f"standalone_{number}" for number in (10, 9, 1)]
    table = csv(f"architecture,proxy,{','.join(names)}\na,1,2,3,4\n")
    assert list(table.chosen.standalone) == names[::-1]


def test_a_column_number_of_thousands_of_digits_is_a_name(csv):
    name = "standalone_" + "9" * 5_000
    table = csv(f"architecture,proxy,standalone,{name}\na,1,0.5,4\nb,2,0.6,4\n")
    assert table.chosen.standalone == ("standalone",)
    assert "another score" in features_of(table).notes[0]


def test_a_mean_beside_its_repeats_is_ignored(csv):
    table = csv("architecture,proxy,standalone,standalone_0,standalone_1\na,1,2,3,4\n")
    assert table.chosen.standalone == ("standalone_0", "standalone_1")
    assert "Ignored: standalone," in table.notes[0]


def test_cells_keep_their_commas_in_quotes(csv):
    assert csv(f'{HEAD}"0100;input,output",0.3,0.5\n').texts == ["0100;input,output"]
    assert csv(f"{HEAD}a, 0.3, 0.5\nx, 0.2, 0.4\n").proxy.tolist() == [0.3, 0.2]
    spaced = csv('proxy, architecture, standalone\n0.3, "0100;input,output", 0.5\n0.2, "b, c", 0.6\n')
    assert spaced.texts == ["0100;input,output", "b, c"]


def test_a_row_name_without_a_header_as_r_writes_it(csv):
    table = csv('"architecture","proxy","standalone"\n"1","a",1,0.5\n"2","b",2,0.6\n"3","c",3,0.7\n')
    assert table.texts == ["a", "b", "c"]
    assert csv(HEAD.strip() + ",\na,1,0.5,\nb,2,0.6,\nc,3,0.7,\n").chosen.others == ()
    assert csv(HEAD + "a,1,0.5,\nb,2,0.6,\nc,3,0.7,\n").proxy.tolist() == [1, 2, 3]


def test_what_is_no_number_is_missing(csv):
    table = csv(HEAD + "a,NaN,0.5\nb,,0.6\nc,N/A,\nd,inf,0.7\ne,  ,-\nf,#N/A,<NA>\n")
    np.testing.assert_array_equal(table.proxy, [np.nan, np.nan, np.nan, np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(table.standalone[:, 0], [0.5, 0.6, np.nan, 0.7, np.nan, np.nan])


def test_words_stay_words_where_they_look_like_nothing(csv):
    table = csv("architecture,proxy,standalone,activation\na,1,2,none\nb,1,2,\nc,1,2,relu\n")
    feature = features_of(table).features["activation"]
    assert feature.words == ("none", "relu")
    np.testing.assert_array_equal(feature.values, [0, np.nan, 1])


def test_a_column_has_the_type_of_all_its_rows(csv):
    rows = "\n".join(f"a{row},1,2,{row % 7 if row < 90_000 else 'late'}" for row in range(90_001))
    structure = features_of(csv(f"architecture,proxy,standalone,mixed\n{rows}\n"))
    assert structure.features["mixed"].words[-1] == "late"
    assert structure.notes[1] == (
        "mixed: read as words, since row 90,001 (line 90,002) holds 'late', which is no number."
    )


def test_utf_16_is_read(csv):
    table = csv((HEAD + ROWS).encode("utf-16"))
    assert table.notes == ("The text is in UTF-16.",)
    assert table.proxy.tolist() == [0.3, 0.4]


def test_blank_rows_are_left_out(csv):
    table = csv(HEAD + ROWS + ",,\n\n  \nc,0.1,0.2\n")
    assert table.texts == ["a", "b", "c"]
    assert table.notes == ("1 blank row left out.",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "names of columns in the first line, got none: the file is empty; add a header"),
        ("\n\n", "names of columns in the first line"),
        (b"\0\0\0", "names of columns in the first line"),
        (b"a\0b,c\n", "names of columns in the first line, got zero bytes"),
        (HEAD, "got a header only; add scores"),
        (HEAD.strip(), "got a header only; add scores"),
        ("architecture:proxy:standalone\na:1:2\n", "with commas between them, got 'architecture:proxy:standalone'"),
        (HEAD + "a,0.1,0.5\nb,good,0.5\n", r"row 2 \(line 3\): column 'proxy': .* got 'good'; leave the cell empty"),
        (HEAD + "a,0.3,87.3±0.2\n", r"row 1 \(line 2\): column 'standalone': .*'87.3±0.2'; write the mean alone"),
        (HEAD + "a,\"tensor(0.9, device='cuda:0')\",0.5\n", r"row 1 .* column 'proxy': .*tensor.item\(\) in PyTorch"),
        (HEAD + "a,np.float64(0.9),0.5\n", r"row 1 .* column 'proxy': .*float\(value\) in Python"),
        (
            HEAD + "a,0.3,93.2%\nb,0.2,0.5\nc,0.1,50\n",
            "row 1 .* column 'standalone': .*'93.2%'; write percentages without",
        ),
        (HEAD + "a,0.1,0.5\nb,0.3,-1\n", r"row 2 .* column 'standalone': .* got -1; leave the cell empty where -1"),
        (HEAD + "0100;input,output,0.3,0.5\n", r"row 1 \(line 2\): expected 3 values with commas .*got 4 .*put quotes"),
        (
            HEAD + "a,1,0.5\nb,1\n",
            r"row 2 \(line 3\): expected 3 values .* got 2 in 'b,1'; add the values of standalone",
        ),
        (HEAD + 'a,1,0.5\n"b,1,0.6\nc,2,0.7\n', r"row 2 \(line 3\): column 'architecture': expected a closing quote"),
        (
            HEAD + 'a,1,0.5\nb,"1,0.6\nc,2,0.7\nd,"3",0.4\n',
            r"row 2 \(line 3\): column 'proxy': expected a closing quote",
        ),
        (
            "architecture,proxy,proxy,standalone\na,1,2,3\n",
            "one column 'proxy', got 'proxy' twice; .* proxy_0, proxy_1",
        ),
        ("architecture,proxy,Proxy,standalone\na,1,2,3\n", "expected one column 'proxy', got two: 'proxy' and 'Proxy'"),
        ("architektur,proxy,standalone\na,1,2\n", "column architecture, .*'architektur' may be meant for architecture"),
        ("architecture,val_proxy,standalone\na,1,2\n", "'val_proxy' may be meant for proxy"),
        (HEAD.encode() + b"a,1,2\n" + "é,1,2\n".encode("latin-1"), r"row 2 \(line 3\): column 'architecture': .*UTF-8"),
        ("é,proxy\n".encode("latin-1"), "line 1: expected UTF-8 text, got another encoding"),
        (
            HEAD + "x" * 10_000_000 + ",0.3,0.5\n",
            "row 1 .* at most 10,000 characters, got 10,000,000; give short names",
        ),
        (HEAD + ",0.1,0.5\n", r"column 'architecture': expected a text in every row, got 1 gap, the first in row 1"),
    ],
)
def test_files_that_are_refused(csv, content, message):
    with pytest.raises(ShareOrNotError, match=message) as caught:
        csv(content)
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)
    assert "scores.csv" in str(caught.value)


def test_options_that_name_no_column(csv):
    with pytest.raises(SettingsError, match="--proxy 'score': expected a column of the file, got none of this name"):
        csv(HEAD + ROWS, proxy=("score",))


def test_printable():
    assert printable("plain ü") == "plain ü"
    assert printable("red\x1b[31m\n") == "red\ufffd[31m\ufffd"
    assert len(printable("x" * 1_000)) == 80
