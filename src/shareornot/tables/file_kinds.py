"""What a file is by its first bytes, where another file has the name of one that was expected."""

OTHER_FORMATS = {
    b"\x1f\x8b": "a gzip file; unpack it first (gunzip)",
    b"PK\x03\x04": "a zip file; unpack it first",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file behind it (git lfs pull)",
    b"<": "a page of HTML or XML, most likely an error message of the server; download the file again",
}
"""First bytes of other files that users have under that name, and what they are."""
LONGEST = max(len(magic) for magic in OTHER_FORMATS) + 8
"""Bytes of a file that `other_format` needs: a byte order mark and spaces may come first."""


def other_format(head: bytes) -> str | None:
    """What the file with these first bytes is, in words; None if it is none of the formats known here.

    Example:
        >>> other_format(b"PAR1"), other_format(b"...")
        ('a Parquet file', None)
    """
    head = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((words for magic, words in OTHER_FORMATS.items() if head.startswith(magic)), None)
