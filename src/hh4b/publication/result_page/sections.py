"""Sections of the result page: which kind of table or figure stands where."""

#: Titles in the order of the page, with the kinds of `hh4b.publication.registry.KINDS`.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Intervals": (
        "intervals", "selected_background", "intervals_by_cross_section", "templates",
        "limits_against_kappa", "likelihood",
    ),
    "Luminosity and energy": (
        "intervals_by_luminosity", "equivalent_luminosity", "intervals_against_luminosity",
        "widths_against_luminosity", "energies",
    ),
    "Likelihood with uncertainties": (
        "likelihood_intervals", "interval_breakdown", "coupling_points", "likelihood_scan",
        "pulls", "kappa_mu", "coupling_contours", "coverage",
    ),
    "Pairing": (
        "pairing_by_multiplicity", "pairing_versions", "pairing_points", "efficiency", "masses",
        "mass_planes", "event_display", "leaderboard", "leaderboard_curves",
    ),
    "Classification": (
        "classification", "classifiers", "roc", "scores", "calibration", "importance",
    ),
    "Networks": (
        "sample_size_points", "sample_size_curves", "network", "learning", "variance",
        "correlations", "embedding_map",
    ),
    "Samples": (
        "sizes_by_part", "sizes_of_trainings", "pass_rates", "jets", "cutflow", "kappa_shapes",
    ),
}  # fmt: skip
#: Where kinds of the user stand.
OTHER = "Further results"
_SECTION_OF = {kind: title for title, kinds in SECTIONS.items() for kind in kinds}


def section_of(kind: str) -> str:
    """Return the section of a kind.

    >>> section_of("roc"), section_of("my_code.py:draw")
    ('Classification', 'Further results')
    """
    return _SECTION_OF.get(kind, OTHER)


def anchor(text: str) -> str:
    """Return a text as the name of a place on the page.

    >>> anchor("Luminosity and energy")
    'luminosity-and-energy'
    """
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
