"""Errors of events and training together, and differences of methods over shared replicas."""

import json

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.comparison import compare
from hh4b.statistics.comparison_stage import compare_files
from hh4b.statistics.error_parts import add_training_spread

METHODS = ("profile", "cls")
COMMON = np.random.default_rng(1).standard_normal(200)


def limits(lower=-4.0, upper=10.0, *, own=0.0, seed=1, samples=("four_b",), error=True):
    """Replicas that move with the shared events by 0.3, and by ``own`` with others."""
    noise = own * np.random.default_rng(int(10 * upper)).standard_normal(200)
    bounds = {"lower": [lower] * 200, "upper": (upper + 0.3 * COMMON + noise).tolist()}
    spread = float(np.std(bounds["upper"], ddof=1))
    entry = {"interval": [lower, upper], "width": upper - lower}
    if error:
        entry |= {
            "interval_error": [0.0, spread], "width_error": spread, "replica_bounds": bounds,
        }  # fmt: skip
    return {
        "sqrt_s_tev": 13.0, "luminosity_ifb": 139.0, "model": "note",
        "errors": {"kind": "bootstrap", "replicas": 200, "seed": seed, "samples": list(samples)},
        **{method: dict(entry) for method in METHODS},
    }  # fmt: skip


def test_both_parts_are_shown_and_added_in_squares():
    uppers = [9.0, 10.0, 11.0, 10.0, 10.0]  # standard deviation sqrt(0.5)
    content = add_training_spread(limits(), [limits(upper=one) for one in uppers])
    events = np.std(0.3 * COMMON, ddof=1)
    for method in METHODS:
        found = content[method]
        assert found["interval_error_parts"]["events"] == pytest.approx([0, events])
        assert found["interval_error_parts"]["training"] == pytest.approx([0, 0.5**0.5])
        assert found["width_error_parts"]["training"] == pytest.approx(0.5**0.5)
        assert found["width_error"] == pytest.approx(np.hypot(events, 0.5**0.5))
    assert content["trainings"] == {"number": 5, "reason": None, "method": "repeats"}


def test_four_trainings_make_no_error():
    content = add_training_spread(limits(), [limits()] * 4)
    assert content["profile"]["width_error_parts"]["training"] is None
    assert content["profile"]["width_error"] == limits()["profile"]["width_error"]
    assert "4 limit files of repeated trainings, at least 5" in content["trainings"]["reason"]


def test_a_training_without_bound_leaves_no_error():
    missing = limits()
    for method in METHODS:
        missing[method] |= {"interval": [-4.0, None], "width": None}
    content = add_training_spread(limits(), [limits()] * 4 + [missing])
    assert content["cls"]["width_error"] is None
    assert content["cls"]["interval_error"][0] == 0


def test_differences_over_shared_replicas_are_paired():
    """0.3 of both drops out; 0.1 and 0.05 of their own stay."""
    first, second = limits(upper=10.0, own=0.1), limits(upper=9.5, own=0.05)
    found = compare(first, second)["profile"]["width"]
    assert found["paired"]
    assert found["difference"] == pytest.approx(0.5)
    assert found["error"] == pytest.approx(np.hypot(0.1, 0.05), rel=0.15)
    assert found["correlation"] > 0.9
    assert found["decided"]
    for other in (limits(upper=9.5, own=0.05, seed=2), limits(upper=9.5, samples=("ttbar",))):
        apart = compare(first, other)["profile"]["width"]
        assert not apart["paired"]
        assert apart["error"] == pytest.approx(0.3 * 2**0.5, rel=0.2)
        assert not apart["decided"]


def test_the_number_of_events_that_would_decide():
    first, second = limits(upper=9.6, own=0.2), limits(upper=9.5, own=0.2)
    found = compare(first, second)["cls"]["width"]
    # 2 errors = the difference: 4 error^2 / difference^2 times the events.
    assert found["needed_events"] == pytest.approx((2 * found["error"] / 0.1) ** 2)
    trained = [add_training_spread(one, [limits(upper=u) for u in (9, 10, 11, 10, 10)])
               for one in (first, second)]  # fmt: skip
    assert compare(*trained)["cls"]["width"]["needed_events"] is None


def test_files_are_compared_pair_by_pair(tmp_path):
    paths = [tmp_path / f"{name}.json" for name in "abc"]
    for path, upper in zip(paths, (10.0, 9.0, 8.0), strict=True):
        path.write_text(json.dumps(limits(upper=upper)))
    text = compare_files(paths, tmp_path / "differences.json")
    assert json.loads((tmp_path / "differences.json").read_text()) == json.loads(text)
    pairs = json.loads(text)["pairs"]
    assert [(p["first"], p["second"]) for p in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    with pytest.raises(ConfigError, match="at least two"):
        compare_files(paths[:1], None)
    paths[1].write_text(json.dumps({**limits(), "luminosity_ifb": 300.0}))
    with pytest.raises(ConfigError, match=r"luminosity_ifb is 300.0, but 139.0"):
        compare_files(paths, None)
    paths[1].write_text("{}")
    with pytest.raises(ContractError, match="is no limit file"):
        compare_files(paths, None)
