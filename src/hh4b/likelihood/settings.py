"""Settings of the likelihood's stages."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hh4b.core.settings import Count, Fraction, Kappa, NonNegative, Positive, Settings


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
