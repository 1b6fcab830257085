"""`shareornot methods`."""

import json

from shareornot.methods import METHODS


def test_every_method_is_listed_with_its_options(shareornot):
    shown = shareornot("methods")
    assert shown.code == 0
    for entry in METHODS.values():
        assert f"\n{entry.name}\n    {entry.summary}"[1:20] in shown.out
    assert "    Options: mean=False.\n" in shown.out


def test_as_json(shareornot):
    listed = json.loads(shareornot("methods", "--json").out)
    assert [one["name"] for one in listed] == list(METHODS)
    options = {one["name"]: one["options"] for one in listed}
    assert options["uniform"] == {}
    assert options["rsws"] == {"num_candidates": 1000, "num_batches": 10, "num_finalists": 10}
