import json
from dataclasses import replace

import numpy as np
import pytest

from shareornot.studies.measured_times import MeasuredTimes, write_times


def test_the_answer_for_people(shareornot, scored):
    shown = shareornot("appraise", scored)
    assert (shown.code, shown.err) == (0, "Simulating searches ...\nDrawing figures ...\n")
    lines = shown.out.splitlines()
    assert lines[0] == "digits, A3, BNS-FT: 731 of 731 architectures known"
    assert lines[-2:] == [f"Picture: {scored / 'appraisal.png'}", f"Page: {scored / 'report.html'}"]
    assert (scored / "appraisal.png").is_file()
    assert max(map(len, lines[:-2])) <= 80
    words = " ".join(shown.out.replace("│", " ").split())
    verdict = json.loads((scored / "appraisal.json").read_text())["verdict"]
    assert verdict["helped"]["sentence"] in words
    assert all(detail in words for detail in verdict["details"])
    assert "A negative difference means that the guided search ends closer" in words
    assert "…" not in shown.out  # nothing is cut


def test_a_wide_terminal_is_used(shareornot, scored, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    lines = shareornot("appraise", scored).out.splitlines()
    assert 80 < max(map(len, lines[:-2])) <= 120


def test_the_answer_for_programs(shareornot, scored):
    shown = shareornot("appraise", scored, "--json", "--seed", "3")
    assert shown.err == ""
    assert json.loads(shown.out) == json.loads((scored / "appraisal.json").read_text())


def test_the_seed_decides(shareornot, scored):
    first, second = (shareornot("appraise", scored, "--json", "--seed", seed).out for seed in (3, 4))
    assert first != second


def test_one_super_net_alone(shareornot, tmp_path, make_scored_folder, scored_study):
    folder = make_scored_folder(
        tmp_path / "one", replace(scored_study, supernets=1), lambda cells, rng: rng.random(len(cells))
    )
    shown = shareornot("appraise", folder).out
    assert "with one super-net no interval is possible" in " ".join(shown.split())
    assert "no test is possible" in " ".join(shown.replace("│", " ").split())


def test_a_diverged_super_net_is_marked(shareornot, tmp_path, make_scored_folder, scored_study):
    first = []

    def proxies(cells, rng):
        first.append(not first)
        return np.full(len(cells), 0.1) if first[-1] else rng.random(len(cells))

    shown = shareornot("appraise", make_scored_folder(tmp_path / "two", scored_study, proxies)).out
    (row,) = [line.split() for line in shown.splitlines() if line.startswith("seed-0")]
    assert row[:4] == ["seed-0", "80", "80", "yes"]
    assert "Diverged: the scores are constant or not finite" in " ".join(shown.split())


def test_ways_of_scoring_stand_side_by_side(shareornot, tmp_path, make_scored_folder, scored_study):
    study = replace(scored_study, evaluations=("no-ft", "bns-ft"))
    folder = make_scored_folder(tmp_path / "both", study, lambda cells, rng: rng.random(len(cells)))
    shown = shareornot("appraise", folder)
    assert shown.code == 0
    assert [shown.out.count(f"A3, {name}") for name in ("NO-FT", "BNS-FT")] == [2, 2]  # a row and a verdict each
    page = (folder / "report.html").read_text()
    assert "NO-FT" in page
    assert "BNS-FT" in page
    told = json.loads(shareornot("appraise", folder, "--json").out)
    assert [one["appraisal"]["variant"] for one in told["found"]] == ["NO-FT", "BNS-FT"]


def test_with_out_the_folder_is_only_read(shareornot, scored, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in scored.rglob("*")}
    assert shareornot("appraise", scored, "--out", tmp_path / "out").code == 0
    assert {path: path.stat().st_mtime_ns for path in scored.rglob("*")} == before
    assert (tmp_path / "out" / "report.html").is_file()
    assert (tmp_path / "out" / "appraisal.json").is_file()


def test_measured_times(shareornot, scored, tmp_path):
    for name, seconds in (("alone", 100.0), ("shared", 10.0)):
        write_times(tmp_path / name, MeasuredTimes(time_s=np.full(2_532, seconds), origin={}))
    options = ["--times", tmp_path / "alone", "--supernet-times", tmp_path / "shared", "--json"]
    shown = json.loads(shareornot("appraise", scored, *options).out)
    # 600 epochs at a tenth of the price instead of 20, four passes of scoring, and one training
    assert 100 + 600 / 20 * 10 < shown["comparisons"][0]["budget_s"] < 100 + 600 / 20 * 10 + 80 * 10


@pytest.mark.parametrize("command", ["appraise", "evaluate"])
def test_a_folder_without_super_nets(refused, tmp_path, command):
    assert "train some with: shareornot train" in refused(command, tmp_path / "missing")


def test_super_nets_that_are_not_scored(refused, scored):
    (score_job(scored) / "job.json").unlink()
    assert "found none whose cells are all scored; score them with: shareornot evaluate" in refused("appraise", scored)


def test_super_nets_that_are_not_trained(refused, scored):
    (next((scored / "jobs").glob("train-*")) / "job.json").unlink()
    told = refused("evaluate", scored, "--processes", "1", "--device", "cpu", "--cells", "81")
    assert "expected super-nets that are trained to the end, got some that are not; run the shareornot train" in told


def test_a_damaged_file(refused, scored):
    (score_job(scored) / "proxies.parquet").write_bytes(b"PAR1")
    assert "was damaged and is computed again" in refused("appraise", scored)


def score_job(folder):
    return sorted((folder / "jobs").glob("score-*"))[0]


def test_a_read_only_folder_needs_another_for_the_results(refused, scored, monkeypatch):
    def deny(*_, **__):
        raise PermissionError(13, "Permission denied", "runner.lock")

    monkeypatch.setattr("shareornot.studies.supernets.appraise_supernets", deny)
    assert "expected a folder to write into, got Permission denied; name one: --out" in refused("appraise", scored)
