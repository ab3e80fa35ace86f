import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.generation.four_b.colour import gluon_gram, quark_gram
from hh4b.generation.four_b.gluon_fusion import gluon_amplitudes
from hh4b.generation.four_b.matrix_element import squared_matrix_elements

REFERENCE = json.loads((Path(__file__).parents[1] / "data/four_b_matrix_elements.json").read_text())
MASS = REFERENCE["b_mass_gev"]
PLUS = np.array([0.0, np.sqrt(2.0), 0.0, 0.0], complex)
MINUS = np.array([0.0, 0.0, np.sqrt(2.0), 0.0], complex)


def momenta_of(initial):
    return np.array([p["momenta"] for p in REFERENCE["points"] if p["initial"] == initial])


def amplitudes(point, first, second):
    result = np.empty((16, 12), complex)
    gluon_amplitudes(point[2:], point[:2], np.array([first, second]), MASS, result)
    return result


def matrix(vector):
    e, x, y, z = vector
    return np.array([e + z, x - 1j * y, x + 1j * y, e - z])


@pytest.mark.parametrize("initial", ["gg", "qq~", "q~q"])
def test_squared_matrix_elements_equal_those_of_ufoamp(initial):
    momenta = momenta_of(initial)
    wanted = [p["squared"] for p in REFERENCE["points"] if p["initial"] == initial]
    if initial == "q~q":  # turn the event: the quark of our function moves along +z
        momenta = momenta[:, [1, 0, 2, 3, 4, 5]] * [1.0, 1.0, 1.0, -1.0]
    ours = squared_matrix_elements("gg" if initial == "gg" else "qq~", momenta, b_mass_gev=MASS)
    identical_quarks = 0.25
    np.testing.assert_allclose(
        ours * REFERENCE["alpha_s"] ** 4, identical_quarks * np.array(wanted), rtol=1e-9
    )


def test_amplitude_vanishes_for_a_longitudinal_gluon():
    for point in momenta_of("gg"):
        size = np.abs(amplitudes(point, PLUS, MINUS)).max()
        # momentum over energy has the size of a polarisation vector
        gauge = amplitudes(point, matrix(point[0] / point[0, 0]), MINUS)
        assert np.abs(gauge).max() < 1e-10 * size
        gauge = amplitudes(point, PLUS, matrix(point[1] / point[1, 0]))
        assert np.abs(gauge).max() < 1e-10 * size


def test_flipping_all_helicities_keeps_the_modulus():
    gram = gluon_gram()
    for point in momenta_of("gg"):
        for first, second in ((PLUS, PLUS), (PLUS, MINUS)):
            other = [MINUS if e is PLUS else PLUS for e in (first, second)]
            one = amplitudes(point, first, second)
            two = amplitudes(point, *other)
            squares = [np.einsum("hc,cd,hd->h", a.conj(), gram, a).real for a in (one, two)]
            np.testing.assert_allclose(squares[0], squares[1][::-1], atol=1e-10 * squares[0].max())


@pytest.mark.parametrize("initial", ["gg", "qq~"])
@pytest.mark.parametrize("order", [[4, 3, 2, 5], [2, 5, 4, 3], [4, 5, 2, 3]])
def test_identical_quarks_may_be_exchanged(initial, order):
    momenta = momenta_of(initial)
    exchanged = momenta[:, [0, 1, *order]]
    np.testing.assert_allclose(
        squared_matrix_elements(initial, exchanged, b_mass_gev=MASS),
        squared_matrix_elements(initial, momenta, b_mass_gev=MASS),
        rtol=1e-9,
    )


def test_gluons_do_not_tell_quarks_from_antiquarks():
    momenta = momenta_of("gg")
    np.testing.assert_allclose(
        squared_matrix_elements("gg", momenta[:, [0, 1, 3, 2, 5, 4]], b_mass_gev=MASS),
        squared_matrix_elements("gg", momenta, b_mass_gev=MASS),
        rtol=1e-9,
    )


def test_colour_sums():
    gluons, quarks = gluon_gram(), quark_gram()
    # tr(T^a T^b T^b T^a) = N C_F² · 4 with C_F = 4/3 and tr(T^a T^b) = delta, times a free line N
    assert gluons[0, 0] == pytest.approx(3 * (8 / 3) ** 2 * 3)
    # one gluon on each line: (tr T^a T^a)² = 8²
    assert gluons[2, 2] == pytest.approx(64.0)
    np.testing.assert_allclose(gluons, gluons.T, atol=1e-12)
    assert np.linalg.matrix_rank(gluons) == 12
    assert np.diag(quarks).tolist() == [27.0] * 6
    # two structures that differ by one exchange make two colour loops, by a cycle one
    assert sorted(quarks[0].tolist()) == [3.0, 3.0, 9.0, 9.0, 9.0, 27.0]


def test_wrong_shape_or_channel_is_refused():
    with pytest.raises(ContractError, match=r"\(2, 5, 4\)"):
        squared_matrix_elements("gg", np.ones((2, 5, 4)), b_mass_gev=MASS)
    with pytest.raises(ContractError, match="'bb~'"):
        squared_matrix_elements("bb~", np.ones((2, 6, 4)), b_mass_gev=MASS)


PRINT_MATRIX_ELEMENTS = """
import json, sys
import numpy as np
from hh4b.generation.four_b.matrix_element import squared_matrix_elements
momenta = np.array(json.load(sys.stdin))
print([value.hex() for value in squared_matrix_elements("qq~", momenta, b_mass_gev=4.7).tolist()])
"""


@pytest.mark.slow
def test_compiled_and_cached_code_give_the_same_bits(tmp_path):
    """Else the events of a fresh installation are not those of the second run."""
    momenta = json.dumps(momenta_of("qq~").tolist())
    first, second = (
        subprocess.run(
            [sys.executable, "-c", PRINT_MATRIX_ELEMENTS],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            input=momenta,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    )
    assert first.count("0x") == len(momenta_of("qq~"))
    assert first == second
