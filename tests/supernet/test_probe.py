"""The probe: its numbers where they are known, any network, and what it leaves alone."""

import math

import pytest
import torch
from torch import nn

from shareornot.errors import SettingsError
from shareornot.supernet import NASBench101SuperNet, NetworkSettings
from shareornot.supernet.probe import Probe, probe_supernet


def batch(num_images=64, size=8):
    return torch.randn(num_images, 3, size, size, generator=torch.Generator().manual_seed(0))


class Linear(nn.Module):
    """A user's super-net: architecture a multiplies the pixels by its own matrix in front of one classifier."""

    def __init__(self, matrices):
        super().__init__()
        self.matrices = nn.ParameterList(matrices)
        self.classifier = nn.Linear(matrices[0].shape[1], 10)
        self.active = 0

    def activate(self, architecture):
        self.active = architecture

    def forward(self, images):
        return self.classifier(images.flatten(1) @ self.matrices[self.active])


def orthogonal(size, seed):
    return torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(seed)))[0]


def test_equal_paths_are_aligned_and_keep_the_image():
    matrix = torch.eye(48)
    found = probe_supernet(Linear([matrix, 2 * matrix]), batch(size=4), [0, 1])
    assert found.alignment == pytest.approx(1)
    assert found.image_similarity == pytest.approx(1)
    assert found.warnings() == []


def test_paths_with_bases_of_their_own_keep_the_image_and_disagree():
    found = probe_supernet(Linear([orthogonal(48, seed) for seed in range(6)]), batch(size=4), range(6))
    assert abs(found.alignment) < 0.1
    assert found.lowest_alignment < found.alignment
    assert found.image_similarity == pytest.approx(1)  # a rotation keeps which images look alike
    assert [one.split(" is")[0][:9] for one in found.warnings()] == ["alignment"]


def test_paths_that_lose_the_image_are_seen():
    class Scrambled(Linear):
        def forward(self, images):
            noise = torch.randn(len(images), 48, generator=torch.Generator().manual_seed(100 + self.active))
            return self.classifier(noise)

    found = probe_supernet(Scrambled([torch.eye(48)] * 2), batch(256, size=4), [0, 1])
    assert abs(found.image_similarity) < 0.05
    assert any(one.startswith("image similarity") for one in found.warnings())


def test_constant_features_count_as_nothing():
    class Constant(Linear):
        def forward(self, images):
            return self.classifier(torch.ones(len(images), 48))

    found = probe_supernet(Constant([torch.eye(48)] * 2), batch(size=4), [0, 1])
    assert found.alignment == 0
    assert found.image_similarity == 0


def test_a_network_without_a_classifier_is_judged_by_its_logits():
    class Logits(nn.Module):
        def activate(self, architecture):
            self.scale = 1.0 + architecture

        def forward(self, images):
            return self.scale * images.flatten(1)

    assert probe_supernet(Logits(), batch(size=4), [0, 1]).alignment == pytest.approx(1)


@pytest.mark.parametrize("edges", [1, 4])
def test_the_aligned_start_aligns_deep_networks(edges, some_cells):
    cells = some_cells(f"A{edges}", 6).tolist()
    # In white noise, all pairs of images are equally alike.
    images = nn.functional.interpolate(batch(size=4), scale_factor=4, mode="bilinear")
    found = {}
    for start in ("random", "aligned"):
        settings = NetworkSettings(num_filters=8, min_output_edges=edges, initial_weights=start)
        network = NASBench101SuperNet(settings, 0)
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        network.train()
        found[start] = probe_supernet(network, images, cells)
        assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
        assert all(module.training for module in network.modules())
        assert not any(parameter.grad is not None for parameter in network.parameters())
    assert found["random"].alignment < 0.35
    assert found["aligned"].alignment > 0.4
    assert found["aligned"].image_similarity > 0.1
    assert found["random"].image_similarity < 0.05


def test_what_cannot_be_measured_is_refused():
    network = Linear([torch.eye(48)] * 2)
    with pytest.raises(SettingsError, match="at least 8 images and 2 different architectures, got 7 and 2"):
        probe_supernet(network, batch(7, size=4), [0, 1])
    with pytest.raises(SettingsError, match="got 64 and 1"):
        probe_supernet(network, batch(size=4), [1, 1])
    with pytest.raises(SettingsError, match="finite"):
        probe_supernet(Linear([torch.full((48, 48), math.nan)] * 2), batch(size=4), [0, 1])


def test_both_numbers_warn_when_near_zero():
    low = Probe(
        num_architectures=2,
        num_images=8,
        alignment=0.02,
        lowest_alignment=0.0,
        image_similarity=0.01,
        lowest_image_similarity=0.0,
    )
    assert len(low.warnings()) == 2
