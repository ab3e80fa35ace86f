"""Parton densities against Pythia's own reading of the same grid, sum rules and bad files."""

import numpy as np
import pytest
import pythia8mc

from hh4b.core.errors import InputFileError
from hh4b.generation import pdf


@pytest.fixture(scope="module")
def pythia_proton():
    pythia = pythia8mc.Pythia("", False)
    name = pdf.find_grid_file().name
    for line in ("Print:quiet = on", "ProcessLevel:all = off", f"PDF:pSet = LHAGrid1:{name}"):
        assert pythia.readString(line)
    assert pythia.init()
    # The density dies with the Pythia object that made it.
    proton = pythia.getPDFPtr(2212)
    yield lambda pid, x, q: np.array(
        [proton.xf(pid, one_x, one_q**2) for one_x, one_q in zip(x, q, strict=True)]
    )
    del pythia


@pytest.mark.parametrize("pid", [21, 1, 2, -1, -2, 3, 4, -5])
def test_agrees_with_pythia(pythia_proton, pid):
    rng = np.random.default_rng(7)
    x = np.exp(rng.uniform(np.log(1e-4), np.log(0.5), 1009))
    q = np.exp(rng.uniform(np.log(50), np.log(3000), 1009))
    ours, theirs = pdf.load_pdf().xf(pid, x, q), pythia_proton(pid, x, q)
    # Pythia interpolates by other polynomials; they differ most where the spacing of x changes.
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-5)
    assert np.median(np.abs(ours / theirs - 1)) < 1e-4


def test_nodes_are_met_exactly():
    grid = pdf.load_pdf()
    row, column = [3, 49, 50, 71, 0], [0, 7, 48, 30, 49]
    np.testing.assert_allclose(
        grid.xf(21, grid.x[row], grid.q_gev[column]), grid.values[21][row, column], rtol=1e-12
    )


def test_momentum_sum_rule():
    grid = pdf.load_pdf()
    x = np.geomspace(1e-7, 0.999, 20011)
    total = grid.xf_many([21, 22, 1, 2, 3, 4, 5, -1, -2, -3, -4, -5], x, 100.0).sum(axis=0)
    # Leading-order sets conserve momentum to a fraction of a per cent.
    assert np.trapezoid(total, x) == pytest.approx(1.0, abs=0.01)


def test_edges_and_shapes():
    grid = pdf.load_pdf()
    assert grid.xf(21, 1.0, 100.0) == 0.0
    assert grid.xf(0, 0.1, 100.0) == grid.xf(21, 0.1, 100.0)
    assert grid.xf(21, 1e-12, 100.0) == grid.xf(21, grid.x[0], 100.0)
    assert grid.xf_many([1, 2], np.full((3, 1), 0.1), np.full(5, 100.0)).shape == (2, 3, 5)


def test_bad_requests(tmp_path):
    with pytest.raises(InputFileError, match="no parton 25"):
        pdf.load_pdf().xf(25, 0.1, 100.0)
    with pytest.raises(InputFileError, match="NoSuchSet"):
        pdf.load_pdf("NoSuchSet")
    text = pdf.find_grid_file().read_text(encoding="ascii")
    broken = tmp_path / "broken_0000.dat"
    for content in (text[: len(text) // 2], "hello", text.replace("lhagrid1", "other")):
        broken.write_text(content, encoding="ascii")
        with pytest.raises(InputFileError, match=r"broken_0000.dat is not a whole PDF grid"):
            pdf.read_grid(broken)
    with pytest.raises(InputFileError, match="cannot read PDF grid"):
        pdf.read_grid(tmp_path / "missing_0000.dat")
