import sys


def test_without_pytorch(refused, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    told = refused("benchmark", "build", "digits", "--out", tmp_path / "a.arrow")
    assert told == "shareornot: error: training needs PyTorch; install it with: pip install 'shareornot[train]'"
    assert not list(tmp_path.glob("*.parts"))


def test_a_benchmark_that_cannot_be_built(refused):
    assert "expected digits or digits-201, got 'nasbench101'" in refused("benchmark", "build", "nasbench101")
