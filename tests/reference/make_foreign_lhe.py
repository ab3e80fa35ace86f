"""Make tests/data/lhe: events written as other generators write them, from own kinematics.

    python tests/reference/make_foreign_lhe.py tests/data/lhe

`mg5_hh.lhe.gz`: g g -> H H of MadGraph with decays, groups of named weights, notes of its own.
`powheg_hh.lhe.gz`: H H at next-to-leading order without decays, a further gluon in most events,
weights plus and minus one.
`sherpa_4b.lhe.gz`: p p -> 4b with weights of all sizes, one that is zero, lists without names.
"""

import gzip
import sys
from pathlib import Path

import numpy as np

M_HIGGS, M_BOTTOM, BEAM = 125.0, 4.7, 6500.0
N_EVENTS = 24


def boosted(momentum, frame):
    """Boost momenta (E, px, py, pz), shape (..., 4), from the rest frame of ``frame``."""
    mass = np.sqrt(frame[0] ** 2 - (frame[1:] ** 2).sum())
    product = (momentum[..., 1:] * frame[1:]).sum(axis=-1)
    energy = (frame[0] * momentum[..., 0] + product) / mass
    factor = (product / (frame[0] + mass) + momentum[..., 0]) / mass
    return np.concatenate(
        [energy[..., None], momentum[..., 1:] + factor[..., None] * frame[1:]], -1
    )


def two_body(rng, parent, masses):
    """Decay a momentum into two masses, isotropic."""
    total = np.sqrt(parent[0] ** 2 - (parent[1:] ** 2).sum())
    one, two = masses
    p = np.sqrt((total**2 - (one + two) ** 2) * (total**2 - (one - two) ** 2)) / (2 * total)
    cosine, phi = rng.uniform(-1, 1), rng.uniform(0, 2 * np.pi)
    sine = np.sqrt(1 - cosine**2)
    direction = p * np.array([sine * np.cos(phi), sine * np.sin(phi), cosine])
    rest = np.array([[np.hypot(p, one), *direction], [np.hypot(p, two), *-direction]])
    return boosted(rest, parent)


def line(pid, status, mothers, colours, momentum, mass=0.0):
    """Return a particle line."""
    energy, *rest = momentum
    whole = " ".join(f"{x:4d}" for x in (pid, status, *mothers, *colours))
    return f"{whole} " + " ".join(f"{x:.10e}" for x in (*rest, energy, mass)) + " 0. 9."


def incoming(total, colours=((501, 502), (502, 501)), pids=(21, 21)):
    """Return the lines of two partons along the beams that make a momentum without pT."""
    up, down = (total[0] + total[3]) / 2, (total[0] - total[3]) / 2
    return [
        line(pids[0], -1, (0, 0), colours[0], (up, 0, 0, up)),
        line(pids[1], -1, (0, 0), colours[1], (down, 0, 0, -down)),
    ]


def system(rng, low, high):
    """Return the momentum of all that comes out: a mass and a boost along the beam."""
    mass, rapidity = rng.uniform(low, high), rng.normal(0, 0.7)
    return mass * np.array([np.cosh(rapidity), 0, 0, np.sinh(rapidity)])


def higgs_pair(rng, *, gluon):
    """Return particle lines of H H, with a further gluon on demand, and the momenta of the H."""
    total = system(rng, 350, 700)
    if not gluon:
        return incoming(total), two_body(rng, total, (M_HIGGS, M_HIGGS))
    pair_mass = rng.uniform(270, 330)
    pair, parton = two_body(rng, total, (pair_mass, 0.0))
    lines = incoming(total, ((501, 502), (502, 503)))
    lines.append(line(21, 1, (1, 2), (501, 503), parton))
    return lines, two_body(rng, pair, (M_HIGGS, M_HIGGS))


