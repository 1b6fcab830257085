"""A super-net as a user may write one, so small that it trains in a second: two layers, each with three options."""

from itertools import product

import torch
from torch import nn

ARCHITECTURES = [",".join(options) for options in product("abc", repeat=2)]
"""A letter for each layer."""


class Layer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.options = nn.ModuleDict(
            {
                "a": nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()),
                "b": nn.Sequential(nn.Conv2d(channels, 4, 1), nn.BatchNorm2d(4), nn.ReLU()),
                "c": nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.Conv2d(channels, 4, 1), nn.BatchNorm2d(4)),
            }
        )


class TinySuperNet(nn.Module):
    def __init__(self, dropout=0.0):
        super().__init__()
        self.layers = nn.ModuleList([Layer(1), Layer(4)])
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(4, 3)
        nn.init.normal_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def activate(self, architecture):
        first, second = architecture.split(",")
        self.active = [self.layers[0].options[first], self.layers[1].options[second]]

    def features(self, x):
        for layer in self.active:
            x = layer(x)
        return x.mean(dim=(2, 3))

    def forward(self, x):
        return self.classifier(self.dropout(self.features(x)))


def state_of(module):
    """Copies of parameters and buffers, by name."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())
