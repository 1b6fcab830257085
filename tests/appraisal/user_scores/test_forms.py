"""Forms of values and files that users bring: dialects, words for missing values, numbers; right values are SciPy's."""

import json

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from made_up_score_files import NUM, PROXY, TRUTH, baselines, csv, features, is_right, table

from shareornot.appraisal.user_scores import read_user_scores
from shareornot.appraisal.user_scores.number_text import parse_numbers
from shareornot.errors import ShareOrNotError


@given(
    mark=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    begin=st.sampled_from(["", "\ufeff", "sep=", "# a comment\n"]),
    decimal=st.sampled_from([".", ","]),
    last=st.booleans(),
)
def test_dialects_are_read_right(tmp_path_factory, mark, end, begin, decimal, last):
    text = csv(table(depth=np.arange(NUM) % 4), mark=mark, end=end, decimal=decimal)
    text = text if last else text.removesuffix(end)
    text = f"sep={mark}{end}{text}" if begin == "sep=" else begin.replace("\n", end) + text
    path = tmp_path_factory.mktemp("dialect") / "mine.csv"
    path.write_text(text, newline="", encoding="utf-8")
    scores = read_user_scores(path)
    assert is_right(scores)
    np.testing.assert_array_equal(features(scores)["depth"], np.arange(NUM) % 4)


def test_points_between_thousands_in_a_file_of_decimal_commas(read):
    columns = table(num_params=[f"1.{n:03d}.000" for n in range(NUM)])
    scores = read(csv(columns, mark=";", decimal=",").replace(",000", ".000"))
    assert is_right(scores)


@given(word=st.sampled_from(["", " ", "n/a", "#N/A", "<NA>", "-", "NaN", "N.A.", "NA", "null", "None", "nan", "--"]))
def test_missing_words(tmp_path_factory, word):
    path = tmp_path_factory.mktemp("missing") / "mine.csv"

    def with_gap(values, place):
        return [word if number == place else value for number, value in enumerate(values)]

    depth = np.arange(NUM) % 5
    columns = table(proxy=with_gap(PROXY, 3), standalone=with_gap(TRUTH, 5), depth=with_gap(depth, 8))
    path.write_text(csv(columns))
    scores = read_user_scores(path)
    kept = np.delete(np.arange(NUM), [3, 5])
    assert is_right(scores, proxy=PROXY[kept], truth=TRUTH[kept])
    np.testing.assert_array_equal(features(scores)["depth"], np.where(np.arange(NUM) == 8, np.nan, depth))
    assert "depth: 1 missing value." in scores.notes


@given(
    value=st.one_of(st.floats(allow_nan=False), st.integers(-(10**25), 10**25)),
    form=st.sampled_from(["{!r}", "{:.3e}", " {!r} ", "+{!r}", "{:g}"]),
)
def test_numbers_in_any_form(tmp_path_factory, value, form):
    text = form.format(value).replace("+-", "-")
    path = tmp_path_factory.mktemp("number") / "mine.csv"
    path.write_text(csv(table(proxy=[text, *PROXY[1:]])))
    numbers = np.array([float(text), *PROXY[1:]])
    assert is_right(read_user_scores(path), proxy=scipy.stats.rankdata(numbers))


@given(text=st.text(st.characters(codec="utf-8", exclude_characters='\0\r\n",'), max_size=12), column=st.integers(1, 2))
def test_whatever_is_no_number_is_named(tmp_path_factory, text, column):
    name = ("architecture", "proxy", "standalone")[column]
    path = tmp_path_factory.mktemp("odd") / "mine.csv"
    path.write_text(csv(table(**{name: [*(PROXY if column == 1 else TRUTH)[:-1], text]})), encoding="utf-8")
    try:
        scores = read_user_scores(path)
    except ShareOrNotError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert f"row {NUM} (line {NUM + 1})" in said
        assert name in said
        return
    kept = scores.variants[0].pools[0].cells
    try:
        last = float(text.replace("\u2212", "-").strip())
    except ValueError:
        assert len(kept) == NUM - 1 or "%" in text or text.lower().strip("+-") in ("inf", "infinity", "\u221e")
        return
    assert len(kept) == (NUM if np.isfinite(last) or (column == 1 and not np.isnan(last)) else NUM - 1)


AGAIN = np.round(TRUTH - 0.002 * np.sin(np.arange(NUM)), 5)


