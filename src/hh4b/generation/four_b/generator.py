"""Cross section and unweighted events of pp -> b b~ b b~, all partonic channels together."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hh4b.core.errors import GeneratorFailed
from hh4b.core.seeds import stream
from hh4b.generation.acceptance import AcceptanceBias
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.four_b.events import AcceptedPoints, as_lhe, joined
from hh4b.generation.four_b.integrand import CHANNELS, FourBProcess, Integrand, Points
from hh4b.generation.four_b.sampler import Adaptation, IntegralEstimate, Sampler, adapt
from hh4b.generation.lhe import LheEvents
from hh4b.generation.pdf import load_pdf

log = logging.getLogger(__name__)

_VARIATIONS = (0.5, 2.0)
_MOST_POINTS = 100_000_000


def samplers(
    process: FourBProcess,
    *,
    seed: int,
    bias: AcceptanceBias | None = None,
    adaptation: Adaptation,
) -> list[Sampler]:
    """Fit and survey the density of every partonic channel."""
    pdf = load_pdf()
    fitted = []
    for channel in CHANNELS:
        integrand = Integrand(process, channel, pdf, AlphaS(), bias)
        # annihilation is below one per cent of the whole: a rough density serves
        part = adaptation
        if channel != "gg":
            part = replace(
                adaptation, n_points=adaptation.n_points // 4, n_survey=adaptation.n_survey // 4
            )
        fitted.append(adapt(integrand, stream(seed, "4b", "adapt", channel), part))
    return fitted


@dataclass(frozen=True)
class CrossSection:
    """Result of `cross_section`; pb.

    Attributes:
        value_pb: cross section.
        error_pb: its statistical error.
        low_pb: at twice the scale.
        high_pb: at half of the scale.
        channels_pb: by partonic channel.
    """

    value_pb: float
    error_pb: float
    low_pb: float
    high_pb: float
    channels_pb: dict[str, float]


def cross_section(
    process: FourBProcess,
    *,
    seed: int,
    relative_error: float = 0.003,
    adaptation: Adaptation | None = None,
) -> CrossSection:
    """Integrate to a relative error, with the scale varied by (1/2, 2) on the same points.

    Raises:
        GeneratorFailed: if the error is not reached.
    """
    settings = adaptation or Adaptation()
    fitted = samplers(process, seed=seed, adaptation=settings)
    rngs = [stream(seed, "4b", "integrate", s.integrand.channel) for s in fitted]
    sums = [IntegralEstimate() for _ in fitted]
    ratios = np.zeros((len(fitted), len(_VARIATIONS)))
    while True:
        for i, (sampler, rng) in enumerate(zip(fitted, rngs, strict=True)):
            points = sampler.throw(settings.n_batch, rng)
            sums[i] = sums[i].plus(points.weights, settings.n_batch)
            ratios[i] += [varied_sum(sampler.integrand, points, f) for f in _VARIATIONS]
        value = sum(s.value for s in sums)
        error = float(np.sqrt(sum(s.error**2 for s in sums)))
        if error <= relative_error * value:
            break
        if sums[0].n > _MOST_POINTS:
            raise GeneratorFailed(
                f"4b cross section: relative error {error / value:.2g} after {sums[0].n} points,"
                f" wanted {relative_error:g}; ask for less precision"
            )
    varied = (ratios / np.array([[s.n] for s in sums])).sum(axis=0)
    return CrossSection(
        value, error, float(varied.min()), float(varied.max()),
        {s.integrand.channel: e.value for s, e in zip(fitted, sums, strict=True)},
    )  # fmt: skip


def varied_sum(integrand: Integrand, points: Points, factor: float) -> float:
    """Return the sum of the weights with renormalisation and factorisation scale times a factor."""
    varied = integrand.luminosities(points.x, factor * points.mu_f_gev)
    luminosity = varied.sum(axis=1) / points.luminosity.sum(axis=1)
    coupling = (integrand.alpha_s(factor * points.mu_r_gev) / points.alpha_s) ** 4
    return float((points.weights * luminosity * coupling).sum())


@dataclass(frozen=True)
class Generated:
    """Events with what is known about them.

    Attributes:
        events: for `hh4b.generation.lhe.write_lhe`.
        cross_section_pb: of the survey and all thrown points.
        cross_section_error_pb: its statistical error.
        counts: thrown points, efficiencies, overweights, for the provenance.
    """

    events: LheEvents
    cross_section_pb: float
    cross_section_error_pb: float
    counts: dict[str, Any]


def generate(
    process: FourBProcess,
    n_events: int,
    *,
    seed: int,
    bias: AcceptanceBias | None = None,
    adaptation: Adaptation | None = None,
) -> Generated:
    """Generate unweighted events, times 1/b where an acceptance bias b is given.

    The density of events is proportional to sigma·b. Event i has the weight

        w_i = sigma_b · o_i / <o> / b_i,

    with sigma_b the integral of sigma·b over all thrown points, o_i >= 1 the overweight (1 but for
    the few events beyond the maximum weight) and <o> its mean. The expectation of the mean weight
    is the cross section; nothing is cut by the bias.

    Raises:
        GeneratorFailed: if hardly any point is accepted.
    """
    started = time.process_time()
    settings = adaptation or Adaptation()
    fitted = samplers(process, seed=seed, bias=bias, adaptation=settings)
    maxima = np.array([s.maximum for s in fitted])
    rng = stream(seed, "4b", "events")
    kept: list[AcceptedPoints] = []
    biased = [IntegralEstimate() for _ in fitted]
    plain = [IntegralEstimate() for _ in fitted]
    thrown = 0
    for _ in _until(kept, n_events):
        numbers = rng.multinomial(settings.n_batch, maxima / maxima.sum())
        for i, (sampler, n) in enumerate(zip(fitted, numbers.tolist(), strict=True)):
            points = sampler.throw(n, rng)
            biased[i] = biased[i].plus(points.weights, n)
            plain[i] = plain[i].plus(points.weights / points.bias, n)
            kept.append(_unweight(sampler, points, rng))
        thrown += settings.n_batch
        if thrown > 1000 * settings.n_batch and sum(map(len, kept)) < 1e-5 * thrown:
            raise GeneratorFailed(f"4b: hardly an event from {thrown} points; loosen the cuts")
    sigma_b = _total(fitted, biased, "biased")
    sigma = _total(fitted, plain, "cross_section")
    events = _assemble(process, kept, sigma_b[0], n_events, rng)
    counts = {
        "n_events": n_events,
        "n_points": thrown + sum(s.biased.n for s in fitted),
        "cross_section_pb": sigma[0],
        "cross_section_error_pb": sigma[1],
        "biased_cross_section_pb": sigma_b[0],
        **_unweighting(kept, thrown),
    }
    cpu = time.process_time() - started
    log.info(
        "%d events, %.1f CPU s (%.0f/s), sigma %.2f +- %.2f pb, efficiency %.1f %%,"
        " overweight share %.2g",
        n_events, cpu, n_events / cpu, *sigma, 100 * counts["unweighting_efficiency"],
        counts["overweight_share"],
    )  # fmt: skip
    return Generated(events, *sigma, counts)


def _unweight(sampler: Sampler, points: Points, rng: np.random.Generator) -> AcceptedPoints:
    """Accept points in proportion to their weights."""
    ratio = points.weights / sampler.maximum
    accepted = rng.random(len(points)) < ratio
    return AcceptedPoints(
        sampler.integrand.channel, points.select(accepted), np.maximum(ratio[accepted], 1.0)
    )


def _unweighting(kept: list[AcceptedPoints], thrown: int) -> dict[str, float]:
    overweight = np.concatenate([k.overweight for k in kept])
    return {
        "unweighting_efficiency": len(overweight) / thrown,
        "overweight_share": float((overweight - 1.0).sum() / overweight.sum()),
        "largest_overweight": float(overweight.max()),
    }


def _until(kept: list[AcceptedPoints], n_events: int) -> Iterator[None]:
    """Yield until there are enough events, telling the progress now and then."""
    start = last = time.monotonic()
    while (found := sum(map(len, kept))) < n_events:
        yield
        if (now := time.monotonic()) - last > 10.0 and found:
            rate = found / (now - start)
            log.info(
                "%d/%d events, %.0f/s, %.0f s left",
                found, n_events, rate, (n_events - found) / rate,
            )  # fmt: skip
            last = now


def _total(
    fitted: list[Sampler], thrown: list[IntegralEstimate], which: str
) -> tuple[float, float]:
    """Return the integral and its error over channels, from the survey and later points."""
    value = variance = 0.0
    for sampler, later in zip(fitted, thrown, strict=True):
        survey: IntegralEstimate = getattr(sampler, which)
        both = IntegralEstimate(
            survey.n + later.n, survey.total + later.total, survey.squares + later.squares
        )
        value += both.value
        variance += both.error**2
    return value, float(np.sqrt(variance))


def _assemble(
    process: FourBProcess,
    kept: list[AcceptedPoints],
    sigma_b: float,
    n_events: int,
    rng: np.random.Generator,
) -> LheEvents:
    """Weigh, mix and cut to ``n_events``."""
    mean = float(np.concatenate([k.overweight for k in kept]).mean())
    parts = [
        as_lhe(
            k,
            sigma_b / mean * k.overweight / k.points.bias,
            sqrt_s_gev=process.sqrt_s_gev,
            b_mass_gev=process.b_mass_gev,
            rng=rng,
        )
        for k in kept
        if len(k)
    ]
    # channels come one after another in each batch: any part of the file shall be a fair sample
    order = rng.permutation(sum(map(len, parts)))[:n_events]
    return joined(parts, order)
