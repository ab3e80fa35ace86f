"""Made-up files of `hh4b likelihood fit` and `hh4b likelihood toys`."""

import numpy as np
from tests.publication.conftest import provenance

from hh4b.core.files import write_json

THRESHOLDS = {"0.68": 0.989, "0.95": 3.841}
PARAMETERS = {
    "norm_four_b": ("background_norm", None),
    "transfer_category_1": ("background_norm", 0.6),
    "shape_slope": ("background_shape", 0.1),
    "b_tag": ("detector", 0.9),
}


def interval(low, high):
    return {
        "interval": [low, high],
        "segments": [[low, high]],
        "reasons": {},
        "width": None if None in (low, high) else high - low,
    }


def fit(half=6.0, *, sqrt_s=13.0, luminosity=139.0, bounded=True, kind="background", impacts=True):
    """A parabola about 2 whose 95 % interval has half a width of ``half``; groups take 3:4:0."""
    kappa = np.arange(-10.0, 15.5, 0.5)
    curve = 3.841 * ((kappa - 2) / half) ** 2
    intervals, breakdown, shifts = {}, {}, {}
    for level, threshold in THRESHOLDS.items():
        reach = half * np.sqrt(threshold / 3.841)
        whole = bounded or level == "0.68"
        low, high = (2 - reach, 2 + reach) if whole else (None, None)
        intervals[level] = {"threshold": threshold, **interval(low, high)}
        kept = {"total": 1.0, "background_norm": 0.8, "background_shape": 0.6, "detector": 1.0}
        breakdown[level] = {
            name: {
                "interval": [2 - share * reach, 2 + share * reach]
                if whole or name == "statistics"
                else [None, None],
                "parts": [None, None],
            }
            for name, share in {**kept, "statistics": 0.5}.items()
        }
        shifts[level] = {
            name: {
                "up": [-0.1 * place, 0.2 * place] if whole else [None, None],
                "down": [0.1 * place, -0.1 * place] if whole else [None, None],
            }
            for place, name in enumerate(PARAMETERS)
        }
    seen = kind == "observed"
    return {
        "status": "ok",
        "data": {"kind": kind, "counts": [1.0]},
        "sqrt_s_tev": sqrt_s,
        "luminosity_ifb": luminosity,
        "intervals": intervals,
        "minima": [{"kappa_lambda": 2.0, "minus_2_delta_log_l": 0.0}],
        "best": 2.0,
        "curve": {
            "kappa_lambda": kappa.tolist(),
            "minus_2_delta_log_l": curve.tolist(),
            "minus_2_log_l": curve.tolist(),
            "statistics_only": (4 * curve).tolist(),
        },
        "mu_limits": {
            "confidence_level": 0.95,
            "bands": [-2, -1, 0, 1, 2],
            "expected": [[2.0, 3.0, 4.0, 6.0, 8.0]] * len(kappa),
            "observed": [5.0] * len(kappa) if seen else None,
            "kappa_interval": interval(-3.5, 7.5),
        },
        "significance": {"expected": 0.25, "observed": 0.5 if seen else None},
        "contour": {
            "kappa_lambda": kappa.tolist(),
            "mu": [0.0, 1.0, 2.0, 3.0],
            "minus_2_delta_log_l": [[m * value for m in range(4)] for value in curve],
            "thresholds": {"0.68": 2.28, "0.95": 5.99},
        },
        "pulls": {
            name: {
                "value": 0.1 if width else 1.01,
                "error": width or 0.03,
                "group": group,
                "pull": 0.1 if width else None,
                "constraint": width,
            }
            for name, (group, width) in PARAMETERS.items()
        },
        "impacts": shifts if impacts else None,
        "breakdown": breakdown if impacts else None,
        "goodness_of_fit": {"minus_2_log_l": 10.0, "degrees_of_freedom": 10, "p_value": 0.44},
    }


def with_errors(content, *, training=0.3, replicas=20):
    """Give every interval of a fit the errors 0.4, 0.4 and 0.5, with the training's part."""
    content = {**content, "intervals": {k: dict(v) for k, v in content["intervals"].items()}}
    for one in content["intervals"].values():
        one |= {
            "interval_error": [0.4, 0.4], "width_error": 0.5,
            "replica_bounds": {"lower": [0.0] * replicas, "upper": [4.0] * replicas},
        }  # fmt: skip
    if training is not None:
        content["trainings"] = {"number": 5, "reason": None, "method": "folds"}
    return content


def toys(*, sqrt_s=13.0, luminosity=139.0, coverage=True):
    """A belt that is too low in the middle, and coverage at two kappa_lambda."""
    kappa = np.linspace(-6, 12, 7)
    belt, rows = [], []
    for level, asymptotic in ((0.6827, 1.0), (0.95, 3.841)):
        critical = asymptotic * (0.7 + 0.02 * (kappa - 2) ** 2 / 4)
        belt.append(
            {
                "level": level,
                "asymptotic": asymptotic,
                "kappa_lambda": kappa.tolist(),
                "critical": critical.tolist(),
                "critical_error": [0.1] * len(kappa),
                "smooth": critical.tolist(),
                "smooth_error": [0.05] * len(kappa),
            }
        )
        rows += [
            {
                "kappa_lambda": one,
                "level": level,
                "toys": 500,
                "feldman_cousins": {"share": level + 0.005, "error": 0.01, "pull": 0.5},
                "asymptotic": {"share": level + 0.03, "error": 0.01, "pull": 3.0},
            }
            for one in (1.0, 5.0)
        ]
    statement = (
        "median bias +0.19 +- 0.06 sigma; second minimum at kappa_lambda = 7.63, 0.09 higher in"
        " -2 ln L, is the lower one in 43 % of the experiments"
    )
    return {
        "status": "ok",
        "sqrt_s_tev": sqrt_s,
        "luminosity_ifb": luminosity,
        "belt": belt,
        "interval": {
            "data": "background",
            **{
                name: {
                    "feldman_cousins": interval(-3.0, 7.0),
                    "asymptotic": interval(-3.5, 7.5),
                }
                for name in ("0.6827", "0.95")
            },
        },
        "coverage": rows if coverage else [],
        "replicas": 0,
        "coverage_redrawn": None,
        "injections": [{"kappa_lambda": -3.0, "statement": statement}],
    }


def written(folder, name, content):
    """Write a file and return its path."""
    path = folder / f"{name}.json"
    write_json(path, content, provenance(name=name))
    return path
