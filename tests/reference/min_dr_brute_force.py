"""Slow and plain: min-dR pairing from all three pairings of the four leading tagged jets."""

import itertools
import math


def delta_r(eta_1, phi_1, eta_2, phi_2):
    dphi = math.remainder(phi_1 - phi_2, 2 * math.pi)
    return math.sqrt((eta_1 - eta_2) ** 2 + dphi**2)


def pair(pt, eta, phi, btag, valid):
    """Jet indices [[b1, b2], [b1, b2]] of one event, leading candidate first; -1 = no pairing."""
    tagged = [j for j in range(len(pt)) if valid[j] and btag[j] > 0.5]
    four = sorted(tagged, key=lambda j: (-float(pt[j]), j))[:4]
    if len(four) < 4:
        return [[-1, -1], [-1, -1]]

    def pt_sum(jets):
        px = sum(float(pt[j]) * math.cos(float(phi[j])) for j in jets)
        py = sum(float(pt[j]) * math.sin(float(phi[j])) for j in jets)
        return px * px + py * py

    best = None
    for first in itertools.combinations(four, 2):
        if four[0] not in first:
            continue
        second = tuple(j for j in four if j not in first)
        lead, sub = (first, second) if pt_sum(first) >= pt_sum(second) else (second, first)
        a, b = lead
        distance = delta_r(float(eta[a]), float(phi[a]), float(eta[b]), float(phi[b]))
        if best is None or distance < best[0]:
            best = (distance, lead, sub)
    return [list(best[1]), list(best[2])]
