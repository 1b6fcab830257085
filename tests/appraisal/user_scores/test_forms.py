"""Forms of values and files that users bring: dialects, words for missing values, numbers; right values are SciPy's."""

import numpy as np
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from made_up_score_files import NUM, PROXY, TRUTH, csv, features, is_right, table

from shareornot.appraisal.user_scores import read_user_scores
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
