import json


def test_the_whole_job(shareornot, tmp_path, with_figures):  # noqa: ARG001
    options = ["--supernets", "2", "--epochs", "1", "--cells", "20", "--space", "num_vertices<=4", "--processes", "1"]
    shown = shareornot("demo", tmp_path, *options)
    assert shown.code == 0
    assert shown.err.splitlines() == [
        "Training 2 super-nets ...",
        "Scoring 40 cells with 2 super-nets ...",
        "Simulating searches ...",
        "Drawing figures ...",
    ]
    assert "Verdict" in shown.out
    assert f"Picture: {tmp_path / 'appraisal.png'}\n" in shown.out
    assert shown.out.endswith(f"Page: {tmp_path / 'report.html'}\n")
    assert (tmp_path / "figures" / "num-vertices-4-BNS-FT-audit.svg").exists()
    page = (tmp_path / "report.html").read_text()
    assert "figures/num-vertices-4" not in page  # it is within the numbers of the chapter
    assert 'href="tables/agreement.tex"' in page
    assert json.loads((tmp_path / "appraisal.json").read_text())["num_cells"] == 91
    before = (tmp_path / "appraisal.json").read_bytes()
    assert shareornot("demo", tmp_path, *options).out == shown.out
    assert (tmp_path / "appraisal.json").read_bytes() == before


def test_a_space_without_cells(refused, tmp_path):
    assert "A4" in refused("demo", tmp_path / "a", "--space", "A4")
    assert not (tmp_path / "a").exists()
