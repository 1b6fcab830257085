"""Running a function of static tensors again and again: as it is, or as a captured CUDA graph."""

from collections.abc import Callable
from typing import Any

import torch

NUM_WARM_UP = 3


class Replay:
    """Does the same work at every call, on tensors that stay where they are.

    On a CUDA device the first calls run as they are, on a stream of their own, as capturing asks for; then the work is
    captured, and from then on replayed by one launch. Should the capture fail, the work goes on running as it is, and
    `note` says why. On other devices it always runs as it is.

    Args:
        work: reads and writes static tensors only; asks the device nothing, and copies nothing from the host.
        device: where the tensors are.
        pool: memory shared with other captured graphs that never run at the same time.
    """

    def __init__(self, work: Callable[[], None], device: torch.device, pool: Any = None) -> None:
        self.work, self.device, self.pool = work, device, pool
        self.graph: torch.cuda.CUDAGraph | None = None
        self.note: str | None = None
        self.num_calls = 0

    def __call__(self) -> None:
        """Do the work once."""
        self.num_calls += 1
        if self.graph is not None:
            self.graph.replay()
        elif self.device.type != "cuda" or self.note is not None:
            self.work()
        elif self.num_calls <= NUM_WARM_UP:
            self._warm_up()
        else:
            self._capture()
            self() if self.graph is not None else self.work()

    def _warm_up(self) -> None:
        stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(stream):
            self.work()
        torch.cuda.current_stream(self.device).wait_stream(stream)

    def _capture(self) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, pool=self.pool):
                self.work()
        except RuntimeError as error:  # capturing runs nothing, so nothing has been done twice
            self.note = f"no CUDA graph, every operation is launched by itself: {str(error).partition(chr(10))[0]}"
        else:
            self.graph = graph
