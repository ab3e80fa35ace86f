"""Cards of the MadGraph route: MG5_aMC, Pythia 8 and Delphes as in the note, for those who have it.

Text in, text out; `hh4b.generation.madgraph_stage` runs the programs.
"""

import re
from dataclasses import dataclass

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.seeds import derive_seed

PROCESSES = {
    "hh": ("loop_sm", "g g > h h [noborn=QCD]"),
    "4b": ("sm", "p p > b b~ b b~"),
}
SHOWERS = ("auto", "DelphesPythia8", "MG5aMC_PY8_interface")
#: The trilinear coupling in the UFO models of the standard model: -6 i lambda v.
_TRILINEAR = re.compile(r"""(['"])(-6\*complex\(0,1\)\*lam\*(?:v|vev))\1""")
_JET_FINDERS = ("GenJetFinder", "FastJetFinder")


@dataclass(frozen=True)
class MadGraphSettings:
    """What decides the events of the MadGraph route.

    Attributes:
        process: ``hh`` (gg -> HH through the top loop) or ``4b`` (pp -> b b~ b b~).
        events: number of events.
        seed: seed of the study.
        sample: name of the sample; names its random streams.
        kappa_lambda: trilinear coupling over that of the standard model, for ``hh``.
        sqrt_s_tev: pp energy.
        m_top_gev: mass of the top quark.
        m_higgs_gev: mass of the Higgs boson.
        b_pt_min_gev: cut on the b quarks of ``4b``.
        b_abs_eta_max: cut on the b quarks of ``4b``.
        jet_radius: of the anti-kt jets of the Delphes card.
    """

    process: str
    events: int
    seed: int
    sample: str
    kappa_lambda: float = 1.0
    sqrt_s_tev: float = 13.0
    m_top_gev: float = 173.0
    m_higgs_gev: float = 125.0
    b_pt_min_gev: float = 25.0
    b_abs_eta_max: float = 2.5
    jet_radius: float = 0.4

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the setting.
        """
        if self.process not in PROCESSES:
            raise ConfigError(f"process = {self.process!r}: must be one of {', '.join(PROCESSES)}")
        if self.events < 1:
            raise ConfigError(f"events = {self.events}: must be at least 1")
        if not abs(self.kappa_lambda) < float("inf"):
            raise ConfigError(f"kappa_lambda = {self.kappa_lambda}: must be a finite number")
        if self.process != "hh" and self.kappa_lambda != 1.0:
            raise ConfigError(f"kappa_lambda = {self.kappa_lambda}: only process hh has it")
        if not (self.sqrt_s_tev > 0 and self.jet_radius > 0):
            raise ConfigError("sqrt_s_tev and jet_radius must be positive")

    def stage_seed(self, stage: str) -> int:
        """Return the seed of a program; MG5_aMC takes the narrowest ones."""
        return 1 + derive_seed(self.seed, self.sample, "madgraph", stage, bits=24)


def mg5_script(settings: MadGraphSettings, *, model: str, folder: str, cores: int) -> str:
    """Return the commands that make MG5_aMC generate the process and its events.

    The parton density is NNPDF2.3 LO with alpha_s(m_Z) = 0.130 (``nn23lo1``), scales are those of
    MG5_aMC; pp -> 4b has no cut on the mass or the distance of two b quarks.

    Args:
        settings: the study's choice.
        model: name or path of the UFO model.
        folder: the process folder to make.
        cores: processes to run at once.
    """
    energy = 500.0 * settings.sqrt_s_tev
    cards = {
        "run_card nevents": settings.events,
        "run_card iseed": settings.stage_seed("partons"),
        "run_card ebeam1": energy,
        "run_card ebeam2": energy,
        "run_card pdlabel": "nn23lo1",
        "run_card use_syst": "False",
        "param_card mass 6": settings.m_top_gev,
        "param_card mass 25": settings.m_higgs_gev,
    }
    if settings.process == "4b":
        cards |= {
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
        f"generate {PROCESSES[settings.process][1]}",
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


def pythia_card(settings: MadGraphSettings, *, partons: str, hepmc: str | None) -> str:
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
        f"Random:seed = {settings.stage_seed('shower')}",
        "Beams:frameType = 4",
        f"Beams:LHEF = {partons}",
    ]
    if settings.process == "hh":
        lines += ["25:onMode = off", "25:onIfMatch = 5 -5"]
    if hepmc is not None:
        lines.append(f"HEPMCoutput:file = {hepmc}")
    return "\n".join(lines) + "\n"


def delphes_card(card: str, settings: MadGraphSettings, *, where: str) -> str:
    """Return a Delphes card with the jet radius and the seed of the study.

    Everything else stays as in the card; tags are drawn anew by ``hh4b ingest --tag-efficiency``.

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
    return f"set RandomSeed {settings.stage_seed('detector')}\n{card}"


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
