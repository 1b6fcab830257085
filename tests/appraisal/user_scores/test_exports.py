"""Files as other tools write them: whatever surrounds the numbers, the agreement is that of the numbers."""

import datetime
import io
import json
import zipfile

import numpy as np
import pytest
from scipy.stats import spearmanr

from shareornot.appraisal.user_scores import read_user_scores
from shareornot.appraisal.user_scores.agreements import agreement_of
from shareornot.errors import DataError

NUM = 20
RNG = np.random.default_rng(3)
STANDALONE = RNG.random(NUM).round(4)
PROXY = (STANDALONE + RNG.normal(0, 0.3, NUM)).round(4)
NAMES = [f"net-{number}" for number in range(NUM)]
ROWS = list(zip(NAMES, PROXY.tolist(), STANDALONE.tolist(), strict=True))
RECORDS = [{"architecture": name, "proxy": proxy, "standalone": alone} for name, proxy, alone in ROWS]
CSV = "architecture,proxy,standalone\n" + "".join(f"{a},{p},{s}\n" for a, p, s in ROWS)


def zipped(text):
    with zipfile.ZipFile(sink := io.BytesIO(), "w") as archive:
        archive.writestr("scores.csv", text)
    return sink.getvalue()


FILES = {
    "R's write.table": '"architecture" "proxy" "standalone"\n'
    + "".join(f'"{row}" "{a}" {p} {s}\n' for row, (a, p, s) in enumerate(ROWS, start=1)),
    "columns aligned by spaces": "architecture   proxy   standalone\n"
    + "".join(f"{a:<12}   {p:<8} {s}  \n" for a, p, s in ROWS),
    "a table in Markdown": "| architecture | proxy | standalone |\n|:---|---:|---|\n"
    + "".join(f"| {a} | {p} | {s} |\n" for a, p, s in ROWS),
    "a title above": "Results of March\n\n" + CSV,
    "a unit in the header": CSV.replace("standalone", "standalone (%)"),
    "UTF-16 without a mark": CSV.encode("utf-16-le"),
    "UTF-16 without a mark, the other order": CSV.encode("utf-16-be"),
    "one file in a zip archive": zipped(CSV),
    "groups in JSON": json.dumps(
        [{"architecture": a, "metrics": {"proxy": p, "standalone": s}, "config": {"lr": 0.1}} for a, p, s in ROWS]
    ),
    "choices in JSON": json.dumps(
        [{**one, "architecture": {"depth": row, "kernels": [3, 5]}} for row, one in enumerate(RECORDS)]
    ),
    "a ruler of Org": "| architecture | proxy | standalone |\n|---+---+---|\n"
    + "".join(f"| {a} | {p} | {s} |\n" for a, p, s in ROWS),
    "a query of PostgreSQL": " architecture | proxy | standalone \n---+---+---\n"
    + "".join(f" {a} | {p} | {s}\n" for a, p, s in ROWS)
    + f"({NUM} rows)\n\n",
    "a query of MySQL": "+---+---+---+\n| architecture | proxy | standalone |\n+---+---+---+\n"
    + "".join(f"| {a} | {p} | {s} |\n" for a, p, s in ROWS)
    + "+---+---+---+\n",
    "a table in reStructuredText": "============  =======  ==========\narchitecture  proxy    standalone\n"
    "============  =======  ==========\n"
    + "".join(f"{a:<12}  {p:<7}  {s}\n" for a, p, s in ROWS)
    + "============  =======  ==========\n",
    "bold in Markdown": "| **architecture** | **proxy** | **standalone** |\n|---|---|---|\n"
    + "".join(f"| `{a}` | {p} | {f'**{s}**' if s == STANDALONE.max() else s} |\n" for a, p, s in ROWS),
    "comments between and below the rows": "# run 7\n"
    + CSV.replace("net-9,", "# lost, trained again, twice\n#net-9,0.1,0.2\nnet-9,")
    + "# 3 h\n",
    "names that start with the mark of a comment": "# run 7\n" + CSV.replace("net-", "#"),
    "numpy.savetxt": "# architecture proxy standalone\n" + "".join(f"{a} {p} {s}\n" for a, p, s in ROWS),
    "an index called #": "#,architecture,proxy,standalone\n"
    + "".join(f"{row},{a},{p},{s}\n" for row, (a, p, s) in enumerate(ROWS)),
    "a comma behind the header alone": CSV.replace("standalone\n", "standalone,\n"),
    "letters without a width": CSV.replace("proxy", "\ufeffproxy\u200b"),
    "another spelling": CSV.replace("standalone", "Stand-alone"),
    "architectures below a key, beside others": json.dumps(
        {"results": {a: {"proxy": p, "standalone": s} for a, p, s in ROWS}, "meta": {"version": 1}, "seed": 3}
    ),
    "lists in mappings of one column each": json.dumps(
        {"proxy": {a: p for a, p, _ in ROWS}, "standalone": {a: [s, s + 0.01] for a, _, s in ROWS}}
    ),
    "records in mappings of one column each": json.dumps(
        {"proxy": {a: p for a, p, _ in ROWS}, "standalone": {a: s for a, _, s in ROWS}, "meta": {a: {} for a in NAMES}}
    ),
    "numbered values in groups": json.dumps(
        {a: {"proxy": {"0": p}, "standalone": {"0": s, "1": s}, "config": {"lr": 0.1}} for a, p, s in ROWS}
    ),
    "lists in JSON": json.dumps([{**one, "architecture": [row, 3, 5]} for row, one in enumerate(RECORDS)]),
}


