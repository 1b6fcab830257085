"""Pictures and files of a bias audit."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from shareornot.report import dots
from shareornot.report.audit_figure import NEITHER, OVER, audit_figure
from shareornot.report.audit_files import audit_to_json, write_audit


def test_the_picture_shows_every_effect_and_every_score(audit):
    effects, ranks = audit_figure(audit).axes
    labels = [label.get_text() for label in effects.get_yticklabels()]
    assert labels[0] == "edge input to output"
    assert len(labels) == min(len(audit.bias.effects), 14)
    assert sum(len(points.get_offsets()) for points in ranks.collections) == audit.num_scores
    assert OVER in {text.get_color() for text in ranks.get_lines()}
    assert NEITHER not in {points.get_facecolor().tobytes() for points in ranks.collections}


def test_of_very_many_scores_a_part_is_drawn_and_shares_are_those_of_all(audit, monkeypatch):
    legend = [text.get_text() for text in audit_figure(audit).axes[1].get_legend().get_texts()]
    monkeypatch.setattr(dots, "MOST_DOTS", 100)
    ranks = audit_figure(audit).axes[1]
    assert sum(len(points.get_offsets()) for points in ranks.collections) == 100
    assert [text.get_text() for text in ranks.get_legend().get_texts()] == legend
    assert ", about 100 drawn" in ranks.get_title(loc="left")


def test_a_number_colours_by_its_value(make_audit):
    audit = make_audit(liking="num_maxpool3x3")
    numbers = tuple(effect for effect in audit.bias.effects if effect.is_number)
    figure = audit_figure(replace(audit, bias=replace(audit.bias, effects=numbers)))
    assert figure.axes[2].get_ylabel() == "maxpool3x3 vertices"
    assert len(np.unique(figure.axes[1].collections[0].get_array())) > 2


def test_files(audit, tmp_path):
    (picture,) = write_audit(tmp_path / "new", [audit])
    assert picture.name == "audit-A-FULL.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in picture.parent.iterdir()} == {
        "audit.json",
        "audit-A-FULL.png",
        "audit-A-FULL.svg",
        "audit-A-FULL.pdf",
    }
    (written,) = json.loads((picture.parent / "audit.json").read_text())
    assert written["effects"][0]["name"] == "residual"
    assert written["effects"][0]["rating"] == "over-rated"


def test_json_holds_the_numbers(audit):
    told = json.loads(json.dumps(audit_to_json(audit), allow_nan=False))
    assert told["num_scores"] == 600
    assert told["supernets"] == ["seed-0", "seed-1"]
    assert [cost["num_trained"] for cost in told["costs"]] == [1, 10, 20]
    assert sum(group["share"] for group in told["groups"]) == pytest.approx(1)
    assert told["explained_share"] == audit.bias.explained_share


def test_numbers_alone(audit, tmp_path):
    assert write_audit(tmp_path, [audit], pictures=False) == []
    assert [path.name for path in tmp_path.iterdir()] == ["audit.json"]


def test_dollars_in_the_name_of_a_space_are_no_formula(audit):
    figure = audit_figure(replace(audit, space="$x^$", variant="$$"))
    figure.savefig(io.BytesIO(), format="svg")
    assert "$x^$, $$" in figure.get_suptitle().replace("\\$", "$")
