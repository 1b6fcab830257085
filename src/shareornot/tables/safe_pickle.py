"""Read pickles of plain data without running anything that they contain.

A pickle is a program that may import and call whatever it names. This reader accepts only what the official files of
NAS-Bench-201 and NATS-Bench consist of: containers, numbers, texts, arrays and numbers of NumPy, and tensors of
PyTorch. Each name stands for a function of ours that checks its arguments and builds the value; any other name is
refused, as is any other use of these. The contents of tensors, which no table needs, are left out.

References: https://docs.python.org/3/library/pickle.html#restricting-globals
"""

import bz2
import io
import math
import pickle
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from shareornot.errors import DataError, MissingDataError
from shareornot.tables.file_kinds import LONGEST, other_format

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
"""The first value of a file that `torch.save` wrote before version 1.6."""
TORCH_PROTOCOL = 1001
MOST_BYTES = 1 << 28
"""Most bytes of a compressed file, unpacked; a real one has some kilobytes."""
NUMBER_TYPE = re.compile(r"[<>|=]?[fiub][1248]")


class Tensor:
    """Stands for a tensor; its contents are not read."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise DataError("expected plain data, got a state for a tensor")


class _Allowed:
    """Stand-in for a known name: it can be called, and nothing else."""

    __slots__ = ("_build", "_name")

    def __init__(self, name: str, build: Callable[..., Any]) -> None:
        self._name = name
        self._build = build

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self._build(*arguments)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"{self._name}: expected the arguments of plain data: {error}") from error

    def __setstate__(self, state: Any) -> None:
        raise DataError(f"{self._name}: expected a call with plain data, got a state")


class _NumberType:
    """A NumPy type of numbers."""

    __slots__ = ("text",)

    def __init__(self, text: Any, *_: Any) -> None:
        if not isinstance(text, str) or not NUMBER_TYPE.fullmatch(text):
            raise DataError(f"numpy.dtype: expected a type of numbers, got {str(text)[:40]!r}")
        self.text = text

    def __setstate__(self, state: Any) -> None:
        if not (isinstance(state, tuple) and len(state) >= 2 and state[1] in ("<", ">", "|", "=")):
            raise DataError("numpy.dtype: expected a byte order")
        self.text = state[1] + self.text.lstrip("<>|=")

    def decode(self, content: Any, count: int) -> np.ndarray:
        """Numbers from their bytes."""
        kind = np.dtype(self.text)
        if not isinstance(content, bytes) or len(content) != count * kind.itemsize:
            raise DataError(f"numpy: expected the bytes of {count} numbers of type {self.text}")
        return np.frombuffer(content, kind)


class Array:
    """An array of numbers; `values` holds it."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: np.ndarray = np.zeros(0)

    def __setstate__(self, state: Any) -> None:
        if not (isinstance(state, tuple) and len(state) == 5):
            raise DataError("numpy.ndarray: expected the five parts of an array")
        _, shape, kind, is_fortran, content = state
        if not (isinstance(shape, tuple) and all(type(size) is int and 0 <= size < 2**31 for size in shape)):
            raise DataError(f"numpy.ndarray: expected a shape, got {str(shape)[:40]}")
        if not isinstance(kind, _NumberType):
            raise DataError("numpy.ndarray: expected numbers")
        values = kind.decode(content, math.prod(shape))
        self.values = values.reshape(shape, order="F" if is_fortran else "C")


def _ordered_dict(items: Iterable[tuple[Any, Any]] = ()) -> dict[Any, Any]:
    return dict(items)


def _number(kind: Any, content: Any = None) -> Any:
    if not isinstance(kind, _NumberType):
        raise DataError("numpy: expected a number")
    return kind.decode(content, 1)[0].item()


def _encode(text: str, encoding: str = "") -> bytes:
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise DataError(f"_codecs.encode: expected bytes written as latin1, got {encoding!r}")
    return text.encode("latin1")


def _set(items: Iterable[Any] = ()) -> set[Any]:
    if not isinstance(items, list | tuple):
        raise DataError("set: expected a list")
    return set(items)