@pytest.mark.parametrize("kind", FILES)
def test_exports_are_read(tmp_path, kind):
    content = FILES[kind]
    path = tmp_path / "scores.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (one,) = read_user_scores(path).variants
    assert agreement_of(one).spearman.mean == pytest.approx(spearmanr(PROXY, STANDALONE).statistic, abs=1e-9)
    assert len(one.pools[0].cells) == NUM


def test_an_infinity_of_excel_ranks_first(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(CSV.replace(f"net-3,{PROXY[3]},", "net-3,1.#INF,"))
    infinite = np.where(np.arange(NUM) == 3, np.inf, PROXY)
    (one,) = read_user_scores(path).variants
    assert agreement_of(one).spearman.mean == pytest.approx(spearmanr(infinite, STANDALONE).statistic, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("4:30", "h:mm:ss"),
        ("4 GPU hours", "without its unit"),
        ("9/10", "as one number"),
        ("True", "write numbers"),
        ("$4.00", "without '\\$'"),
        ("4*", "without '\\*'"),
        ("0x1.9p+3", "decimal numbers"),
        ("(4.5)", "a minus sign"),
        ("$4\\pm1$", "the mean alone"),
    ],
)
def test_a_refusal_has_a_remedy_that_fits(tmp_path, value, remedy):
    path = tmp_path / "scores.csv"
    path.write_text("architecture,proxy,standalone,cost\n" + "".join(f"{a},{p},{s},{value}\n" for a, p, s in ROWS))
    with pytest.raises(DataError, match="row 1 .line 2.: column 'cost'.*" + remedy):
        read_user_scores(path)


