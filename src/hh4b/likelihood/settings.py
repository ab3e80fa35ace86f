"""Settings of the stages of the likelihood in kappa_lambda."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from hh4b.core.folds import Folds
from hh4b.core.settings import (
    Count,
    Fraction,
    Kappa,
    Kappas,
    Name,
    NonNegative,
    Positive,
    Seed,
    Settings,
)
from hh4b.statistics.settings import (
    AmplitudeMasses,
    CrossSectionEnergies,
    Luminosities,
    OtherEnergies,
    PhysicsModel,
    SampleChoices,
    TemplateSettings,
)

ScoreEdge = Annotated[float, Field(allow_inf_nan=False)]
#: What of a likelihood is uncertain beside kappa_lambda, mu and the normalisation of backgrounds.
Uncertainty = Literal[
    "systematics", "shape_families", "monte_carlo", "tilt", "mismodelling", "normalisation"
]
ALL_UNCERTAINTIES: list[Uncertainty] = [
    "systematics", "shape_families", "monte_carlo", "tilt", "mismodelling", "normalisation",
]  # fmt: skip


class CategoryChoices(Settings):
    """Categories of the score, and how smooth their templates are."""

    category_edges: Annotated[list[ScoreEdge], Field(min_length=1)] | None = Field(
        [0.5, 0.8, 0.9, 0.95],
        description="scores at which categories begin, rising; the last goes up to the end;"
        " null = chosen for the expected width in kappa_lambda, on half of the showers",
    )
    category_count: Annotated[int, Field(ge=1, le=12)] = Field(
        4, description="number of categories where the edges are chosen"
    )
    edges_luminosity_ifb: Positive = Field(
        139.0, description="integrated luminosity in fb^-1 for which edges and bins are chosen"
    )
    bins_candidates: list[Count] = Field(
        [],
        description="numbers of bins in m_HH to choose from for the expected width in kappa_lambda,"
        " on half of the showers; an empty list takes `bins` of the templates",
    )
    minimum_effective_events: NonNegative = Field(
        10.0, description="effective background events that a bin of a category needs"
    )
    polynomial_order_max: Annotated[int, Field(ge=1, le=12)] = Field(
        8, description="largest order of the polynomial in ln m_HH of a background's shape"
    )
    tilt_order: Annotated[int, Field(ge=1, le=2)] = Field(
        2,
        description="powers of ln m_HH that tilt the loose shape to a category: its mean, or mean"
        " and variance",
    )
    variation_order: Annotated[int, Field(ge=0, le=4)] = Field(
        1, description="order in ln m_HH of the effect of a variation on the shape"
    )
    symmetric_variations: bool = Field(
        False,
        description="take both sides of a detector or shower variation equally far from nominal, at"
        " the root of up over down, which has less noise than either",
    )

    @field_validator("category_edges")
    @classmethod
    def _rising(cls, value: list[float] | None) -> list[float] | None:
        if value is not None and any(high <= low for low, high in pairwise(value)):
            raise ValueError("expected rising scores")
        return value


class CategoryTemplateSettings(CategoryChoices, TemplateSettings):
    """Settings of `hh4b likelihood templates`: one kappa input for all events."""

    @model_validator(mode="after")
    def _one_input(self) -> Self:
        if (self.kappa_input, self.background_kappa) != ("fixed", "fixed"):
            raise ValueError(
                "kappa_input and background_kappa must be fixed: only then is the signal a parabola"
                " in kappa_lambda and the background one"
            )
        if self.signal_method != "reweighted":
            raise ValueError("signal_method must be reweighted for a parabola in kappa_lambda")
        return self


class BackgroundModel(Settings):
    """How the background of a likelihood may differ from its simulation."""

    background_family: Literal["polynomial", "kernel", "histogram", "direct"] = Field(
        "polynomial",
        description="family of the shape in m_HH; direct is the histogram of each category, without"
        " families, errors and tilts",
    )
    background_normalisation: Literal["free", "tied", "fixed"] = Field(
        "tied",
        description="free: a free factor in each category; tied: one for all, with transfer_norm"
        " between them; fixed: the cross section",
    )
    free_backgrounds: list[Name] | None = Field(
        None, description="backgrounds with free factors; null = that with most events"
    )
    transfer_norm: NonNegative = Field(
        0.05, description="relative uncertainty of a category's share of a tied background"
    )
    transfer_tilt: NonNegative = Field(
        0.1, description="uncertainty of the power of m_HH between loose events and a category"
    )
    shape_prior: NonNegative = Field(
        1.0,
        description="width of shape_slope and shape_curvature, powers of m_HH common to all"
        " categories; data constrain them",
    )
    uncertainties: list[Uncertainty] = Field(
        ALL_UNCERTAINTIES, description="which uncertainties there are; an empty list has none"
    )


class LikelihoodModelSettings(
    BackgroundModel,
    PhysicsModel,
    CrossSectionEnergies,
    OtherEnergies,
    Luminosities,
    AmplitudeMasses,
):
    """Settings of `hh4b likelihood model`."""


Coupling = Literal["kappa_t", "c2", "c_g", "c_gg"]
CouplingRange = tuple[Kappa, Kappa]
COUPLING_RANGES: dict[Coupling, CouplingRange] = {"kappa_t": (0.0, 2.0), "c2": (-2.0, 3.0)}


class CouplingChoices(Settings):
    """Contours of kappa_lambda against other couplings."""

    coupling_ranges: dict[Coupling, CouplingRange] = Field(
        COUPLING_RANGES,
        description="couplings that contours have against kappa_lambda, and their ranges",
    )
    coupling_points: Annotated[int, Field(ge=5, le=501)] = Field(
        41, description="points of the contours along each axis"
    )
    coupling_benchmarks: list[Name] | None = Field(
        None,
        description="points of generation/published_couplings.yaml to report; null = all of them",
    )
    m_hh_truth_max_gev: Positive | None = Field(
        None,
        description="events of a larger true m_HH are left out, where the effective theory has no"
        " meaning; null = none",
    )


class LikelihoodCouplingSettings(
    CouplingChoices, BackgroundModel, PhysicsModel, OtherEnergies, SampleChoices
):
    """Settings of `hh4b likelihood couplings`: samples, likelihood, and the points to look at."""

    overflow: Literal["drop", "include"] = Field(
        "drop", description="events outside of the bins, as in the templates"
    )
    fixed_kappa_input: Kappa = Field(description="kappa input of all scores, as in the templates")
    sqrt_s_from_tev: Positive = Field(13.0, description="energy at which events were generated")
    sqrt_s_tev: Positive = Field(13.0, description="energy of the cross sections")
    luminosity_ifb: Positive = Field(139.0, description="integrated luminosity in fb^-1")
    asimov: Literal["background", "sm"] = Field(
        "background", description="data: background only, or with the Standard Model's signal"
    )
    kappa_lambda_min: Kappa = Field(-10.0, description="first kappa_lambda of the contours")
    kappa_lambda_max: Kappa = Field(15.0, description="last kappa_lambda of the contours")
    threads: Count = Field(1, description="threads that share the fits; no result depends on it")

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        along = ("kappa_lambda", (self.kappa_lambda_min, self.kappa_lambda_max))
        for name, (low, high) in (along, *self.coupling_ranges.items()):
            if not low < high:
                raise ValueError(f"{name} from {low:g} to {high:g} is no range")
        return self


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


class FitChoices(LikelihoodScan):
    """What is fitted, and what is found in it."""

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
        0.5, description="step in kappa_lambda of the scans for impacts, breakdown and errors"
    )
    contour_mu_max: NonNegative = Field(
        5.0, description="largest mu of the kappa_lambda-mu contour; 0 = no contour"
    )
    contour_points: Count = Field(41, description="points of the contour along each axis")
    fisher_kappa: Kappa = Field(
        1.0, description="kappa_lambda of the Fisher information and the Cramer-Rao bound"
    )

    def coarse_points(self) -> list[float]:
        """Return the values of a scan for shifts of ends: `impact_step` apart, or wider."""
        step = max(self.impact_step, self.scan_step)
        step = min(step, (self.scan_max - self.scan_min) / 3)
        return self.model_copy(update={"scan_step": step}).points()


class LikelihoodFitSettings(FitChoices):
    """Settings of `hh4b likelihood fit`."""

    threads: Count = Field(1, description="threads that share the fits; no result depends on it")


class LikelihoodWorkspaceSettings(Settings):
    """Settings of `hh4b likelihood workspace`."""

    basis_kappa: Kappas = Field(
        [0.0, 1.0, 10.0], description="three kappa_lambda at which HS3 has the signal"
    )
    kappa_values: Kappas = Field(
        [float(kappa) for kappa in range(-10, 16)],
        description="kappa_lambda with a measurement in HistFactory JSON",
    )
    asimov: Literal["background", "sm"] = Field(
        "background", description="observations where the model has no data"
    )


#: Values of kappa_lambda of the belt: denser where two minima part.
BELT_KAPPAS = [
    *(float(kappa) for kappa in range(-6, 0)),
    *(0.25 * quarter for quarter in range(25)),
    *(6.5, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0),
]


class ToyChoices(Settings):
    """Pseudo-experiments: belt, coverage, injections."""

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
        [0.6827, 0.95], description="confidence levels of the pseudo-experiments"
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


class LikelihoodToySettings(ToyChoices):
    """Settings of `hh4b likelihood toys`."""

    seed: Seed = Field(1, description="of the pseudo-experiments")
    threads: Count = Field(1, description="threads that share the fits; no result depends on it")


class RedrawChoices(Settings):
    """Pseudo-experiments thrown from redrawn templates."""

    redrawn_templates: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0,
        description="replicas of the templates, every shower event a Poisson number of times, for"
        " the errors of the intervals at the headline's point and a second set of"
        " pseudo-experiments for coverage; 0 = neither",
    )


class LikelihoodRedrawSettings(RedrawChoices, Folds):
    """Settings of `hh4b likelihood redraw`; with folds there is a replica without each."""

    templates: CategoryTemplateSettings = Field(description="as the category templates have them")
    likelihood: LikelihoodModelSettings = Field(description="as the likelihoods have them")
    sqrt_s_tev: Positive = Field(description="sqrt(s) in TeV of the likelihoods")
    luminosity_ifb: Positive = Field(description="their integrated luminosity in fb^-1")
    seed: Seed = Field(1, description="of the replicas")


class Likelihood(
    CategoryChoices, BackgroundModel, FitChoices, ToyChoices, RedrawChoices, CouplingChoices
):
    """The likelihood in kappa_lambda of score categories, docs/statistics.md."""

    selections: list[Name] = Field(
        [],
        description="selections whose scores make categories; an empty list makes no likelihood",
    )
    toys: list[Name] = Field(
        [], description="those of them with pseudo-experiments, at the headline's point"
    )
    couplings: list[Name] = Field(
        [], description="those of them with contours of other couplings, at the headline's point"
    )

    @model_validator(mode="after")
    def _parts_of_a_likelihood(self) -> Self:
        for name in ("selections", "toys", "couplings"):
            listed = getattr(self, name)
            if len(set(listed)) != len(listed):
                raise ValueError(f"{name}: a selection stands there twice")
            for one in listed:
                if one not in self.selections:
                    raise ValueError(
                        f"{name}: {one!r} is not among the selections {self.selections}"
                    )
        return self
