import io
from dataclasses import replace

import numpy as np
import pytest

from shareornot.report import dots, verdict_figure
from shareornot.report.curves import LABELS
from shareornot.report.verdict_figure import ANSWER_COLOURS, COLOURS


def texts(figure):
    return [artist.get_text() for artist in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def draw(appraisal):
    """The figure, drawn once so that warnings of the layout show."""
    figure = verdict_figure(appraisal)
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    return figure


def test_it_shows_the_verdict_and_its_numbers(make_appraisal):
    appraisal = make_appraisal()
    shown = texts(draw(appraisal))
    assert {"HELPED", "Sharing weights helped.", "PARTLY", "The scores can be trusted in part."} <= set(shown)
    assert any(text.startswith(f"Spearman {appraisal.agreement.mean:.2f} ± ") for text in shown)
    assert any("noise ceiling 0.90" in text for text in shown)
    assert "made up, A_FULL: 180 scores by 3 super-nets" in shown
    assert {" TOP-1", " TOP-10"} <= set(shown)
    assert {f"{LABELS['random']} (500 runs)", f"{LABELS['guided']} (3 runs)"} <= set(shown)


def test_it_shows_every_score(make_appraisal):
    appraisal = make_appraisal()
    figure = draw(appraisal)
    points = [axes.collections for axes in figure.findobj(lambda artist: hasattr(artist, "collections"))]
    offsets = np.concatenate([one.get_offsets() for found in points for one in found if len(one.get_offsets()) > 1])
    expected = np.column_stack(
        [np.concatenate(appraisal.standalone), np.concatenate([pool.proxies for pool in appraisal.pools])]
    )
    np.testing.assert_allclose(np.sort(offsets, axis=0), np.sort(expected * 100, axis=0))


def test_super_nets_that_diverged_are_not_drawn(make_appraisal):
    shown = texts(draw(make_appraisal(num_supernets=2, num_diverged=2)))
    assert "made up, A_FULL: 120 scores by 2 super-nets" in shown


def test_one_super_net(make_appraisal):
    appraisal = make_appraisal(num_supernets=1)
    nothing = np.full(len(appraisal.curves["guided"].mean), np.nan)
    guided = replace(appraisal.curves["guided"], low=nothing, high=nothing, num_runs=1)
    shown = texts(draw(make_appraisal(num_supernets=1, curves=appraisal.curves | {"guided": guided})))
    assert "guided by the super-net (1 run)" in shown
    assert "made up, A_FULL: 60 scores by 1 super-net" in shown
    assert any(text.startswith(f"Spearman {appraisal.agreement.mean:.2f}\n") for text in shown)


def test_more_super_nets_than_shades(make_appraisal):
    figure = draw(make_appraisal(num_supernets=7))
    assert "made up, A_FULL: 420 scores by 7 super-nets" in texts(figure)
    points = [axes.collections for axes in figure.findobj(lambda artist: hasattr(artist, "collections"))]
    sizes = [len(one.get_offsets()) for found in points for one in found if len(one.get_offsets()) > 1]
    assert sizes == [120, 120, 60, 60, 60]  # those of one shade are drawn together


def test_ten_thousand_scores(make_appraisal):
    appraisal = make_appraisal(num_supernets=1, num_cells=10_000)
    picture = io.BytesIO()
    verdict_figure(appraisal).savefig(picture, format="svg", dpi=150)
    assert len(picture.getvalue()) < 2e6  # points are an image within the drawing


def test_of_very_many_scores_a_part_is_drawn(make_appraisal, monkeypatch):
    monkeypatch.setattr(dots, "MOST_DOTS", 90)
    figure = draw(make_appraisal())  # 3 super-nets with 60 scores each
    assert "made up, A_FULL: 180 scores by 3 super-nets, about 90 drawn" in [
        t.replace("\n", " ") for t in texts(figure)
    ]
    points = [axes.collections for axes in figure.findobj(lambda artist: hasattr(artist, "collections"))]
    sizes = [len(one.get_offsets()) for found in points for one in found if len(one.get_offsets()) > 1]
    assert sizes == [30, 30, 30]


@pytest.mark.parametrize("answer", ["helped", "did not pay", "undecided"])
def test_a_long_verdict_stays_on_the_figure(make_appraisal, answer):
    sentence = "Whether sharing weights helped is undecided: " + "a number follows upon another number, " * 8
    figure = draw(make_appraisal(verdict=(answer, sentence)))
    written = list(figure.findobj(lambda artist: hasattr(artist, "get_text")))
    (headline,) = [artist for artist in written if artist.get_text() == answer.upper()]
    assert headline.get_color() == ANSWER_COLOURS[answer]
    (words,) = [artist for artist in written if "a number follows" in artist.get_text()]
    highest = max(axes.get_window_extent().y1 for axes in figure.findobj(lambda artist: hasattr(artist, "get_xlim")))
    for box in (headline.get_window_extent(), words.get_window_extent()):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.width / 2
        assert highest <= box.y0 < box.y1 <= figure.bbox.y1


def test_a_search_without_regret_can_be_drawn(make_appraisal):
    appraisal = make_appraisal()
    best = {name: replace(curve, mean=np.zeros(50)) for name, curve in appraisal.curves.items()}
    draw(make_appraisal(curves=best))


def test_searches_are_distinguishable(make_appraisal):
    figure = draw(make_appraisal())
    lines = {line.get_label().split(" (")[0]: line.get_color() for line in figure.findobj(is_line)}
    labels = LABELS | {"baseline": "by number of parameters, no super-net"}
    assert {labels[name]: colour for name, colour in COLOURS.items()}.items() <= lines.items()


def is_line(artist):
    return hasattr(artist, "get_linestyle") and hasattr(artist, "get_xdata")
