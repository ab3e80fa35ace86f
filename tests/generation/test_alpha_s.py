"""The one-loop coupling against its differential equation and a value worked by hand."""

import numpy as np
import pytest

from hh4b.generation.alpha_s import AlphaS


def test_reference_value_and_hand_worked_value():
    assert AlphaS()(91.188) == pytest.approx(0.130)
    # b0 = 23 / (12 pi) = 0.610094; ln(200^2 / 91.188^2) = 1.570770
    assert AlphaS()(200.0) == pytest.approx(0.130 / (1 + 0.130 * 0.610094 * 1.570770), rel=1e-5)


@pytest.mark.parametrize("n_flavours", [3, 5, 6])
def test_obeys_the_renormalisation_group(n_flavours):
    coupling = AlphaS(at_m_z=0.118, n_flavours=n_flavours)
    q = np.array([5.0, 91.0, 1000.0])
    step = 1e-5
    derivative = (coupling(q * np.exp(step)) - coupling(q * np.exp(-step))) / (4 * step)
    np.testing.assert_allclose(
        derivative, -(33 - 2 * n_flavours) / (12 * np.pi) * coupling(q) ** 2, rtol=1e-6
    )
