import json

import numpy as np
import pytest

from hh4b.core import contracts
from hh4b.core.files import Provenance, read_json, write_json

FEATURES = [
    "h1_pt", "h1_eta", "h1_phi", "h1_mass", "h2_pt", "h2_eta", "h2_phi", "h2_mass",
    "h1_delta_r", "h2_delta_r", "met", "met_phi", "n_electrons", "n_muons",
    "h1_b1_btag", "h1_b2_btag", "h2_b1_btag", "h2_b2_btag", "hh_pt", "hh_mass",
]  # fmt: skip


def provenance(stage="test", **settings):
    return Provenance(stage=stage, settings=settings)


def limits(shift=0.0, *, luminosity=139.0, sqrt_s=13.0, width=6.0, error=None):
    """A limits file with parabolic curves around kappa_lambda = 3.5."""
    half = width * (139.0 / luminosity) ** 0.2
    kappas = np.arange(-10, 16)
    low, high = 3.5 - half + shift, 3.5 + half + shift
    curve = 3.92 * ((kappas - 3.5 - shift) / half) ** 2
    theory = 0.582**2 * (41.99 - 27.24 * kappas + 5.506 * kappas**2)
    median = np.full(len(kappas), 0.582**2 * (41.99 - 27.24 * high + 5.506 * high**2)) / theory
    bands = np.array([0.54, 0.72, 1.0, 1.4, 1.9])
    content = {
        "luminosity_ifb": luminosity,
        "sqrt_s_tev": sqrt_s,
        "branching_ratio": 0.582,
        "model": "note",
        "kappa_lambda": kappas.tolist(),
        "cross_section_fb": theory.tolist(),
        "profile": {
            "minus_2_delta_log_l": curve.tolist(),
            "threshold": 3.92,
            "width": high - low,
            "interval": [low, high],
            "segments": [[low, high]],
            "reasons": {},
        },
        "cls": {
            "mu_upper_expected": (median[:, None] * bands).tolist(),
            "cross_section_upper_fb": ((median * theory)[:, None] * bands).tolist(),
            "width": high - low - 0.13,
            "interval": [low + 0.05, high - 0.08],
            "segments": [[low + 0.05, high - 0.08]],
            "reasons": {},
        },
    }
    if error is not None:
        for method in ("profile", "cls"):
            content[method]["interval_error"] = [error, 1.5 * error]
            content[method]["width_error"] = 2 * error
    return content


def withheld(found=3.2, needed=20.0):
    """Return a limits file of a selection with too few background events."""
    content = limits(error=0.2)
    content.update(
        status="too_few_background_events",
        reason=f"{found:g} effective background events, {needed:g} needed",
        effective_background_events=found,
        needed_effective_events=needed,
    )
    content["profile"]["minus_2_delta_log_l"] = None
    content["cls"].update(mu_upper_expected=None, cross_section_upper_fb=None)
    for method in ("profile", "cls"):
        content[method].update(width=None, interval=[None, None], segments=[], width_error=None)
    return content


def luminosity_scan(reached=(), *, energies=(13.0, 14.0), width=6.7):
    """A luminosity scan, with what it says about limit files given as (content, hash)."""
    points = []
    for energy in energies:
        for luminosity in (100, 139, 200, 300, 600, 1000, 3000):
            point = limits(luminosity=luminosity, sqrt_s=energy, width=width, error=0.2)
            points.append(
                {
                    "luminosity_ifb": luminosity,
                    "sqrt_s_tev": energy,
                    "profile": point["profile"],
                    "cls": point["cls"],
                }
            )
    equivalent = [
        {
            "limits": digest,
            "luminosity_ifb": content["luminosity_ifb"],
            "sqrt_s_tev": content["sqrt_s_tev"],
            **{
                method: {
                    quantity: {"luminosity_ifb": 250.0 + place, "error": 20.0}
                    for place, quantity in enumerate(("lower", "upper", "width"))
                }
                for method in ("profile", "cls")
            },
        }
        for content, digest in reached
    ]
    return {"points": points, "equivalent": equivalent}


def efficiency_curve(level=0.8, *, kappas=(-5, -3, -1, 1, 2, 3, 5, 7, 9, 12), n=3000):
    kappas = np.array(kappas, dtype=float)
    dip = 0.5 * (1 - level) * 3 * np.exp(-0.5 * ((kappas - 4.5) / 1.8) ** 2)
    efficiency = level - dip
    return {
        "kappa_lambda": kappas.tolist(),
        "event_efficiency": efficiency.tolist(),
        "error": np.sqrt(efficiency * (1 - efficiency) / n).tolist(),
    }


def pairing_metrics(level=0.8):
    groups = {}
    for index, group in enumerate(("4", "5", ">=6", "total")):
        groups[group] = {
            "event_fraction": 0.25 if group != "total" else 0.75,
            "event_fraction_error": 0.004,
            "event_efficiency": level - 0.05 * (index if index < 3 else 1),
            "event_efficiency_error": 0.006,
            "higgs_efficiency": level,
            "higgs_efficiency_error": 0.005,
            "n_events": 1000 + index,
        }
    return {"groups": groups}


