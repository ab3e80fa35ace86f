"""Which files of a run an archive takes, and how they are written there."""

import gzip
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from hh4b.core.errors import InputFileError
from hh4b.core.files import read_json
from hh4b.core.strict_json import to_json
from hh4b.publication.catalogue import PlannedOutput, outputs
from hh4b.publication.page.comparisons import COMPARISON
from hh4b.publication.record.run import CONFIGURATION, RECORD
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.methods import Dnn

#: Width of the small pictures of figures, in pixels.
SMALL_WIDTH = 640
#: Colours of a small picture, chosen by how far apart they are. By how often they occur, which is
#: the library's default, a thin green bar beside many blue ones becomes blue.
_COLOURS = 256
_BY_DISTANCE = Image.Quantize.MAXCOVERAGE
#: Files of an output: those that are taken, and those that the conclusions are read from.
_TABLE, _FIGURE = (".csv", ".md", ".json"), (".pdf", ".png", ".svg")
_READ = (".json", ".svg")
#: Of a likelihood: results, and what others can build it from.
_FOUND, _MODELS = ("fit",), ("hs3", "histfactory")

Writer = Callable[[Path, Path], None]


@dataclass(frozen=True)
class KeptFile:
    """A file of an archive.

    Attributes:
        source: where it lies.
        name: in the archive, with ``/``.
        write: makes it of its source; None where it is read and not taken.
        what: the output that it is of, in words, for a line that says that it is missing.
    """

    source: Path
    name: str
    write: Writer | None
    what: str


def kept_files(layout: Layout, *, workspaces: bool) -> Iterator[KeptFile]:
    """Yield everything that an archive of a study holds beside what is made for it.

    Args:
        layout: of the study.
        workspaces: whether likelihoods that others can build on are taken.
    """
    results = Path(layout.results)
    for name in (CONFIGURATION, RECORD):
        yield KeptFile(results / name, name, copied, name)
    if layout.study.publication.reference:
        yield KeptFile(results / COMPARISON, COMPARISON, copied, "comparison with the note")
    for one in outputs(layout).values():
        if not one.absent:
            yield from _output(results, one)
    for path, what in _limits(layout):
        yield _below(results, path, without_blanks, what)
    for path, what in _curves(layout):
        yield _below(results, path, copied, what)
    if workspaces:
        for path, what in _workspaces(layout):
            yield _below(results, path, compressed, what)


def _output(results: Path, one: PlannedOutput) -> Iterator[KeptFile]:
    for suffix in _TABLE if one.medium == "table" else _FIGURE:
        write = made_small if suffix == ".png" else None if suffix in _READ else copied
        yield _below(results, f"{one.stem}{suffix}", write, one.name.replace("_", " "))


def _limits(layout: Layout) -> Iterator[tuple[str, str]]:
    chosen = layout.study.likelihood
    for name in layout.study.selections:
        for path in layout.of_every_energy("limits", name):
            yield path, f"limits of {name}"
    for name in chosen.selections:
        for part in _FOUND:
            for path in layout.likelihoods(part, name):
                yield path, f"likelihood of {name}"
    for name in chosen.toys:
        yield layout.likelihood("toys", name), f"pseudo-experiments of {name}"
    for name in chosen.couplings:
        yield layout.likelihood("couplings", name), f"couplings of {name}"


def _workspaces(layout: Layout) -> Iterator[tuple[str, str]]:
    for name in layout.shown(layout.study.selections):
        for path in layout.of_every_energy("workspaces", name):
            yield path, f"workspaces of {name}"
    models = {p for name in layout.study.likelihood.selections for part in _MODELS
              for p in layout.likelihoods(part, name)}  # fmt: skip
    for path in JobInputs(layout).likelihoods():
        if path in models:
            yield path, "workspaces of the likelihood"


def _curves(layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield the learning curves of the first network of every training."""
    for name in layout.study.spanet_trainings:
        yield layout.learning_curve(f"spanet/{name}"), f"learning curve of {name}"
    for name, classifier in layout.study.classifiers.items():
        if isinstance(classifier, Dnn):
            yield layout.learning_curve(name), f"learning curve of {name}"


def _below(results: Path, path: str, write: Writer | None, what: str) -> KeptFile:
    name = Path(path).relative_to(results).as_posix()
    return KeptFile(Path(path), name + (".gz" if write is compressed else ""), write, what)


def copied(source: Path, target: Path) -> None:
    """Copy a file as it is."""
    shutil.copyfile(source, target)


def without_blanks(source: Path, target: Path) -> None:
    """Write a JSON file on one line, which takes a quarter less.

    Raises:
        InputFileError: if it is no JSON file.
    """
    text = to_json(read_json(source), ensure_ascii=False, separators=(",", ":"))
    target.write_text(text + "\n", encoding="utf-8")


def compressed(source: Path, target: Path) -> None:
    """Compress a text with gzip; neither date nor name are in it."""
    stream = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as file:
        file.write(source.read_bytes())
    target.write_bytes(stream.getvalue())


def made_small(source: Path, target: Path) -> None:
    """Make a small picture of a figure.

    Raises:
        InputFileError: if it is no picture.
    """
    try:
        with Image.open(source) as picture:
            image = picture.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise InputFileError(f"{source} is no picture; make the figure again") from error
    height = max(1, round(image.height * SMALL_WIDTH / image.width))
    small = image.resize((SMALL_WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(_COLOURS, method=_BY_DISTANCE).save(target, format="PNG", optimize=True)
