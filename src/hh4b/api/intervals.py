"""From scores to a threshold, templates of m_HH, and an interval on kappa_lambda."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.api.checks import require_kind, require_kinds, shown
from hh4b.api.classifiers import ScoredTable, require_classes, signal_inputs, told_kappa
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.seeds import stream
from hh4b.core.settings import Part
from hh4b.selection.samples import ScoredSample
from hh4b.selection.settings import WorkingPointSettings
from hh4b.selection.working_point import working_point_of
from hh4b.statistics.binning import merge_bins
from hh4b.statistics.bootstrap_stage import sigma_of
from hh4b.statistics.engines import find_limits
from hh4b.statistics.scaling import choose_normalisation, scale
from hh4b.statistics.settings import LimitSettings, TemplateSettings, WorkspaceSettings
from hh4b.statistics.template_format import (
    TemplateSet,
    rows_content,
    template_content,
    templates_of,
)
from hh4b.statistics.template_inputs import efficiency_weights, require_generated, signal_events
from hh4b.statistics.template_stage import (
    cut_of,
    fill_background,
    fill_signal,
    own_polynomial,
)
from hh4b.statistics.templates import SampleEvents, Scores
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_format import workspace_content

Floats = NDArray[np.float64]
_MADE_BY = "hh4b.predict"


@dataclass(frozen=True)
class KappaLimit:
    """Expected intervals on kappa_lambda at 95 % confidence level.

    Attributes:
        profile: lower and upper bound by -2 Delta ln L; None where the scan finds none.
        cls: the same by CLs upper limits on the signal strength.
        content: everything else: the scans, and the statistical errors of the bounds.
    """

    profile: tuple[float | None, float | None]
    cls: tuple[float | None, float | None]
    content: Mapping[str, Any]


def find_threshold(
    *,
    signal: ScoredTable | Sequence[ScoredTable],
    background: ScoredTable | Sequence[ScoredTable],
    **settings: Any,
) -> float:
    """Choose the score above which events are selected, by the largest S / sqrt(B).

    Args:
        signal: scored signal; that at ``kappa_lambda`` (1 by default) counts.
        background: scored background, each event at its own kappa input.
        settings: see `hh4b.selection.settings.WorkingPointSettings`, e.g. ``part="all"`` or
            ``min_background_events=50``.

    Raises:
        ConfigError: if a setting is unknown or out of range.
        ContractError: if no threshold leaves enough background.
    """
    call = "find_threshold"
    chosen = WorkingPointSettings.checked(settings)
    if chosen.folds:
        raise ConfigError(f"{call}: folds are for files; use `hh4b working-point`")
    signals = require_kinds(call, "signal", signal, ScoredTable, _MADE_BY)
    backgrounds = require_kinds(call, "background", background, ScoredTable, _MADE_BY)
    require_classes(call, [s.table for s in signals], [b.table for b in backgrounds])
    kappas = signal_inputs([one.table for one in signals])
    found = working_point_of(
        [_scored(one, kappas, chosen) for one in signals],
        [_scored(one, kappas, chosen) for one in backgrounds],
        chosen,
    )
    return float(found["threshold"])


def _scored(
    one: ScoredTable, kappas: Sequence[float], settings: WorkingPointSettings
) -> ScoredSample:
    """Return what `hh4b.selection.samples.read_scored` reads of files of the same content."""
    dataset = one.dataset
    kappa = told_kappa(dataset, kappas)
    told, keep = kappa, dataset.rows(settings.part)
    if settings.fixed_kappa_input is not None:
        told = np.full_like(kappa, settings.fixed_kappa_input)
    score = one.scores.at_own(told.astype(np.float64))[keep].astype(np.float32)
    weight = dataset.weight.astype(np.float64)
    if not weight[keep].sum() > 0:
        raise ContractError(f"find_threshold: {dataset.path} has no weight in {settings.part!r}")
    generated = dataset.attributes.get("sum_weights_generated")
    scale_by = 1.0 if generated is None else weight.sum() / float(generated)
    share = weight[keep] / weight[keep].sum() * scale_by
    return ScoredSample(
        score, kappa[keep], share, generated is not None, (dataset.shower[keep],), None
    )


def make_templates(
    *,
    signal: ScoredTable | Sequence[ScoredTable],
    background: Mapping[str, ScoredTable | Sequence[ScoredTable]],
    threshold: float,
    **settings: Any,
) -> TemplateSet:
    """Fill the templates of m_HH at every hypothesis of kappa_lambda.

    All signal samples together make the template of each hypothesis, reweighted by the squared
    amplitude at the true kinematics of each event.

    Args:
        signal: scored signal samples, each generated at one kappa_lambda.
        background: scored background samples by process, e.g. ``{"four_b": scored}``.
        threshold: events with a larger score count, of `find_threshold` or a number.
        settings: see `hh4b.statistics.settings.TemplateSettings`: ``kappa_values`` (hypotheses, at
            which the events must be scored), ``bins``, ``m_hh_max_gev``, ``part``, ``processes``, …

    Returns:
        Histograms in units of efficiency, shapes (K, B).

    Raises:
        ConfigError: if a setting, or a process, is unknown, or a score is missing.
        ContractError: if the samples lack what is needed.
    """
    call = "make_templates"
    chosen = TemplateSettings.checked({**settings, "threshold": threshold})
    for name in ("systematics", "folds"):
        if settings.get(name):
            raise ConfigError(f"{call}: {name} are for files; use `hh4b templates`")
    if not isinstance(background, Mapping) or not background:
        raise ContractError(
            f"{call}: background is {shown(background)}, expected scored samples by process, as in"
            ' {"four_b": scored}'
        )
    signals = require_kinds(call, "signal", signal, ScoredTable, _MADE_BY)
    backgrounds = {
        name: require_kinds(call, f"background {name!r}", tables, ScoredTable, _MADE_BY)
        for name, tables in background.items()
    }
    everything = [one.table for tables in backgrounds.values() for one in tables]
    require_classes(call, [one.table for one in signals], everything)
    cut, part = cut_of(chosen, threshold), chosen.part
    polynomial, events = own_polynomial(chosen), []
    for one in signals:
        truth = _truth(one, part)
        events.append(signal_events(_events(one, part), *truth, polynomial))
    filled = {chosen_signal(chosen): fill_signal(events, cut, chosen, sigma_of(chosen))}
    for name, tables in backgrounds.items():
        if name not in chosen.processes or chosen.processes[name].kind != "background":
            raise ConfigError(
                f"{call}: {name!r} is no background among processes {sorted(chosen.processes)};"
                " give processes with its cross section"
            )
        filled[name] = fill_background([_events(one, part) for one in tables], cut, chosen)
    entries = {name: rows_content(chosen.kappa_values, rows) for name, rows in filled.items()}
    own_fb = sigma_of(chosen).tolist() if chosen.has_kappa_components else None
    content = template_content(
        cut.bin_edges_gev, threshold, chosen_signal(chosen), entries, {}, chosen.sqrt_s_tev, own_fb
    )
    return templates_of(content, call)


def chosen_signal(settings: TemplateSettings) -> str:
    """Return the name of the signal among the processes.

    Raises:
        ConfigError: unless there is one.
    """
    names = [name for name, one in settings.processes.items() if one.kind == "signal"]
    if len(names) != 1:
        raise ConfigError(f"processes name the signals {names}, expected one of kind signal")
    return names[0]


def _events(one: ScoredTable, part: Part) -> SampleEvents:
    """Return what `hh4b.statistics.template_inputs` reads of files of the same content."""
    dataset, scores = one.dataset, one.scores
    require_generated(dataset.attributes, str(dataset.path))
    rows = dataset.rows(part)
    weights = efficiency_weights(
        dataset.weight, rows, dataset.attributes,
        where=f"{dataset.path}: no weight in the part {part!r}",
    )  # fmt: skip
    return SampleEvents(
        str(dataset.path),
        weights,
        one.table["hh_mass"][rows],
        Scores(scores.kappa_lambda, scores.values[rows]),
        dataset.kappa_input[rows].astype(np.float64),
        float(dataset.attributes["n_generated"]),
        shower=dataset.shower[rows],
    )


def _truth(one: ScoredTable, part: Part) -> tuple[Floats, Floats, Floats]:
    """Return kappa_lambda of generation, true m_hh in GeV and cos theta* of a part, each (N,)."""
    rows, columns = one.dataset.rows(part), one.dataset.columns
    found = []
    for name in ("HH4B/kappa_lambda", "HH4B/m_hh_truth", "HH4B/cos_theta_star_truth"):
        if name not in columns:
            raise ContractError(
                f"make_templates: {one.dataset.path} has no column {name!r}, which reweights signal"
            )
        found.append(columns[name][rows].astype(np.float64))
    generated, m_hh, cosine = found
    return generated, m_hh, cosine


def find_limit(
    templates: TemplateSet,
    *,
    luminosity_ifb: float = 139.0,
    sqrt_s_tev: float = 13.0,
    errors: bool = True,
    **settings: Any,
) -> KappaLimit:
    """Find the expected interval on kappa_lambda by both methods of the note (arXiv:2401.14198).

    Args:
        templates: of `make_templates`.
        luminosity_ifb: integrated luminosity in fb^-1.
        sqrt_s_tev: energy of the cross sections in TeV; the templates are taken as they are.
        errors: whether to find the statistical errors of the bounds as well, from replicas.
        settings: see `hh4b.statistics.settings`: those of `WorkspaceSettings`
            (``model="complete"``, ``processes``, …) and of `LimitSettings` (``seed``, ``engine``).

    Returns:
        Bounds by both methods, and the whole content of a limit file.

    Raises:
        ConfigError: if a setting is unknown, or a process has no cross section.
        ContractError: if ``templates`` are none, or make no workspace.
        FitFailed: if a fit does not converge.
    """
    templates = require_kind(
        "find_limit", "templates", templates, TemplateSet, "hh4b.make_templates"
    )
    of_workspace = set(WorkspaceSettings.model_fields)
    workspace_settings = WorkspaceSettings.checked(
        {
            **{name: value for name, value in settings.items() if name in of_workspace},
            "sqrt_s_tev": [sqrt_s_tev],
            "luminosities_ifb": [luminosity_ifb],
        }
    )
    limit_settings = LimitSettings.checked(
        {
            **({} if errors else {"replicas": 0}),
            **{name: value for name, value in settings.items() if name not in of_workspace},
        }
    )
    normalisation = choose_normalisation(
        templates, workspace_settings.processes, workspace_settings,
        sqrt_s_tev=sqrt_s_tev, luminosity_ifb=luminosity_ifb,
    )  # fmt: skip
    merged = merge_bins(templates, normalisation.background_pb, workspace_settings)
    scaled = scale(merged, normalisation)
    specification = build_workspace(
        scaled,
        model=workspace_settings.model,
        asimov=workspace_settings.asimov,
        systematics=workspace_settings.systematics,
        minimum_effective_events=workspace_settings.minimum_effective_events,
        needed_effective_events=workspace_settings.needed_effective_events,
        provenance=Provenance("api", {}).as_json(),
    )
    rng = stream(limit_settings.seed, "limits", "replicas")
    workspace = workspace_content(specification, scaled)
    bands = limit_settings.cross_section_bands
    content = find_limits(workspace, limit_settings, rng, None, bands)
    profile, cls = (tuple(content[method]["interval"]) for method in ("profile", "cls"))
    return KappaLimit(profile, cls, content)