def classifier_metrics(auc=0.9):
    background = np.linspace(0, 1, 101)
    signal = background ** (1 / auc - 1)
    return {
        "accuracy": auc - 0.08,
        "accuracy_error": 0.004,
        "auc": auc,
        "auc_error": 0.003,
        "roc": {
            "signal_efficiency": signal.tolist(),
            "background_efficiency": background.tolist(),
        },
        "calibration": calibration_entry(),
        "n_signal": 5000,
        "n_background": 4000,
    }


def calibration_entry(*, slope=0.9):
    """Shares that lie off the diagonal, one bin of a single class and an empty one."""
    scores = [0.1, 0.3, 0.5, None, 0.9]
    shares = [None if x is None else 0.5 + slope * (x - 0.5) for x in scores]
    return {
        "bin_edges": np.linspace(0, 1, 6).tolist(),
        "mean_score": scores,
        "signal_share": shares,
        "error": [0.01, 0.02, 0.03, None, None],
        "weight": [0.3, 0.2, 0.2, 0.0, 0.3],
        "distance": 0.024,
    }


def features(n, *, signal, rng, dr_like=False):
    """Rows of the 20 features; resonant masses for signal, a falling spectrum for background."""
    table = np.zeros((n, 20), dtype=np.float32)
    col = {name: index for index, name in enumerate(FEATURES)}
    for h, peak in (("h1", 119.0), ("h2", 112.0)):
        mass = rng.normal(peak, 13, n)
        wrong = rng.random(n) > (0.8 if signal else 0.0)
        mass[wrong] = 35 + rng.gamma(2.2, 35 if not dr_like else 22, wrong.sum())
        table[:, col[f"{h}_mass"]] = mass
        table[:, col[f"{h}_pt"]] = rng.gamma(3, 60 if signal else 45, n)
        table[:, col[f"{h}_eta"]] = rng.normal(0, 1.2, n)
        table[:, col[f"{h}_phi"]] = rng.uniform(-np.pi, np.pi, n)
        table[:, col[f"{h}_delta_r"]] = rng.gamma(6, 0.25, n)
    table[:, col["hh_mass"]] = 250 + rng.gamma(2.5, 70, n)
    table[:, col["hh_pt"]] = rng.gamma(2, 25, n)
    table[:, col["met"]] = rng.gamma(2, 18, n)
    return table


def dataset(n, *, signal, rng, jets=10):
    number = np.clip(4 + rng.poisson(1.1, n), 4, jets)
    mask = np.arange(jets) < number[:, None]
    pt = np.sort(40 + rng.exponential(55, (n, jets)), axis=1)[:, ::-1]
    eta, phi = rng.normal(0, 1.1, (n, jets)).clip(-2.5, 2.5), rng.uniform(-3.1, 3.1, (n, jets))
    mass = pt * rng.uniform(0.06, 0.2, (n, jets))
    real = mask.astype(float)
    return {
        "INPUTS/Source/MASK": mask,
        "INPUTS/Source/pt": pt * real,
        "INPUTS/Source/eta": eta * real,
        "INPUTS/Source/phi": phi * real,
        "INPUTS/Source/mass": mass * real,
        "INPUTS/Source/btag": real * (np.arange(jets) < 4),
        "INPUTS/Kappa/kappa": np.ones(n),
        "TARGETS/h1/b1": np.zeros(n, dtype=int),
        "TARGETS/h1/b2": np.ones(n, dtype=int),
        "TARGETS/h2/b1": np.full(n, 2),
        "TARGETS/h2/b2": np.full(n, 3),
        "CLASSIFICATIONS/EVENT/signal": np.full(n, int(signal)),
        "HH4B/weight": rng.uniform(0.2, 1.0, n) if not signal else np.ones(n),
        "HH4B/split": (np.arange(n) % 10 == 0).astype(int),
    }


def templates(kappas=(-5, 1, 2, 5, 10), *, seed=3, processes=("four_b",)):
    rng = np.random.default_rng(seed)
    edges = np.linspace(200, 1000, 11)
    centre = 0.5 * (edges[1:] + edges[:-1])

    def shape(peak, width, total, n):
        values = np.exp(-0.5 * ((np.log(centre) - np.log(peak)) / width) ** 2)
        expected = n * values / values.sum()
        counts = rng.poisson(expected)
        weight = total / n
        return {
            "sum_weights": (counts * weight).tolist(),
            "sum_weights_squared": (counts * weight**2).tolist(),
            "n_events": counts.tolist(),
        }

    signal = []
    for kappa in kappas:
        peak = 460 - 25 * abs(kappa - 1)
        signal.append({"kappa_lambda": kappa, **shape(peak, 0.25, 0.03, 4000)})
    backgrounds = {
        process: [{"kappa_lambda": None, **shape(420 - 60 * place, 0.35, 2e-5, 150)}]
        for place, process in enumerate(processes)
    }
    return {
        "bin_edges_gev": edges.tolist(),
        "threshold": 0.9,
        "signal_process": "hh",
        "backgrounds": backgrounds,
        "signal": signal,
    }


