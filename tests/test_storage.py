import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from shareornot.storage import atomic_write, data_folder, sha256_of


def test_the_variable_sets_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path))
    assert data_folder() == tmp_path


def test_data_folder_in_the_home_folder(monkeypatch):
    monkeypatch.setenv("SHAREORNOT_DATA", "~/some/data")
    assert data_folder() == Path.home() / "some" / "data"


@pytest.mark.parametrize("value", [None, ""])
def test_data_folder_of_the_platform(monkeypatch, value):
    monkeypatch.delenv("SHAREORNOT_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("SHAREORNOT_DATA", value)
    assert data_folder().name == "shareornot"
    assert data_folder().is_absolute()


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    with atomic_write(path) as file:
        file.write(b"content")
        assert not path.exists()
    assert path.read_bytes() == b"content"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:
        fail_within(file, error)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def fail_within(file, error):
    file.write(b"new")
    raise error


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = (
        "import os, pathlib, signal\nfrom shareornot.storage import atomic_write\n"
        f"with atomic_write(pathlib.Path({str(path)!r})) as file:\n"
        "    file.write(b'new')\n    file.flush()\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode < 0
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_others_may_read_what_the_user_lets_them(tmp_path, mask):
    before = os.umask(mask)
    try:
        with atomic_write(tmp_path / "file") as file:
            file.write(b"content")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), atomic_write(tmp_path / "file" / "name") as file:
        file.write(b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError), atomic_write(tmp_path / "name") as file:
        file.write(b"")
    tmp_path.chmod(0o700)


def test_sha256(tmp_path):
    content = os.urandom(100_000)
    (tmp_path / "file").write_bytes(content)
    assert sha256_of(tmp_path / "file") == hashlib.sha256(content).hexdigest()
