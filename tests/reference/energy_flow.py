"""The energy flow of Delphes' SimpleCalorimeter, plainly: lists and loops, nothing of the package.

One event at a time: towers by their list of edges, log-normal energies, thresholds, the neutral
excess or the factor for the tracks, and FastJet on what comes out. The card is read as YAML, its
resolutions by Python. The random numbers are whatever has `random` and `standard_normal`.
"""

import bisect
import math
from dataclasses import dataclass

import fastjet

_LEAST_SHARE = 1e-9


@dataclass
class Particle:
    """A particle at the face of the calorimeters; energy in GeV."""

    pid: int
    eta: float
    phi: float
    energy: float


@dataclass
class Track:
    """A track: its impact on the calorimeters, its momentum, its relative resolution."""

    pid: int
    eta_outer: float
    phi_outer: float
    pt: float
    eta: float
    phi: float
    mass: float
    resolution: float

    @property
    def energy(self) -> float:
        """Return the energy in GeV."""
        return math.hypot(self.pt * math.cosh(self.eta), self.mass)

    def scaled(self, factor: float) -> "Track":
        """Return the track with another momentum; the mass stays."""
        return Track(**{**vars(self), "pt": factor * self.pt})

    def momentum(self) -> tuple[float, float, float, float]:
        """Return px, py, pz, energy."""
        return (
            self.pt * math.cos(self.phi),
            self.pt * math.sin(self.phi),
            self.pt * math.sinh(self.eta),
            self.energy,
        )


@dataclass
class Excess:
    """Neutral energy of a tower; massless."""

    eta: float
    phi: float
    energy: float

    def momentum(self) -> tuple[float, float, float, float]:
        """Return px, py, pz, energy."""
        pt = self.energy / math.cosh(self.eta)
        return (
            pt * math.cos(self.phi),
            pt * math.sin(self.phi),
            pt * math.sinh(self.eta),
            self.energy,
        )


