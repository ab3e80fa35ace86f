"""Histograms of parton-level events, made once so that figures stay quick."""

import gzip
from pathlib import Path

from hh4b.core.errors import InputFileError
from hh4b.core.files import Provenance, write_json
from hh4b.generation.lhe import read_lhe
from hh4b.publication.histograms import WeightedHistogram
from hh4b.publication.partons import EDGES, HIGGS, four_b_observables, higgs_observables


def beam_energies_sum_tev(path: Path | str) -> float:
    """Read the centre-of-mass energy of two opposite beams from ``<init>`` of an LHE file.

    Raises:
        InputFileError: if the file has no ``<init>``.
    """
    opener = gzip.open if Path(path).suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            if line.strip() == "<init>":
                words = stream.readline().split()
                return (float(words[2]) + float(words[3])) / 1000
    raise InputFileError(f"{path} has no <init>; it is no whole LHE file")


def write_parton_histograms(source: Path | str, target: Path | str) -> None:
    """Histogram an LHE file of HH or 4b events, weights included.

    Args:
        source: LHE file, plain or gzipped.
        target: JSON file: process, energy, cross section and histograms by observable.

    Raises:
        InputFileError: if the file is broken or holds neither process.
    """
    file = read_lhe(source)
    events = file.events
    process = "hh" if (events.pid[:1] == HIGGS).any() else "4b"
    try:
        values = higgs_observables(events) if process == "hh" else four_b_observables(events)
    except InputFileError as error:
        raise InputFileError(f"{source}: {error}; want gg -> HH or pp -> 4b events") from error
    histograms = {
        name: WeightedHistogram.fill(value, EDGES[name], events.weights)
        for name, value in values.items()
    }
    settings = {
        "input": file.provenance.get("configuration_hash", ""),
        "edges": {name: EDGES[name].tolist() for name in histograms},
    }
    counts = {"n_events": len(events), "sum_weights": float(events.weights.sum())}
    write_json(
        target,
        {
            "process": process,
            "sqrt_s_tev": beam_energies_sum_tev(source),
            "cross_section_pb": file.cross_section_pb,
            "cross_section_error_pb": file.cross_section_error_pb,
            "n_events": len(events),
            "histograms": {name: h.as_json() for name, h in histograms.items()},
        },
        Provenance("parton-histograms", settings, counts=counts),
    )
