import numpy as np
import pytest

from shareornot.errors import DataError
from shareornot.statistics import benjamini_hochberg


def test_benjamini_hochberg_by_hand():
    corrected = benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5]))
    np.testing.assert_allclose(corrected, [0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert benjamini_hochberg(np.array([])).size == 0
    with pytest.raises(DataError, match="numbers in"):
        benjamini_hochberg(np.array([1.5]))
