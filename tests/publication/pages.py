"""A small finished study and its result page, for tests."""

import numpy as np
from tests.publication.conftest import limits, provenance
from tests.publication.studies import layout

from hh4b.core.files import write_json
from hh4b.publication.catalogue import outputs
from hh4b.publication.inputs import Measured
from hh4b.publication.reference import Published
from hh4b.publication.style import FigureStyle, new_figure, save_figure
from hh4b.publication.tables import Cell, Row, Table, TableColumn, write_files

KAPPAS = np.arange(-10.0, 16.0)


def table(note=True):
    """Return three rows: agreement, a difference below, no number."""
    column = TableColumn("auc", "AUC", 3)

    def row(key, value, published):
        cell = Cell(
            Measured(value, 0.01, f"metrics/{key}.json", "0123", "" if value else "none"),
            Published(published) if note else None,
        )
        return Row(key, (f"{key} <b>",), {"auc": cell})

    rows = (row("min_dr_dnn", 0.9, 0.905), row("other", 0.8, 0.88), row("third", None, 0.7))
    return Table("Areas & errors", ("Classifier",), (column,), rows, ("A remark.",))


def templates():
    """Return templates of every kappa of `limits` and one background."""
    shape = np.array([1.0, 4.0, 3.0, 2.0])

    def histogram(kappa, scale):
        weights = shape * scale
        return {
            "kappa_lambda": kappa,
            "sum_weights": weights.tolist(),
            "sum_weights_squared": (weights * scale / 50).tolist(),
        }

    signal = [histogram(float(kappa), 1e-4 * (20 + kappa)) for kappa in KAPPAS]
    edges = [200.0, 400.0, 600.0, 800.0, 1000.0]
    background = {"four_b": [histogram(None, 1e-5)]}
    return {"bin_edges_gev": edges, "signal": signal, "backgrounds": background}


def working_point():
    """Return the scan of a working point, with no background left at its end."""
    threshold = np.linspace(0, 1, 11)
    signal, background = 0.08 * (1 - threshold**4), 0.01 * (1 - threshold)
    return {
        "threshold": 0.9,
        "scan": {
            "threshold": threshold.tolist(),
            "signal": signal.tolist(),
            "background": background.tolist(),
            "s_over_sqrt_b": [*(signal[:-1] / np.sqrt(background[:-1])), None],
            "n_background_effective": (1e5 * background).tolist(),
            "allowed": [True] * 10 + [False],
        },
    }


def finished(folder, *changes, note=True):
    """Fill a folder of results with all that the page of a small study shows; return it."""
    place = layout({"results": str(folder)}, *changes)
    for name in place.study.selections:
        content = limits(error=0.2)
        content |= {
            "n_signal": (5.0 * np.array(content["cross_section_fb"])).tolist(),
            "n_background_by_process": {"four_b": 2e4},
        }
        for path in place.of_every_energy("limits", name):
            written(path, content)
        written(place.templates(name), templates())
        written(place.working_point(name), working_point())
    for one in outputs(place).values():
        if not one.absent and one.medium == "table":
            write_files(one.stem, f"Table {one.key}", table(note))
        elif not one.absent:
            figure = new_figure((3, 2))
            axes = figure.add_subplot()
            axes.plot([0, 1], [0, 1])
            with_rc(lambda f=figure, o=one: save_figure(o.stem, f, o.key, o.settings.title, "note"))
    log = folder / "logs/limits/min_dr_dnn.log"
    log.parent.mkdir(parents=True)
    line = "16:57:35 WARNING bins <1> have too few background events\n"
    log.write_text(f"16:57:34 INFO begin\n{line}{line}")
    times = folder / "benchmarks/limits/min_dr_dnn.tsv"
    times.parent.mkdir(parents=True)
    times.write_text("s\th:m:s\tcpu_time\n5.0\t0:00:05\t4.5\n2.0\t0:00:02\tNA\n")
    return place.study


def written(path, content):
    write_json(path, content, provenance())


def with_rc(draw):
    import matplotlib as mpl

    with mpl.rc_context(FigureStyle(dpi=50).rc()):
        draw()
