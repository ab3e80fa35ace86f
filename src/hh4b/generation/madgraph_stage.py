"""Run MG5_aMC, Pythia 8 and Delphes of the user, found on PATH or reached through a container."""

import gzip
import logging
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hh4b.core.errors import ConfigError, GeneratorFailed, InputFileError
from hh4b.core.files import atomic_path
from hh4b.generation import madgraph as cards

log = logging.getLogger(__name__)
PROCESS, PARTONS, HEPMC, ROOT = "process", "partons.lhe", "events.hepmc", "delphes.root"
_TAIL = 5


@dataclass(frozen=True)
class Programs:
    """How the programs are reached.

    Attributes:
        launcher: words in front of every command, e.g. ``apptainer exec image.sif``; empty = PATH.
        shower: ``DelphesPythia8`` (shower and detector in one), ``MG5aMC_PY8_interface`` (with
            DelphesHepMC2 behind it), or ``auto``: the first that is found.
        model: UFO model instead of the one of the process; its trilinear coupling is left alone.
        delphes_card: the Delphes card to start from.
        cores: processes that MG5_aMC may run at once.
    """

    delphes_card: Path
    launcher: str = ""
    shower: str = "auto"
    model: str | None = None
    cores: int = 1

    def __post_init__(self) -> None:
        """Refuse an unknown shower.

        Raises:
            ConfigError: naming the choices.
        """
        if self.shower not in cards.SHOWERS:
            raise ConfigError(
                f"shower = {self.shower!r}: must be one of {', '.join(cards.SHOWERS)}"
            )

    def run(self, program: str, *arguments: str, work: Path) -> None:
        """Run a program in ``work`` with its output in a log there.

        Raises:
            GeneratorFailed: if it is not on PATH (without launcher), or fails.
        """
        if not self.launcher:
            find(program)
        command = [*shlex.split(self.launcher), program, *arguments]
        record = work / f"{program}.log"
        log.info("running %s, log %s", shlex.join(command), record)
        try:
            with record.open("wb") as stream:
                status = subprocess.run(
                    command,
                    cwd=work,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    check=False,
                ).returncode
        except OSError as error:
            raise GeneratorFailed(f"cannot run {command[0]}: {error.strerror}") from error
        if status:
            lines = record.read_text(encoding="utf-8", errors="replace").splitlines()
            raise GeneratorFailed(
                f"{shlex.join(command)} ended with status {status}; the end of {record}: "
                + " | ".join(lines[-_TAIL:])
            )

    def chosen_shower(self) -> str:
        """Return the program that showers."""
        if self.shower != "auto":
            return self.shower
        if not self.launcher and not shutil.which(cards.SHOWERS[1]):
            return cards.SHOWERS[2]
        return cards.SHOWERS[1]


def find(program: str) -> Path:
    """Return where a program is.

    Raises:
        GeneratorFailed: if it is not on PATH.
    """
    found = shutil.which(program)
    if found is None:
        raise GeneratorFailed(
            f"{program} is not on PATH; install it, or name a container with --launcher"
        )
    return Path(found).resolve()


def write_cards(settings: cards.MadGraphSettings, programs: Programs, work: Path) -> None:
    """Write all cards into ``work``: ``mg5.txt``, ``pythia8.cmnd``, ``delphes.tcl``.

    Raises:
        InputFileError: if the Delphes card or the UFO model cannot be used.
        GeneratorFailed: if the model has to be found and MG5_aMC is not there.
    """
    work.mkdir(parents=True, exist_ok=True)
    try:
        delphes = programs.delphes_card.read_text(encoding="utf-8")
    except OSError as error:
        raise InputFileError(
            f"cannot read {programs.delphes_card}: {error.strerror}; Delphes brings"
            " cards/delphes_card_ATLAS.tcl"
        ) from error
    hepmc = HEPMC if programs.chosen_shower() == "MG5aMC_PY8_interface" else None
    texts = {
        "mg5.txt": cards.mg5_script(
            settings, model=_model(settings, programs, work), folder=PROCESS, cores=programs.cores
        ),
        "pythia8.cmnd": cards.pythia_card(settings, partons=PARTONS, hepmc=hepmc),
        "delphes.tcl": cards.delphes_card(delphes, settings, where=str(programs.delphes_card)),
    }
    for name, text in texts.items():
        (work / name).write_text(text, encoding="utf-8")


