"""A small study of the user's own files, written as YAML: what `hh4b config new` does."""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from hh4b.core.errors import ConfigError
from hh4b.core.given_once import require_once
from hh4b.core.kappa import kappa_name
from hh4b.events.sources import expand
from hh4b.generation.lhe import read_lhe
from hh4b.simulation.hepmc_weights import survey
from hh4b.study.own_settings import OwnFiles
from hh4b.study.reading import parse_study

_DELPHES, _LES_HOUCHES = (".root",), (".lhe", ".lhe.gz")
_HEPMC = re.compile(r"\.hepmc[23]?(\.gz|\.zst)?$")
#: Value of kappa_lambda that networks are told for every event; selections need a sample of it.
_TOLD = 1.0


class _Files(NamedTuple):
    """Files of a sample.

    Attributes:
        patterns: as the user gave them, one text.
        source: of the configuration.
        events: of Les Houches and HepMC files; None for others, which say it themselves.
        signed: whether these events have negative weights.
    """

    patterns: str
    source: str
    events: int | None = None
    signed: bool = False


def own_study(signals: Sequence[str], backgrounds: Sequence[str], chosen: OwnFiles) -> str:
    """Return the text of a study of files: min-dR with a network, SPANet2, limits.

    Args:
        signals: ``KAPPA=FILES`` each, e.g. ``1=/data/hh_*.root``.
        backgrounds: ``NAME=PB=FILES`` each, the cross section in pb.
        chosen: what the files do not say.

    Raises:
        ConfigError: if a text is not of this form, a file is in two samples, or the study is not
            valid.
        InputFileError: if files are missing or damaged.
    """
    samples, processes = _signal(signals, chosen), [_signal_process(chosen)]
    for name, cross_section, files in _backgrounds(backgrounds):
        if name in samples or name == chosen.name:
            raise ConfigError(f"--background {name}=…: there is a sample of that name already")
        samples[name] = {"process": name, **_source(files)}
        energy = _plain(chosen.sqrt_s_tev)
        background = {"kind": "background", "cross_section_pb": {energy: _plain(cross_section)}}
        processes.append((name, background))
    given = [expand(sample["files"]) for sample in samples.values()]
    require_once(itertools.chain(*given), "whose events would count as two samples")
    signed = any(sample.get("allow_negative_weights") for sample in samples.values())
    content = _content(dict(processes), samples, chosen, signed=signed)
    parse_study(content)
    return "".join(_lines(content))


def _content(
    processes: dict[str, Any], samples: dict[str, Any], chosen: OwnFiles, *, signed: bool
) -> dict[str, Any]:
    energy, luminosity = _plain(chosen.sqrt_s_tev), _plain(chosen.luminosity_ifb)
    of = {
        kind: [name for name, s in samples.items() if (s["process"] == chosen.name) == (kind == 1)]
        for kind in (0, 1)
    }
    # Nothing but SPANet2 is trained with weights of both signs.
    kind = "cuts" if signed else "dnn"
    simple: dict[str, Any] = {"pairing": "min_dr", "classifier": f"min_dr_{kind}"}
    if signed:
        simple["threshold"] = 0.5
    return {
        "standalone": True,
        "results": chosen.results,
        "physics": {"sqrt_s_tev": energy},
        "processes": processes,
        "samples": samples,
        "event_selection": {"folds": 2},
        "spanet_trainings": {
            "spanet": {
                "signal": of[1],
                "background": of[0],
                "options": "config/spanet/options/small.json",
                "epochs": 8,
            }
        },
        "pairings": {
            "min_dr": {"method": "min_dr"},
            "spanet": {"method": "spanet", "training": "spanet", "kappa_input": _plain(_TOLD)},
        },
        "classifiers": {
            f"min_dr_{kind}": {"kind": kind, "pairing": "min_dr"},
            "spanet": {"kind": "spanet", "training": "spanet"},
        },
        "selections": {
            f"min_dr_{kind}": simple,
            "spanet": {"pairing": "spanet", "classifier": "spanet"},
        },
        "statistics": {
            "sqrt_s_tev": [energy],
            "luminosities_ifb": [luminosity],
            "headline": {"sqrt_s_tev": energy, "luminosity_ifb": luminosity},
            "kappa_input": "fixed",
            "background_kappa": "fixed",
            "fixed_kappa_input": _plain(_TOLD),
            "errors": "bootstrap",
            "background_shape": "tilted",
            "minimum_effective_events": 10,
            "needed_effective_events": 50,
        },
        "publication": {"reference": None, "causes": None},
    }


