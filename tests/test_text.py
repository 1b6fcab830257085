import pytest

from shareornot.text import ascii_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5 \u00b1 0.1", "0.5 +/- 0.1"),
        ("\u22120.2", "-0.2"),
        ("Kraków", "Krakow"),
        ("\u2265 5\u00a0%", ">= 5 %"),
        ("plain", "plain"),
        ("bell\x07", "bell "),
        ("\U0001f600", "?"),
    ],
)
def test_every_character_has_an_ascii_form(text, expected):
    assert ascii_text(text) == expected
