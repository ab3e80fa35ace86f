"""Expected limit on the signal strength at one kappa_lambda, with cabinetry and pyhf alone.

Type ``python docs/examples/cabinetry_limit.py histfactory_13tev_139ifb.json [kappa_lambda=1]``.
"""

import json
import sys
from pathlib import Path

import cabinetry
import pyhf

measurement = sys.argv[2] if len(sys.argv) > 2 else "kappa_lambda=1"
workspace = pyhf.Workspace(json.loads(Path(sys.argv[1]).read_text()))
# A measurement is one kappa_lambda. The signals of the others are fixed at zero: without them the
# same fit is much faster.
signal = "signal_" + measurement.replace("=", "_")
others = [name for name in workspace.samples if name.startswith("signal_") and name != signal]
workspace = workspace.prune(samples=others)
model = workspace.model(measurement_name=measurement)
data = workspace.data(model)
fit = cabinetry.fit.fit(model, data)
limit = cabinetry.fit.limit(model, data, bracket=(0.1, 1000))
strength = dict(zip(fit.labels, fit.bestfit, strict=True))[model.config.poi_name]
print(f"best signal strength {strength:.3g}")
print("expected limits at 95 % (-2 to 2 standard deviations):", limit.expected_limit.round(2))