def test_a_dash_is_a_missing_value(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(CSV.replace(f"net-3,{PROXY[3]},", "net-3,\u2014,"), encoding="utf-8")
    others = np.arange(NUM) != 3
    (one,) = read_user_scores(path).variants
    expected = spearmanr(PROXY[others], STANDALONE[others]).statistic
    assert agreement_of(one).spearman.mean == pytest.approx(expected, abs=1e-9)


def test_whole_numbers_with_and_without_decimals_name_the_same(tmp_path):
    path = tmp_path / "scores.csv"
    rows = [f"{row}{end},{end},{p},{s}" for end in ("", ".0") for row, (_, p, s) in enumerate(ROWS)]
    path.write_text("\n".join(["architecture,variant,proxy,standalone", *rows]).replace(",,", ",a,"))
    scores = read_user_scores(path)
    assert [len(one.truth.table.cells) for one in scores.variants] == [NUM, NUM]


def test_a_column_for_each_super_net_is_named_by_a_pattern(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("architecture,proxy_a,proxy_b,standalone\n" + "".join(f"{a},{p},{-p},{s}\n" for a, p, s in ROWS))
    with pytest.raises(DataError, match=r"--proxy 'proxy\*'"):
        read_user_scores(path)
    (one,) = read_user_scores(path, proxy="proxy*").variants
    assert agreement_of(one).spearman.mean == pytest.approx(0, abs=1e-9)


def test_an_index_does_not_stand_for_architectures_that_are_there(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(
        "trial_id,config/architecture,proxy,standalone\n" + "".join(f"t{a},{a},{p},{s}\n" for a, p, s in ROWS)
    )
    with pytest.raises(DataError, match="'config/architecture' may be meant for architecture"):
        read_user_scores(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CSV + "# done, in 3 h\n", r"row 21 \(line 22\): .*'# done, in 3 h'; take the comment out"),
        (CSV + "Made by a tool\n", r"row 21 \(line 22\): .*'Made by a tool'; take the line out if it is no row"),
        ("\\begin{tabular}{lrr}\n" + CSV.replace(",", " & ").replace("\n", "\\\\\n"), "a table in LaTeX"),
        (CSV.replace(",", " & ").replace("\n", " \\\\\n"), "a table in LaTeX"),
        ("\u250c\u2500\u2500\u2510\n\u2502 architecture \u2506 proxy \u2502\n", "a table with drawn lines"),
        (CSV.replace("net-", "[0, ").replace(",0", "],0"), r"row 1 \(line 2\): .*put quotes around texts"),
        (CSV.replace(",", " ").replace("net-", "net "), r"row 1 \(line 2\): .*put quotes around texts"),
        (json.dumps({"seed0": RECORDS, "seed1": RECORDS}), "one list of records, got 2: seed0, seed1; write one list"),
        (
            json.dumps([{"architecture": a, "proxy": p, "standalone": {"mean": s, "std": 0.1}} for a, p, s in ROWS]),
            r"'standalone.mean' may be meant for it",
        ),
    ],
)
def test_what_is_refused_has_a_remedy(tmp_path, content, message):
    path = tmp_path / "scores.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_user_scores(path)


def sheet(rows):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(sink := io.BytesIO())
    return sink.getvalue()


def test_a_formula_without_a_value_is_named(tmp_path):
    path = tmp_path / "scores.xlsx"
    rows = [[a, f"=C{row + 5}*2", s] for row, (a, _, s) in enumerate(ROWS)]
    path.write_bytes(sheet([["Results"], [], ["architecture", "proxy", "standalone"], *rows]))
    with pytest.raises(
        DataError, match=r"row 1 .line 4.: column 'proxy': .*formula '=C5\*2' without one; open and save"
    ):
        read_user_scores(path)


def test_names_in_several_rows_of_a_sheet_are_refused(tmp_path):
    path = tmp_path / "scores.xlsx"
    names = [[None, "proxy", None, "standalone", None], ["seed", 0, 1, 0, 1], ["architecture", None, None, None, None]]
    path.write_bytes(sheet([*names, *([a, p, -p, s, s] for a, p, s in ROWS)]))
    with pytest.raises(DataError, match=r"row 1 .line 2.: column '': .*'seed': this looks like a second row of names"):
        read_user_scores(path)


def test_the_name_of_the_index_below_the_header_is_no_architecture(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(",proxy,standalone\narchitecture,,\n" + CSV.partition("\n")[2])
    (one,) = read_user_scores(path).variants
    assert agreement_of(one).spearman.mean == pytest.approx(spearmanr(PROXY, STANDALONE).statistic, abs=1e-9)


def test_a_formula_in_another_column_is_missing(tmp_path):
    path = tmp_path / "scores.xlsx"
    rows = [[*row, f"=B{place + 2}*2"] for place, row in enumerate(ROWS)]
    path.write_bytes(sheet([["architecture", "proxy", "standalone", "width"], *rows]))
    scores = read_user_scores(path)
    assert agreement_of(scores.variants[0]).spearman.mean == pytest.approx(spearmanr(PROXY, STANDALONE).statistic)
    assert "width: formulas without values are taken for missing values." in scores.notes


@pytest.mark.parametrize("days", [False, True])
def test_times_in_a_sheet_are_durations(tmp_path, days):
    path = tmp_path / "scores.xlsx"
    times = [datetime.timedelta(hours=row + 1, minutes=30, seconds=15) for row in range(NUM)]
    cells = [one if days else (datetime.datetime.min + one).time() for one in times]
    rows = [[*row, cell] for row, cell in zip(ROWS, cells, strict=True)]
    path.write_bytes(sheet([["architecture", "proxy", "standalone", "cost"], *rows]))
    (one,) = read_user_scores(path).variants
    assert one.truth.table.time_s.tolist() == [3_600 * (row + 1) + 1_815 for row in range(NUM)]
