"""Events gg -> HH -> b b~ b b~ from phase-space points, with an optional acceptance bias."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.seeds import stream
from hh4b.generation import two_body
from hh4b.generation.acceptance import AcceptanceBias, acceptance_probability
from hh4b.generation.higgs_pair_cross_section import Collisions
from hh4b.generation.higgs_pair_sampling import PhaseSpacePoints
from hh4b.generation.lhe import LheEvents

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
#: Gives a block of points from a random generator.
PointSource = Callable[[np.random.Generator], PhaseSpacePoints]

# g g, the pair of H, and the b quarks of the first and of the second H.
_PID = np.array([21, 21, 25, 25, 5, -5, 5, -5], dtype=np.int8)
_STATUS = np.array([-1, -1, 2, 2, 1, 1, 1, 1], dtype=np.int8)
_MOTHERS = np.array([[0, 0], [0, 0], [1, 2], [1, 2], [3, 3], [3, 3], [4, 4], [4, 4]], dtype=np.int8)
# The gluons annihilate into a colour singlet; each H gives a singlet pair.
_COLOURS = np.array(
    [[501, 502], [502, 501], [0, 0], [0, 0], [503, 0], [0, 503], [504, 0], [0, 504]],
    dtype=np.int16,
)


@dataclass(frozen=True)
class SignalRequest:
    """What to generate.

    Attributes:
        n_events: events to return.
        seed: seed of the sample.
        labels: name of the sample's random stream.
        cross_section_pb: sigma(pp -> HH) before decays; the decays count with probability 1.
        m_higgs_gev: Higgs mass.
        m_bottom_gev: mass of the b quarks.
        bias: acceptance bias, or None for plain unweighted events.
    """

    n_events: int
    seed: int
    labels: tuple[str | int, ...]
    cross_section_pb: float
    m_higgs_gev: float
    m_bottom_gev: float
    bias: AcceptanceBias | None = None

    def __post_init__(self) -> None:
        """Check that the request can be met.

        Raises:
            ConfigError: if there is nothing to generate or the b quarks are too heavy.
        """
        if self.n_events < 1:
            raise ConfigError(f"{self.n_events} events asked for; at least 1 is needed")
        if not 0.0 <= 2.0 * self.m_bottom_gev < self.m_higgs_gev:
            raise ConfigError(
                f"m_b = {self.m_bottom_gev:g} GeV: must be from 0 to half the Higgs mass,"
                f" {self.m_higgs_gev:g} GeV"
            )


@dataclass(frozen=True)
class HiggsPairSample:
    """Generated events.

    Attributes:
        events: the events; the mean of the weights estimates the cross section.
        n_unweighted: unweighted events that were offered to the acceptance bias.
        cross_section_error_pb: statistical error of the mean weight.
    """

    events: LheEvents
    n_unweighted: int
    cross_section_error_pb: float


def generate(
    source: PointSource, request: SignalRequest, collisions: Collisions
) -> HiggsPairSample:
    """Turn phase-space points into events until there are enough.

    Every block of points has its own random stream, so the events depend on nothing but the
    request. With a bias b(x) each event is kept with probability b and has the weight
    sigma (N - 1) / (T - 1) / b. N is the number of events kept, and T the number tried until the
    N-th was kept. As generation stops with the N-th, (N - 1) / (T - 1) is the unbiased estimate of
    the share that is kept, and the expectation of the mean weight is sigma exactly.

    Raises:
        GeneratorFailed: if the sampler fails.
    """
    parts, inverse_bias = [], []
    n_kept = n_offered = block = 0
    while n_kept < request.n_events:
        rng = stream(request.seed, *request.labels, block)
        block += 1
        points = source(rng)
        momenta = event_momenta(points, request, collisions, rng)
        rows, inverse = _accept(momenta, request.bias, rng)
        if n_kept + len(rows) >= request.n_events:
            rows = rows[: request.n_events - n_kept]
            n_offered += int(rows[-1]) + 1
        else:
            n_offered += len(momenta)
        n_kept += len(rows)
        parts.append(momenta[rows])
        inverse_bias.append(inverse[: len(rows)])
    kept_share = (n_kept - 1) / (n_offered - 1) if n_kept > 1 else 1 / n_offered
    weights = request.cross_section_pb * kept_share * np.concatenate(inverse_bias)
    momenta = np.concatenate(parts)
    pair = momenta[:, 2] + momenta[:, 3]
    mass = np.sqrt(pair[:, 0] ** 2 - (pair[:, 1:] ** 2).sum(axis=1))
    log.info("%d events from %d unweighted ones", n_kept, n_offered)
    events = assemble(momenta, weights, collisions.scale_gev(mass), request, collisions)
    return HiggsPairSample(events, n_offered, _error_of_mean(weights, kept_share))


def _error_of_mean(weights: Floats, kept_share: float) -> float:
    """Return the error of the mean weight, from the spread of weights and of the kept share."""
    relative = weights.std() / weights.mean()
    return float(weights.mean() * np.sqrt((relative**2 + 1.0 - kept_share) / len(weights)))


def event_momenta(
    points: PhaseSpacePoints,
    request: SignalRequest,
    collisions: Collisions,
    rng: np.random.Generator,
) -> Floats:
    """Return the momenta [E, px, py, pz] of all eight particles, shape (N, 8, 4), in GeV."""
    n_events = len(points.m_hh_gev)
    momenta = np.zeros((n_events, 8, 4))
    for gluon, sign in ((0, 1.0), (1, -1.0)):
        energy = 0.5 * points.m_hh_gev * np.exp(sign * points.rapidity)
        momenta[:, gluon, 0], momenta[:, gluon, 3] = energy, sign * energy
    direction = two_body.directions(points.cos_theta, rng.uniform(-np.pi, np.pi, n_events))
    bosons = two_body.back_to_back(points.m_hh_gev, request.m_higgs_gev, direction)
    momenta[:, 2:4] = two_body.boost(bosons, momenta[:, 0] + momenta[:, 1], points.m_hh_gev)
    for boson in (2, 3):
        quarks = two_body.decay(momenta[:, boson], request.m_higgs_gev, request.m_bottom_gev, rng)
        momenta[:, 2 * boson : 2 * boson + 2] = quarks
    return momenta


def _accept(
    momenta: Floats, bias: AcceptanceBias | None, rng: np.random.Generator
) -> tuple[NDArray[np.intp], Floats]:
    """Return the rows that are kept and their 1/b."""
    if bias is None:
        return np.arange(len(momenta)), np.ones(len(momenta))
    probability = acceptance_probability(momenta[:, 4:], bias)
    rows = np.flatnonzero(rng.random(len(momenta)) < probability)
    return rows, 1.0 / probability[rows]


def assemble(
    momenta: Floats,
    weights: Floats,
    scales: Floats,
    request: SignalRequest,
    collisions: Collisions,
) -> LheEvents:
    """Return the event record; the integers are the same for all events and take no memory."""
    n_events = len(momenta)

    def for_all(values: NDArray[np.integer]) -> NDArray[np.integer]:
        return np.broadcast_to(values, (n_events, *values.shape))

    m_h, m_b = request.m_higgs_gev, request.m_bottom_gev
    masses = np.array([0.0, 0.0, m_h, m_h, m_b, m_b, m_b, m_b])
    return LheEvents(
        pid=for_all(_PID),
        status=for_all(_STATUS),
        mothers=for_all(_MOTHERS),
        colours=for_all(_COLOURS),
        momenta=momenta,
        masses=np.broadcast_to(masses, (n_events, 8)),
        weights=weights,
        scales=scales,
        alpha_s=collisions.alpha_s(scales),
    )
