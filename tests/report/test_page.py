"""The page as text: what it embeds, what it refuses to embed, and that it requests nothing."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files as package_files

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.report import page
from shareornot.report.chapter import Chapter, file_stems
from shareornot.report.columns import report_tables
from shareornot.report.page import render_page, write_page
from shareornot.report.points import points_as_json
from shareornot.report.summary import whole_verdict
from shareornot.report.terms import TERMS
from shareornot.spaces import list_architectures
from shareornot.statistics.rank_residuals import rank_fractions

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u2028$$x$$"
TITLES = [
    "Verdict",
    "Numbers",
    "Agreement by space and variant",
    "",
    "Scores against standalone accuracy",
    "Architectures to train next",
    "Regret at equal cost",
    "Bias audit",
    "Super-nets",
    "Noise ceiling and baselines",
    "Definitions",
    "How it was made",
    "Downloads",
]


class Reader(HTMLParser):
    """What a browser sees: elements with their attributes, and the text of each."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.texts.append("")
        self._open.append(len(self.texts) - 1)

    def handle_endtag(self, tag):
        while self._open and self.elements[self._open.pop()][0] != tag:
            pass

    def handle_data(self, data):
        for number in self._open:
            self.texts[number] += data

    def of(self, tag, **wanted):
        return [
            (attributes, text)
            for (name, attributes), text in zip(self.elements, self.texts, strict=True)
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]


def embedded(text, name):
    ((_, content),) = Reader(text).of("script", id=f"data-{name}")
    return json.loads(content)


def unpack(text):
    return json.loads(gzip.decompress(base64.b64decode(text)))


def chapters_of(text):
    return [unpack(packed) for packed in embedded(text, "chapters")]


def column(told):
    return np.array([told["offset"] + told["scale"] * value for value in told["values"]])


@pytest.fixture(scope="module")
def text(chapter, provenance):
    return render_page([chapter], provenance)


@pytest.fixture(scope="module")
def hostile_chapter(make_appraisal):
    names = [f"{HOSTILE}{number}" for number in range(60)]
    architectures = list_architectures(names, {HOSTILE: np.arange(60) % 3, "kind": np.array([HOSTILE, "b"] * 30)})
    verdict = ("did not pay", HOSTILE, (HOSTILE,))
    appraisal = make_appraisal(
        space=HOSTILE, variant=HOSTILE, architectures=architectures, verdict=verdict, notes=(HOSTILE,)
    )
    return Chapter(appraisal=appraisal)


@pytest.fixture(scope="module")
def hostile(hostile_chapter, provenance):
    told = replace(provenance, title=HOSTILE, command=HOSTILE, settings={HOSTILE: HOSTILE}, notes=(HOSTILE,))
    return render_page([hostile_chapter, replace(hostile_chapter)], told)


def test_sections_come_in_the_order_of_importance(text):
    read = Reader(text)
    assert [title.strip() for _, title in read.of("h2")] == TITLES
    assert [attributes["lang"] for attributes, _ in read.of("html")] == ["en"]
    assert len(read.of("main")) == len(read.of("h1")) == len(read.of("header")) == len(read.of("footer")) == 1


def test_the_contents_lead_to_every_section(text):
    read = Reader(text)
    sections = [attributes["id"] for attributes, _ in read.of("section") if "id" in attributes]
    links = [attributes["href"] for attributes, _ in read.of("a") if attributes.get("href", "").startswith("#")]
    assert links[: len(sections) + 1] == ["#main", *(f"#{name}" for name in sections)]


def test_both_answers_and_their_numbers_are_there_without_a_script(text, chapter):
    verdict = chapter.appraisal.verdict
    read = Reader(text)
    assert [word for _, word in read.of("p", **{"class": "word"})] == ["HELPED", "PARTLY"]
    in_one_line = text.replace("\u00a0", " ")
    assert verdict.helped.sentence in in_one_line
    assert verdict.trust.sentence in in_one_line
    shown = " ".join(value for attributes, value in read.of("dd", **{"class": "value"}))
    assert f"{chapter.appraisal.agreement.mean:.2f} ± " in shown
    assert "0.90" in shown
    assert "\u22120.80" in shown  # against local search


