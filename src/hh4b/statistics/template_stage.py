"""From sample files to a template file: what `hh4b templates` does."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import read_attributes
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.statistics import template_inputs
from hh4b.statistics.histograms import Histogram
from hh4b.statistics.template_format import template_content
from hh4b.statistics.templates import (
    Sample,
    Selection,
    SignalSample,
    background_template,
    balance_weights,
    direct_signal_template,
    signal_template,
)

CHOICES = {
    "overflow": ("drop", "include"),
    "kappa_input": ("hypothesis", "own"),
    "background_kappa": ("average", "drawn", "hypothesis"),
    "signal_method": ("reweighted", "direct"),
    "part": ("testing", "training", "all"),
}


@dataclass(frozen=True)
class TemplateOptions:
    """Settings of `make_templates`, as the options of the command are named."""

    signal: tuple[str, ...]
    background: tuple[str, ...]
    threshold: float
    kappa_values: tuple[float, ...]
    bins: int = 10
    m_hh_min_gev: float = 200.0
    m_hh_max_gev: float = 1000.0
    overflow: str = "drop"
    kappa_input: str = "hypothesis"
    background_kappa: str = "average"
    background_kappa_values: tuple[float, ...] = ()
    part: str = "testing"
    signal_method: str = "reweighted"
    sqrt_s_tev: float = 13.0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant.

        Raises:
            ConfigError: naming the option.
        """
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"--{name.replace('_', '-')} {getattr(self, name)!r}: one of {list(choices)}"
                )
        if self.bins < 1 or not 0 <= self.m_hh_min_gev < self.m_hh_max_gev < math.inf:
            raise ConfigError(
                f"{self.bins} bins from {self.m_hh_min_gev:g} to {self.m_hh_max_gev:g} GeV make no"
                " histogram"
            )
        if not math.isfinite(self.threshold):
            raise ConfigError(f"the threshold {self.threshold} is no number")
        if not any(abs(kappa - 1) < 1e-6 for kappa in self.kappa_values):
            raise ConfigError(
                f"--kappa-values {list(self.kappa_values)} lacks kappa_lambda = 1, which normalises"
                " the Standard Model; add it"
            )


def parse_numbers(text: str, option: str) -> tuple[float, ...]:
    """Read numbers separated by commas, rising and without doubles.

    Raises:
        ConfigError: naming the option and what is no number.
    """
    numbers = set()
    for part in text.split(","):
        try:
            number = float(part)
        except ValueError:
            raise ConfigError(f"{option}: {part!r} is no number") from None
        if not math.isfinite(number):
            raise ConfigError(f"{option}: {part!r} is not finite")
        numbers.add(number)
    return tuple(sorted(numbers))


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


def make_templates(options: TemplateOptions, output: Path) -> None:
    """Read the samples, fill the templates and write them."""
    # The amplitude and its integrals are imported only where signal is reweighted.
    from hh4b.statistics.amplitude import own_cross_section_fb, polynomial

    signal = [
        template_inputs.read_signal(
            template_inputs.SampleFiles.parse(text), options.part, polynomial
        )
        for text in options.signal
    ]
    background = [
        template_inputs.read_background(template_inputs.SampleFiles.parse(text), options.part)
        for text in options.background
    ]
    edges = np.linspace(options.m_hh_min_gev, options.m_hh_max_gev, options.bins + 1)
    selection = Selection(options.threshold, edges, options.overflow, options.kappa_input)
    cross_section = own_cross_section_fb(options.sqrt_s_tev)
    content = template_content(
        edges,
        options.threshold,
        options.kappa_values,
        fill_signal(signal, selection, options, cross_section),
        fill_background(background, selection, options),
    )
    settings = asdict(options)
    counts = {
        "n_signal_events": sum(len(sample.m_hh_gev) for sample in signal),
        "n_background_events": sum(len(sample.m_hh_gev) for sample in background),
    }
    for key in ("signal", "background"):
        # Not the paths: what the files are.
        settings[key] = [_configuration_hash(text) for text in getattr(options, key)]
    write_json(output, content, Provenance("templates", settings, counts=counts))


def fill_signal(
    samples: list[SignalSample],
    selection: Selection,
    options: TemplateOptions,
    cross_section: NDArray[np.float64],
) -> list[Histogram]:
    """Return the signal template at each hypothesis."""
    if options.signal_method == "direct":
        return [direct_signal_template(samples, k, selection) for k in options.kappa_values]
    balance = balance_weights(samples, cross_section)
    return [
        signal_template(samples, kappa, selection, cross_section, balance)
        for kappa in options.kappa_values
    ]


def fill_background(
    samples: list[Sample], selection: Selection, options: TemplateOptions
) -> list[Histogram]:
    """Return one background template, or one for each hypothesis."""
    if options.background_kappa == "hypothesis":
        return [
            background_template(samples, selection, kappa_values=[kappa])
            for kappa in options.kappa_values
        ]
    return [
        background_template(
            samples,
            selection,
            kappa_input=options.background_kappa,
            kappa_values=options.background_kappa_values,
        )
    ]


def _configuration_hash(text: str) -> list[str]:
    hashes = []
    for path in template_inputs.SampleFiles.parse(text):
        provenance = read_attributes(path).get("provenance", "")
        hashes.append(_hash_of(str(provenance)))
    return hashes


def _hash_of(provenance: str) -> str:
    try:
        return str(json.loads(provenance)["configuration_hash"])
    except (ValueError, KeyError, TypeError):
        return "unknown"
