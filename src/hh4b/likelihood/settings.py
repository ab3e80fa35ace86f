"""Settings of the likelihood's stages."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hh4b.core.settings import Count, Fraction, Kappa, NonNegative, Positive, Seed, Settings


class LikelihoodScan(Settings):
    """Values of kappa_lambda to scan, and how sure the intervals are."""

    scan_min: Kappa = Field(-10.0, description="first kappa_lambda of the scan")
    scan_max: Kappa = Field(15.0, description="last kappa_lambda of the scan")
    scan_step: Positive = Field(0.1, description="step of the scan")
    confidence_levels: Annotated[list[Fraction], Field(min_length=1)] = Field(
        [0.68, 0.95], description="confidence levels of the intervals in kappa_lambda"
    )

    @model_validator(mode="after")
    def _four_points(self) -> Self:
        if len(self.points()) < 4:
            raise ValueError(
                f"scan_min {self.scan_min:g} to scan_max {self.scan_max:g} in steps of"
                f" {self.scan_step:g} are fewer than four points"
            )
        if len(set(self.confidence_levels)) != len(self.confidence_levels):
            raise ValueError("a confidence level stands there twice")
        return self

    def points(self) -> list[float]:
        """Return the values of the scan, both ends included."""
        steps = int((self.scan_max - self.scan_min) / self.scan_step + 1e-9)
        return [round(self.scan_min + n * self.scan_step, 9) for n in range(steps + 1)]


class LikelihoodFitSettings(LikelihoodScan):
    """Settings of `hh4b likelihood fit`."""

    asimov: Literal["background", "sm", "user", "observed"] = Field(
        "background",
        description="data: background only, the Standard Model's signal, asimov_kappa and"
        " asimov_mu, or those of the model file",
    )
    asimov_kappa: Kappa = Field(1.0, description="kappa_lambda of the data `user`")
    asimov_mu: NonNegative = Field(1.0, description="signal strength of the data `user`")
    mu_limits: bool = Field(True, description="find CLs limits on the signal strength")
    mu_limit_level: Fraction = Field(0.95, description="confidence level of these limits")
    impacts: bool = Field(True, description="find impacts and the breakdown by groups")
    impact_step: Positive = Field(
        0.5, description="step in kappa_lambda of the scans for impacts and breakdown"
    )
    contour_mu_max: NonNegative = Field(
        5.0, description="largest mu of the kappa_lambda-mu contour; 0 = no contour"
    )
    contour_points: Count = Field(41, description="points of the contour along each axis")
    fisher_kappa: Kappa = Field(
        1.0, description="kappa_lambda of the Fisher information and the Cramer-Rao bound"
    )
    threads: Count = Field(1, description="threads that share the fits; no result depends on it")


#: Values of kappa_lambda of the belt: denser where two minima part.
BELT_KAPPAS = [
    *(float(kappa) for kappa in range(-6, 0)),
    *(0.25 * quarter for quarter in range(25)),
    *(6.5, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0),
]


class LikelihoodToySettings(Settings):
    """Settings of `hh4b likelihood toys`."""

    belt_kappas: Annotated[list[Kappa], Field(min_length=4)] = Field(
        BELT_KAPPAS, description="kappa_lambda of the Feldman-Cousins belt, in rising order"
    )
    belt_toys: Count = Field(2000, description="pseudo-experiments at each of them")
    coverage_kappas: list[Kappa] = Field(
        [-3.0, 1.0, 2.4, 5.0, 10.0],
        description="kappa_lambda at which coverage is measured; within those of the belt",
    )
    coverage_toys: Count = Field(2000, description="other pseudo-experiments at each of them")
    injection_kappas: list[Kappa] = Field(
        [-3.0, 1.0, 5.0, 10.0], description="kappa_lambda of the injections"
    )
    injection_toys: Count = Field(500, description="pseudo-experiments of each injection")
    toy_levels: Annotated[list[Fraction], Field(min_length=1)] = Field(
        [0.6827, 0.95], description="confidence levels"
    )
    kappa_bound_min: Kappa = Field(-15.0, description="least kappa_lambda that a fit may find")
    kappa_bound_max: Kappa = Field(20.0, description="largest kappa_lambda that a fit may find")
    toy_asimov: Literal["background", "sm", "observed"] = Field(
        "background",
        description="data of the interval by the belt: Asimov data, or those of the model file",
    )
    belt_parameters: Literal["nominal", "profiled"] = Field(
        "nominal",
        description="true parameters of the belt's experiments: before any data, or the best ones"
        " for toy_asimov at each kappa_lambda",
    )
    interval_step: Positive = Field(0.05, description="step of the scan for this interval")
    seed: Seed = Field(1, description="of the pseudo-experiments")
    threads: Count = Field(1, description="threads that share the fits; no result depends on it")

    @model_validator(mode="after")
    def _belt_holds_the_rest(self) -> Self:
        belt = self.belt_kappas
        if any(right <= left for left, right in pairwise(belt)):
            raise ValueError("belt_kappas must be different and in rising order")
        outside = [one for one in self.coverage_kappas if not belt[0] <= one <= belt[-1]]
        if outside:
            raise ValueError(
                f"coverage_kappas: {outside[0]:g} is outside of belt_kappas from {belt[0]:g} to"
                f" {belt[-1]:g}"
            )
        everything = [*belt, *self.injection_kappas]
        if min(everything) < self.kappa_bound_min or max(everything) > self.kappa_bound_max:
            raise ValueError(
                f"kappa_bound_min {self.kappa_bound_min:g} and kappa_bound_max"
                f" {self.kappa_bound_max:g} must hold every kappa_lambda of belt and injections"
            )
        if len(set(self.toy_levels)) != len(self.toy_levels):
            raise ValueError("toy_levels: a confidence level stands there twice")
        return self