@pytest.mark.parametrize(("num_variants", "columns"), [(6, 6), (7, 2)])
def test_the_agreement_table_is_turned_round_where_variants_are_many(make_appraisal, provenance, num_variants, columns):
    chapters = [
        Chapter(appraisal=make_appraisal(space=space, variant=f"variant {number}", num_cells=20))
        for space in ("A4", "A1")
        for number in range(num_variants)
    ]
    page = render_page(chapters, provenance)
    table = page[page.index('<table class="grid') :].partition("</table>")[0]
    heading, *rows = table.split("<tr>")[1:]
    assert heading.count('<th scope="col" class="number">') == columns
    assert len(rows) == 2 * num_variants / columns
    read = Reader(rows[-1])
    (name,) = (title for attributes, title in read.of("th") if attributes["scope"] == "row")
    last = read.of("button")[-1][0]
    assert last["title"] == f"Show {chapters[-1].title}"
    assert name in last["title"]


def test_every_term_has_its_definition(text):
    read = Reader(text)
    ids = [attributes["id"] for attributes, _ in read.of("dt") if attributes.get("id", "").startswith("term-")]
    assert len(ids) == len(set(ids)) == len(TERMS)
    assert "term-noise-ceiling" in ids


def test_it_requests_nothing(text):
    read = Reader(text)
    addresses = [
        attributes[name]
        for _, attributes in read.elements
        for name in ("src", "href", "action", "srcset", "data", "poster")
        if name in attributes
    ]
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    assert not re.search(r"@import|url\((?!data:)", read.of("style")[0][1])
    assert "connect-src 'none'" in policy_of(read)


def policy_of(read):
    return read.of("meta", **{"http-equiv": "Content-Security-Policy"})[0][0]["content"]


def test_only_the_scripts_of_the_page_may_run(text):
    read = Reader(text)
    policy = policy_of(read)
    scripts = [content for attributes, content in read.of("script") if "type" not in attributes]
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    (allowed,) = re.findall(r"script-src ([^;]*);", policy)
    assert "unsafe" not in allowed
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]


def test_the_same_numbers_give_the_same_bytes(text, chapter, provenance):
    assert render_page([chapter], provenance) == text


def test_it_is_small(text):
    assert len(text.encode()) < 1_600_000


def test_scores_come_back(text, chapter):
    (told,) = chapters_of(text)
    points, found = told["points"], chapter.appraisal
    assert points["supernets"] == ["seed-0", "seed-1", "seed-2"]  # the one that diverged is left out
    assert points["counts"] == [60, 60, 60]
    np.testing.assert_allclose(
        column(points["proxies"]), np.concatenate([pool.proxies for pool in found.pools[:3]]), atol=5.1e-6
    )
    ranks = np.concatenate([rank_fractions(pool.proxies) for pool in found.pools[:3]])
    np.testing.assert_allclose(column(points["proxy_ranks"]), ranks, atol=5.1e-6)
    assert told["names"] is None  # the page writes the text of a cell itself
    assert len(told["graphs"]) == 60


def test_ranks_are_those_of_the_whole_pool_where_few_scores_are_drawn(make_appraisal):
    chapter = Chapter(appraisal=make_appraisal(num_supernets=1, num_cells=500))
    few, all_ = (points_as_json(chapter, most)["points"] for most in (50, 10_000))
    ranks = dict(zip(all_["architecture"], column(all_["proxy_ranks"]), strict=True))
    assert len(few["architecture"]) == 50
    assert column(few["proxy_ranks"]).max() == max(ranks.values()) == pytest.approx(0.999, abs=1e-4)
    assert set(column(few["proxy_ranks"])) <= set(ranks.values())


def test_losses_are_thinned_and_stay_what_they_are(text):
    losses = chapters_of(text)[0]["losses"]
    assert (len(losses["seed-0"]), losses["seed-0"][0], losses["seed-0"][-1]) == (120, 2.3, 0.5)
    assert losses["seed-1"] == [2.3, None]


