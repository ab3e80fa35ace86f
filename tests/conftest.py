from pathlib import Path

import numpy as np
import pytest

from hh4b.detector.particles import Particles
from hh4b.detector.settings import DetectorSettings, read_detector_settings

ROOT = Path(__file__).parents[1]
#: Which built study these files of tests share.
STUDIES = {
    "test_end_to_end": "small", "test_folds": "small", "test_slurm": "small",
    "test_smoke": "smoke", "test_full_disk": "smoke",
}  # fmt: skip


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``--dist loadscope`` give each worker whole files, and a study to one of them alone."""
    if config.getoption("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByStudy(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            name = Path(nodeid.partition("::")[0]).stem
            return STUDIES.get(name, name)

    return ByStudy(config, log)


@pytest.fixture(scope="session")
def atlas_path() -> Path:
    return ROOT / "config/detector/atlas.yaml"


@pytest.fixture(scope="session")
def atlas(atlas_path) -> DetectorSettings:
    return read_detector_settings(atlas_path)


@pytest.fixture(scope="session")
def note() -> DetectorSettings:
    return read_detector_settings(ROOT / "config/detector/note.yaml")


@pytest.fixture(scope="session")
def lhe_path() -> Path:
    """24 toy events gg -> hh -> 4b with valid colour flow, flat decays."""
    return ROOT / "tests/data/hh_toy.lhe.gz"


@pytest.fixture(scope="session")
def slice_path() -> Path:
    """Three events with what Delphes made of them."""
    return ROOT / "tests/data/delphes_slice.h5"


@pytest.fixture
def make_particles():
    """Build particles of several events from rows (pid, pt, eta, phi[, (x, y, z) in mm])."""

    def make(*events):
        rows = [(*row, (0.0, 0.0, 0.0))[:5] for event in events for row in event]
        pid = np.array([row[0] for row in rows], dtype=np.int32)
        pt, eta, phi = (np.array([row[i] for row in rows], dtype=float) for i in (1, 2, 3))
        vertex = np.array([row[4] for row in rows], dtype=float).reshape(-1, 3)
        mass = np.select([abs(pid) == 11, abs(pid) == 13, pid == 22], [0.000511, 0.1057, 0], 0.1396)
        px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
        return Particles(
            offsets=np.cumsum([0, *map(len, events)]),
            pid=pid,
            px=px,
            py=py,
            pz=pz,
            energy=np.sqrt(px**2 + py**2 + pz**2 + mass**2),
            x=vertex[:, 0],
            y=vertex[:, 1],
            z=vertex[:, 2],
        )

    return make


@pytest.fixture
def no_partons():
    from hh4b.detector.particles import Partons

    def make(n_events):
        empty = np.zeros(0)
        return Partons(np.zeros(n_events + 1, np.int64), empty.astype(np.int32), *[empty] * 3)

    return make
