"""How the observables of feature files are written in figures."""

KAPPA = "kappa_lambda"
LABELS = {
    "h1_pt": r"$p_\mathrm{T}(H_1)$", "h1_eta": r"$\eta(H_1)$", "h1_phi": r"$\phi(H_1)$",
    "h1_mass": r"$m(H_1)$", "h2_pt": r"$p_\mathrm{T}(H_2)$", "h2_eta": r"$\eta(H_2)$",
    "h2_phi": r"$\phi(H_2)$", "h2_mass": r"$m(H_2)$", "h1_delta_r": r"$\Delta R(H_1)$",
    "h2_delta_r": r"$\Delta R(H_2)$", "met": r"$E_\mathrm{T}^\mathrm{miss}$",
    "met_phi": r"$\phi^\mathrm{miss}$", "n_electrons": r"$n_e$", "n_muons": r"$n_\mu$",
    "h1_b1_btag": r"tag $b_1(H_1)$", "h1_b2_btag": r"tag $b_2(H_1)$",
    "h2_b1_btag": r"tag $b_1(H_2)$", "h2_b2_btag": r"tag $b_2(H_2)$",
    "hh_pt": r"$p_\mathrm{T}(HH)$", "hh_mass": r"$m_{HH}$", KAPPA: r"input $\kappa_\lambda$",
}  # fmt: skip


def observable_label(name: str) -> str:
    """Return how an observable is written; one of the user's own as its column is called.

    >>> observable_label("my_angle")
    'my_angle'
    """
    return LABELS.get(name, name)
