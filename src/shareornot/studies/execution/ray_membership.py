"""Being part of a Ray cluster (extra `cluster`): joining one that runs, or having one for a while."""

import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shareornot.cores import num_usable_cores
from shareornot.errors import MissingExtraError, SettingsError, message_of
from shareornot.studies.execution.lock import current_runner, only_runner

OBJECT_STORE_BYTES = 100 * 2**20
"""Bytes of the object store of a local cluster; results travel through files, so nearly nothing is in it."""

CONNECT_S = 5.0
"""How long the machine of a cluster may take to answer."""
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""The first bytes of a client of gRPC, Ray's protocol: the preface of HTTP/2 and an empty frame of settings.

References: RFC 9113, sections 3.4 and 6.5.
"""
SETTINGS_FRAME = 4
"""The type of the frame with which a server answers."""
CONNECT_ATTEMPTS = 5
"""Ray's attempts, one per second, to reach a cluster on a machine that answers."""
FOLDER_PREFIX = "shareornot-ray-"
TOO_BUSY = "timed out during startup"
"""Part of Ray's message."""
YOUNG_S = 60.0
"""A folder that is younger may have an owner who has not locked it yet."""


@contextmanager
def joined_cluster(address: str | None = None, num_cores: int | None = None) -> Iterator[Any]:
    """Be part of a Ray cluster within the block; a local one is started for it and ended with it.

    Args:
        address: address of a running cluster; None starts one on this machine.
        num_cores: number of cores of the cluster on this machine.

    Yields:
        The module `ray`.

    Raises:
        MissingExtraError: Ray is not installed.
        SettingsError: no cluster at the address.
    """
    with _variables_of_ray(has_address=address is not None), _joined(address, num_cores) as ray:
        yield ray


@contextmanager
def _variables_of_ray(*, has_address: bool) -> Iterator[None]:
    """Set variables of the environment that are not set, within the block: clusters that start later inherit them."""
    ours = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do one day; now it warns
    }
    if has_address:
        ours["RAY_NUM_REDIS_GET_RETRIES"] = str(CONNECT_ATTEMPTS)
        if _has_token():
            ours["RAY_AUTH_MODE"] = "token"  # Ray requires one by default, and does not show it by default
    ours = {name: value for name, value in ours.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


@contextmanager
def _joined(address: str | None, num_cores: int | None) -> Iterator[Any]:
    """Be part of a cluster, see `joined_cluster`."""
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("a cluster needs Ray; install it with: pip install 'shareornot[cluster]'") from error
    if ray.is_initialized():
        yield ray
        return
    if address is not None:
        check_address(address)
    logging.getLogger("ray").setLevel(logging.ERROR)
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    with ExitStack() as stack:
        if address is None:
            options |= {
                "address": "local",
                "num_cpus": num_cores or num_usable_cores(),
                "include_dashboard": False,
                "object_store_memory": OBJECT_STORE_BYTES,
                "_node_ip_address": "127.0.0.1",  # nothing for other machines
                "_temp_dir": str(stack.enter_context(_own_folder())),
            }
        else:
            options["address"] = address
        stack.callback(_shut_down, ray)
        with _handlers_kept():
            try:
                ray.init(**options)
            except Exception as error:  # on a machine too busy to start within 30 s, Ray raises no more special one
                raise SettingsError(
                    f"ray: expected a cluster at {address or 'this machine'}, got {_reason(error)}"
                ) from error
        yield ray


def check_address(address: str) -> None:
    """Refuse the address of a machine that does not answer as Ray does, for which Ray itself would wait for minutes.

    Args:
        address: as `ray.init` takes it; only one with a host and a port is checked.

    Raises:
        SettingsError: nothing answers there within seconds, or something other than Ray.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(f"ray: expected an address such as 10.0.0.1:6379, got {address!r}: {error}") from error
    if host is None or port is None:
        return
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S) as connection:
            is_cluster = _encrypted() or _answers_in_http2(connection)
    except OSError as error:
        raise SettingsError(
            f"ray: expected a cluster at {address}, got none: {message_of(error)}; start one with: ray start --head"
        ) from error
    if not is_cluster:
        raise SettingsError(
            f"ray: expected a cluster at {address}, got a server of another kind; check the port, which is 6379 unless "
            "'ray start --head' was given another one"
        )


def _encrypted() -> bool:
    """Whether this process connects to clusters through TLS, where nothing can be read before keys are exchanged."""
    return os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true")


def _answers_in_http2(connection: socket.socket) -> bool:
    """Whether a server answers the preface of HTTP/2 with its settings, as that of a cluster does."""
    connection.sendall(HTTP2_PREFACE)
    answer = b""
    try:
        while len(answer) < 9 and (more := connection.recv(9 - len(answer))):  # the head of a frame
            answer += more
    except OSError:  # it waits for something else, or hangs up
        return False
    return len(answer) == 9 and answer[3] == SETTINGS_FRAME and answer[5:] == bytes(4)


def _has_token() -> bool:
    """Whether this user has a token for clusters, where Ray looks for it."""
    variables = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
    return any(os.environ.get(name) for name in variables) or (Path.home() / ".ray" / "auth_token").is_file()


def _shut_down(ray: Any) -> None:
    with _handlers_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        ray.shutdown()
        gc.collect()  # of Ray's processes, which it ends without waiting for them; Python would warn at any later time


def _reason(error: BaseException) -> str:
    """Why there is no cluster, and what to do."""
    causes = [error]
    while causes[-1].__cause__:
        causes.append(causes[-1].__cause__)
    if any("token" in str(cause).lower() for cause in causes):
        return "one that needs another token: copy ~/.ray/auth_token from its head node, or set RAY_AUTH_TOKEN"
    if TOO_BUSY in str(error):
        return "none: Ray did not start within its 30 s; try again when the machine is less busy"
    return f"none: {str(error).strip().partition(chr(10))[0]}; start one with: ray start --head"


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder for a local cluster, so that nothing is left of it; those of processes that were killed go too."""
    root = Path(tempfile.gettempdir())
    for old in root.glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError):  # not ours
            if time.time() - old.stat().st_mtime > YOUNG_S and current_runner(old) is None:
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=root))  # a short name, for there are sockets in it
    try:
        with only_runner(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray puts its own handler of SIGTERM in place, which would end the run impolitely."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
