"""`shareornot appraise` with a file of scores."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from shareornot.appraisal.user_scores import read_user_scores


def made_up(num=60, **changes):
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.5, 0.9, num)
    columns = {
        "architecture": [f"net {number}" for number in range(num)],
        "supernet": np.arange(num) % 2,
        "proxy": truth + rng.normal(0, 0.05, num),
        "standalone": truth * 100,
        "depth": rng.integers(1, 5, num),
    }
    return pa.table(columns | changes)


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "own.csv"
    pacsv.write_csv(made_up(), path)
    return path


def words_of(shown):
    return " ".join(shown.out.replace("│", " ").split())


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """The page's own tests look at its figures; drawing them takes most of the time."""
    monkeypatch.setattr("shareornot.report.page_files.write_figures", lambda *_: [])
    monkeypatch.setattr("shareornot.report.files.PICTURE_FORMATS", ("png",))


def test_the_answer_for_people(shareornot, scores):
    shown = shareornot("appraise", scores)
    assert shown.code == 0, shown.err
    words = words_of(shown)
    assert "standalone: taken for percentages" in words
    assert "own, all: 60 of 60 architectures known" in words
    assert "Structures that the super-nets over- and under-rate" in words
    assert "Architectures with the best scores" in words
    assert "A super-net counts as 4 average trainings" in words
    assert "the guided search is" in words
    folder = scores.with_name("own-appraisal")
    assert {"report.html", "appraisal.json", "appraisal.png", "audit.json", "scores.json", "scores.parquet"} <= {
        path.name for path in folder.iterdir()
    }
    lines = [line for line in shown.out.splitlines() if str(folder) not in line]
    assert max(map(len, lines)) <= 80


def test_the_scores_come_back_as_scores(shareornot, scores):
    shareornot("appraise", scores)
    again = read_user_scores(scores.with_name("own-appraisal") / "scores.parquet")
    assert [pool.name for pool in again.variants[0].pools] == ["0", "1"]


def test_the_answer_for_programs(shareornot, scores, tmp_path):
    shown = shareornot("appraise", scores, "--json", "--out", tmp_path / "out", "--supernet-cost", "10")
    told = json.loads(shown.out)
    assert told == json.loads((tmp_path / "out" / "scores.json").read_text())
    (found,) = told["found"]
    assert found["appraisal"]["time_unit"] == "trainings"
    assert found["appraisal"]["ceiling"] is None
    assert found["appraisal"]["comparisons"][0]["budget_s"] == 11
    assert found["audit"]["effects"][0]["name"] == "depth"
    assert told["notes"][0].startswith("standalone: taken for percentages")


def test_several_spaces_and_variants(shareornot, tmp_path):
    path = tmp_path / "own.parquet"
    pq.write_table(made_up(120, space=["A", "[bold]B"] * 60, variant=["x", "x", "y/..", "y/.."] * 30), path)
    shown = shareornot("appraise", path, "--out", tmp_path / "out")
    assert shown.code == 0, shown.err
    words = words_of(shown)
    for told in ("A, x", "[bold]B, y/..", "own, A, y/..: 60 of 60 architectures known"):
        assert told in words
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {
        "a-x",
        "a-y",
        "bold-b-x",
        "bold-b-y",
        "tables",
    }
    assert len(json.loads((tmp_path / "out" / "scores.json").read_text())["found"]) == 4
    assert max(map(len, shown.out.splitlines()[:12])) <= 80


def test_a_users_text_is_nothing_but_text(shareornot, tmp_path):
    path = tmp_path / "own.parquet"
    names = ["$x^{", "a_b$\\frac", "<script>alert(1)</script>", "[/bold]", "%s {x}", "\x1b[31m"]
    columns = {
        "architecture": [f"{names[number % 6]}{number}" for number in range(60)],
        "supernet": [names[number % 2 + 2] for number in range(60)],
        "space": [names[0]] * 60,
        "variant": [names[1]] * 60,
        **{name: [name, "other"] * 30 for name in names},
    }
    pq.write_table(made_up(**columns), path)
    shown = shareornot("appraise", path, "--out", tmp_path / "out")
    assert shown.code == 0, shown.err
    assert "<script>alert(1)</script>" in words_of(shown)
    assert "[/bold]" in words_of(shown)
    assert "\x1b[31m" not in shown.out
    assert "<script>alert(1)" not in (tmp_path / "out" / "report.html").read_text()