def _known_names() -> dict[tuple[str, str], _Allowed]:
    builders: dict[tuple[str, str], Callable[..., Any]] = {
        ("collections", "OrderedDict"): _ordered_dict,
        ("_codecs", "encode"): _encode,
        ("numpy", "dtype"): _NumberType,
        ("numpy", "ndarray"): Tensor,
        ("torch._utils", "_rebuild_tensor"): lambda *_: Tensor(),
        ("torch._utils", "_rebuild_tensor_v2"): lambda *_: Tensor(),
        ("torch._utils", "_rebuild_parameter"): lambda *_: Tensor(),
    }
    for module in ("builtins", "__builtin__"):
        builders |= {(module, "set"): _set, (module, "frozenset"): _set}
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        builders |= {(module, "scalar"): _number, (module, "_reconstruct"): lambda *_: Array()}
    for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"):
        builders["torch", f"{kind}Storage"] = lambda *_: Tensor()
    return {name: _Allowed(".".join(name), build) for name, build in builders.items()}


KNOWN_NAMES = _known_names()


class _Reader(pickle.Unpickler):
    """Builds plain data alone."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (found := KNOWN_NAMES.get((module_name, global_name))) is None:
            raise DataError(
                f"the file refers to {module_name[:80]}.{global_name[:80]}, which a file of plain data does not need; "
                "nothing was executed; get the file from its publisher"
            )
        return found

    def persistent_load(self, pid: Any) -> Any:
        if not (isinstance(pid, tuple) and pid and pid[0] == "storage"):
            raise DataError(f"expected tensors among what is stored apart, got {str(pid)[:40]!r}")
        return Tensor()


def load_plain(file: io.BufferedIOBase) -> Any:
    """The next value that is pickled in a file.

    Returns:
        Containers, numbers, texts, `Array` for arrays, and `Tensor` for tensors.

    Raises:
        DataError: the pickle refers to anything else, by name, or is damaged.
    """
    try:
        return _Reader(file).load()
    except DataError:
        raise
    except Exception as error:  # whatever a damaged or hostile pickle leads to
        raise DataError(f"the pickle is damaged: {type(error).__name__}: {error}") from error


def read_plain_pickle(path: Path) -> Any:
    """The value in a file that pickle, bz2 with pickle (`.pbz2`), or `torch.save` in any of its formats wrote.

    Raises:
        MissingDataError: no such file.
        DataError: see `load_plain`; or the file is of another format.
    """
    if not path.is_file():
        raise MissingDataError(f"{path}: expected a file, found none; check the name")
    try:
        with path.open("rb") as file:
            head = file.read(LONGEST)
            file.seek(0)
            if head.startswith(b"BZh"):
                return load_plain(io.BytesIO(_unpacked(file)))
            if head.startswith(b"PK\x03\x04"):
                return load_plain(io.BytesIO(_data_of_zip(path)))
            if (found := other_format(head)) is not None:
                raise DataError(f"expected a pickle, got {found}")
            first = load_plain(file)
            if first != TORCH_MAGIC:
                return first
            if (protocol := load_plain(file)) != TORCH_PROTOCOL:
                raise DataError(f"expected protocol {TORCH_PROTOCOL} of torch.save, got {str(protocol)[:40]}")
            load_plain(file)  # sizes of numbers on the machine that wrote the file
            return load_plain(file)
    except (DataError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path}: {error}") from error


def _unpacked(file: io.BufferedIOBase) -> bytes:
    """The contents of a bz2 file, unless they are far more than plain data of one architecture takes."""
    unpacker = bz2.BZ2Decompressor()
    content = unpacker.decompress(file.read(MOST_BYTES), max_length=MOST_BYTES)
    if not unpacker.eof:
        raise DataError("the bz2 file is truncated, or far larger than expected; download it again")
    return content


def _data_of_zip(path: Path) -> bytes:
    """The pickle in a zip file that `torch.save` wrote."""
    with zipfile.ZipFile(path) as archive:
        names = [one for one in archive.infolist() if one.filename.endswith("/data.pkl")]
        if len(names) != 1:
            raise DataError("expected a zip file that torch.save wrote, with one data.pkl")
        if names[0].compress_type != zipfile.ZIP_STORED and names[0].file_size > MOST_BYTES:
            raise DataError("data.pkl: expected it uncompressed, as torch.save writes it")
        return archive.read(names[0])