def mg5(rng, n):
    """Return a file as MadGraph5_aMC@NLO writes it at leading order."""
    ids = [("1", "MUR=0.5"), ("2", "MUR=2.0"), ("3", "PDF=303001")]
    text = '<LesHouchesEvents version="3.0">\n<header>\n<!--\nmade by a script\n-->\n<initrwgt>\n'
    text += "<weightgroup name='Central scale variation' combine='envelope'>\n"
    text += "".join(f"<weight id='{k}'> {name} </weight>\n" for k, name in ids[:2])
    text += "</weightgroup>\n<weightgroup name='NNPDF31' combine='replicas'>\n"
    text += f"<weight id='{ids[2][0]}'> {ids[2][1]} </weight>\n</weightgroup>\n</initrwgt>\n"
    text += f"</header>\n<init>\n2212 2212 {BEAM:e} {BEAM:e} 0 0 303000 303000 -4 1\n"
    text += "1.670000e-02 2.000000e-05 1.670000e-02 1\n"
    text += "<generator name='MadGraph5_aMC@NLO' version='3.5.0'>please cite</generator>\n</init>\n"
    for _ in range(n):
        lines, pair = higgs_pair(rng, gluon=False)
        lines += [line(25, 2, (1, 2), (0, 0), h, M_HIGGS) for h in pair]
        for number, higgs in enumerate(pair):
            for sign, quark in zip(
                (1, -1), two_body(rng, higgs, (M_BOTTOM, M_BOTTOM)), strict=True
            ):
                colour = (504 + number, 0) if sign > 0 else (0, 504 + number)
                lines.append(line(5 * sign, 1, (3 + number,) * 2, colour, quark, M_BOTTOM))
        text += "<event>\n" + f" {len(lines)} 1 +1.6700000e-02 2.50e+02 7.54e-03 1.02e-01\n"
        text += "\n".join(lines) + "\n<mgrwt>\n<rscale> 2 0.25E+03</rscale>\n</mgrwt>\n<rwgt>\n"
        for (key, _), factor in zip(ids, rng.uniform(0.7, 1.3, 3), strict=True):
            text += f"<wgt id='{key}'> {1.67e-2 * factor:+.7e} </wgt>\n"
        text += "</rwgt>\n</event>\n"
    return text + "</LesHouchesEvents>\n"


def powheg(rng, n):
    """Return a file as the POWHEG BOX writes it: named weights, comments, signs."""
    text = '<LesHouchesEvents version="3.0">\n<!--\nfile generated with POWHEG-BOX-V2\n-->\n'
    text += "<header>\n<initrwgt>\n<weightgroup name='scales' combine='none'>\n"
    text += (
        "<weight id='11'>muR = 2 muF = 2</weight>\n<weight id='12'>muR = 0.5 muF = 0.5</weight>\n"
    )
    text += "</weightgroup>\n</initrwgt>\n</header>\n<init>\n"
    text += f" 2212 2212 {BEAM:.5E} {BEAM:.5E} -1 -1 90400 90400 -4 1\n"
    text += " 2.75000E-02 1.00000E-04 1.00000E+00 10001\n</init>\n"
    for number in range(n):
        lines, pair = higgs_pair(rng, gluon=number % 4 != 0)
        # The further parton stands last.
        higgs = [line(25, 1, (1, 2), (0, 0), h, M_HIGGS) for h in pair]
        lines = [*lines[:2], *higgs, *lines[2:]]
        weight = -1.0 if number % 6 == 5 else 1.0
        text += f"<event>\n {len(lines)} 10001 {weight:.5E} 3.2E+01 -1.0E+00 1.1E-01\n"
        text += "\n".join(lines) + "\n#rwgt 1 1 0.2 12 33\n<rwgt>\n"
        text += (
            f"<wgt id='11'> {0.83 * weight:.5E} </wgt>\n<wgt id='12'> {1.2 * weight:.5E} </wgt>\n"
        )
        text += "</rwgt>\n</event>\n"
    return text + "</LesHouchesEvents>\n"


def sherpa(rng, n):
    """Return weighted events p p -> 4b with a list of weights without names."""
    text = '<LesHouchesEvents version="3.0">\n<header>\n<initrwgt>\n'
    text += '<weight id="MUR2_MUF1">a</weight>\n<weight id="MUR0.5_MUF1">b</weight>\n'
    text += f"</initrwgt>\n</header>\n<init>\n2212 2212 {BEAM:e} {BEAM:e} 0 0 303200 303200 4 2\n"
    text += "200.0 3.0 900 1\n100.0 2.0 900 2\n</init>\n"
    for number in range(n):
        total = system(rng, 250, 600)
        lines = incoming(total, ((501, 502), (502, 503)))
        pairs = two_body(rng, total, rng.uniform(60, 120, 2))
        colours = [[(501, 0), (0, 503)], [(504, 0), (0, 504)]]
        for pair, lines_of_pair in zip(pairs, colours, strict=True):
            quarks = two_body(rng, pair, (M_BOTTOM, M_BOTTOM))
            for sign, quark, colour in zip((1, -1), quarks, lines_of_pair, strict=True):
                lines.append(line(5 * sign, 1, (1, 2), colour, quark, M_BOTTOM))
        weight = 0.0 if number == 3 else rng.exponential(300.0)
        text += f"<event trials='2'>\n{len(lines)} {1 + number % 2} {weight:.8e} 91 7.5e-3 0.118\n"
        text += "\n".join(lines)
        text += f"\n<weights>{0.8 * weight:.6e} {1.3 * weight:.6e}</weights>\n</event>\n"
    return text + "</LesHouchesEvents>\n"


def main(folder, n=N_EVENTS):
    """Write the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, make) in enumerate(
        {"mg5_hh": mg5, "powheg_hh": powheg, "sherpa_4b": sherpa}.items()
    ):
        text = make(np.random.default_rng(seed), n)
        with (
            (folder / f"{name}.lhe.gz").open("wb") as raw,
            gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as stream,
        ):
            stream.write(text.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
