"""Compare our detector with Delphes, and write what comes out as tables and figures."""

from pathlib import Path

from hh4b.core.files import atomic_path
from hh4b.detector.settings import read_detector_settings
from hh4b.simulation.report import draw_figures, tables
from hh4b.simulation.settings import ValidateSettings
from hh4b.simulation.validation import Comparison, compare


def validate_detector(
    particles: Path | str,
    delphes: Path | str,
    card: Path | str,
    settings: ValidateSettings,
    *,
    output: Path | None = None,
    figures: Path | None = None,
) -> Comparison:
    """Run our detector on generator events and compare with what Delphes made of them.

    Args:
        particles: generator events, HepMC3 text or flat HDF5.
        delphes: what Delphes made of the same events, ROOT.
        card: card of our detector.
        settings: how often, and with which tags.
        output: Markdown file of the tables, if wanted.
        figures: folder of the figures, if wanted.

    Raises:
        ConfigError: if the card is impossible.
        InputFileError: if a file cannot be read.
        ContractError: if the files hold different numbers of events.
    """
    detector = read_detector_settings(card).with_tagging(settings.b_tagging)
    comparison = compare(particles, delphes, detector, repeats=settings.repeats, seed=settings.seed)
    if figures is not None:
        draw_figures(comparison, figures)
    if output is not None:
        with atomic_path(output) as temporary:
            temporary.write_text(tables(comparison), encoding="utf-8")
    return comparison
