import json

import pytest

from shareornot.studies.measured_times import MeasuredTimes, write_times


def test_the_answer_for_people(shareornot, scored):
    shown = shareornot("appraise", scored)
    assert (shown.code, shown.err) == (0, "Drawing figures ...\n")
    lines = shown.out.splitlines()
    assert lines[0] == "digits, A3, BNS-FT: 731 of 731 cells known"
    assert lines[-2:] == [f"Picture: {scored / 'appraisal.png'}", f"Page: {scored / 'report.html'}"]
    assert (scored / "appraisal.png").is_file()
    assert max(map(len, lines[:-2])) <= 80
    words = " ".join(shown.out.replace("│", " ").split())
    verdict = json.loads((scored / "appraisal.json").read_text())["verdict"]
    assert verdict["helped"]["sentence"] in words
    assert all(detail in words for detail in verdict["details"])
    assert "a negative difference is better than random search" in words
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


def test_one_super_net_alone(shareornot, scored):
    shown = shareornot("appraise", scored / "seed-1").out
    assert "with one super-net no interval is possible" in " ".join(shown.split())
    assert "no test is possible" in " ".join(shown.replace("│", " ").split())


def test_a_diverged_super_net_is_marked(shareornot, scored):
    import numpy as np

    from shareornot.appraisal.scores_file import ScoredCells, read_scores, write_scores

    path = scored / "seed-0" / "proxies.parquet"
    scores = read_scores(path)
    write_scores(path, ScoredCells(cells=scores.cells, proxies=np.full(80, 0.1), origin=scores.origin))
    shown = shareornot("appraise", scored).out
    assert "diverged" in shown
    assert shown.splitlines()[5].split()[:4] == ["seed-0", "80", "80", "yes"]
    assert "scores are constant or not finite diverged" in " ".join(shown.split())


def test_measured_times(shareornot, scored, tmp_path):
    import numpy as np

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
    (scored / "seed-1" / "proxies.parquet").unlink()
    assert "score the super-net's cells first" in refused("appraise", scored)


def test_super_nets_that_are_not_trained(refused, scored):
    assert "expected a trained super-net" in refused("evaluate", scored, "--processes", "1", "--device", "cpu")


def test_a_damaged_file(refused, scored):
    (scored / "seed-1" / "proxies.parquet").write_bytes(b"PAR1")
    assert "delete it, score again" in refused("appraise", scored)