def test_architectures_to_train_are_the_best_by_score(text, chapter):
    best = chapters_of(text)[0]["tables"]["best"]
    titles = [one["title"] for one in best["columns"]]
    assert len(best["rows"]) == 20
    assert titles[:2] == ["place", "architecture"]
    pools = chapter.appraisal.pools[:3]
    mean_rank = np.mean([rank_fractions(pool.proxies) for pool in pools], axis=0)
    order = np.argsort(-mean_rank, kind="stable")
    assert [row[1] for row in best["rows"]] == chapter.appraisal.architectures.texts(order[:20].astype(np.int32))
    truth = chapter.appraisal.standalone[0]
    true_rank = 1 + int((truth > truth[order[0]]).sum())
    assert best["rows"][0][titles.index("true rank")] == str(true_rank)


def test_curves_and_budgets_come_back(text, chapter):
    (told,) = chapters_of(text)
    found = chapter.appraisal
    assert list(told["curves"]) == ["guided", "random", "evolution", "local", "baseline"]
    for name, curve in found.curves.items():
        np.testing.assert_allclose(told["curves"][name]["mean"], curve.mean, rtol=1e-5)
        assert told["curves"][name]["num_runs"] == curve.num_runs
    assert [budget["time_s"] for budget in told["budgets"]] == [one.budget_s for one in found.comparisons]


def test_files_within_the_page(text, chapter):
    files = unpack(embedded(text, "downloads"))
    assert set(files) == {f"{table.name}.csv" for table in report_tables([chapter])} | {"results.json"}
    results = json.loads(files["results.json"])
    assert results["provenance"]["command"] == "shareornot appraise results/a4"
    assert results["results"][0]["audit"]["effects"]


def test_text_of_a_user_is_text(hostile, hostile_chapter):
    """Nothing that a browser would take for an element, an attribute or a script comes from outside."""
    read = Reader(hostile)
    assert not read.of("img")
    assert len(read.of("script")) == 7
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert [content for _, content in read.of("h1")] == [HOSTILE]
    for name in ("documents", "places", "chapters", "downloads"):
        ((_, content),) = read.of("script", id=f"data-{name}")
        assert not set(content) & set("<>&\u2028")
    told, _ = chapters_of(hostile)
    assert told["names"][:2] == [f"{HOSTILE}0", f"{HOSTILE}1"]
    assert told["graphs"] is None
    assert {feature["label"] for feature in told["features"]} == {HOSTILE, "kind"}
    assert told["title"] == f"{HOSTILE}, {HOSTILE}"
    assert read.of("option", value="0")[0][1] == hostile_chapter.title


def test_text_that_is_no_unicode_can_be_written(chapter, provenance, tmp_path):
    told = replace(provenance, title="lone \ud800 half")
    path = write_page(tmp_path / "new" / "page.html", [chapter], told)
    assert "lone ? half" in path.read_text("utf-8")


def test_a_page_that_would_be_too_large_shows_fewer_scores(make_appraisal, provenance, monkeypatch):
    chapter = Chapter(appraisal=make_appraisal(num_supernets=2, num_cells=500))
    size = len(render_page([chapter], provenance).encode())
    monkeypatch.setattr(page, "MOST_BYTES", size)  # all of it counts the surroundings generously
    text = render_page([chapter], provenance)
    assert len(text.encode()) <= size
    assert sum(chapters_of(text)[0]["points"]["counts"]) < 1_000


