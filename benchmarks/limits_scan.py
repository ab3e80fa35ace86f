"""Time the scan of 26 kappa_lambda by both methods: the own closed forms against pyhf.

    python benchmarks/limits_scan.py [WORKSPACE.json]

Without a workspace, one of the note's size is made up (10 bins, 61 fb of background). CPU seconds
after import; the pyhf column finds the same CLs limits with `pyhf.infer.intervals.upper_limit`.
"""

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyhf

from hh4b.core.files import read_json
from hh4b.statistics.engines import own_uncertainty
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.limits import scan_model
from hh4b.statistics.pyhf_limits import point_model
from hh4b.statistics.replicas import interval_errors
from hh4b.statistics.scaling import Normalisation, scale
from hh4b.statistics.systematics import NormSystematic
from hh4b.statistics.template_format import TemplateSet
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_format import WorkspaceContent, read_workspace


def made_up(model: str) -> dict[str, Any]:
    """Return a workspace whose signal moves to low mass as kappa_lambda leaves 2."""
    edges = np.linspace(200, 1000, 11)
    centres = 0.5 * (edges[1:] + edges[:-1])
    kappa = np.arange(-10.0, 16.0)
    peak = 300 + 150 * np.exp(-(((kappa - 2) / 3) ** 2))
    signal = 0.002 * np.exp(-(((centres - peak[:, None]) / 120) ** 2))
    background = np.exp(-centres / 150)[None]
    background *= 61 / 6.286e5 / background.sum()
    templates = TemplateSet(
        edges,
        kappa,
        BinnedRows(signal, signal**2 / 1000),
        {"four_b": BinnedRows(background, background**2 / 50)},
        0.9,
    )
    coefficients = np.array([41.99, -27.24, 5.506])
    note = Normalisation(139.0, 13.0, coefficients, {"four_b": 628.6}, 0.582)
    norm = NormSystematic(effect="norm", processes=["four_b"], size=0.02)
    systematics = {"background_normalisation": norm} if model == "complete" else {}
    return build_workspace(scale(templates, note), model=model, systematics=systematics)


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the fastest of three CPU times and the result."""
    times = []
    for _ in range(3):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def limits_by_pyhf(workspace: WorkspaceContent) -> list[float]:
    """Return the median limits on mu by pyhf's own root search."""
    medians = []
    for index in range(len(workspace.yields.kappa_lambda)):
        model = point_model(workspace, index)
        data = [*workspace.data.tolist(), *model.config.auxdata]
        _, expected = pyhf.infer.intervals.upper_limits.upper_limit(data, model)
        medians.append(float(expected[2]))
    return medians


def main() -> None:
    """Print a table of CPU times."""
    warnings.simplefilter("ignore")
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    content = read_json(path) if path else made_up("note")
    workspace = read_workspace(content, where=str(path or "made up"))
    yields = workspace.yields
    uncertainty = own_uncertainty(workspace)
    scan_s, scan = cpu_seconds(lambda: scan_model(yields, uncertainty, threshold=3.92))
    replicas_s, _ = cpu_seconds(
        lambda: interval_errors(
            yields, uncertainty, threshold=3.92, replicas=200, rng=np.random.default_rng(1)
        )
    )
    print(f"model {workspace.model}, {len(yields.kappa_lambda)} kappa_lambda")
    print(f"own: both methods, five bands    {scan_s:10.5f} s")
    print(f"own: errors from 200 replicas    {replicas_s:10.5f} s")
    if uncertainty is None:
        complete = read_workspace(made_up("complete"), where="made up")
        complete_s, _ = cpu_seconds(lambda: scan_model(complete.yields, 0.02, threshold=3.84))
        print(f"own: complete model              {complete_s:10.5f} s")
        start = time.process_time()
        medians = limits_by_pyhf(workspace)
        pyhf_s = time.process_time() - start
        largest = np.abs(np.array(medians) / scan.mu_upper[:, 2] - 1).max()
        print(f"pyhf: CLs limits                 {pyhf_s:10.5f} s  ({pyhf_s / scan_s:,.0f} times)")
        print(f"largest relative difference of the median limits: {largest:.1e}")


if __name__ == "__main__":
    main()