def test_three_rows(shareornot, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("architecture,proxy,standalone\na,1,0.5\nb,2,0.6\nc,3,0.7\n")
    shown = shareornot("appraise", path)
    assert shown.code == 0, shown.err
    assert "The bias audit needs a super-net with at least 20 scored architectures." in words_of(shown)


def test_what_cannot_be_read(refused, tmp_path):
    assert "expected a file of scores, found none" in refused("appraise", tmp_path / "none.csv")
    path = tmp_path / "own.csv"
    path.write_text("architecture;val_proxy;standalone\na;1;2\n")
    assert "'val_proxy' may be meant for proxy" in refused("appraise", path)
    path.write_text("architecture,proxy,standalone\na,1,0.5\nb,2,94\n")
    assert "expected one unit" in refused("appraise", path)
    assert "--times: expected a folder of super-nets" in refused("appraise", path, "--times", tmp_path)


def test_the_unit_can_be_given(shareornot, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("architecture,proxy,standalone\na,1,0.5\nb,2,94\nc,3,95\n")
    shown = shareornot("appraise", path, "--unit", "percent", "--json")
    assert json.loads(shown.out)["notes"] == []


def test_options_of_files_with_a_folder(refused, scored):
    assert "--supernet-cost: expected a file of scores" in refused(
        "appraise", scored, "--supernet-cost", "3", "--out", scored
    )


def test_standard_input(shareornot, scores, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "shareornot.appraisal.user_scores.reading._content", lambda _: ("standard input", scores.read_bytes())
    )
    shown = shareornot("appraise", "-", "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out)["agreements"][0]["num_supernets"] == 2
    assert (tmp_path / "scores-appraisal" / "report.html").exists()


def test_what_is_missing_is_about_the_file(refused, tmp_path):
    assert "expected a file of scores, found none; check the path" in refused("appraise", tmp_path / "none.xlsx")
    assert "expected a file of scores or a folder of super-nets, found neither" in refused(
        "appraise", tmp_path / "none"
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.csv").touch()
    assert "got a folder with files such as mine.csv; name the file" in refused("appraise", tmp_path / "data")


def test_the_audit_of_a_file(shareornot, refused, scores, tmp_path):
    shown = shareornot("audit", scores, "--json")
    assert shown.code == 0, shown.err
    (audit,) = json.loads(shown.out)
    assert audit["space"] == "all"
    assert "expected one of all, no variant" in refused("audit", scores, "--space", "A1")
    assert "options of score files" in refused("audit", tmp_path, "--ignore", "depth")


def test_many_spaces_get_their_agreement_at_once(shareornot, tmp_path, monkeypatch):
    monkeypatch.setattr("shareornot.appraisal.user_scores.appraisals.MOST_CHAPTERS", 1)
    path = tmp_path / "own.parquet"
    pq.write_table(made_up(120, space=["A", "B", "C"] * 40), path)
    shown = shareornot("appraise", path, "--out", tmp_path / "out")
    assert shown.code == 0, shown.err
    assert "Agreement of all spaces and variants" in words_of(shown)
    assert "those of the first 1 of 3 pairs of space and variant" in words_of(shown)
    rows = (tmp_path / "out" / "agreement.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["space", "A", "B", "C"]
    assert len(json.loads((tmp_path / "out" / "scores.json").read_text())["found"]) == 1
    whole = shareornot("appraise", path, "--out", tmp_path / "out", "--all", "--json")
    assert len(json.loads(whole.out)["found"]) == 3


def test_ctrl_c_keeps_the_chapters_that_are_finished(shareornot, tmp_path, monkeypatch):
    from shareornot.appraisal.user_scores import appraisals

    path, done = tmp_path / "spaces.csv", []
    tables = [made_up(space=[f"space {number}"] * 60) for number in range(4)]
    pacsv.write_csv(pa.concat_tables(tables), path)
    appraise_one = appraisals._appraise

    def interrupted_in_the_third(*arguments, **options):
        done.append(arguments)
        if len(done) == 3:
            raise KeyboardInterrupt
        return appraise_one(*arguments, **options)

    monkeypatch.setattr(appraisals, "_appraise", interrupted_in_the_third)
    shown = shareornot("appraise", path, "--all")
    assert shown.code == 130
    assert "holds what was finished, 2 of 4 chapters" in shown.err
    assert "first 2 of 4 pairs of space and variant; the agreement is that of all. The appraisal was" in words_of(shown)
    folder = tmp_path / "spaces-appraisal"
    assert {"space-0", "space-1", "report.html", "scores.json"} <= {one.name for one in folder.iterdir()}
    told = json.loads((folder / "scores.json").read_text())
    assert (len(told["found"]), len(told["agreements"])) == (2, 4)


def test_ctrl_c_in_the_first_chapter_leaves_no_page(shareornot, scores, monkeypatch):
    from shareornot.appraisal.user_scores import appraisals

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(appraisals, "_appraise", interrupted)
    assert shareornot("appraise", scores).code == 130
    assert not scores.with_name("own-appraisal").exists()