def parton_histograms(kind, sqrt_s, *, n=20000, seed=1):
    """A histogram file as `hh4b parton-histograms` writes it."""
    rng = np.random.default_rng(seed + int(sqrt_s))
    if kind == "hh":
        values = {"m_hh": 250 + rng.gamma(2.6, 75 * sqrt_s / 13, n), "h_pt": rng.gamma(2.4, 60, n)}
        edges = {"m_hh": np.linspace(250, 1000, 31), "h_pt": np.linspace(0, 600, 31)}
    else:
        values = {"m_4b": 120 + rng.gamma(2.6, 75, n)}
        edges = {"m_4b": np.linspace(100, 1000, 31)}
        for b, scale in (("b1", 60), ("b2", 40)):
            values[f"{b}_pt"] = 25 + rng.gamma(2, scale / 2, n)
            values[f"{b}_eta"] = rng.normal(0, 1.2, n)
            edges[f"{b}_pt"] = np.linspace(0, 300, 31)
            edges[f"{b}_eta"] = np.linspace(-2.5, 2.5, 26)
    content = {}
    for name, sample in values.items():
        counts = np.histogram(sample, edges[name])[0]
        weight = 1e3 / n
        content[name] = {
            "bin_edges": edges[name].tolist(),
            "sum_weights": (counts * weight).tolist(),
            "sum_weights_squared": (counts * weight**2).tolist(),
        }
    return {
        "process": kind,
        "sqrt_s_tev": sqrt_s,
        "cross_section_pb": 628.6,
        "cross_section_error_pb": 1.0,
        "n_events": n,
        "histograms": content,
    }


def make_run(folder):
    """Write one small file of every kind; return the folder."""
    write_limits(folder)
    write_metrics(folder)
    write_events(folder)
    for process in ("hh", "4b"):
        for tev in (13, 14):
            write_json(
                folder / f"partons/{process}_{tev}tev.json",
                parton_histograms(process, float(tev)),
                provenance("parton-histograms", process=process, tev=tev),
            )
    return folder


def write_limits(folder):
    for index, (name, shift, width) in enumerate(
        [("min_dr_dnn", 0.1, 6.7), ("mixing_spanet_dnn", 0.3, 7.1), ("mixing_spanet", -0.6, 5.9)]
    ):
        for tev in (13, 14):
            for lumi in (139, 300, 450, 600, 1000, 3000):
                write_json(
                    folder / f"limits/{name}_{tev}tev_{lumi}ifb.json",
                    limits(shift, luminosity=lumi, sqrt_s=tev, width=width, error=0.2),
                    provenance("limits", n=index, tev=tev, lumi=lumi),
                )
        write_json(
            folder / f"templates/{name}.json",
            templates(seed=index),
            provenance("templates", n=index),
        )
    reached = []
    for tev in (13, 14):
        for lumi in (139, 300):
            content = read_json(folder / f"limits/mixing_spanet_{tev}tev_{lumi}ifb.json")
            reached.append((content, content["provenance"]["configuration_hash"]))
    write_json(folder / "scans/min_dr_dnn.json", luminosity_scan(reached), provenance("scan"))


def write_metrics(folder):
    for name, level in [("min_dr", 0.78), ("kappa5_spanet", 0.84), ("mixing_spanet", 0.88)]:
        write_json(folder / f"curves/{name}.json", efficiency_curve(level), provenance(level=level))
        write_json(folder / f"metrics/{name}.json", pairing_metrics(level), provenance(level=level))
    for name, auc in [("min_dr_dnn", 0.87), ("mixing_spanet_dnn", 0.88), ("mixing_spanet", 0.91)]:
        for seed in range(3):
            write_json(
                folder / f"classifier/{name}_{seed}.json",
                classifier_metrics(auc + 0.004 * seed),
                provenance(name=name, seed=seed),
            )


def write_events(folder):
    rng = np.random.default_rng(11)
    for sample, signal, n in (("signal", True, 4000), ("background", False, 3000)):
        arrays = dataset(n, signal=signal, rng=rng)
        contracts.write_table(
            folder / f"datasets/{sample}.h5",
            contracts.DATASET,
            arrays,
            provenance("ingest", sample=sample),
            sum_weights_generated=1e5,
            n_generated=100000,
            cutflow=json.dumps(
                {
                    step: {"events": int(share * 1e5), "sum_weights": share * 1e5}
                    for step, share in (
                        ("generated", 1.0),
                        ("in_tree", 0.9),
                        ("four_jets", 0.4 if signal else 0.2),
                        ("tagged", 0.085 if signal else 0.01),
                    )
                }
            ),
        )
        for pairing in ("min_dr", "kappa5_spanet", "mixing_spanet"):
            contracts.write_table(
                folder / f"features/{pairing}/{sample}.h5",
                contracts.FEATURES,
                {"features": features(n, signal=signal, rng=rng, dr_like=pairing == "min_dr")},
                provenance("features", sample=sample, pairing=pairing),
                columns=FEATURES,
            )


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A results folder with one small file of every kind that tables and figures read."""
    return make_run(tmp_path_factory.mktemp("run"))
