"""Views into flat vectors: nothing is lost, everything is somewhere, and a step uses what the plain one uses."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from shareornot.supernet.masked.choice import Slots, describe_cells, expand
from shareornot.supernet.masked.layout import Storage


@pytest.mark.parametrize("single_kernel", [False, True])
@pytest.mark.parametrize("name", ["A_FULL", "A2"])
def test_networks_keep_their_numbers_and_share_the_vectors(name, single_kernel, network_for):
    networks = [network_for(name, seed=seed, single_kernel=single_kernel, cells_per_stack=2) for seed in range(3)]
    before = [deepcopy(network.state_dict()) for network in networks]
    storage = Storage(networks, num_states=2)
    for network, kept in zip(networks, before, strict=True):
        assert list(network.state_dict()) == list(kept)
        for tensor_name, tensor in network.state_dict().items():
            assert torch.equal(tensor, kept[tensor_name])
    num_parameters = sum(parameter.numel() for network in networks for parameter in network.parameters())
    assert storage.layout.num_parameters == num_parameters == sum(leaf.numel() for leaf in storage.leaves().values())
    # Every number of the vectors belongs to one parameter of one network.
    storage.parameters.copy_(torch.arange(num_parameters))
    seen = torch.cat([parameter.detach().flatten() for network in networks for parameter in network.parameters()])
    assert sorted(seen.tolist()) == list(range(num_parameters))
    for lane, network in enumerate(networks):
        states = {n: [torch.full_like(p, lane + 1), torch.full_like(p, -1)] for n, p in network.named_parameters()}
        views = storage.states_of(lane, states)
        assert all(torch.equal(view, state) for n in views for view, state in zip(views[n], states[n], strict=True))
    assert all(state.ne(0).all() for state in storage.states)
    storage.means.zero_()
    storage.variances.zero_()
    statistics = [t for n in networks for name, t in n.state_dict().items() if "running" in name]
    assert sum(tensor.numel() for tensor in statistics) == 2 * storage.layout.num_statistics
    assert not any(tensor.any() for tensor in statistics)


@pytest.mark.parametrize("single_kernel", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_what_a_step_uses(whole, single_kernel, space, some_cells, network_for):
    networks = [network_for(space, single_kernel=single_kernel, cells_per_stack=2) for _ in range(2)]
    storage = Storage(networks, num_states=0)
    pairs, statistics = storage.layout.used_by(Slots(storage.layout.sizes), whole=whole)
    cells = some_cells(space, 6)
    for some in cells.reshape(-1, 2):
        rows = torch.from_numpy(describe_cells(some, networks[0].config))
        in_use = expand(rows, storage.layout.sizes, torch.float64).slots.flatten().numpy()
        storage.parameters.copy_(torch.from_numpy(in_use[pairs].all(axis=0)))
        storage.means.copy_(torch.from_numpy(in_use[statistics]))
        for network, index in zip(networks, some.tolist(), strict=True):
            regions = network.used_regions([network.plan(index)])
            for name, parameter in network.named_parameters():
                expected = np.zeros(parameter.shape, bool)
                for region in regions.get(parameter, []):
                    expected[() if whole else region] = True
                if parameter in regions and not regions[parameter]:
                    expected[:] = True
                np.testing.assert_array_equal(parameter.detach().numpy().astype(bool), expected, name)
                if name.endswith("gamma") and not whole:
                    mean = network.get_buffer(name.replace("gamma", "running_mean"))
                    np.testing.assert_array_equal(mean.numpy().astype(bool), expected, name)