def run_madgraph(
    settings: cards.MadGraphSettings,
    programs: Programs,
    output: Path,
    work: Path,
    *,
    restart: bool = False,
) -> None:
    """Generate, shower and simulate; ``output`` is the Delphes file, there only if all went well.

    Args:
        settings: what to generate.
        programs: how to reach the programs.
        output: the ROOT file.
        work: folder for cards, logs and what lies between; must not hold a run already.
        restart: take away what an earlier run left in ``work``, finished or not.

    Raises:
        GeneratorFailed: if a program is missing, fails, or does not write what it should.
        InputFileError: if the Delphes card or the UFO model cannot be used.
    """
    if restart:
        _clear(work)
    if (work / PROCESS).exists() or (work / ROOT).exists():
        raise GeneratorFailed(
            f"{work} holds a run already; say --restart to replace it, or name another --work"
        )
    write_cards(settings, programs, work)
    programs.run("mg5_aMC", "mg5.txt", work=work)
    _unpack(work)
    if programs.chosen_shower() == "DelphesPythia8":
        programs.run("DelphesPythia8", "delphes.tcl", "pythia8.cmnd", ROOT, work=work)
    else:
        programs.run("MG5aMC_PY8_interface", "pythia8.cmnd", work=work)
        programs.run("DelphesHepMC2", "delphes.tcl", ROOT, HEPMC, work=work)
    result = work / ROOT
    if not result.is_file() or not result.stat().st_size:
        raise GeneratorFailed(f"Delphes wrote no {result}; see the logs beside it")
    with atomic_path(output) as temporary:
        shutil.copyfile(result, temporary)
    log.info("wrote %s", output)


def _clear(work: Path) -> None:
    """Remove what the programs wrote; other files of the folder stay."""
    shutil.rmtree(work / PROCESS, ignore_errors=True)
    for name in (PARTONS, HEPMC, ROOT):
        (work / name).unlink(missing_ok=True)


def _model(settings: cards.MadGraphSettings, programs: Programs, work: Path) -> str:
    """Return the UFO model; for another kappa_lambda, that of a changed copy in ``work``."""
    name = cards.PROCESSES[settings.process][0]
    if programs.model is not None:
        return programs.model
    if settings.process != "hh" or settings.kappa_lambda == 1.0:
        return name
    if programs.launcher:
        raise ConfigError(
            f"kappa_lambda = {settings.kappa_lambda:g} through a container: the UFO model has to be"
            " named by --model, with its trilinear coupling set"
        )
    source = find("mg5_aMC").parents[1] / "models" / name
    if not (source / "couplings.py").is_file():
        raise InputFileError(
            f"{source}: no UFO model there; name the folder of {name} with --model, with its"
            " trilinear coupling set"
        )
    copy = work / f"{name}_kappa_lambda"
    shutil.copytree(source, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.pkl"))
    couplings = copy / "couplings.py"
    text = couplings.read_text(encoding="utf-8")
    changed = cards.scaled_trilinear(text, settings.kappa_lambda, where=str(source))
    couplings.write_text(changed, encoding="utf-8")
    return str(copy.resolve())


def _unpack(work: Path) -> None:
    """Put the events of MG5_aMC where Pythia looks for them."""
    events = sorted(work.glob(f"{PROCESS}/Events/run_*/unweighted_events.lhe.gz"))
    if not events:
        raise GeneratorFailed(f"MG5_aMC wrote no events under {work / PROCESS / 'Events'}")
    try:
        with gzip.open(events[-1], "rb") as source, (work / PARTONS).open("wb") as target:
            shutil.copyfileobj(source, target)
    except (OSError, EOFError) as error:
        raise GeneratorFailed(f"{events[-1]} is damaged: {error}") from error
