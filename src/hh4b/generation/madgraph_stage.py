"""Run MG5_aMC, Pythia 8 and Delphes of the user, found on PATH or reached through a container."""

import gzip
import logging
import shlex
import shutil
import subprocess
from functools import partial
from pathlib import Path

from hh4b.core.errors import ConfigError, GeneratorFailed, InputFileError
from hh4b.core.files import atomic_path
from hh4b.generation import madgraph as cards
from hh4b.generation.settings import MadgraphSettings

log = logging.getLogger(__name__)
PROCESS, PARTONS, HEPMC, ROOT = "process", "partons.lhe", "events.hepmc", "delphes.root"
DELPHES_PYTHIA, INTERFACE = "DelphesPythia8", "MG5aMC_PY8_interface"
_TAIL = 5


def run_program(launcher: str, program: str, *arguments: str, work: Path) -> None:
    """Run a program in ``work`` with its output in a log there.

    Args:
        launcher: words in front of the command, e.g. ``apptainer exec image.sif``; empty = PATH.
        program: its name.
        arguments: its arguments.
        work: the folder.

    Raises:
        GeneratorFailed: if it is not on PATH (without launcher), or fails.
    """
    if not launcher:
        find(program)
    command = [*shlex.split(launcher), program, *arguments]
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


def chosen_shower(settings: MadgraphSettings) -> str:
    """Return the program that showers."""
    if settings.shower != "auto":
        return settings.shower
    if not settings.launcher and not shutil.which(DELPHES_PYTHIA):
        return INTERFACE
    return DELPHES_PYTHIA


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


def write_cards(
    settings: MadgraphSettings, delphes_card: Path, work: Path, *, cores: int = 1
) -> None:
    """Write all cards into ``work``: ``mg5.txt``, ``pythia8.cmnd``, ``delphes.tcl``.

    Args:
        settings: what to generate; must name the sample.
        delphes_card: the card to start from.
        work: the folder.
        cores: processes that MG5_aMC may run at once.

    Raises:
        InputFileError: if the Delphes card or the UFO model cannot be used.
        GeneratorFailed: if the model has to be found and MG5_aMC is not there.
    """
    work.mkdir(parents=True, exist_ok=True)
    try:
        delphes = delphes_card.read_text(encoding="utf-8")
    except OSError as error:
        raise InputFileError(
            f"cannot read {delphes_card}: {error.strerror}; Delphes brings"
            " cards/delphes_card_ATLAS.tcl"
        ) from error
    hepmc = HEPMC if chosen_shower(settings) == INTERFACE else None
    model = _model(settings, work)
    texts = {
        "mg5.txt": cards.mg5_script(settings, model=model, folder=PROCESS, cores=cores),
        "pythia8.cmnd": cards.pythia_card(settings, partons=PARTONS, hepmc=hepmc),
        "delphes.tcl": cards.delphes_card(delphes, settings, where=str(delphes_card)),
    }
    for name, text in texts.items():
        (work / name).write_text(text, encoding="utf-8")


def run_madgraph(
    settings: MadgraphSettings,
    delphes_card: Path,
    output: Path,
    work: Path,
    *,
    cores: int = 1,
    restart: bool = False,
) -> None:
    """Generate, shower and simulate; ``output`` is the Delphes file, there only if all went well.

    Args:
        settings: what to generate; the sample has the name of the output unless it is given.
        delphes_card: the Delphes card to start from.
        output: the ROOT file.
        work: folder for cards, logs and what lies between; must not hold a run already.
        cores: processes that MG5_aMC may run at once.
        restart: take away what an earlier run left in ``work``, finished or not.

    Raises:
        GeneratorFailed: if a program is missing, fails, or does not write what it should.
        InputFileError: if the Delphes card or the UFO model cannot be used.
    """
    settings = settings.named_after(output)
    if restart:
        _clear(work)
    if (work / PROCESS).exists() or (work / ROOT).exists():
        raise GeneratorFailed(
            f"{work} holds a run already; say --restart to replace it, or name another --work"
        )
    write_cards(settings, delphes_card, work, cores=cores)
    run = partial(run_program, settings.launcher, work=work)
    run("mg5_aMC", "mg5.txt")
    _unpack(work)
    if chosen_shower(settings) == DELPHES_PYTHIA:
        run(DELPHES_PYTHIA, "delphes.tcl", "pythia8.cmnd", ROOT)
    else:
        run(INTERFACE, "pythia8.cmnd")
        run("DelphesHepMC2", "delphes.tcl", ROOT, HEPMC)
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


def _model(settings: MadgraphSettings, work: Path) -> str:
    """Return the UFO model; for another kappa_lambda, that of a changed copy in ``work``."""
    name = cards.PROCESSES[settings.generate][0]
    if settings.ufo_model is not None:
        return settings.ufo_model
    if settings.kappa_lambda is None or settings.kappa_lambda == 1.0:
        return name
    if settings.launcher:
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
