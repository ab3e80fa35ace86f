"""Several detectors that see the same particles: what they have in common is done once.

A variation of the detector changes a few keys of the card. Steps in front of these keys have the
same result and leave the random numbers in the same state, so that the steps behind them go on from
a copy of that state: each detector has what it would have by itself with the same generator, bit by
bit.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from hh4b.detector.particles import Particles, Partons
from hh4b.detector.response import (
    Found,
    MeasuredParticles,
    Reconstructed,
    calibrate,
    find_objects,
    measure_particles,
)
from hh4b.detector.settings import DetectorSettings

#: Keys that act on jets which are found already; a key that is not here counts as acting before.
_LATE: dict[str, Any] = {
    "name": True,
    "flavor": True,
    "b_tagging": True,
    "tag_weights": True,
    "jets": {
        "scale_offset_sqrt_gev",
        "scale_slope_sqrt_gev",
        "energy_scale",
        "extra_smearing",
    },
}
#: Keys of the search for jets and leptons, behind tracker and calorimeters.
_OBJECTS: dict[str, Any] = {"photon": True, "electron": True, "muon": True, "jets": True}


class Response(NamedTuple):
    """What a detector makes of a batch, and the generator as it stands after it.

    Attributes:
        reconstructed: jets, leptons and missing momentum.
        rng: for what comes behind, the tags.
    """

    reconstructed: Reconstructed
    rng: np.random.Generator


class Detectors:
    """Detectors that share the steps in which their settings do not differ."""

    def __init__(self, detectors: Sequence[DetectorSettings]) -> None:
        """Find out what they share.

        Args:
            detectors: the nominal one and its variations, in any order.
        """
        self._detectors = tuple(detectors)
        self._measuring = _numbered(d.model_dump(exclude={**_LATE, **_OBJECTS}) for d in detectors)
        self._finding = _numbered(d.model_dump(exclude=_LATE) for d in detectors)

    def reconstruct(
        self,
        particles: Particles,
        partons: Partons,
        rng: np.random.Generator,
        chosen: Iterable[int] | None = None,
    ) -> dict[int, Response]:
        """Simulate the response of every detector to a batch of events.

        Args:
            particles: final-state particles.
            partons: quarks and gluons for the jet flavours.
            rng: source of all randomness, the same for each; it stays as it is.
            chosen: places of the detectors that are asked for; None = all.

        Returns:
            By place of the detector what `response.reconstruct` gives with a copy of ``rng``, and
            that copy.
        """
        measured: dict[int, tuple[MeasuredParticles, np.random.Generator]] = {}
        found: dict[int, tuple[Found, np.random.Generator]] = {}
        result = {}
        for place in range(len(self._detectors)) if chosen is None else chosen:
            detector = self._detectors[place]
            first, second = self._measuring[place], self._finding[place]
            if first not in measured:
                own = deepcopy(rng)
                measured[first] = measure_particles(particles, detector, own), own
            if second not in found:
                before, state = measured[first]
                own = deepcopy(state)
                found[second] = find_objects(before, detector, own), own
            objects, state = found[second]
            own = deepcopy(state)
            result[place] = Response(calibrate(objects, partons, detector, own), own)
        return result


def _numbered(contents: Iterable[Any]) -> list[int]:
    """Return for each content the place of the first that equals it.

    >>> _numbered([{"a": 1}, {"a": 2}, {"a": 1}])
    [0, 1, 0]
    """
    listed = list(contents)
    return [listed.index(one) for one in listed]
