"""The tiny super-net, and loaders of made-up images."""

import pytest
import torch
from tiny_supernet import TinySuperNet
from torch.utils.data import DataLoader, TensorDataset


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks so small lose time on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def module():
    torch.manual_seed(0)
    return TinySuperNet()


@pytest.fixture
def build():
    """Another super-net, with its arguments."""

    def make(kind=TinySuperNet, **arguments):
        torch.manual_seed(0)
        return kind(**arguments)

    return make


@pytest.fixture(scope="session")
def data():
    """Images of three classes, which differ in brightness and texture: training and validation."""
    generator = torch.Generator().manual_seed(1)

    def some(number):
        labels = torch.randint(3, (number,), generator=generator)
        noise = torch.randn(number, 1, 6, 6, generator=generator)
        return TensorDataset(noise * (1 + labels.view(-1, 1, 1, 1)) + labels.view(-1, 1, 1, 1) * 0.3, labels)

    return some(64), some(90)


@pytest.fixture
def loaders(data):
    return DataLoader(data[0], batch_size=16, shuffle=True), DataLoader(data[1], batch_size=40)
