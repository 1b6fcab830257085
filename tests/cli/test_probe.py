"""`shareornot probe`."""

import json
import sys


def test_it_measures_the_digits(shareornot):
    shown = shareornot("probe", "--benchmark", "digits", "--images", "32", "--architectures", "4")
    assert shown.code == 0
    assert shown.out.startswith("A_FULL, random initial weights, at most 18 operations in a row\n")
    assert "Alignment of 4 random paths: " in shown.out
    assert "Image similarity at the classifier: " in shown.out


def test_aligned_weights_align_the_paths(shareornot):
    options = ["--benchmark", "digits", "--images", "32", "--architectures", "6", "--json"]
    random, aligned = (
        json.loads(shareornot("probe", *options, "--initial-weights", start).out) for start in ("random", "aligned")
    )
    assert aligned["alignment"] > random["alignment"] + 0.1
    assert random["depth"] == 18
    assert random["num_architectures"] == 6


def test_mistakes_are_one_sentence(shareornot):
    shown = shareornot("probe", "--benchmark", "digits", "--recipe", "tund")
    assert shown.code == 2
    assert "try 'tuned'" in shown.err
    assert shareornot("probe", "--benchmark", "digits", "--initial-weights", "zero").code == 2
    assert shareornot("probe").code != 0  # no images


def test_without_pytorch(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "shareornot.studies.probing", raising=False)
    assert "install it with: pip install 'shareornot[train]'" in refused("probe", "--benchmark", "digits")
