"""Files of toy samples, and templates made of them."""

import json

import numpy as np

from hh4b.core.contracts import DATASET, FEATURES, SCORES, write_table
from hh4b.core.files import Provenance
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_stage import make_templates

COLUMNS = np.array([-1.0, 1.0, 2.4, 5.0])
HH = {"kind": "signal"}
FOUR_B = {"kind": "background", "cross_section_pb": {13: 0.5, 14: 0.5}}
JES = {"effect": "detector", "processes": ["four_b"], "up": {"a": 1.1}, "down": {"a": 0.9}}
TARGETS = ("h1/b1", "h1/b2", "h2/b1", "h2/b2")


def dataset_arrays(m_hh, kappa, rng):
    n = len(m_hh)
    jets = np.zeros((n, 4), dtype=np.float32)
    return {
        "INPUTS/Source/MASK": np.ones((n, 4), dtype=bool),
        **{f"INPUTS/Source/{name}": jets for name in ("pt", "eta", "phi", "mass", "btag")},
        "INPUTS/Kappa/kappa": np.full(n, 2.4 if np.isnan(kappa) else kappa, dtype=np.float32),
        **{f"TARGETS/{name}": np.zeros(n, dtype=np.int64) for name in TARGETS},
        "CLASSIFICATIONS/EVENT/signal": np.full(n, int(np.isfinite(kappa)), dtype=np.int64),
        "HH4B/weight": np.full(n, 0.5),
        "HH4B/kappa_lambda": np.full(n, kappa, dtype=np.float32),
        "HH4B/m_hh_truth": (m_hh if np.isfinite(kappa) else 0 * m_hh + np.nan).astype(np.float32),
        "HH4B/cos_theta_star_truth": np.full(n, 0.0 if np.isfinite(kappa) else np.nan, np.float32),
        "HH4B/split": (rng.random(n) < 0.3).astype(np.int8),
    }


class Study:
    """Files of toy samples: two signals and a background, half of the generated events kept."""

    def __init__(self, folder, toy):
        self.folder, self.toy = folder, toy
        self.rng = np.random.default_rng(11)
        self.signal = [self.sample(f"hh_{k:g}", k, toy.draw(k, 20_011, self.rng)) for k in (1, 5)]
        self.background = [self.falling("4b", 9_001)]

    def falling(self, name, n, slope=200):
        return self.sample(name, np.nan, 250 + slope * self.rng.exponential(size=n))

    def sample(self, name, kappa, m_hh):
        keep = self.rng.random(len(m_hh)) < 0.5
        generated, m_hh = len(m_hh), m_hh[keep]
        provenance = Provenance(name, {})
        paths = [self.folder / f"{name}_{kind}.h5" for kind in ("dataset", "features", "scores")]
        arrays = dataset_arrays(m_hh, kappa, self.rng)
        write_table(
            paths[0], DATASET, arrays, provenance,
            n_generated=generated, sum_weights_generated=0.5 * generated,
        )  # fmt: skip
        features = np.stack([m_hh * 0, m_hh], axis=1).astype(np.float32)
        features[0, 1] = np.nan
        write_table(
            paths[1], FEATURES, {"features": features}, provenance,
            columns=["h1_pt", "hh_mass"], units=["GeV", "GeV"],
        )  # fmt: skip
        score = 1.0 * (m_hh[:, None] > 300 + 20 * COLUMNS).astype(np.float32)
        write_table(paths[2], SCORES, {"kappa_lambda": COLUMNS, "score": score}, provenance)
        return ":".join(map(str, paths))

    def samples(self):
        return [
            *(f"hh={one}" for one in self.signal),
            *(f"four_b={one}" for one in self.background),
        ]

    def make(self, samples=None, varied=(), **changes):
        settings = {
            "processes": {"hh": HH, "four_b": FOUR_B},
            "threshold": 0.5,
            "kappa_values": COLUMNS.tolist(),
            "background_kappa": "average",
            "background_kappa_values": [1.0, 5.0],
        }
        output = self.folder / "templates.json"
        output.unlink(missing_ok=True)
        make_templates(
            self.samples() if samples is None else samples,
            output,
            TemplateSettings.checked({**settings, **changes}),
            varied=varied,
        )
        return json.loads(output.read_text())
