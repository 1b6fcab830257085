"""When work is run, captured and replayed, with a device that is played."""

from contextlib import contextmanager

import pytest
import torch

from shareornot.supernet.masked.replay import NUM_WARM_UP, Replay


class Cuda:
    """What `Replay` asks of `torch.cuda`, written down; capturing records the work instead of doing it."""

    def __init__(self, monkeypatch, *, fails=False):
        self.done: list[str] = []
        self.capturing = False
        for name in ("Stream", "CUDAGraph"):
            monkeypatch.setattr(torch.cuda, name, lambda *_: self)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda _: self)

        @contextmanager
        def stream(_):
            yield

        @contextmanager
        def graph(_graph, pool):
            self.done.append(f"capture into {pool}")
            self.capturing = True
            yield
            self.capturing = False
            if fails:
                raise RuntimeError("operation not permitted when stream is capturing\nmore")

        monkeypatch.setattr(torch.cuda, "stream", stream)
        monkeypatch.setattr(torch.cuda, "graph", graph)

    def wait_stream(self, _):
        self.done.append("wait")

    def replay(self):
        self.done.append("replay")

    def work(self):
        if not self.capturing:
            self.done.append("work")


def test_on_a_processor_work_is_just_done():
    done = []
    replay = Replay(lambda: done.append(1), torch.device("cpu"))
    for _ in range(NUM_WARM_UP + 3):
        replay()
    assert len(done) == NUM_WARM_UP + 3
    assert replay.graph is replay.note is None


def test_warms_up_captures_and_replays(monkeypatch):
    cuda = Cuda(monkeypatch)
    replay = Replay(cuda.work, torch.device("cuda"), pool=(1, 2))
    for _ in range(NUM_WARM_UP + 2):
        replay()
    assert cuda.done == ["wait", "work", "wait"] * NUM_WARM_UP + ["capture into (1, 2)", "replay", "replay"]
    assert replay.note is None


def test_goes_on_without_a_graph_where_capturing_fails(monkeypatch):
    cuda = Cuda(monkeypatch, fails=True)
    replay = Replay(cuda.work, torch.device("cuda"))
    for _ in range(NUM_WARM_UP + 2):
        replay()
    assert cuda.done[3 * NUM_WARM_UP :] == ["capture into None", "work", "work"]
    assert replay.note == (
        "no CUDA graph, every operation is launched by itself: operation not permitted when stream is capturing"
    )
    with pytest.raises(ValueError, match="of the work itself"):
        Replay(lambda: (_ for _ in ()).throw(ValueError("of the work itself")), torch.device("cuda"))()