class Calorimeter:
    """A calorimeter of a card."""

    def __init__(self, card: dict) -> None:
        """Read the section of the card: plain data."""
        self.card = card
        phi_of_edge = {}
        for segment in card["segments"]:
            edges = segment.get("eta_edges") or [
                round(segment["start"] + segment["step"] * i, 9)
                for i in range(1, segment["count"] + 1)
            ]
            phi_of_edge.update(dict.fromkeys(edges, segment["n_phi"]))
        self.eta_edges = sorted(phi_of_edge)
        self.phi_edges = [
            [-math.pi + 2.0 * math.pi * k / phi_of_edge[edge] for k in range(phi_of_edge[edge] + 1)]
            for edge in self.eta_edges
        ]

    def share(self, pid: int) -> float:
        """Return the share of a particle's energy."""
        return self.card["energy_fractions"].get(abs(pid), self.card["default_energy_fraction"])

    def sigma(self, energy: float, eta: float) -> float:
        """Return the resolution in GeV."""
        for terms in self.card["resolution"]:
            if abs(eta) <= terms["abs_eta_max"]:
                names = {"abs_eta": abs(eta), "__builtins__": {}}
                factor = eval(str(terms.get("factor", 1)), names)
                return factor * math.sqrt(
                    (terms["constant"] * energy) ** 2
                    + terms["stochastic_sqrt_gev"] ** 2 * energy
                    + terms["noise_gev"] ** 2
                )
        return 0.0

    def place(self, eta: float, phi: float) -> tuple[int, int] | None:
        """Return the numbers of the upper edges of the tower that is hit."""
        i = bisect.bisect_left(self.eta_edges, eta)
        if i in (0, len(self.eta_edges)):
            return None
        j = bisect.bisect_left(self.phi_edges[i], phi)
        return None if j in (0, len(self.phi_edges[i])) else (i, j)

    def process(self, particles: list[Particle], tracks: list[Track], numbers):
        """Return the tracks that go on and the neutral excesses."""
        towers: dict[tuple[int, int], tuple[list[Particle], list[Track]]] = {}
        for kind, hits in enumerate((particles, tracks)):
            for hit in hits:
                eta, phi = (hit.eta_outer, hit.phi_outer) if kind else (hit.eta, hit.phi)
                if not kind and self.share(hit.pid) < _LEAST_SHARE:
                    continue
                where = self.place(eta, phi)
                if where is not None:
                    towers.setdefault(where, ([], []))[kind].append(hit)
        flow: list[Track] = []
        excesses: list[Excess] = []
        for where in sorted(towers):
            self._finish(where, *towers[where], numbers, flow, excesses)
        return flow, excesses

    def _finish(self, where, particles, tracks, numbers, flow, excesses) -> None:
        i, j = where
        low, high = self.eta_edges[i - 1], self.eta_edges[i]
        left, right = self.phi_edges[i][j - 1], self.phi_edges[i][j]
        centre = 0.5 * (low + high)
        true = sum(particle.energy * self.share(particle.pid) for particle in particles)
        energy = 0.0
        if true > 0.0:
            b2 = math.log(1.0 + self.sigma(true, centre) ** 2 / true**2)
            energy = math.exp(math.log(true) - 0.5 * b2 + math.sqrt(b2) * numbers.standard_normal())
        sigma = self.sigma(energy, centre)
        least, significance = self.card["energy_min_gev"], self.card["significance_min"]
        if energy < least or energy < significance * sigma:
            energy = 0.0
        eta = low + (high - low) * numbers.random()
        phi = left + (right - left) * numbers.random()
        flow += [track for track in tracks if self.share(track.pid) < _LEAST_SHARE]
        seen = [track for track in tracks if self.share(track.pid) >= _LEAST_SHARE]
        charged, variance = 0.0, 0.0
        for track in seen:
            shared = track.energy * self.share(track.pid)
            charged += shared
            by_tower = self.sigma(track.energy, centre) / track.energy < track.resolution
            variance += (track.resolution * (shared if by_tower else track.energy)) ** 2
        excess = max(energy - charged, 0.0)
        if excess > least and excess > significance * math.sqrt(variance + sigma**2):
            excesses.append(Excess(eta, phi, excess))
            flow += seen
        elif charged > 0.0:
            parts = [(charged, variance), (energy, sigma**2)]
            parts = [(value, 1.0 / width) for value, width in parts if width > 0.0]
            best = sum(value * weight for value, weight in parts) / sum(w for _, w in parts)
            flow += [track.scaled(best / charged) for track in seen]


def energy_flow(card: dict, particles: list[Particle], tracks: list[Track], numbers):
    """Return tracks, ECal excesses and HCal excesses: the HCal goes on with the ECal's tracks."""
    tracks, photons = Calorimeter(card["ecal"]).process(particles, tracks, numbers)
    tracks, neutrals = Calorimeter(card["hcal"]).process(particles, tracks, numbers)
    return tracks, photons, neutrals


def jets_of(momenta, card: dict) -> list[tuple[float, float, float, float]]:
    """Return pT, eta, phi, mass of the jets behind the energy scale, falling in pT."""
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, card["radius"])
    sequence = fastjet.ClusterSequence([fastjet.PseudoJet(*map(float, p)) for p in momenta],
                                       definition)  # fmt: skip
    found = []
    for jet in sequence.inclusive_jets(card["pt_min_gev"]):
        offset, slope = card["scale_offset_sqrt_gev"], card["scale_slope_sqrt_gev"]
        factor = math.sqrt((offset - slope * abs(jet.eta())) ** 2 / jet.pt() + 1.0)
        phi = math.remainder(jet.phi(), 2.0 * math.pi)
        found.append((factor * jet.pt(), jet.eta(), phi, factor * max(jet.m(), 0.0)))
    return sorted(found, reverse=True)
