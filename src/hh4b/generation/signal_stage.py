"""Files of signal events: gg -> HH -> 4b and X -> HH -> 4b."""

import logging
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, canonical_hash
from hh4b.generation.acceptance import AcceptanceBias
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section
from hh4b.generation.higgs_pair_sampling import HiggsPairSampler
from hh4b.generation.lhe import write_lhe
from hh4b.generation.resonance import ResonanceSampler
from hh4b.generation.signal_events import PointSource, SignalRequest, generate

log = logging.getLogger(__name__)

# Proposals drawn with one random stream; part of the definition of the events.
_BLOCK = 20000
_PB_PER_FB = 1e-3


@dataclass(frozen=True)
class SignalSettings:
    """What both kinds of signal need.

    Attributes:
        sqrt_s_tev: energy of the proton collisions.
        n_events: events to write.
        seed: seed of the sample.
        m_higgs_gev: Higgs mass, without width.
        m_bottom_gev: mass of the b quarks.
        mu_factor: scale in units of m_HH / 2.
        bias: acceptance bias, or None.
    """

    sqrt_s_tev: float
    n_events: int
    seed: int
    m_higgs_gev: float = 125.0
    m_bottom_gev: float = 4.7
    mu_factor: float = 1.0
    bias: AcceptanceBias | None = None

    @property
    def collisions(self) -> Collisions:
        """The proton collisions."""
        return Collisions(1000.0 * self.sqrt_s_tev, self.mu_factor)

    def as_dict(self) -> dict[str, object]:
        """Return everything that decides the events, except seed and number, as plain data."""
        content = {**asdict(self), "bias": self.bias.model_dump() if self.bias else None}
        del content["seed"], content["n_events"]
        return content


def parse_bias(text: str) -> AcceptanceBias | None:
    """Return the acceptance bias of a file, or None for the word ``none``.

    Raises:
        ConfigError: if the file cannot be read or is no acceptance bias.
    """
    return None if text.lower() == "none" else AcceptanceBias.from_file(text)


def write_higgs_pairs(
    path: Path | str, kappa_lambda: float, m_top_gev: float, settings: SignalSettings
) -> None:
    """Write gg -> HH -> 4b events; the weights average to sigma(gg -> HH), with BR(H -> bb) = 1.

    Raises:
        ConfigError: if the settings cannot be met.
        InputFileError: if the file cannot be written.
    """
    if not math.isfinite(kappa_lambda):
        raise ConfigError(f"kappa_lambda = {kappa_lambda} is not a number")
    model = HiggsPairModel(m_top_gev, settings.m_higgs_gev)
    sigma_fb = float(cross_section(settings.collisions, model).at(kappa_lambda))
    sampler = HiggsPairSampler.build(kappa_lambda, settings.collisions, model)
    log.info("gg -> HH at kappa_lambda = %g: %.4f fb", kappa_lambda, sigma_fb)
    process = {"kappa_lambda": kappa_lambda, "m_top_gev": m_top_gev}
    _write(
        path,
        ("generate hh", process),
        settings,
        lambda rng: sampler.trials(_BLOCK, rng),
        _PB_PER_FB * sigma_fb,
    )


def write_resonance(
    path: Path | str, mass_gev: float, cross_section_pb: float, settings: SignalSettings
) -> None:
    """Write X -> HH -> 4b events whose weights average to ``cross_section_pb``.

    Raises:
        ConfigError: if the settings cannot be met.
        InputFileError: if the file cannot be written.
    """
    if not 0.0 < cross_section_pb < math.inf:
        raise ConfigError(f"cross section of {cross_section_pb:g} pb: must be positive")
    sampler = ResonanceSampler.build(mass_gev, settings.collisions, settings.m_higgs_gev)
    process = {"mass_gev": mass_gev, "cross_section_pb": cross_section_pb}
    _write(
        path,
        ("generate resonance", process),
        settings,
        lambda rng: sampler.trials(_BLOCK, rng),
        cross_section_pb,
    )


def _write(
    path: Path | str,
    what: tuple[str, dict[str, float]],
    settings: SignalSettings,
    source: PointSource,
    cross_section_pb: float,
) -> None:
    stage, process = what
    content = {**process, **settings.as_dict()}
    # Samples of one study share its seed; what is generated names the stream. The number of events
    # stays outside, so that a longer sample begins with the shorter one.
    request = SignalRequest(
        n_events=settings.n_events,
        seed=settings.seed,
        labels=(stage, canonical_hash(content)),
        cross_section_pb=cross_section_pb,
        m_higgs_gev=settings.m_higgs_gev,
        m_bottom_gev=settings.m_bottom_gev,
        bias=settings.bias,
    )
    sample = generate(source, request, settings.collisions)
    counts = {
        "n_events": settings.n_events,
        "n_unweighted": sample.n_unweighted,
        "sum_weights": float(sample.events.weights.sum()),
        "cross_section_pb": cross_section_pb,
    }
    write_lhe(
        path,
        sample.events,
        sqrt_s_gev=1000.0 * settings.sqrt_s_tev,
        cross_section_error_pb=sample.cross_section_error_pb,
        provenance=Provenance(stage, content, settings.seed, counts),
    )
    log.info("%d events written to %s", settings.n_events, path)
