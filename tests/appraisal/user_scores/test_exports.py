"""Files as other tools write them: whatever surrounds the numbers, the agreement is that of the numbers."""

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
    ],
)
def test_a_refusal_has_a_remedy_that_fits(tmp_path, value, remedy):
    path = tmp_path / "scores.csv"
    path.write_text("architecture,proxy,standalone,cost\n" + "".join(f"{a},{p},{s},{value}\n" for a, p, s in ROWS))
    with pytest.raises(DataError, match="row 1 .line 2.: column 'cost'.*" + remedy):
        read_user_scores(path)


def test_an_index_does_not_stand_for_architectures_that_are_there(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(
        "trial_id,config/architecture,proxy,standalone\n" + "".join(f"t{a},{a},{p},{s}\n" for a, p, s in ROWS)
    )
    with pytest.raises(DataError, match="'config/architecture' may be meant for architecture"):
        read_user_scores(path)
