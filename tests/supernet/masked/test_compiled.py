"""The forward pass can be compiled: as a whole, and once for all cells."""

import subprocess
import sys

# In a process of its own, because the checks of shapes that run in tests cannot be compiled. The compiler here hands
# the graph that it gets on as it is; what others make of it is their business.
CODE = """
from functools import partial
import torch
from shareornot.spaces.nasbench101 import parse_space, space_cells
from shareornot.images import digits_images
from shareornot.studies.settings import digits_settings
from shareornot.supernet import SuperNet, Trainer
from shareornot.supernet.masked.training import MaskedTrainer, SideBySide

graphs = []
def backend(graph, inputs):
    graphs.append(graph)
    return graph.forward

settings, images, cells = digits_settings(), digits_images(), space_cells(parse_space("A_FULL"), 5)
kinds = (Trainer, MaskedTrainer)
plain, masked = (kind(SuperNet(settings.network, 0), images, cells, settings.training) for kind in kinds)
SideBySide([masked], partial(torch.compile, backend=backend, fullgraph=True, dynamic=False))
losses = [(plain.step().item(), masked.step().item()) for _ in range(6)]
assert len({loss for loss, _ in losses}) == 6
assert all(abs(one - other) < 1e-3 * one for one, other in losses), losses
assert len(graphs) == 1, len(graphs)
"""


def test_one_graph_for_all_cells():
    subprocess.run([sys.executable, "-c", CODE], check=True)
