"""Texts of a user in matplotlib, which takes text between dollars for formulas, and fails on invalid ones."""


def plain(text: str) -> str:
    """Text that is drawn as it is."""
    return text.replace("$", r"\$")
