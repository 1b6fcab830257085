"""What the settings of an optimizer refuse."""

import math

import pytest

from shareornot.errors import SettingsError
from shareornot.supernet.settings import OptimizerSettings


@pytest.mark.parametrize("name", ["learning_rate", "epsilon", "weight_decay"])
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_numbers_are_finite(name, value):
    with pytest.raises(SettingsError, match=f"expected a finite {name}"):
        OptimizerSettings(**{name: value})


def test_the_bias_of_other_optimizers_is_not_corrected():
    with pytest.raises(SettingsError, match="expected adamw without bias_correction, got sgd"):
        OptimizerSettings(name="sgd", bias_correction=False)
