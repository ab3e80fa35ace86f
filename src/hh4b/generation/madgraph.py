"""Cards of the MadGraph route: MG5_aMC, Pythia 8 and Delphes as in the note, for those who have it.

Text in, text out; `hh4b.generation.madgraph_stage` runs the programs.
"""

import re

from hh4b.core.errors import InputFileError
from hh4b.core.seeds import derive_seed
from hh4b.generation.settings import MADGRAPH_SCALES, MadgraphSettings

PROCESSES = {
    "hh": ("loop_sm", "g g > h h [noborn=QCD]"),
    "4b": ("sm", "p p > b b~ b b~"),
}
#: The trilinear coupling in the UFO models of the standard model: -6 i lambda v.
_TRILINEAR = re.compile(r"""(['"])(-6\*complex\(0,1\)\*lam\*(?:v|vev))\1""")
_JET_FINDERS = ("GenJetFinder", "FastJetFinder")


def stage_seed(settings: MadgraphSettings, stage: str) -> int:
    """Return the seed of a program; MG5_aMC takes the narrowest ones."""
    return 1 + derive_seed(settings.seed, str(settings.sample), "madgraph", stage, bits=24)


def mg5_script(settings: MadgraphSettings, *, model: str, folder: str, cores: int) -> str:
    """Return the commands that make MG5_aMC generate the process and its events.

    The parton density is NNPDF2.3 LO with alpha_s(m_Z) = 0.130 (``nn23lo1``), the scale of gg -> HH
    is MG5_aMC's default; pp -> 4b has no cut on the mass or the distance of two b quarks. Yukawa
    couplings go with the masses.

    Args:
        settings: the study's choice.
        model: name or path of the UFO model.
        folder: the process folder to make.
        cores: processes to run at once.
    """
    energy = 500.0 * settings.sqrt_s_tev
    cards = {
        "run_card nevents": settings.events,
        "run_card iseed": stage_seed(settings, "partons"),
        "run_card ebeam1": energy,
        "run_card ebeam2": energy,
        "run_card pdlabel": "nn23lo1",
        "run_card use_syst": "False",
        "run_card scalefact": settings.mu_factor,
        "param_card mass 5": settings.b_mass_gev,
        "param_card yukawa 5": settings.b_mass_gev,
        "param_card mass 6": settings.m_top_gev,
        "param_card mass 25": settings.m_higgs_gev,
    }
    if settings.generate == "4b":
        cards |= {
            "run_card dynamical_scale_choice": MADGRAPH_SCALES[settings.four_b_scale],
            "run_card ptb": settings.b_pt_min_gev,
            "run_card etab": settings.b_abs_eta_max,
            "run_card drbb": 0.0,
            "run_card mmbb": 0.0,
        }
    else:
        cards["param_card yukawa 6"] = settings.m_top_gev
    lines = [
        "set automatic_html_opening False",
        "set run_mode 2",
        f"set nb_core {cores}",
        f"import model {model}",
        f"generate {PROCESSES[settings.generate][1]}",
        f"output {folder}",
        f"launch {folder}",
        "shower=OFF",
        "detector=OFF",
        "analysis=OFF",
        "done",
        *(f"set {name} {value}" for name, value in cards.items()),
        "done",
    ]
    return "\n".join(lines) + "\n"


def pythia_card(settings: MadgraphSettings, *, partons: str, hepmc: str | None) -> str:
    """Return the settings of Pythia 8; H decays to b quarks only.

    Args:
        settings: the study's choice.
        partons: the Les Houches file.
        hepmc: where MG5aMC_PY8_interface writes events; None for DelphesPythia8.
    """
    lines = [
        f"Main:numberOfEvents = {settings.events}",
        "Main:timesAllowErrors = 10",
        "Random:setSeed = on",
        f"Random:seed = {stage_seed(settings, 'shower')}",
        "Beams:frameType = 4",
        f"Beams:LHEF = {partons}",
    ]
    if settings.generate == "hh":
        lines += ["25:onMode = off", "25:onIfMatch = 5 -5"]
    if hepmc is not None:
        lines.append(f"HEPMCoutput:file = {hepmc}")
    return "\n".join(lines) + "\n"


def delphes_card(card: str, settings: MadgraphSettings, *, where: str) -> str:
    """Return a Delphes card with the jet radius and the seed of the study.

    Everything else stays as in the card; tags are drawn anew by ``hh4b ingest --tags dl1r_77``.

    Args:
        card: text of, e.g., the ATLAS card that comes with Delphes.
        settings: the study's choice.
        where: name of the card, for errors.

    Raises:
        InputFileError: if the card has no jet finder to change.
    """
    for finder in _JET_FINDERS:
        pattern = rf"(module\s+FastJetFinder\s+{finder}\s*\{{.*?set\s+ParameterR\s+)[\d.eE+-]+"
        card, changed = re.subn(pattern, rf"\g<1>{settings.jet_radius}", card, flags=re.DOTALL)
        if changed != 1:
            raise InputFileError(
                f"{where}: module FastJetFinder {finder} with ParameterR was found {changed} times,"
                " expected once; name a card as Delphes brings it"
            )
    card = re.sub(r"(?m)^\s*set\s+RandomSeed\s+.*$\n?", "", card)
    return f"set RandomSeed {stage_seed(settings, 'detector')}\n{card}"


def scaled_trilinear(couplings: str, kappa_lambda: float, *, where: str) -> str:
    """Return ``couplings.py`` of a UFO model with the trilinear coupling times ``kappa_lambda``.

    Raises:
        InputFileError: if the model does not write the coupling as -6 i lambda v exactly once.
    """
    changed, number = _TRILINEAR.subn(rf"\1({kappa_lambda!r})*(\2)\1", couplings)
    if number != 1:
        raise InputFileError(
            f"{where}: the coupling -6*complex(0,1)*lam*v was found {number} times, expected once;"
            " name a model with --model whose trilinear coupling is set already"
        )
    return changed
