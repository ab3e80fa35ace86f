"""From sample files to a template file: what `hh4b templates` does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.folds import Folds
from hh4b.core.joined import SampleFiles, split_files
from hh4b.core.parts import require_folds_of_scores
from hh4b.statistics import template_inputs
from hh4b.statistics.bootstrap_stage import (
    Replicas,
    replicate_templates,
    sigma_of,
    wanted_replicas,
)
from hh4b.statistics.energy_factors import FactorFiles
from hh4b.statistics.histograms import Histogram
from hh4b.statistics.interpolated_signal import interpolated_templates
from hh4b.statistics.parton_factors import PartonFactorFiles, reweighted_events
from hh4b.statistics.settings import SampleChoices, TemplateSettings
from hh4b.statistics.systematics import DIRECTIONS
from hh4b.statistics.template_checks import check_varied, require_all_samples, signal_process
from hh4b.statistics.template_energies import check_energies, outputs_by_energy
from hh4b.statistics.template_format import rows_content, template_content
from hh4b.statistics.template_inputs import FILES, LoadedSample, hash_of
from hh4b.statistics.template_replicas import write_replicas
from hh4b.statistics.templates import (
    CutAndBins,
    SampleEvents,
    SignalEvents,
    background_template,
    balance_weights,
    direct_signal_template,
    mirrored_values,
    signal_template,
)
from hh4b.statistics.tilted_templates import fill_tilted

Floats = NDArray[np.float64]
Rows = list[dict[str, Any]]
Varied = dict[str, dict[str, dict[str, Rows]]]
Samples = dict[str, list[LoadedSample]]


def choose_threshold(working_point: Path | None, threshold: float | None) -> float:
    """Return the threshold given, or that of a working-point file.

    Raises:
        ConfigError: unless exactly one of the two is given.
        ContractError: if the file holds no threshold.
    """
    if (working_point is None) == (threshold is None):
        raise ConfigError("give either --working-point or --threshold")
    if threshold is not None:
        return threshold
    content = read_json(str(working_point))
    if not isinstance(content.get("threshold"), int | float):
        raise ContractError(f"{working_point}: no threshold; make the working point again")
    return float(content["threshold"])


@dataclass(frozen=True)
class _Asked:
    """What the templates of all energies share.

    Attributes:
        signal: name of the signal process.
        cut: threshold and bins.
        wanted: the replicas; None without.
        made_of: what the templates are made of, for the provenance.
        by_partons: factors of the systematics of effect partons.
    """

    signal: str
    cut: CutAndBins
    wanted: Replicas | None
    made_of: dict[str, Any]
    by_partons: PartonFactorFiles


def make_templates(  # noqa: PLR0913
    samples: Sequence[str],
    output: Path,
    settings: TemplateSettings,
    *,
    varied: Sequence[str] = (),
    working_point: Path | None = None,
    replicas_output: Path | None = None,
    energy_weights: Sequence[Path] = (),
    at_energy: Sequence[str] = (),
    parton_weights: Sequence[Path] = (),
) -> None:
    """Read the samples, fill a template for each process and write them.

    Args:
        samples: ``PROCESS=DATASET:FEATURES:SCORES``; those of one process pool.
        output: file to write.
        settings: of the templates.
        varied: ``SYSTEMATIC.up.PROCESS=DATASET:FEATURES:SCORES`` and the same with ``down``.
        working_point: file with the threshold, unless the settings have it.
        replicas_output: file of the replicas of ``errors: bootstrap``, which needs it.
        energy_weights: factors of every sample, for other energies; see `energy_factors`.
        at_energy: ``ENERGY=TEMPLATES``, or ``ENERGY=TEMPLATES:REPLICAS`` with replicas: files to
            write with the same events taken to that energy in TeV.
        parton_weights: factors of every sample for the systematics of effect ``partons``; see
            `parton_factors`.

    Raises:
        ConfigError: if samples, processes, systematics and energies do not fit together.
        ContractError: if the files do not belong together or lack what is needed.
    """
    nominal = [split_files(text, FILES, keyed=True) for text in samples]
    others = [split_files(text, FILES, keyed=True) for text in varied]
    signal = signal_process([files.key for files in nominal], settings)
    check_varied([files.key for files in others], {files.key for files in nominal}, settings)
    threshold = choose_threshold(working_point, settings.threshold)
    wanted = wanted_replicas(working_point, threshold, settings, replicas_output)
    outputs = outputs_by_energy(at_energy, replicas=wanted is not None)
    factors = FactorFiles.read(energy_weights, settings.sqrt_s_tev)
    check_energies(outputs, factors)
    by_partons = PartonFactorFiles.read(parton_weights, settings.systematics, settings.sqrt_s_tev)
    cut = cut_of(settings, threshold)
    made_of = {
        "threshold": threshold,
        # Not the paths: what the files are.
        "samples": [[files.key, *_hashes(files)] for files in nominal],
        "varied": [[files.key, *_hashes(files)] for files in others],
    }
    if parton_weights:
        made_of["parton_weights"] = by_partons.hashes()
    asked = _Asked(signal, cut, wanted, made_of, by_partons)
    loaded, changed = (load_samples(files, signal, settings) for files in (nominal, others))
    by_partons.require(loaded, settings.systematics)
    require_all_samples(loaded, changed, settings.systematics)
    _write(loaded, changed, asked, settings, (output, replicas_output))
    for energy, places in outputs.items():
        made_of = {
            **asked.made_of,
            "sqrt_s_from_tev": settings.sqrt_s_tev,
            "energy_weights": factors[energy].hashes(),
        }
        _write(
            factors[energy].apply(loaded),
            factors[energy].apply(changed),
            replace(asked, made_of=made_of),
            settings.model_copy(update={"sqrt_s_tev": energy}),
            places,
        )


def cut_of(settings: TemplateSettings, threshold: float) -> CutAndBins:
    """Return what makes an event count, and in which bin."""
    edges = np.linspace(settings.m_hh_min_gev, settings.m_hh_max_gev, settings.bins + 1)
    return CutAndBins(
        threshold, edges, settings.overflow, settings.kappa_input, settings.fixed_kappa_input
    )


def _write(
    loaded: Samples,
    changed: Samples,
    asked: _Asked,
    settings: TemplateSettings,
    places: tuple[Path, Path | None],
) -> None:
    """Write the templates of samples, nominal and changed by systematics, and their replicas."""
    signal, cut = asked.signal, asked.cut
    fill = _filler(signal, cut, settings)
    entries = {name: fill(name, [one.events for one in all_]) for name, all_ in loaded.items()}
    variations: Varied = {
        name: {direction: {} for direction in DIRECTIONS} for name in settings.systematics
    }
    for name, side, process, events in reweighted_events(
        loaded, settings.systematics, asked.by_partons
    ):
        variations[name][side][process] = fill(process, events)
    for key, samples in changed.items():
        name, direction, process = key.split(".")
        variations[name][direction][process] = fill(process, [one.events for one in samples])
    _add_mirrors(variations, entries, settings)
    content = template_content(
        cut.bin_edges_gev, cut.threshold, signal, entries, variations, settings.sqrt_s_tev,
        own_fb=sigma_of(settings).tolist() if settings.has_kappa_components else None,
    )  # fmt: skip
    counts = {
        f"n_{name}_events": sum(len(one.events.m_hh_gev) for one in all_)
        for name, all_ in loaded.items()
    }
    made_of = {**settings.decided(mode="json"), **asked.made_of}
    provenance = Provenance("templates", made_of, counts=counts)
    write_json(places[0], content, provenance)
    if asked.wanted is not None and places[1] is not None:
        replicas = replicate_templates(loaded, signal, entries, asked.wanted, cut, settings)
        write_replicas(places[1], replicas, provenance)


def own_polynomial(settings: SampleChoices) -> template_inputs.Polynomial:
    """Return the coefficients of the squared own amplitude as a function of the true kinematics."""
    # The amplitude and its integrals are imported only where signal is reweighted.
    from hh4b.statistics import amplitude

    return partial(
        amplitude.polynomial, m_higgs_gev=settings.m_higgs_gev, m_top_gev=settings.m_top_gev
    )


def load_samples(all_files: Sequence[SampleFiles], signal: str, settings: SampleChoices) -> Samples:
    """Read samples by key; the process is the last part of a key.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the files do not belong together or lack what is needed.
    """
    polynomial = own_polynomial(settings)
    loaded: Samples = {}
    for files in all_files:
        require_folds_of_scores(files.paths[FILES.index("SCORES")], Folds.of(settings))
        if files.key.rpartition(".")[2] == signal:
            one = template_inputs.read_signal(files.paths, settings.part, polynomial)
        else:
            one = template_inputs.read_background(files.paths, settings.part)
        loaded.setdefault(files.key, []).append(one)
    return loaded


def _filler(
    signal: str, cut: CutAndBins, settings: TemplateSettings
) -> Callable[[str, Sequence[SampleEvents]], Rows]:
    """Return the function that makes the entries of a process from its events."""
    cross_section = sigma_of(settings)

    def fill(process: str, events: Sequence[SampleEvents]) -> Rows:
        if process == signal:
            signal_events = cast(Sequence[SignalEvents], events)
            histograms = fill_signal(signal_events, cut, settings, cross_section)
        else:
            histograms = fill_background(events, cut, settings)
        return rows_content(settings.kappa_values, histograms)

    return fill


def _add_mirrors(
    variations: Varied, entries: Mapping[str, Rows], settings: TemplateSettings
) -> None:
    """Add the down sides that are as far from the nominal entries as the up sides."""
    for name, systematic in settings.systematics.items():
        if not systematic.mirrored:
            continue
        sides = variations[name]
        sides["down"] = {
            process: [
                _mirror(nominal, up) for nominal, up in zip(entries[process], rows, strict=True)
            ]
            for process, rows in sides["up"].items()
        }


def _mirror(nominal: Mapping[str, Any], up: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a template as far from the nominal one the other way."""
    values = mirrored_values(np.asarray(nominal["sum_weights"]), np.asarray(up["sum_weights"]))
    return {**up, "sum_weights": values.tolist()}


