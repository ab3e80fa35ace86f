"""Section of the page: whether one interval is narrower than another, as the note finds."""

from dataclasses import dataclass

from hh4b.core.contracts import read_attributes
from hh4b.publication.effective_events import selected_background
from hh4b.publication.inputs import RunFile
from hh4b.publication.limit_cells import METHODS, width_of, withheld
from hh4b.publication.page.files import METHOD_NAMES, PageFiles, with_error
from hh4b.publication.settings import WidthClaim
from hh4b.statistics.comparison import Difference, difference, share_replicas


@dataclass(frozen=True)
class Decision:
    """Whether the interval of one selection is wider than that of another, by one method.

    Attributes:
        wider: what should be wider.
        narrower: what should be narrower.
        wider_name: its name.
        narrower_name: its name.
        method: ``"profile"`` or ``"cls"``.
        alike: whether the note calls the two similar, so that none should be wider.
    """

    wider: RunFile
    narrower: RunFile
    wider_name: str
    narrower_name: str
    method: str
    alike: bool = False

    @property
    def found(self) -> Difference:
        """Wider minus narrower."""
        files = self.wider.content, self.narrower.content
        wider, narrower = (content[self.method] for content in files)
        return difference(wider, narrower, "width", shared=share_replicas(*files))

    @property
    def same(self) -> bool:
        """Whether both select the same events, as where a search kept the options it began with."""
        found = self.found
        return found.value == 0 and not found.events

    @property
    def verdict(self) -> str:
        """Say what is decided, in a few words."""
        found = self.found
        if self.same:
            return "nothing to compare, both select the same events"
        if found.value is None or found.decided is None:
            return "cannot be decided"
        if not found.decided:
            return "no difference beyond two errors" if self.alike else "not decided"
        side = "narrower" if found.value > 0 else "wider"
        as_in_note = found.value > 0 and not self.alike
        note = "as in the note" if as_in_note else "other than in the note"
        return f"decided: {self.narrower_name} is {side}, {note}"

    def short(self) -> str:
        """Say verdict, difference and needed events in one sentence."""
        found = self.found
        if found.value is None:
            return f"{self.verdict} ({self._without()})"
        if self.same:
            return self.verdict
        text = f"{self.verdict} (widths differ by {with_error(found.value, found.error)}"
        if found.decided is False:
            factor = found.needed_events
            text += "; no number of events would" if factor is None else f"; {_times(factor)} would"
            text += " decide it"
        return f"{text})"

    def sentence(self) -> str:
        """Say widths, difference, and where its error comes from."""
        found, name = self.found, METHOD_NAMES[self.method]
        if found.value is None:
            return f"By {name}: {self.verdict}, {self._without()}."
        if self.same:
            return f"By {name}: {self.verdict} (width {self._width(self.wider)})."
        text = (
            f"By {name}: **{self.verdict}**. Widths {self._width(self.wider)}"
            f" ({self.wider_name}) and {self._width(self.narrower)} ({self.narrower_name}),"
            f" difference {with_error(found.value, found.error)}"
        )
        if found.error is None:
            return f"{text}; the limit files have no errors."
        return f"{text}, {self._origin(found)}."

    def _width(self, limits: RunFile) -> str:
        width = width_of(limits, self.method)
        return width.text if width.value is None else with_error(width.value, width.error)

    def _without(self) -> str:
        reasons = []
        for name, limits in ((self.wider_name, self.wider), (self.narrower_name, self.narrower)):
            width = width_of(limits, self.method)
            if width.value is None:
                reasons.append(f"{name}: {withheld(limits) or width.text}")
        return "; ".join(reasons)

    def _origin(self, found: Difference) -> str:
        if found.paired:
            events = "the error is paired, from replicas of the events that both share"
            if found.correlation is not None:
                events += f" (correlation {found.correlation:.2f})"
        else:
            events = (
                "the errors of both in squares: there is no paired error, though both use the same"
                " events"
            )
        if found.training is None:
            return f"{events}; the spread of trainings is not in it"
        if found.training == 0:
            return f"{events}; the spread of trainings is no larger than their events explain"
        return f"{events}; the spread of trainings, {found.training:.2f}, is in it"


def decisions(files: PageFiles, claim: WidthClaim) -> list[Decision]:
    """Return the comparison of two selections by both methods; nothing if one is not there."""
    wider, narrower = (files.one("headline", name) for name in (claim.wider, claim.narrower))
    if wider is None or narrower is None:
        return []
    names = files.settings.label(claim.wider), files.settings.label(claim.narrower)
    return [Decision(wider, narrower, *names, method) for method in METHODS]


def decision_section(files: PageFiles) -> list[str]:
    """Say of every claim about widths whether it is decided, and what would decide it."""
    lines = []
    for claim in files.settings.claims:
        found = decisions(files, claim)
        if not found:
            continue
        first = found[0]
        energy = first.wider.number("sqrt_s_tev")
        luminosity = first.wider.number("luminosity_ifb")
        lines += [
            f"**{first.narrower_name} against {first.wider_name}**, width of the 95 % interval,"
            f" {energy:g} TeV, {luminosity:g} fb⁻¹:",
            "",
            *(f"* {decision.sentence()}" for decision in found),
            "",
            *_needed(files, claim, first),
        ]
    return lines


def _needed(files: PageFiles, claim: WidthClaim, decision: Decision) -> list[str]:
    """Say how many events would decide what is not decided."""
    found = decision.found
    if found.decided is not False or decision.same:
        return []
    factor, name = found.needed_events, METHOD_NAMES[decision.method]
    if factor is None:
        return [
            f"No number of events decides it by {name}, if the difference stays as it is: the"
            " spread of trainings alone is too large.",
            "",
        ]
    details = [
        f"{factor * number:,.0f} events of {sample} generated instead of {number:,}"
        for sample, number in generated_background(files).items()
    ]
    for selection in (claim.wider, claim.narrower):
        events = effective(files, selection)
        if events is not None:
            label = files.settings.label(selection)
            details.append(
                f"{factor * events:,.0f} effective background events after {label} instead of"
                f" {events:,.0f}"
            )
    text = f"If the difference stays as it is, {_times(factor)} would decide it by {name}"
    return [f"{text}{': ' if details else ''}{', '.join(details)}.", ""]


def _times(factor: float) -> str:
    return f"{factor:.{1 if factor < 100 else 0}f} times the simulated events"


def generated_background(files: PageFiles) -> dict[str, int]:
    """Return generated background events by sample."""
    numbers = {}
    for name in files.names("background"):
        attributes = read_attributes(files.inputs.one(f"background.{name}"))
        if "n_generated" in attributes:
            numbers[name] = int(attributes["n_generated"])
    return numbers


def effective(files: PageFiles, selection: str) -> float | None:
    """Return the effective background events after a selection, if its files are there."""
    limits, templates = files.one("headline", selection), files.one("templates", selection)
    if limits is None or templates is None:
        return None
    return selected_background(limits, templates).total
