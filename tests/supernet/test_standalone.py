"""The network of a cell alone: runs side by side are runs by themselves."""

import torch

from shareornot.supernet.standalone import StandaloneNetwork


def copy_of_run(together, index, run):
    """A network of one run, with the weights and statistics that this run has in a network of several."""
    alone = StandaloneNetwork(index, together.config, [0])
    for name, tensor in together.state_dict().items():
        own = alone.state_dict()[name]
        own.copy_(tensor if tensor.ndim == 0 else tensor.chunk(together.num_runs)[run])
    return alone


def test_runs_side_by_side_are_the_same_networks(network_config, some_cells):
    config = network_config()
    seeds = [3, 4, 5]
    batches = torch.randn(3, 6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for index in some_cells("A_FULL", 2).tolist():
        together = StandaloneNetwork(index, config, seeds)
        for run, seed in enumerate(seeds):
            initial = StandaloneNetwork(index, config, [seed]).state_dict()
            of_run = copy_of_run(together, index, run).state_dict()
            assert all(torch.equal(of_run[name], tensor) for name, tensor in initial.items())
        alone = [copy_of_run(together, index, run) for run in range(3)]
        for mode in (True, False):
            logits = together.train(mode)(torch.cat(list(batches), dim=1))
            assert logits.shape == (6, 3, 4)
            expected = [network.train(mode)(batch)[:, 0] for network, batch in zip(alone, batches, strict=True)]
            torch.testing.assert_close(logits, torch.stack(expected, dim=1), rtol=1e-4, atol=1e-4)
        for run, network in enumerate(alone):
            of_run = copy_of_run(together, index, run).state_dict()
            for name, tensor in network.state_dict().items():
                torch.testing.assert_close(of_run[name], tensor, rtol=1e-4, atol=1e-5)
