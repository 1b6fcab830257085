"""Plain data is read; whatever else a pickle refers to is refused by name, and nothing runs."""

import bz2
import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from shareornot.errors import DataError, MissingDataError
from shareornot.tables.safe_pickle import MOST_BYTES, Array, Tensor, load_plain, read_plain_pickle

RAN = "a hostile pickle has run"


class Call:
    """Pickled as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def load(content):
    return load_plain(io.BytesIO(content))


PLAIN = {
    "text": "a",
    "numbers": [1, -2.5, True, None, 2**70],
    ("a", 777): {"x-valid@199": np.float64(0.5), "count": np.int64(3)},
    "set": {1, 2},
    "ordered": OrderedDict([("a", 1), ("b", 2)]),
}


def test_a_file_of_another_format_is_named(tmp_path):
    path = tmp_path / "NATS-tss.pickle.pbz2"
    for head, name in (
        (b"PAR1", "a Parquet file"),
        (b"<!DOCTYPE html>", "a page of HTML"),
        (b"version https://git-lfs", "Git LFS"),
    ):
        path.write_bytes(head + b"\0" * 100)
        with pytest.raises(DataError, match=f"expected a pickle, got .*{name.split()[-1]}"):
            read_plain_pickle(path)


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data(protocol):
    read = load(pickle.dumps(PLAIN, protocol))
    assert read == PLAIN
    assert type(read["ordered"]) is dict
    assert type(read["a", 777]["x-valid@199"]) is float


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("kind", ["<f8", ">f4", "<i2", "u1", "?"])
def test_arrays(protocol, kind):
    values = (np.arange(6).reshape(2, 3) % 2).astype(kind)
    for array in (values, np.asfortranarray(values)):
        read = load(pickle.dumps(array, protocol))
        assert isinstance(read, Array)
        np.testing.assert_array_equal(read.values, values)


@pytest.mark.parametrize("legacy", [True, False])
def test_tensors_are_not_read(tmp_path, legacy):
    torch = pytest.importorskip("torch")
    content = {"weight": torch.arange(5.0), "half": torch.zeros(2, dtype=torch.float16), "n": 3}
    torch.save(content, tmp_path / "some.pth", _use_new_zipfile_serialization=not legacy)
    read = read_plain_pickle(tmp_path / "some.pth")
    assert isinstance(read["weight"], Tensor)
    assert read["n"] == 3


HOSTILE = {
    "os.system": Call(os.system, f"echo {RAN}"),
    "builtins.eval": Call(eval, f"print({RAN!r})"),
    "builtins.exec": Call(exec, f"print({RAN!r})"),
    "builtins.getattr": Call(getattr, OrderedDict, "fromkeys"),
    "builtins.__import__": Call(__import__, "os"),
    "builtins.open": Call(open, "opened", "w"),
    "_pickle.loads": Call(pickle.loads, b"N."),
    "numpy.load": Call(np.load, "somewhere.npy"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_hostile_names_are_refused_and_nothing_runs(name, protocol, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({"arch2infos": [HOSTILE[name]]}, protocol)
    with pytest.raises(DataError) as caught:
        load(content)
    last = name.rpartition(".")[2]
    assert f".{last}, which a file of plain data does not need; nothing was executed" in str(caught.value)
    assert RAN not in capfd.readouterr().out
    assert list(tmp_path.iterdir()) == []


def torch_legacy(content):
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, content)
    return b"".join(pickle.dumps(part, 2) for part in parts) + pickle.dumps([], 2)


def torch_zip(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, 2))
        archive.writestr("archive/version", "3")
    return buffer.getvalue()


WRAPPERS = {
    "plain.pickle": lambda content: pickle.dumps(content),
    "some.pickle.pbz2": lambda content: bz2.compress(pickle.dumps(content)),
    "legacy.pth": torch_legacy,
    "zip.pth": torch_zip,
}


@pytest.mark.parametrize("file_name", WRAPPERS)
def test_every_format(file_name, tmp_path, capfd):
    path = tmp_path / file_name
    path.write_bytes(WRAPPERS[file_name](PLAIN))
    assert read_plain_pickle(path) == PLAIN
    path.write_bytes(WRAPPERS[file_name]({"a": HOSTILE["os.system"]}))
    with pytest.raises(DataError, match=r"refers to (posix|nt|os)\.system") as caught:
        read_plain_pickle(path)
    assert str(path) in str(caught.value)
    assert RAN not in capfd.readouterr().out


def test_hostile_calls_before_the_data_of_a_legacy_file(tmp_path, capfd):
    path = tmp_path / "legacy.pth"
    path.write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(HOSTILE["os.system"], 2))
    with pytest.raises(DataError, match="system"):
        read_plain_pickle(path)
    assert RAN not in capfd.readouterr().out


def global_of(module, name):
    return f"c{module}\n{name}\n".encode()


INT, TUPLE, REDUCE, BUILD, NEWOBJ, STOP = b"K\x01", b"\x85", b"R", b"b", b"\x81", b"."
ODD_USES = {
    "a call with a number": global_of("collections", "OrderedDict") + INT + TUPLE + REDUCE,
    "a type of objects": global_of("numpy", "dtype") + b"X\x01\x00\x00\x00O" + TUPLE + REDUCE,
    "a type by name": global_of("numpy", "dtype") + b"X\x04\x00\x00\x00void" + TUPLE + REDUCE,
    "a set of a text": global_of("builtins", "set") + b"X\x02\x00\x00\x00ab" + TUPLE + REDUCE,
    "another encoding": global_of("_codecs", "encode") + b"X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R",
    "a state for a function": global_of("numpy", "dtype") + b"}" + BUILD,
    "slots of a function": global_of("collections", "OrderedDict") + b"N}X\x06\x00\x00\x00_buildNs\x86" + BUILD,
    "a new object": global_of("collections", "OrderedDict") + b")" + NEWOBJ,
    "a state of an array": global_of("numpy.core.multiarray", "_reconstruct") + b")" + REDUCE + b"}" + BUILD,
    "a state of a tensor": global_of("torch._utils", "_rebuild_tensor_v2") + b")" + REDUCE + b"}" + BUILD,
    "a state of a dictionary": b"}}X\x01\x00\x00\x00aNs" + BUILD,
    "something stored apart": b"X\x02\x00\x00\x00osQ",
    "an attribute of a name": b"\x80\x04\x8c\x05numpy\x8c\x0fndarray.__class_\x93",
    "an extension": b"\x82\x01",
    "an old instance": b"(ios\nsystem\n",
    "an old object": b"(" + global_of("os", "system") + b"o",
    "nothing": b"",
    "no end": b"(",
    "a number that is no pickle": b"\xff",
}


@pytest.mark.parametrize("use", ODD_USES)
def test_odd_uses_of_known_names_are_refused(use):
    with pytest.raises(DataError):
        load(ODD_USES[use] + STOP)


def test_known_names_stay_as_they_are():
    for content in ODD_USES.values():
        with pytest.raises(DataError):
            load(content + STOP)
    assert load(pickle.dumps(PLAIN)) == PLAIN


@pytest.mark.parametrize("size", [2**31, 7])
def test_an_array_with_a_wrong_number_of_bytes_is_refused(size):
    content = pickle.dumps(np.arange(3.0), 2)
    for before, after in ((b"K\x03\x85", b"\x8a\x05" + struct.pack("<q", size)[:5] + b"\x85"),):
        assert before in content
        with pytest.raises(DataError):
            load(content.replace(before, after))


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("shareornot.tables.safe_pickle.MOST_BYTES", 1_000_000)
    path = tmp_path / "bomb.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps(b"0" * 3_000_000)))
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match="far larger than expected"):
        read_plain_pickle(path)
    assert MOST_BYTES > 1_000_000


@pytest.mark.parametrize("file_name", WRAPPERS)
def test_damaged_files_are_refused(file_name, tmp_path):
    content = WRAPPERS[file_name](PLAIN)
    path = tmp_path / file_name
    for kept in (0, 3, len(content) // 3, len(content) - 25):
        path.write_bytes(content[:kept])
        with pytest.raises(DataError):
            read_plain_pickle(path)
    with pytest.raises(MissingDataError, match="found none"):
        read_plain_pickle(tmp_path / "missing.pth")