def test_names_that_a_drawing_replaces_go_first(make_appraisal, provenance, monkeypatch):
    rng = np.random.default_rng(0)
    words = np.array(["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"])
    texts = ["|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*words[rng.integers(0, 5, 6)]) for _ in range(60)]
    chapter = Chapter(appraisal=make_appraisal(architectures=list_architectures(texts)))
    (told,) = chapters_of(render_page([chapter], provenance))
    assert told["names"] == texts
    assert told["words"][:2] == ["input", "node 1"]
    monkeypatch.setattr(page, "MOST_BYTES", 0)
    (told,) = chapters_of(render_page([chapter], provenance))
    assert told["names"] is None


def test_one_super_net_without_ceiling_baselines_and_audit(make_appraisal, provenance):
    single = make_appraisal(num_supernets=1, ceiling=None, share_of_ceiling=None, baselines={}, time_unit="trainings")
    nothing = np.full(len(single.curves["guided"].mean), np.nan)
    guided = replace(single.curves["guided"], low=nothing, high=nothing, num_runs=1)
    single = replace(single, curves={"random": single.curves["random"], "guided": guided})
    text = render_page([Chapter(appraisal=single)], provenance)
    (told,) = chapters_of(text)
    assert set(told["curves"]["guided"]["low"]) == {None}
    assert told["curves"]["guided"]["mean"][0] == pytest.approx(guided.mean[0], rel=1e-5)
    assert told["tables"]["ceiling"] is told["tables"]["effects"] is None
    assert told["effects"] == []
    assert told["colour"] == "supernet"
    assert "no interval is possible" in text
    assert "unknown" in text


def test_no_chapter(provenance):
    with pytest.raises(SettingsError, match="expected at least one chapter"):
        render_page([], provenance)


def test_links_to_what_lies_beside(chapter, provenance, tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "agreement.tex").touch()
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "A-FULL-regret.pdf").touch()
    text = write_page(tmp_path / "page.html", [chapter], provenance).read_text("utf-8")
    assert [
        attributes["href"] for attributes, _ in Reader(text).of("a", download=None) if "download" in attributes
    ] == ["tables/agreement.tex"]
    assert chapters_of(text)[0]["files"] == ["figures/A-FULL-regret.pdf"]


def many_chapters(make_appraisal):
    answers = {("A1", "x"): "helped", ("A1", "y"): "helped", ("A2", "x"): "undecided", ("A2", "y"): "helped"}
    return [
        Chapter(
            appraisal=make_appraisal(
                space=space,
                variant=variant,
                num_diverged=int(space == "A2"),
                verdict=(answer, f"{space} {variant}"),
            )
        )
        for (space, variant), answer in answers.items()
    ]


def test_several_spaces_and_variants(make_appraisal, provenance):
    text = render_page(many_chapters(make_appraisal), provenance)
    read = Reader(text)
    assert [attributes["data-chapter"] for attributes, _ in read.of("button") if "data-chapter" in attributes] == [
        "0",
        "1",
        "2",
        "3",
    ]
    assert [name for _, name in read.of("option")][:4] == ["A1, x", "A1, y", "A2, x", "A2, y"]
    assert "0.78*" in " ".join(name for _, name in read.of("span", **{"class": "mean"})) or "*" in text
    told = chapters_of(text)
    assert [chapter["verdict"]["helped"][2] for chapter in told] == ["A1 x", "A1 y", "A2 x", "A2 y"]


def test_the_verdict_over_several(make_appraisal):
    verdict = whole_verdict(many_chapters(make_appraisal))
    assert verdict.answer == "helped"
    assert "Of 4 pairs of a space and a variant, sharing weights helped in 3, did not pay in 0" in verdict.sentence
    assert "A1, x" in verdict.details[0] or "A2" in verdict.details[0]


def test_stems_of_files_differ(make_appraisal):
    spaces = ["a/b", "a b", "A-B", "???", "x" * 100]
    stems = file_stems([Chapter(appraisal=make_appraisal(space=space)) for space in spaces])
    assert stems == ["a-b", "a-b-2", "A-B-3", "chapter", "x" * 60]


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(theme):
    """A contrast of 4.5 at least, level AA of the Web Content Accessibility Guidelines."""
    style = (package_files("shareornot.report") / "web" / "page.css").read_text("utf-8")
    block = re.search(r":root \{(.*?)\}" if theme == "light" else r':root\[data-theme="dark"\] \{(.*?)\}', style, re.S)[
        1
    ]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    pairs = [
        (word, behind) for word in ("ink", "soft", "accent", "good", "bad", "open") for behind in ("paper", "panel")
    ]
    pairs += [(word, "panel") for word in ("over", "under")]
    pairs += [("ink", behind) for behind in ("much-less", "less", "more", "much-more")]
    for word, behind in pairs:
        light, dark = sorted((luminance(colours[word]), luminance(colours[behind])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (word, behind)


def test_dark_is_dark_however_it_was_chosen():
    style = (package_files("shareornot.report") / "web" / "page.css").read_text("utf-8")
    chosen = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', style, re.S)[1].split()
    preferred = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', style, re.S)[1].split()
    assert chosen == preferred
