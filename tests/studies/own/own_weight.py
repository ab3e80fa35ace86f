"""An event weight of the user: harder or softer pairs of Higgs bosons."""

from hh4b.statistics.weights import needs


@needs("HH4B/m_hh_truth")
def scale(events, mu_factor):
    """Return one factor an event."""
    return (events["HH4B/m_hh_truth"] / 400.0) ** (0.1 * (1 - mu_factor))