#: What a section is for, where its keys do not say it.
_REMARKS = {
    "standalone": "A study of its own: nothing of config/config.yaml is under it.",
    "processes": "Cross sections as generated, no K-factors: k_factor: 1.5 multiplies one.",
    "event_selection": "Of two folds each network is measured on the one it did not learn from.",
    "spanet_trainings": "More epochs and other options: config/README.md.",
    "statistics": "Errors with the choice of the threshold, no interval of a handful of events.",
    "publication": "null = a page without published values.",
}


def _lines(content: dict[str, Any]) -> Iterator[str]:
    """Write every entry of a named section on a line of its own, all else on one line."""
    for key, value in content.items():
        if key in _REMARKS:
            yield f"# {_REMARKS[key]}\n"
        if isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()):
            yield f"{key}:\n"
            for name, item in value.items():
                yield f"  {name}: {_flow(item)}\n"
        else:
            yield f"{key}: {_flow(value)}\n"


def _flow(value: Any) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return text.removesuffix("...\n").strip()


def _signal_process(chosen: OwnFiles) -> tuple[str, dict[str, Any]]:
    text = chosen.signal_cross_section
    value: Any = text
    if text not in ("note", "own"):
        try:
            coefficients = [_plain(float(word)) for word in text.split(",")]
        except ValueError:
            coefficients = []
        if len(coefficients) != 3:
            raise ConfigError(
                f"--signal-cross-section {text!r}: expected note, own, or the coefficients of"
                " kappa_lambda^0, ^1, ^2 in fb, e.g. 40.3,-28.5,7.4"
            )
        value = {_plain(chosen.sqrt_s_tev): coefficients}
    process = {"kind": "signal", "label": "gg → HH", "cross_section": value}
    if chosen.branching_ratio is not None:
        process["branching_ratio"] = chosen.branching_ratio
    return chosen.name, process


def _signal(texts: Sequence[str], chosen: OwnFiles) -> dict[str, Any]:
    samples: dict[str, Any] = {}
    for text in texts:
        number, _, patterns = text.partition("=")
        try:
            kappa = float(number)
        except ValueError:
            patterns = ""
        if not patterns:
            raise ConfigError(f"--signal {text!r}: expected KAPPA=FILES, e.g. 1=/data/hh/*.root")
        # Names are made of small letters, digits and _.
        name = re.sub(r"\W", "_", f"{chosen.name}_kl{kappa_name(kappa)}".replace("-", "m"))
        if name in samples:
            raise ConfigError(f"--signal {text!r}: kappa_lambda {kappa:g} stands there twice")
        files = _look(patterns)
        samples[name] = {"process": chosen.name, **_source(files), "kappa_lambda": _plain(kappa)}
    if _TOLD not in [sample["kappa_lambda"] for sample in samples.values()]:
        raise ConfigError("--signal: no files of kappa_lambda = 1, which selections need")
    return samples


def _backgrounds(texts: Sequence[str]) -> Iterator[tuple[str, float, _Files]]:
    if not texts:
        raise ConfigError("no background; give NAME=PB=FILES with --background")
    for text in texts:
        name, number, patterns = [*text.split("=", 2), "", ""][:3]
        try:
            cross_section = float(number)
        except ValueError:
            patterns = ""
        if not patterns or not re.fullmatch("[a-z][a-z0-9_]*", name):
            raise ConfigError(
                f"--background {text!r}: expected NAME=PB=FILES, a name of small letters, digits"
                " and _, the cross section in pb, e.g. qcd=628.6=/data/qcd/*.root"
            )
        yield name, cross_section, _look(patterns)


def _look(patterns: str) -> _Files:
    """Find out what files are, and what has to be known of generator events."""
    files = expand([patterns])
    if all(file.endswith(_DELPHES) for file in files):
        return _Files(patterns, "files")
    if all(file.endswith(_LES_HOUCHES) for file in files):
        source, weights = "lhe", [read_lhe(file, particles=1).events.weights for file in files]
    elif all(_HEPMC.search(file) for file in files):
        source, weights = "hepmc", [survey(file, None, None).nominal for file in files]
    else:
        raise ConfigError(
            f"{patterns}: expected Delphes files (.root), Les Houches files (.lhe, .lhe.gz) or"
            f" HepMC files (.hepmc, .hepmc2, .hepmc3, also with .gz or .zst), all of one kind, got"
            f" {files[0]}"
        )
    signed = any((one < 0).any() for one in weights)
    return _Files(patterns, source, sum(map(len, weights)), signed)


def _source(files: _Files) -> dict[str, Any]:
    source: dict[str, Any] = {"source": files.source, "files": [files.patterns]}
    if files.events is not None:
        source["events"] = files.events
    if files.signed:
        source["allow_negative_weights"] = True
    return source


def _plain(number: float) -> float | int:
    """Return a number as people write it: 13, not 13.0."""
    return int(number) if number == int(number) else number
