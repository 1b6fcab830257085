"""Downloads against a server on this machine that behaves and misbehaves as servers do."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from shareornot.download import BLOCK_SIZE, NUM_ATTEMPTS, RemoteFile, download
from shareornot.errors import DataError, MissingDataError

CONTENT = np.random.default_rng(0).bytes(3_000_000)


class Server(ThreadingHTTPServer):
    """Serves `content`, and remembers what was requested."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.ranges = []
        self.knows_ranges = True
        self.bytes_before_breaking = []
        """How much is sent in each answer before the connection breaks, for as many answers as there are entries."""
        self.answers = []
        """Status codes of the first answers."""

    def remote(self, sha256=None):
        return RemoteFile(
            url=f"http://127.0.0.1:{self.server_port}/folder/data.bin?version=1",
            sha256=sha256 or hashlib.sha256(CONTENT).hexdigest(),
            num_bytes=len(CONTENT),
        )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        server.ranges.append(start)
        if server.answers and (status := server.answers.pop(0)) != 200:
            self.send_error(status)
            return
        if not server.knows_ranges:
            start = 0
        if start >= len(server.content):
            self.send_error(416)
            return
        part = server.content[start:]
        self.send_response(206 if server.knows_ranges else 200)
        if server.knows_ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if server.bytes_before_breaking:
            part = part[: server.bytes_before_breaking.pop(0)]
        self.wfile.write(part)

    def log_message(self, *arguments):
        """Stay silent."""


class Bars:
    """A bar that adds up."""

    def __init__(self):
        self.opened = []
        self.done = 0.0

    def __call__(self, description, total):
        self.opened.append((description, total))
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def advance(self, num_done=1.0, note=""):  # noqa: ARG002
        self.done += num_done


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def no_sleep(_):
    """Wait for nothing."""


def test_a_whole_file(server, tmp_path):
    bars = Bars()
    path = download(server.remote(), tmp_path / "new" / "folder", bars)
    assert path == tmp_path / "new" / "folder" / "data.bin"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert bars.opened == [("Downloading data.bin", len(CONTENT))]
    assert bars.done == len(CONTENT)


def test_nothing_is_fetched_twice(server, tmp_path):
    path = download(server.remote(), tmp_path)
    assert download(server.remote(), tmp_path) == path
    assert server.ranges == [0]


def test_resumes_where_the_connection_broke(server, tmp_path):
    server.bytes_before_breaking = [10 * BLOCK_SIZE, 5 * BLOCK_SIZE + 1]
    bars = Bars()
    waited = []
    path = download(server.remote(), tmp_path, bars, waited.append)
    assert path.read_bytes() == CONTENT
    assert server.ranges == [0, 10 * BLOCK_SIZE, 15 * BLOCK_SIZE]
    assert bars.done == len(CONTENT)
    assert waited == [2, 4]


def test_resumes_in_another_process(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:1_234_567])
    bars = Bars()
    assert download(server.remote(), tmp_path, bars).read_bytes() == CONTENT
    assert server.ranges == [1_234_567]
    assert bars.done == len(CONTENT)


def test_a_part_that_is_whole(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT)
    assert download(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [len(CONTENT)]


def test_starts_over_where_the_server_supports_no_ranges(server, tmp_path):
    server.knows_ranges = False
    server.bytes_before_breaking = [1_000_000]
    bars = Bars()
    assert download(server.remote(), tmp_path, bars, no_sleep).read_bytes() == CONTENT
    assert bars.done == len(CONTENT)


@pytest.mark.parametrize("size", [1000, 3_000_000, 4_000_000])
def test_a_part_of_another_file_is_dropped(server, tmp_path, size):
    (tmp_path / "data.bin.part").write_bytes(bytes(size))
    bars = Bars()
    assert download(server.remote(), tmp_path, bars).read_bytes() == CONTENT
    assert server.ranges == [size, 0]
    assert bars.done == len(CONTENT)


def test_waits_for_a_busy_server(server, tmp_path):
    server.answers = [503, 429, 200]
    assert download(server.remote(), tmp_path, sleep=no_sleep).read_bytes() == CONTENT


def test_gives_up_and_keeps_what_it_has(server, tmp_path):
    server.bytes_before_breaking = [BLOCK_SIZE] * NUM_ATTEMPTS
    with pytest.raises(MissingDataError, match="327,680 bytes are kept: run the command again to resume"):
        download(server.remote(), tmp_path, sleep=no_sleep)
    assert (tmp_path / "data.bin.part").read_bytes() == CONTENT[: 5 * BLOCK_SIZE]


def test_a_missing_file_is_not_requested_again(server, tmp_path):
    server.answers = [404]
    with pytest.raises(MissingDataError, match="the server answers 404 Not Found; use a local copy"):
        download(server.remote(), tmp_path, sleep=no_sleep)
    assert server.ranges == [0]


def test_no_server(tmp_path):
    with Server() as server:
        remote = server.remote()
    with pytest.raises(MissingDataError, match="the connection broke"):
        download(remote, tmp_path, sleep=no_sleep)


def test_another_file_is_refused(server, tmp_path):
    with pytest.raises(DataError, match=f"expected a file with SHA-256 {'0' * 64}, got one with"):
        download(server.remote("0" * 64), tmp_path)
    assert not list(tmp_path.iterdir())
