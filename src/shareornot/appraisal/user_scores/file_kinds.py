"""The kind of a file, recognized by its content and not by its name."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
import zlib
from typing import IO, Any, Literal

from shareornot.appraisal.user_scores.columns import MOST_BYTES
from shareornot.errors import DataError, message_of

Kind = Literal["parquet", "arrow", "feather", "npz", "npy", "spreadsheet", "json", "text"]

_PICKLE = (
    "a pickle, which can run code when it is opened, so it is never opened here; load it in Python and write "
    "frame.to_csv('scores.csv') or frame.to_parquet('scores.parquet')"
)
_CHECKPOINT = (
    "a PyTorch file, which holds a pickle that can run code when it is opened, so it is never opened here; load it in "
    "Python and write its scores as CSV, JSON or Parquet"
)
_REFUSED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs.github.com/spec/", "a Git LFS pointer in place of the file; run: git lfs pull"),
    (0, b"/annex/objects/", "a git-annex pointer in place of the file; run: git annex get"),
    (0, b"SQLite format 3\0", "an SQLite database; export the table: sqlite3 -header -csv FILE 'select * from TABLE'"),
    (8, b"DUCK", "a DuckDB database; export the table: COPY table TO 'scores.parquet'"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file; read it in Python and write it as CSV or Parquet"),
    (0, b"MATLAB ", "a MATLAB file; write the table with writetable(scores, 'scores.csv')"),
    (0, b"RDX", "an R data file; write the table with write.csv(scores, 'scores.csv', row.names = FALSE)"),
    (
        0,
        b"\xd0\xcf\x11\xe0",
        "a file of an old version of Excel or one with a password; save it as .xlsx without one, or as CSV",
    ),
    (0, b"%PDF", "a PDF document; write the numbers as CSV"),
    (0, b"\x89PNG", "a picture; write the numbers as CSV"),
    (0, b"\xff\xd8\xff", "a picture; write the numbers as CSV"),
    (0, b"GIF8", "a picture; write the numbers as CSV"),
    (0, b"ORC", "an ORC file; write it as Parquet"),
    (0, b"Obj\x01", "an Avro file; write it as Parquet or CSV"),
    (0, b"\x7fELF", "a program; name the file of scores"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it and name the file in it"),
    (0, b"Rar!", "a RAR archive; unpack it and name the file in it"),
    (257, b"ustar", "a tar archive; unpack it and name the file in it"),
)
"""First bytes of refused formats, their position, and the remedy."""
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}


def decompressed(source: str, content: bytes) -> bytes:
    """The content of a file that may be compressed by gzip, bzip2, xz or zstandard.

    Args:
        source: what messages call the file.
        content: content of the file.

    Raises:
        DataError: damaged, compressed twice, or more than 2 GiB when it is decompressed.
    """
    method = _compression(content)
    if method is None:
        return _only_member(source, content) if content.startswith(b"PK\x03\x04") else content
    try:
        with _opened(method, content) as file:
            plain = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            f"{source}: expected a whole file compressed by {method}, got {message_of(error, 120)}; compress it again"
        ) from error
    if len(plain) > MOST_BYTES:
        raise DataError(f"{source}: expected at most 2 GiB after decompression, got more; split the file")
    if _compression(plain) is not None:
        raise DataError(f"{source}: expected scores, got a file that is compressed twice; decompress it once")
    return plain


def _only_member(source: str, content: bytes) -> bytes:
    """The content of the only file in a zip archive, as pandas compresses one; other archives as they are.

    Raises:
        DataError: damaged, encrypted, or more than 2 GiB.
    """
    names = member_names(source, content)
    if len(names) != 1 or names[0].endswith((".npy", ".pkl", "/")):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(names[0])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise DataError(f"{source}: expected a whole archive, got {message_of(error, 120)}; unpack it first") from error


def _compression(content: bytes) -> str | None:
    return next((method for magic, method in _COMPRESSED.items() if content.startswith(magic)), None)


def _opened(method: str, content: bytes) -> IO[bytes] | Any:
    match method:
        case "gzip":
            return gzip.open(io.BytesIO(content))
        case "bzip2":
            return bz2.open(io.BytesIO(content))
        case "xz":
            return lzma.open(io.BytesIO(content))
        case _:
            import pyarrow as pa

            return pa.CompressedInputStream(pa.BufferReader(content), "zstd")


def recognized(source: str, content: bytes) -> Kind:
    """The kind of a file.

    Args:
        source: what messages call the file.
        content: content of the file, decompressed.

    Raises:
        DataError: of a kind that is not read; the message states what to do.
    """
    blank = b" \t\r\n\0\xef\xbb\xbf"
    if not content[:4_096].strip(blank) and not content.strip(blank):
        raise DataError(
            f"{source}: expected names of columns in the first line, got none: the file is empty; add a header and rows"
        )
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    if content.startswith(b"FEA1"):
        return "feather"
    if content.startswith(b"\x93NUMPY"):
        return "npy"
    if content.startswith(b"PK\x03\x04"):
        return _archive(source, content)
    for start, magic, what in _REFUSED:
        if content[start : start + len(magic)] == magic:
            raise DataError(f"{source}: expected a file of scores, got {what}")
    if _is_pickle(content):
        raise DataError(f"{source}: expected a file of scores, got {_PICKLE}")
    beginning = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning[:1] == b"<" and not beginning.startswith(b"<NA>"):
        raise DataError(
            f"{source}: expected a file of scores, got a page in HTML or XML; download the raw file in place of the "
            "page that shows it"
        )
    if b"\0" in content[:4]:  # UTF-16 or UTF-32
        beginning = content[:1024].decode(json.detect_encoding(content), "ignore").lstrip("\ufeff \t\r\n").encode()
    return "json" if beginning[:1] in (b"{", b"[") else "text"


def _is_pickle(content: bytes) -> bool:
    """Whether the bytes begin as a pickle of any protocol does."""
    if content[:1] == b"\x80" and content[1:2] <= b"\x05":
        return True
    protocol0 = (b"(dp", b"(lp", b"ccopy_reg\n", b"cnumpy", b"cpandas", b"ccollections\n", b"c__builtin__\n")
    return content.startswith(protocol0) and content.rstrip().endswith(b".")


def _archive(source: str, content: bytes) -> Kind:
    """The kind of a zip archive, by the names in it.

    Raises:
        DataError: damaged, or of a kind that is not read.
    """
    names = member_names(source, content)
    if any(name == "xl/workbook.xml" for name in names):
        return "spreadsheet"
    if any(name.endswith("data.pkl") for name in names):
        raise DataError(f"{source}: expected a file of scores, got {_CHECKPOINT}")
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    what = "an OpenDocument file" if "mimetype" in names else f"an archive of {len(names)} files"
    raise DataError(
        f"{source}: expected a file of scores, got {what}; save it as CSV or .xlsx, or unpack it and name the file in "
        "it"
    )


def member_names(source: str, content: bytes) -> list[str]:
    """The names of the files in a zip archive.

    Raises:
        DataError: damaged, or more than 2 GiB when it is unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{source}: expected a whole archive, got {message_of(error, 120)}; write it again") from error
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise DataError(f"{source}: expected at most 2 GiB after unpacking, got more; split the file")
    return [member.filename for member in members]
