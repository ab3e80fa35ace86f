"""Slow and plain: jet selection and truth matching, one event and one particle at a time."""

import math

RADIUS = 0.4


def delta_r(eta_1, phi_1, eta_2, phi_2):
    dphi = abs(phi_1 - phi_2)
    while dphi > math.pi:
        dphi = abs(dphi - 2 * math.pi)
    return math.sqrt((eta_1 - eta_2) ** 2 + dphi**2)


def kept_jets(event, *, pt_min=40.0, abs_eta_max=2.5, max_jets=10, prefix="Jet"):
    """Indices of the kept jets, falling in pT."""
    indices = [
        i
        for i in range(len(event[f"{prefix}.PT"]))
        if event[f"{prefix}.PT"][i] > pt_min and abs(event[f"{prefix}.Eta"][i]) < abs_eta_max
    ]
    indices.sort(key=lambda i: (-float(event[f"{prefix}.PT"][i]), i))
    return indices[:max_jets]


def same_mother(event, i):
    """Index of the mother that is the same kind of particle, or None."""
    for name in ("Particle.M1", "Particle.M2"):
        mother = event[name][i]
        if not 0 <= mother < len(event["Particle.PID"]) or mother == i:
            continue
        if event["Particle.PID"][mother] == event["Particle.PID"][i]:
            return int(mother)
    return None


def first_copy(event, i):
    seen = {i}
    while (mother := same_mother(event, i)) is not None:
        if mother in seen:
            raise ValueError(f"particles {sorted(seen)} are mothers of one another")
        seen.add(mother)
        i = mother
    return i


def higgs_quarks(event):
    """For each H, by falling pT at its decay: [row of last b, row of last anti-b] (None = none)."""
    pid = [int(p) for p in event["Particle.PID"]]
    mothers = {same_mother(event, i) for i in range(len(pid)) if abs(pid[i]) in (5, 25)}
    decaying = {}  # first copy -> last copy
    for i, p in enumerate(pid):
        if p == 25 and i not in mothers:
            decaying[first_copy(event, i)] = i
    quarks = {first: [None, None] for first in decaying}
    for i, p in enumerate(pid):
        if abs(p) != 5 or i in mothers:
            continue
        parent = int(event["Particle.M1"][first_copy(event, i)])
        if 0 <= parent < len(pid) and pid[parent] == 25:
            quarks[first_copy(event, parent)][0 if p > 0 else 1] = i
    order = sorted(
        decaying, key=lambda first: (-float(event["Particle.PT"][decaying[first]]), first)
    )
    return [quarks[first] for first in order]


def match(event, jets, quarks):
    """Jet position of each quark of the flat list, -1 = lost; and whether a match is ambiguous."""
    pairs, ambiguous = [], False
    for q, row in enumerate(quarks):
        near = 0
        for position, jet in enumerate(jets):
            if row is None:
                continue
            distance = delta_r(
                float(event["Particle.Eta"][row]),
                float(event["Particle.Phi"][row]),
                float(event["Jet.Eta"][jet]),
                float(event["Jet.Phi"][jet]),
            )
            if distance < RADIUS:
                pairs.append((distance, q, position))
                near += 1
        ambiguous = ambiguous or near > 1
    targets = [-1] * len(quarks)
    used = set()
    for _, q, position in sorted(pairs):
        if targets[q] < 0 and position not in used:
            targets[q] = position
            used.add(position)
    return targets, ambiguous


def boost_to_rest(momentum, total):
    """Three-momentum of (px, py, pz, e) in the rest frame of ``total``."""
    mass = math.sqrt(total[3] ** 2 - total[0] ** 2 - total[1] ** 2 - total[2] ** 2)
    beta = [component / total[3] for component in total[:3]]
    gamma = total[3] / mass
    along = sum(b * p for b, p in zip(beta, momentum[:3], strict=True))
    square = sum(b * b for b in beta)
    return [
        p + b * ((gamma - 1) * along / square - gamma * momentum[3])
        for p, b in zip(momentum[:3], beta, strict=True)
    ]


def four_momentum(event, row):
    pt, eta, phi, mass = (float(event[f"Particle.{n}"][row]) for n in ("PT", "Eta", "Phi", "Mass"))
    px, py, pz = pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta)
    return [px, py, pz, math.sqrt(px**2 + py**2 + pz**2 + mass**2)]


def hard_process(event):
    """(m_hh, cos theta* of the first H against the beam) for incoming partons along the beam."""
    rows = [
        i
        for i in range(len(event["Particle.PID"]))
        if event["Particle.PID"][i] == 25 and event["Particle.Status"][i] == 22
    ]
    first, second = (four_momentum(event, row) for row in rows)
    total = [a + b for a, b in zip(first, second, strict=True)]
    mass = math.sqrt(total[3] ** 2 - total[0] ** 2 - total[1] ** 2 - total[2] ** 2)
    higgs = boost_to_rest(first, total)
    # Both beams in the rest frame; a pair without pT leaves them on the z axis.
    plus = boost_to_rest([0.0, 0.0, 1.0, 1.0], total)
    minus = boost_to_rest([0.0, 0.0, -1.0, 1.0], total)
    norm = [math.sqrt(sum(c * c for c in v)) for v in (plus, minus)]
    axis = [a / norm[0] - b / norm[1] for a, b in zip(plus, minus, strict=True)]
    length = math.sqrt(sum(a * a for a in axis)) * math.sqrt(sum(h * h for h in higgs))
    return mass, sum(a * h for a, h in zip(axis, higgs, strict=True)) / length


def check(event):
    """Refuse an event with a jet that is no number, or without exactly two H."""
    for leaf in ("PT", "Eta", "Phi", "Mass"):
        for value in event[f"Jet.{leaf}"]:
            if not math.isfinite(value):
                raise ValueError(f"Jet.{leaf} is {value}")
    pid = event["Particle.PID"]
    first = sum(p == 25 and same_mother(event, i) is None for i, p in enumerate(pid))
    if first != 2:
        raise ValueError(f"{first} Higgs bosons")


def ingest(events, *, min_tags=4, bit=0):
    """Rows of a dataset from a list of events ({branch: list}), as dictionaries."""
    rows = []
    for entry, event in enumerate(events):
        check(event)
        jets = kept_jets(event)
        tags = [int(event["Jet.BTag"][j]) >> bit & 1 for j in jets]
        if len(jets) < 4 or sum(tags) < min_tags:
            continue
        quarks = [row for pair in higgs_quarks(event) for row in pair]
        targets, ambiguous = match(event, jets, quarks)
        mass, cosine = hard_process(event)
        rows.append(
            {
                "entry": entry,
                "jets": jets,
                "tags": tags,
                "targets": targets,
                "ambiguous": ambiguous,
                "m_hh": mass,
                "cos_theta_star": cosine,
            }
        )
    return rows
