"""The comparison with Delphes as a page: tables and figures."""

from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.files import atomic_path
from hh4b.detector.particles import Floats
from hh4b.simulation.observables import Observed
from hh4b.simulation.validation import Comparison, distances, numbers, response_bins

_DELPHES, _OURS = "#1b1b1b", "#d1495b"


def tables(comparison: Comparison) -> str:
    """Return the tables as Markdown."""
    lines = ["| number | Delphes | ours | one run varies by | pull |", "|---|--:|--:|--:|--:|"]
    lines += [
        f"| {n.name} | {n.delphes:.5g} | {n.ours:.5g} | {n.spread:.2g} | {n.pull:+.1f} |"
        for n in numbers(comparison)
    ]
    lines += ["", "| distribution | test | distance | probability |", "|---|---|--:|--:|"]
    lines += [
        f"| {d.name} | {d.test} | {d.value:.4f} | {d.probability:.3f} |"
        for d in distances(comparison)
    ]
    lines += [
        "",
        "| pT(gen) [GeV] | abs(eta) | jets | mean, Delphes | ours | ours/Delphes - 1"
        " | width, Delphes | ours | ours/Delphes - 1 |",
        "|---|---|" + "--:|" * 7,
    ]
    for b in response_bins(comparison):
        lines.append(
            f"| {b.pt_gev[0]:g}–{b.pt_gev[1]:g} | {b.abs_eta[0]:g}–{b.abs_eta[1]:g} | {b.n_jets} |"
            f" {b.delphes[0]:.4f} | {b.ours[0]:.4f} |"
            f" {b.mean_difference:+.4f} ± {b.mean_error:.4f} |"
            f" {b.delphes[1]:.4f} | {b.ours[1]:.4f} |"
            f" {b.width_difference:+.3f} ± {b.width_error:.3f} |"
        )
    return "\n".join(lines) + "\n"


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return the same as plain data."""
    return {
        "numbers": [{**vars(n), "pull": n.pull} for n in numbers(comparison)],
        "distances": [vars(d) for d in distances(comparison)],
        "response": [
            {
                **vars(b),
                "mean_difference": b.mean_difference,
                "width_difference": b.width_difference,
            }
            for b in response_bins(comparison)
        ],
    }


def draw_figures(comparison: Comparison, folder: Path | str) -> list[Path]:
    """Draw jets, response and event observables into three PNG files.

    Returns:
        The files.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    return [
        _save(_figure_jets(comparison), Path(folder) / "detector_jets.png"),
        _save(_figure_response(comparison), Path(folder) / "detector_response.png"),
        _save(_figure_events(comparison), Path(folder) / "detector_events.png"),
    ]


def _save(figure: Any, path: Path) -> Path:
    import matplotlib.pyplot as plt

    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=75, metadata={"Software": None})
    plt.close(figure)
    return path


def _axes(n: int) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    return plt.subplots(1, n, figsize=(5 * n, 4.2), layout="constrained")


def _histogram(axis: Any, theirs: Floats, ours: list[Floats], edges: Floats, label: str) -> None:
    """Draw Delphes with its statistical errors over the mean of our runs."""
    counts = np.histogram(theirs, edges)[0]
    mean = np.mean([np.histogram(run, edges)[0] for run in ours], axis=0)
    centres = 0.5 * (edges[1:] + edges[:-1])
    axis.stairs(mean, edges, color=_OURS, linewidth=1.6, label="this detector (mean of runs)")
    axis.errorbar(
        centres, counts, np.sqrt(counts), fmt="o", color=_DELPHES, markersize=3.5, label="Delphes"
    )
    axis.set(xlabel=label, ylabel="entries per bin", ylim=(0, None), xlim=(edges[0], edges[-1]))
    axis.legend(frameon=False)


def _figure_jets(comparison: Comparison) -> Any:
    figure, axes = _axes(3)
    columns = (
        ("pt", np.linspace(40, 440, 41), "jet $p_T$ [GeV]"),
        ("eta", np.linspace(-2.5, 2.5, 26), r"jet $\eta$"),
        ("mass", np.linspace(0, 50, 26), "jet mass [GeV]"),
    )
    for axis, (column, edges, label) in zip(axes, columns, strict=True):

        def values(run: Observed, column: str = column) -> Floats:
            chosen: Floats = getattr(run, column)[run.accepted]
            return chosen

        ours = [values(run) for run in comparison.ours]
        _histogram(axis, values(comparison.delphes), ours, edges, label)
    figure.suptitle(r"jets with $p_T$ > 40 GeV, |$\eta$| < 2.5")
    return figure


def _figure_response(comparison: Comparison) -> Any:
    figure, axes = _axes(2)
    table = response_bins(comparison)
    labels = [f"{b.pt_gev[0]:g}–{b.pt_gev[1]:g}, {b.abs_eta[0]:g}–{b.abs_eta[1]:g}" for b in table]
    places = np.arange(len(table))
    for k, axis in enumerate(axes):
        error = [(b.mean_error, b.width_error)[k] * b.delphes[k] for b in table]
        axis.errorbar(
            places, [b.delphes[k] for b in table], error, fmt="o", color=_DELPHES, label="Delphes"
        )
        axis.plot(places, [b.ours[k] for b in table], "s", color=_OURS, mfc="none",
                  label="this detector (mean of runs)")  # fmt: skip
        axis.set_xticks(places, labels, rotation=60, ha="right", fontsize=8)
        axis.set(ylabel=("mean", "width")[k] + r" of $p_T$(reco)/$p_T$(gen)")
        axis.legend(frameon=False)
    figure.suptitle(r"jet response by $p_T$(gen) [GeV], |$\eta$|")
    return figure


def _figure_events(comparison: Comparison) -> Any:
    figure, axes = _axes(3)
    theirs, ours = comparison.delphes, comparison.ours
    _histogram(
        axes[0], theirs.count(theirs.accepted).astype(float),
        [run.count(run.accepted).astype(float) for run in ours], np.arange(-0.5, 11),
        r"jets with $p_T$ > 40 GeV, |$\eta$| < 2.5",
    )  # fmt: skip
    mets = [run.met for run in ours]
    _histogram(axes[1], theirs.met, mets, np.linspace(0, 200, 41), "missing $p_T$ [GeV]")
    _histogram(
        axes[2], comparison.delphes_higgs_gev, list(comparison.our_higgs_gev),
        np.linspace(40, 200, 33), "mass of matched H candidates [GeV]",
    )  # fmt: skip
    return figure
