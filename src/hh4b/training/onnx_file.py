"""Write a network as ONNX, with what it takes and how it was made beside the graph."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, atomic_path, canonical_hash
from hh4b.core.strict_json import to_json

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)
#: Axes whose sizes are free, by their name in the file.
Axes = Mapping[int, str]


def require_onnx() -> None:
    """Check, before any work, that ONNX can be written here.

    Raises:
        ConfigError: if a package is missing, saying how to get it.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"ONNX needs the package {error.name}, which is not installed;"
            " run `pip install 'hh4b[onnx]'`"
        ) from error


def weights_digest(module: "torch.nn.Module") -> str:
    """Return 16 hexadecimal digits that depend on names and values of the weights only."""
    return canonical_hash({k: v.tolist() for k, v in module.state_dict().items()})


def write_onnx(
    path: Path,
    module: "torch.nn.Module",
    inputs: Mapping[str, "torch.Tensor"],
    axes: Sequence[Axes],
    outputs: Sequence[str],
    metadata: Mapping[str, Any],
    provenance: Provenance,
) -> None:
    """Write a module, whole or not at all.

    Args:
        path: file to write.
        module: in evaluation mode; a function of tensors, by position.
        inputs: an example of each by the name it gets, at least two along every free axis.
        axes: of each input, which of its axes are free.
        outputs: names of the outputs in order.
        metadata: what the file says of itself: text as it is, anything else as JSON.
        provenance: how it was made.

    Raises:
        ConfigError: if a package is missing.
    """
    require_onnx()
    # The exporter asks for a temporary folder, and without one ends in a word about its caches.
    tempfile.gettempdir()
    import torch

    names = sorted({name for one in axes for name in one.values()})
    free = {name: torch.export.Dim(name) for name in names}
    shapes = tuple({axis: free[name] for axis, name in one.items()} for one in axes)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            tuple(inputs.values()),
            dynamo=True,
            dynamic_shapes=(shapes,),
            input_names=list(inputs),
            output_names=list(outputs),
            verbose=False,
        )
    if program is None:
        raise ConfigError("this torch writes no ONNX program; use the version of requirements.lock")
    model = program.model_proto
    told = {**metadata, "provenance": provenance.as_json()}
    for key, value in told.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value if isinstance(value, str) else to_json(value)
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString())
    log.info("wrote %s: %s -> %s", path, ", ".join(inputs), ", ".join(outputs))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what the exporter says about itself."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