def fill_signal(
    samples: Sequence[SignalEvents],
    cut: CutAndBins,
    settings: TemplateSettings,
    cross_section: Floats,
) -> list[Histogram]:
    """Return the signal template at each hypothesis."""
    if settings.signal_method == "direct":
        return [direct_signal_template(samples, k, cut) for k in settings.kappa_values]
    if settings.signal_method == "interpolated":
        return interpolated_templates(samples, cut, settings.kappa_values, cross_section)
    balance = balance_weights(samples, cross_section)
    return [
        signal_template(samples, kappa, cut, cross_section, balance)
        for kappa in settings.kappa_values
    ]


def fill_background(
    samples: Sequence[SampleEvents], cut: CutAndBins, settings: TemplateSettings
) -> list[Histogram]:
    """Return one background template, or one for each hypothesis."""
    if settings.background_shape == "tilted":
        return fill_tilted(samples, cut, settings)
    if settings.background_kappa == "fixed" and settings.fixed_kappa_input is not None:
        return [background_template(samples, cut, kappa_values=[settings.fixed_kappa_input])]
    if settings.background_kappa == "hypothesis":
        return [
            background_template(samples, cut, kappa_values=[kappa])
            for kappa in settings.kappa_values
        ]
    return [
        background_template(
            samples,
            cut,
            kappa_input=settings.background_kappa,
            kappa_values=settings.background_kappa_values,
        )
    ]


def _hashes(files: SampleFiles) -> list[str]:
    return [hash_of(path) for path in files.paths]
