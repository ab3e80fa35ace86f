"""Files of signal events: gg -> HH -> 4b and X -> HH -> 4b."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hh4b.core.files import Provenance, canonical_hash
from hh4b.generation.acceptance import AcceptanceBias
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section
from hh4b.generation.higgs_pair_sampling import HiggsPairSampler
from hh4b.generation.lhe import write_lhe
from hh4b.generation.resonance import ResonanceSampler
from hh4b.generation.settings import HiggsPairSettings, ResonanceSettings
from hh4b.generation.signal_events import PointSource, SignalRequest, generate

log = logging.getLogger(__name__)

# Proposals drawn with one random stream; part of the definition of the events.
_BLOCK = 20000
_PB_PER_FB = 1e-3


@dataclass(frozen=True)
class _Signal:
    """A kind of signal, ready to be generated.

    Attributes:
        stage: the command.
        source: gives phase-space points.
        process: what only this kind has, by name.
        collisions: the proton collisions.
        cross_section_pb: what the weights average to.
    """

    stage: str
    source: PointSource
    process: Mapping[str, float]
    collisions: Collisions
    cross_section_pb: float


def write_higgs_pairs(path: Path | str, settings: HiggsPairSettings) -> None:
    """Write gg -> HH -> 4b events; the weights average to sigma(gg -> HH), with BR(H -> bb) = 1.

    Raises:
        ConfigError: if the settings cannot be met.
        InputFileError: if the file cannot be written.
    """
    kappa = settings.kappa_lambda
    model = HiggsPairModel(settings.m_top_gev, settings.m_higgs_gev)
    collisions = Collisions(1000.0 * settings.sqrt_s_tev, settings.mu_factor)
    sigma_fb = float(cross_section(collisions, model).at(kappa))
    sampler = HiggsPairSampler.build(kappa, collisions, model)
    log.info("gg -> HH at kappa_lambda = %g: %.4f fb", kappa, sigma_fb)
    signal = _Signal(
        "generate hh",
        lambda rng: sampler.trials(_BLOCK, rng),
        {"kappa_lambda": kappa, "m_top_gev": settings.m_top_gev},
        collisions,
        _PB_PER_FB * sigma_fb,
    )
    _write(path, signal, settings)


def write_resonance(path: Path | str, settings: ResonanceSettings) -> None:
    """Write X -> HH -> 4b events whose weights average to ``cross_section_pb``.

    Raises:
        ConfigError: if the settings cannot be met.
        InputFileError: if the file cannot be written.
    """
    collisions = Collisions(1000.0 * settings.sqrt_s_tev, settings.mu_factor)
    sampler = ResonanceSampler.build(settings.mass_gev, collisions, settings.m_higgs_gev)
    signal = _Signal(
        "generate resonance",
        lambda rng: sampler.trials(_BLOCK, rng),
        {"mass_gev": settings.mass_gev, "cross_section_pb": settings.cross_section_pb},
        collisions,
        settings.cross_section_pb,
    )
    _write(path, signal, settings)


def _write(
    path: Path | str, signal: _Signal, settings: HiggsPairSettings | ResonanceSettings
) -> None:
    bias = AcceptanceBias.from_optional_file(settings.acceptance_bias)
    request = SignalRequest(
        n_events=settings.events,
        seed=settings.seed,
        labels=(signal.stage, _stream_name(signal.process, settings, bias)),
        cross_section_pb=signal.cross_section_pb,
        m_higgs_gev=settings.m_higgs_gev,
        m_bottom_gev=settings.b_mass_gev,
        bias=bias,
    )
    sample = generate(signal.source, request, signal.collisions)
    counts = {
        "n_events": settings.events,
        "n_unweighted": sample.n_unweighted,
        "sum_weights": float(sample.events.weights.sum()),
        "cross_section_pb": signal.cross_section_pb,
    }
    decided = {
        **settings.model_dump(mode="json", exclude={"seed", "events"}),
        "acceptance_bias": bias.model_dump() if bias else None,
    }
    write_lhe(
        path,
        sample.events,
        sqrt_s_gev=1000.0 * settings.sqrt_s_tev,
        cross_section_error_pb=sample.cross_section_error_pb,
        provenance=Provenance(signal.stage, decided, settings.seed, counts),
    )
    log.info("%d events written to %s", settings.events, path)


def _stream_name(
    process: Mapping[str, float],
    settings: HiggsPairSettings | ResonanceSettings,
    bias: AcceptanceBias | None,
) -> str:
    """Return the name of the random stream: what is generated.

    Samples of one study share its seed, so that what is generated names the stream. The number of
    events stays outside, so that a longer sample begins with the shorter one. These names are part
    of the definition of the events: another spelling would give other events.
    """
    content: dict[str, Any] = {
        **process,
        "sqrt_s_tev": settings.sqrt_s_tev,
        "m_higgs_gev": settings.m_higgs_gev,
        "m_bottom_gev": settings.b_mass_gev,
        "mu_factor": settings.mu_factor,
        "bias": bias.model_dump() if bias else None,
    }
    return canonical_hash(content)
