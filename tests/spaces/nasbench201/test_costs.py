import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench201 import FAMILY, flop_count, parameter_count


def counts(architectures):
    choices = FAMILY.choices(architectures)
    return (choices == 2).sum(axis=1), (choices == 3).sum(axis=1)


def test_all_published_numbers_of_parameters(shared_data):
    columns = ["cifar10_params", "cifar100_params", "imagenet16_params"]
    published = pq.read_table(shared_data / "nasbench201.parquet", columns=columns)
    for column, num_classes, unit in zip(columns, (10, 100, 120), (1e6, 1e6, 1), strict=True):
        own = parameter_count(*counts(FAMILY.members), num_classes=num_classes)
        np.testing.assert_array_equal(own, np.round(published[column].to_numpy() * unit))


def test_published_examples():
    """Of the benchmark's first architecture, and of the one with 3x3 convolutions alone."""
    one, three = np.array([2, 0]), np.array([0, 6])
    assert parameter_count(one, three).tolist() == [129_306, 1_531_546]
    assert flop_count(one, three).tolist() == [15_647_370, 220_119_690]


def test_parameters_equal_a_network_of_pytorch():
    torch = pytest.importorskip("torch")
    nn = torch.nn

    def convolution(inputs, outputs, size, norm=True):
        return [nn.Conv2d(inputs, outputs, size, bias=False), *([nn.BatchNorm2d(outputs)] if norm else [])]

    def network(num_1x1, num_3x3, width, depth, classes):
        layers = convolution(1, width, 3)
        for stage in range(3):
            channels = width << stage
            for _ in range(depth):
                for _ in range(num_1x1):
                    layers += convolution(channels, channels, 1)
                for _ in range(num_3x3):
                    layers += convolution(channels, channels, 3)
            if stage < 2:
                wide = 2 * channels
                layers += convolution(channels, wide, 3) + convolution(wide, wide, 3)
                layers += convolution(channels, wide, 1, norm=False)
        return nn.ModuleList([*layers, nn.BatchNorm2d(width << 2), nn.Linear(width << 2, classes)])

    for num_1x1, num_3x3 in ((0, 0), (2, 1), (1, 4)):
        expected = sum(parameter.numel() for parameter in network(num_1x1, num_3x3, 4, 2, 7).parameters())
        own = parameter_count(
            np.array([num_1x1]), np.array([num_3x3]), num_channels=4, cells_per_stage=2, num_classes=7, image_channels=1
        )
        assert own.tolist() == [expected]


def test_impossible_sizes_are_refused():
    with pytest.raises(SettingsError, match="expected at least 1 each"):
        parameter_count(np.array([0]), np.array([0]), num_channels=0)
    with pytest.raises(SettingsError, match="image_size: expected at least 4 pixels, got 3"):
        flop_count(np.array([0]), np.array([0]), image_size=3)
