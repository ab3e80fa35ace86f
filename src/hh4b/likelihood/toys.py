"""Pseudo-experiments: data and auxiliary data thrown, and the likelihood of each profiled.

Data are Poisson counts about the expected ones, auxiliary data Gaussian about the same parameters.
The test statistic is t(kappa) = -2 ln L(kappa, profiled) + 2 ln L(best kappa, profiled) at mu = 1
(Eur. Phys. J. C 71 (2011) 1554, eq. 8), the minimum taken over all kappa_lambda of a range.

Experiments come in blocks with a random stream for each purpose, kappa_lambda and block: the first
thousand of two thousand are those of a run of one thousand, on any number of threads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.seeds import stream
from hh4b.likelihood.fits import CompiledModel
from hh4b.likelihood.kappa_minima import (
    HOPELESS,
    ToyData,
    find_minima,
    not_converged,
    profile,
    scan_grid,
)
from hh4b.likelihood.model import LikelihoodModel

Floats = NDArray[np.float64]
#: Experiments of one random stream.
BLOCK = 250


@dataclass(frozen=True)
class ToyResults:
    """What N pseudo-experiments found.

    Attributes:
        t: test statistic at the kappa_lambda that they were thrown at, shape (N,).
        best_kappa: kappa_lambda of the lowest minimum, shape (N,).
        second_kappa: of the second, not a number where there is none, shape (N,).
        second_t: height of the second above the lowest, infinite where there is none, (N,).
    """

    t: Floats
    best_kappa: Floats
    second_kappa: Floats
    second_t: Floats


@dataclass(frozen=True)
class PseudoExperiments:
    """A model that experiments are fitted with, and models that they are thrown from.

    Attributes:
        model: the model of the fit.
        compiled: the same.
        grid: values of kappa_lambda to start from; its ends bound kappa_lambda.
        truths: models that the data are thrown from, one after the other; usually ``compiled``
            alone. Replicas of the templates here show what their Monte Carlo errors do.
        seed: the seed.
        threads: of the fits; results do not depend on them.
        noise: what scatters auxiliary data beside the truths, (P, P), see `redrawn_noise`; None =
            unit Gaussians.
    """

    model: LikelihoodModel
    compiled: CompiledModel
    grid: Floats
    truths: tuple[CompiledModel, ...]
    seed: int
    threads: int = 1
    noise: Floats | None = None

    @classmethod
    def of(
        cls,
        model: LikelihoodModel,
        kappa_range: tuple[float, float],
        *,
        seed: int,
        threads: int = 1,
        truths: Sequence[LikelihoodModel] = (),
        noise: Floats | None = None,
    ) -> "PseudoExperiments":
        """Prepare experiments with a model.

        Args:
            model: of the fit.
            kappa_range: bounds of kappa_lambda.
            seed: the seed.
            threads: of the fits.
            truths: models with redrawn templates to throw from; none = ``model``.
            noise: of the auxiliary data beside them, (P, P).

        Raises:
            ConfigError: if the range is none.
            ContractError: if a model means nothing, or a truth has other bins or parameters.
        """
        for index, one in enumerate(truths):
            model.require_same(one, f"redrawn model {index}")
        for one in (model, *truths):
            one.check()
        compiled = CompiledModel.of(model)
        return cls(
            model=model,
            compiled=compiled,
            grid=scan_grid(model, *kappa_range),
            truths=tuple(CompiledModel.of(one) for one in truths) or (compiled,),
            seed=seed,
            threads=threads,
            noise=noise,
        )

    @property
    def nominal(self) -> Floats:
        """Values of the parameters before any data, shape (P,)."""
        return np.array([one.nominal for one in self.model.parameters])

    def profiled_parameters(self, kappa: float, data: Floats) -> Floats:
        """Return the best parameters, (P,), at a kappa_lambda, for counts and no pulls."""
        toys = ToyData(data[None], self.nominal[None])
        fit = profile(self.compiled, np.array([kappa]), toys, threads=self.threads)
        return np.asarray(fit.alpha[0])

    def throw(self, kappa: float, count: int, purpose: str, alpha: Floats) -> Iterator[ToyData]:
        """Throw experiments, block by block.

        Args:
            kappa: true kappa_lambda.
            count: number of experiments.
            purpose: names the random streams: other purposes are independent experiments.
            alpha: true parameters, shape (P,).

        Raises:
            ConfigError: if kappa_lambda is out of range.
        """
        if not self.grid[0] <= kappa <= self.grid[-1]:
            raise ConfigError(
                f"kappa_lambda = {kappa:g} of pseudo-experiments is not between"
                f" {self.grid[0]:g} and {self.grid[-1]:g}; widen the range"
            )
        expected = np.stack(
            [one.expected(np.array([kappa]), np.ones(1), alpha[None])[0] for one in self.truths]
        )
        constrained = np.array([one.constraint == "gaussian" for one in self.model.parameters])
        for block, first in enumerate(range(0, count, BLOCK)):
            rng = stream(self.seed, "toys", purpose, f"{kappa:.9g}", block)
            truth = (first + np.arange(BLOCK)) % len(expected)
            counts = rng.poisson(expected[truth]).astype(np.float64)
            noise = rng.standard_normal((BLOCK, len(alpha)))
            noise = noise * constrained if self.noise is None else noise @ self.noise.T
            size = min(BLOCK, count - first)
            yield ToyData(counts[:size], (alpha + noise)[:size])

    def fit(self, kappa: float, toys: ToyData) -> ToyResults:
        """Find the minima of each experiment, and t at a kappa_lambda.

        Raises:
            FitFailed: if a fit does not converge.
        """
        minima = find_minima(self.compiled, toys, self.grid, threads=self.threads)
        tested = profile(self.compiled, np.full(len(toys), kappa), toys, threads=self.threads).value
        # Refinement ends a little above the minimum: at best, the tested value is the lowest.
        best = np.where(tested < minima.value[:, 0], kappa, minima.kappa[:, 0])
        return ToyResults(
            t=np.maximum(tested - minima.value[:, 0], 0.0),
            best_kappa=best,
            second_kappa=minima.kappa[:, 1],
            second_t=minima.value[:, 1] - minima.value[:, 0],
        )

    def run(
        self, kappa: float, count: int, purpose: str, alpha: Floats | None = None
    ) -> ToyResults:
        """Throw experiments at a kappa_lambda and fit each (see `throw`).

        Args:
            kappa: true and tested kappa_lambda.
            count: number of experiments.
            purpose: names the random streams.
            alpha: true parameters; None = their nominal values.
        """
        alpha = self.nominal if alpha is None else alpha
        parts = [self.fit(kappa, toys) for toys in self.throw(kappa, count, purpose, alpha)]
        return ToyResults(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("t", "best_kappa", "second_kappa", "second_t")
            )
        )

    def curve(self, kappa: Floats, data: Floats) -> Floats:
        """Return t at many values of kappa_lambda, (K,), for one set of counts, (B,), no pulls."""
        one = ToyData(data[None], self.nominal[None])
        lowest = find_minima(self.compiled, one, self.grid, threads=self.threads).value[0, 0]
        many = one.rows(np.zeros(len(kappa), dtype=np.intp))
        fits = profile(self.compiled, kappa, many, require=False, threads=self.threads)
        values = fits.value
        failed = ~fits.converged & ~(values > lowest + HOPELESS)
        if failed.any():
            raise not_converged(kappa, failed)
        return np.asarray(np.maximum(values - min(lowest, float(values.min())), 0.0))
