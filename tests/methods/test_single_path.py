"""Numbers of sampled training, pinned in double precision: they change only where training itself changes."""

import numpy as np
import pytest
import torch

from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import NASBench101SuperNet, OptimizerSettings, TrainingSettings

PUBLISHED = OptimizerSettings(accumulate_epsilon=True, move_whole_tensors=True)
SGD = OptimizerSettings(name="sgd", learning_rate=0.05)
CASES = {
    "uniform": ("A_FULL", {}, {"optimizer": SGD}),
    "pro-rata on A4": (
        "A4",
        {"min_output_edges": 4, "cells_per_stack": 2},
        {"method": "pro-rata", "optimizer": SGD},
    ),
    "avg-3 as published": ("A_FULL^RES", {}, {"paths_per_step": 3, "optimizer": PUBLISHED}),
    "single-k, pro-rata, avg-2": (
        "A_FULL",
        {"single_kernel": True},
        {"method": "pro-rata", "paths_per_step": 2, "optimizer": OptimizerSettings(learning_rate=0.1)},
    ),
}
"""Space, network, and training of each."""
LOSSES = {
    "uniform": """
        1.2292692582515976 1.5360794388276817 1.3618953873007529 1.2952393445580945 1.6392828499964835
        1.3535741604992586 1.5239467206000379 1.3721792398742871 1.745077755856725
    """,
    "pro-rata on A4": """
        1.3192220576527465 1.4588132817172024 1.5380461020159502 1.358695379606679 1.459244386566522
        1.5209860065489484 1.452451721388188 1.6340368823312927 1.3691031825924798
    """,
    "avg-3 as published": """
        1.373043615626711 1.5668520823616605 1.7818345771516304 1.3138795233091949 1.9110693432148624
        1.5803908709854089 2.0810862238665786 1.4777281868577985 1.0542325457918373
    """,
    "single-k, pro-rata, avg-2": """
        1.7925410598636624 1.3093938517071175 1.616863866238114 1.533479793219274 1.934136366775679
        1.3002043349585741 1.469050001145463 1.7148119618955828 1.4481874489094482
    """,
}
"""Of each step, computed when the super-net was the only one and sampling the only method."""


@pytest.mark.parametrize("case", CASES)
def test_losses_of_the_first_steps_are_pinned(case, images, network_config, some_cells):
    space, network_changes, changes = CASES[case]
    expected = [float(loss) for loss in LOSSES[case].split()]
    settings = TrainingSettings(epochs=3, batch_size=8, seed=3, **changes)
    network = NASBench101SuperNet(network_config(**network_changes), 5).double()
    trainer = make_trainer(network, open_space(space), some_cells(space, 60), images, settings)
    losses = [trainer.step().item() for _ in range(trainer.num_steps)]
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-9)


def test_a_step_trains_the_paths_that_it_names(images, network_config, some_cells, monkeypatch):
    settings = TrainingSettings(epochs=2, batch_size=8, seed=1, paths_per_step=2)
    network = NASBench101SuperNet(network_config(), 0)
    cells = some_cells("A_FULL", 30)
    trainer = make_trainer(network, open_space("A_FULL"), cells, images, settings)
    active = []
    activate = type(network).activate
    monkeypatch.setattr(
        type(network), "activate", lambda self, number: (active.append(number), activate(self, number))[1]
    )
    for _ in range(trainer.num_steps):
        trainer.step()
    assert len(active) == 2 * trainer.num_steps
    assert set(active) <= set(cells.tolist())
    assert len(set(active)) > 5


def test_only_the_optimizer_is_state(images, network_config, some_cells):
    settings = TrainingSettings(epochs=2, batch_size=8)
    network = NASBench101SuperNet(network_config(), 0)
    method = make_trainer(network, open_space("A_FULL"), some_cells("A_FULL", 30), images, settings).method
    assert method.scorer() is None
    names = {f"optimizer.{name}.{number}" for name, _ in network.named_parameters() for number in (0, 1)}
    assert set(method.state_dict()) == names
    state = {name: torch.full_like(tensor, 2) for name, tensor in method.state_dict().items()}
    method.load_state_dict(state)
    assert all((tensor == 2).all() for tensor in method.state_dict().values())
