"""Errors of intervals from replicas of the templates, and what they hold."""

import json
from dataclasses import replace
from math import hypot

import numpy as np
import pytest
from toy_models import small_model

from hh4b import cli
from hh4b.core.errors import ContractError, FitFailed
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.likelihood import interval_errors as module
from hh4b.likelihood.expectation import CompiledModel
from hh4b.likelihood.fit_stage import fit_content
from hh4b.likelihood.model_file import model_content, write_model
from hh4b.likelihood.redrawn import KIND, Redrawn
from hh4b.likelihood.settings import LikelihoodFitSettings

SETTINGS = LikelihoodFitSettings(
    scan_min=-6, scan_max=10, scan_step=0.5, mu_limits=False, impacts=False, contour_mu_max=0
)


def moved(model, size):
    """Return the model with background moved from high masses to low ones."""
    factor = np.array([1 + size, 1 + size, 1, 1 - size, 1 - size])
    return replace(model, backgrounds={"four_b": model.backgrounds["four_b"] * factor})


def of(model, sizes, folds=()):
    models, without_fold = (tuple(moved(model, s) for s in all_) for all_ in (sizes, folds))
    return Redrawn(models, np.eye(len(model.parameters)), without_fold)


def intervals(model, redrawn, settings=SETTINGS):
    return fit_content(CompiledModel.of(model), settings, redrawn)


def alone(model, size, settings=SETTINGS):
    return fit_content(CompiledModel.of(moved(model, size)), settings)["intervals"]["0.95"]


def test_error_of_the_events_is_the_spread_of_the_intervals_of_replicas():
    model, sizes = small_model(), (-0.05, -0.01, 0.02, 0.04)
    content = intervals(model, of(model, sizes))
    found = content["intervals"]["0.95"]
    # Data of every replica are its own.
    expected = np.array([alone(model, size)["interval"] for size in sizes])
    replicas = np.array([found["replica_bounds"][side] for side in ("lower", "upper")]).T
    assert replicas == pytest.approx(expected, abs=1e-9)
    assert found["interval_error"] == pytest.approx(expected.std(axis=0, ddof=1).tolist())
    assert found["width_error"] == pytest.approx(np.diff(expected).std(ddof=1))
    assert found["width_error"] > 0.01
    assert found["interval"] == intervals(model, None)["intervals"]["0.95"]["interval"]
    assert "trainings" not in content
    alike = intervals(model, of(model, [0.0] * 3))["intervals"]["0.95"]
    assert alike["interval_error"] == [0.0, 0.0]
    # Of one replica nothing scatters.
    assert intervals(model, of(model, [0.1]))["intervals"]["0.95"]["width_error"] is None


def test_folds_add_the_training():
    model, sizes, folds = small_model(), (-0.01, 0.0, 0.01), (-0.06, 0.05, 0.0, -0.03, 0.04)
    content = intervals(model, of(model, sizes, folds))
    assert content["trainings"] == {"number": 5, "reason": None, "method": "folds"}
    found = content["intervals"]["0.95"]
    widths = np.array([alone(model, size)["width"] for size in folds])
    variance = 4 / 5 * ((widths - widths.mean()) ** 2).sum()
    parts = found["width_error_parts"]
    assert parts["training"] == pytest.approx(np.sqrt(variance - parts["events"] ** 2))
    assert found["width_error"] == pytest.approx(hypot(parts["events"], parts["training"]))
    assert found["width_error"] == pytest.approx(np.sqrt(variance))
    few = intervals(model, of(model, sizes, folds[:3]))
    assert few["trainings"]["reason"].startswith("3 folds")
    assert few["intervals"]["0.95"]["width_error_parts"]["training"] is None
    assert few["intervals"]["0.95"]["width_error"] == pytest.approx(parts["events"])


def test_an_end_that_most_replicas_miss_has_no_error(monkeypatch, caplog):
    model = small_model()
    replicas = of(model, (0.0, 0.01, 0.02, 0.03))
    real, calls = module.scan_kappa, []

    def failing(*args, **kwargs):
        calls.append(0)
        if len(calls) < 4:
            raise FitFailed("no minimum")
        return real(*args, **kwargs)

    monkeypatch.setattr(module, "scan_kappa", failing)
    found = intervals(model, replicas)["intervals"]["0.95"]
    assert found["interval_error"] == [None, None]
    assert found["replica_bounds"]["lower"][:3] == [None] * 3
    assert found["replica_bounds"]["lower"][3] is not None
    assert "number 2 has none: no minimum" in caplog.text
    assert found["interval"][0] is not None


def test_observed_data_are_fitted_with_every_replica():
    model = small_model()
    seen = replace(model, data=CompiledModel.of(model).asimov(5.0))
    settings = SETTINGS.model_copy(update={"asimov": "observed"})
    found = intervals(seen, of(model, (-0.02, 0.02)), settings)["intervals"]["0.95"]
    one = replace(moved(model, 0.02), data=seen.data)
    expected = intervals(one, None, settings)["intervals"]["0.95"]["interval"]
    assert [found["replica_bounds"][side][1] for side in ("lower", "upper")] == pytest.approx(
        expected, abs=1e-9
    )


def test_replicas_of_another_model_are_refused():
    model = small_model()
    for other in (small_model(nuisances=False), small_model(luminosity=300.0)):
        changed = replace(other, luminosity_ifb=300.0)
        with pytest.raises(ContractError, match="replicas with intervals: number 0 has other"):
            intervals(model, Redrawn((changed,), np.eye(len(other.parameters))))


def test_command_reads_replicas_and_says_which(tmp_path, monkeypatch):
    model = small_model()
    paths = [tmp_path / name for name in ("model.json", "replicas.json", "fit.json")]
    write_model(paths[0], model, Provenance("test", {}))
    replicas = {
        "kind": KIND, "models": [model_content(moved(model, one)) for one in (-0.02, 0.02)],
        "fold_models": [], "noise": np.eye(len(model.parameters)).tolist(),
    }  # fmt: skip
    write_json(paths[1], replicas, Provenance("t", {}))
    settings = json.dumps(SETTINGS.model_dump(mode="json"))
    arguments = ["hh4b", "likelihood", "fit", str(paths[0]), "--redrawn", str(paths[1])]
    arguments += ["-o", str(paths[2]), "--settings", settings]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    content = read_json(paths[2])
    assert content["intervals"]["0.68"]["width_error"] > 0
    made_of = content["provenance"]["settings"]
    assert made_of["redrawn"] == read_json(paths[1])["provenance"]["configuration_hash"]