@pytest.mark.parametrize(
    "form",
    [
        "[{}, {}]",
        "({}, {})",
        "{{{}, {}}}",
        "[{} {}]",
        "[{}; {}]",
        "[[{}, {}]]",
        "{};{}",
        "{} {}",
        "{}|{}",
        "{},{}",
        "{}, {}",
        "array([{}, {}])",
        "np.array([{}, {}], dtype=float32)",
        "tensor([{}, {}], device='cuda:0')",
        "[np.float64({}), np.float64({})]",
    ],
)
def test_lists_of_trainings_in_any_spelling(read, form):
    scores = read(table(standalone=[form.format(one, other) for one, other in zip(TRUTH, AGAIN, strict=True)]))
    assert is_right(scores, truth=np.round((TRUTH + AGAIN) / 2, 12))


def test_lists_of_percentages_and_of_decimal_commas(read):
    pairs = list(zip(TRUTH, AGAIN, strict=True))
    texts = [f"[{one * 100:.3f}%, {other * 100:.3f} %]" for one, other in pairs]
    assert is_right(read(table(standalone=texts)), truth=np.round((TRUTH + AGAIN) / 2, 12))
    texts = [f"[{one}; {other}]".replace(".", ",") for one, other in pairs]
    assert is_right(read(csv(table(standalone=texts), mark="\t")), truth=np.round((TRUTH + AGAIN) / 2, 12))


@pytest.mark.parametrize("text", ["0.9/0.91", "[0.9, many]", "1 234", "[]", "[{}]", "f(0.9, 0.91)"])
def test_what_is_no_list_is_refused(read, text):
    with pytest.raises(ShareOrNotError, match=r"row 1 .*column 'standalone'"):
        read(table(standalone=[text, *TRUTH[1:]]))


@pytest.mark.parametrize("scale", [1, 100])
def test_signs_of_percent_at_some_numbers(read, scale):
    texts = [f"{value * 100:.3f}%" if number % 3 else f"{value * scale:.5f}" for number, value in enumerate(TRUTH)]
    scores = read(table(standalone=texts))
    assert is_right(scores)
    assert any("percent" in note for note in scores.notes)


def test_equal_quantities_in_different_units_tie(read):
    depth = np.arange(NUM) % 7 + 1
    forms = [(1, "ms"), (1e-3, "s"), (1e3, "us")]
    texts = [f"{value * forms[n % 3][0]:g} {forms[n % 3][1]}" for n, value in enumerate(depth.tolist())]
    found = baselines(read(table(latency=texts)))["latency"]
    assert scipy.stats.spearmanr(found, depth)[0] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h 30m", 5400), ("2h5m10s", 7510), ("PT1H30M", 5400), ("PT4M", 240), ("P1DT1S", 86401), ("1d 2h", 93600)],
)
def test_durations_in_parts(text, seconds):
    found = parse_numbers(pa.array([text, "1 s"]), units=True)
    assert found.values.tolist() == [seconds, 1.0]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("\u201c0.5\u201d", "without quotes"),
        ("\u0660.\u0665", "digits 0 to 9"),
        ("0x1f", "decimal numbers"),
        ("6 GPU-days", "without its unit"),
        ("proxy", "the header that repeats"),
    ],
)
def test_remedies_fit(read, text, remedy):
    with pytest.raises(ShareOrNotError, match=f"row 4 .line 5.: column 'proxy'.*{remedy}"):
        read(table(proxy=[*PROXY[:3], text, *PROXY[4:]]))


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf\xef\xbb\xbf%b", b"%b\x1a", b"%b\0\0\0"],
    ids=["two marks of byte order", "end of text", "zeros at the end"],
)
def test_bytes_that_programs_leave_around_a_text(tmp_path, content):
    (tmp_path / "scores.csv").write_bytes(content % csv(table()).encode())
    assert is_right(read_user_scores(tmp_path / "scores.csv"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("lines", [False, True])
def test_json_in_other_forms_of_unicode(tmp_path, encoding, lines):
    records = [dict(zip(table(), row, strict=True)) for row in zip(*table().values(), strict=True)]
    text = "\n".join(map(json.dumps, records)) if lines else json.dumps(records)
    (tmp_path / "scores.json").write_bytes(text.encode(encoding))
    assert is_right(read_user_scores(tmp_path / "scores.json"))


def test_json_lines_end_at_line_feeds_only(tmp_path):
    records = [{"architecture": f"a\u2028{n}\x85", "proxy": PROXY[n], "standalone": TRUTH[n]} for n in range(NUM)]
    text = "\r\n".join(json.dumps(one, ensure_ascii=False) for one in records)
    (tmp_path / "scores.json").write_text(text, encoding="utf-8", newline="")
    assert is_right(read_user_scores(tmp_path / "scores.json"))
