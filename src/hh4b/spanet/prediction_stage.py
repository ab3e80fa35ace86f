"""Files that prediction writes: the layout of the reference, and this project's contracts."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import PAIRING, SCORES, TableWriter, open_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.hdf5_output import Hdf5Output, hdf5_output
from hh4b.core.logs import progress
from hh4b.spanet.data import count_events, read_chunks
from hh4b.spanet.kappa import KAPPA, SIGNAL, has_kappa_input
from hh4b.spanet.network import Network
from hh4b.spanet.prediction import Prediction
from hh4b.spanet.predictor import Predictor, open_predictor
from hh4b.spanet.settings import SpanetPredictSettings

#: Events read at a time: some 100 MB with ten jets each, whatever the size of the file.
CHUNK = 32768


@dataclass(frozen=True)
class PredictionFiles:
    """Files that a prediction writes; None: not this one.

    Attributes:
        prediction: in the layout of the reference.
        pairing: of the contract `PAIRING`.
        scores: of the contract `SCORES`.
    """

    prediction: Path | None = None
    pairing: Path | None = None
    scores: Path | None = None


def predict_to_files(
    models: Sequence[Path], dataset: Path, files: PredictionFiles, settings: SpanetPredictSettings
) -> None:
    """Predict assignments and classes of all events of a file.

    Args:
        models: checkpoint, or folder of a training; with folds one for each, in their order, which
            predicts the events of its fold.
        dataset: HDF5 file with the inputs.
        files: what is written, at least one.
        settings: values of the kappa input, the folds, and where it is computed.

    Raises:
        ConfigError: if nothing is to be written, or the network cannot give what is asked for, or
            a network was never trained with the kappa input of the pairing, or there are not as
            many models as folds.
        ContractError: if the dataset lacks an input or holds values that are not finite.
        InputFileError: if there is no checkpoint.
    """
    if files == PredictionFiles():
        raise ConfigError("nothing to write; give --output, --pairing-output or --scores-output")
    if settings.pairing_kappa is not None and files.prediction is None and files.pairing is None:
        raise ConfigError(
            "pairing_kappa is the input of predictions and pairings; for scores give --kappa-values"
        )
    if settings.folds and settings.output_vectors:
        raise ConfigError(
            "output_vectors: each fold has a network and vectors of its own; give one of the"
            " models, the events that it did not see, and no folds"
        )
    predictor, identity = open_predictor(models, dataset, settings)
    made = Provenance("spanet predict", identity)
    if files.prediction is not None or files.pairing is not None:
        told = {} if settings.pairing_kappa is None else {"pairing_kappa": settings.pairing_kappa}
        write_predictions(
            predictor, dataset, Provenance("spanet predict", {**identity, **told}),
            prediction=files.prediction, pairing=files.pairing, vectors=settings.output_vectors,
            kappa=settings.pairing_kappa,
        )  # fmt: skip
    if files.scores is not None:
        write_scores(predictor, dataset, files.scores, settings.kappa_values, made)


def write_predictions(
    predictor: Predictor,
    dataset: Path | str,
    provenance: Provenance,
    *,
    prediction: Path | None = None,
    pairing: Path | None = None,
    vectors: bool = False,
    kappa: float | None = None,
    chunk: int = CHUNK,
) -> int:
    """Predict all events of a file, a chunk at a time, and write the files asked for.

    Args:
        predictor: network, or those of the folds.
        dataset: HDF5 file with the inputs of the network.
        provenance: how the files are made.
        prediction: file in the layout of the reference.
        pairing: file of the contract `PAIRING`.
        vectors: whether ``prediction`` gets the embedding vectors.
        kappa: kappa input of all events; None: of each event its own.
        chunk: events in memory at a time.

    Returns:
        The number of events.

    Raises:
        ContractError: if the dataset lacks an input or holds values that are not finite.
        ConfigError: if a pairing is asked of a network that does not assign two pairs.
    """
    network = predictor.network
    if pairing is not None:
        require_two_pairs(network)
    total = count_events(dataset, network.event)
    with ExitStack() as stack:
        writer = None
        if prediction is not None:
            output = stack.enter_context(hdf5_output(prediction))
            writer = PredictionWriter(output, network, total)
            writer.copy_inputs(dataset, kappa)
            writer.file.attrs["provenance"] = provenance.as_json()
        table = None if pairing is None else stack.enter_context(TableWriter(pairing, PAIRING))
        chunks = read_chunks(dataset, network.event, size=chunk)
        for rows, events in progress(chunks, total=total, what="events predicted", size=chunk):
            if kappa is not None:
                events = events.with_feature(network.event, KAPPA, kappa)
            result = predictor.predict(rows, events, vectors=vectors and writer is not None)
            if writer is not None:
                writer.write(rows, result)
            if table is not None:
                table.append(pairing_arrays(network, result))
        if table is not None:
            told = predictor.stated | ({} if kappa is None else {"kappa_input": kappa})
            table.set_attributes(provenance, method="spanet", n_events=total, **told)
    return total


class PredictionWriter:
    """A prediction file in the layout of the reference, filled by rows."""

    def __init__(self, output: Hdf5Output, network: Network, rows: int) -> None:
        """Prepare an open file for ``rows`` events."""
        self.output, self.file = output, output.file
        self.network, self.rows = network, rows

    def copy_inputs(self, dataset: Path | str, kappa: float | None = None) -> None:
        """Copy the group INPUTS without bringing it to memory, with the kappa input in use."""
        with open_table(dataset) as source:
            sizes = source.sizes("INPUTS")
            self.output.reserve(sum(sizes), columns=len(sizes))
            source.copy("INPUTS", self.file)
        if kappa is not None:
            self.file[f"INPUTS/{KAPPA}"][...] = kappa

    def write(self, rows: slice, result: Prediction) -> None:
        """Write the results of the events ``rows``.

        Raises:
            ContractError: if one is not a number.
        """
        for number, particle in enumerate(self.network.event.particles):
            group = f"TARGETS/{particle.name}"
            for column, product in enumerate(particle.products):
                self._put(f"{group}/{product}", rows, result.jets[number][:, column])
            assignment = result.assignment_probability[number]
            detection = result.detection_probability[number]
            self._put(f"{group}/assignment_probability", rows, assignment)
            self._put(f"{group}/detection_probability", rows, detection)
            self._put(f"{group}/marginal_probability", rows, assignment * detection)
        for name, values in result.classes.items():
            self._put(f"CLASSIFICATIONS/{name}", rows, values)
        for name, values in result.regressions.items():
            self._put(f"REGRESSIONS/{name}", rows, values)
        for name, values in result.vectors.items():
            self._put(f"EMBEDDINGS/{name}", rows, values)

    def _put(self, name: str, rows: slice, values: NDArray[Any]) -> None:
        bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if bad.any():
            raise ContractError(
                f"the network gives no number for {name} in event"
                f" {(rows.start or 0) + int(np.argmax(bad))}; its weights are unusable, train it"
                " again"
            )
        if name not in self.file:
            size = self.rows * int(np.prod(values.shape[1:])) * values.dtype.itemsize
            self.output.reserve(size, columns=1)
            self.file.create_dataset(name, (self.rows, *values.shape[1:]), values.dtype)
        self.file[name][rows] = values


def require_two_pairs(network: Network) -> None:
    """Check that a network assigns two pairs of vectors of one input.

    Raises:
        ConfigError: if it does not.
    """
    particles = network.event.particles
    if [p.degree for p in particles] != [2, 2] or len(network.event.sequential) != 1:
        names = ", ".join(f"{p.name}({','.join(p.products)})" for p in particles)
        raise ConfigError(
            f"a pairing needs two particles of two products; this network has {names}"
        )


def pairing_arrays(network: Network, result: Prediction) -> dict[str, NDArray[Any]]:
    """Return the columns of the contract `PAIRING`; detection only where it was trained."""
    arrays: dict[str, NDArray[Any]] = {
        "jets": np.stack(result.jets, axis=1).astype(np.int8),
        "assignment_probability": np.ascontiguousarray(result.assignment_probability.T),
    }
    if network.options.detection_loss_scale:
        arrays["detection_probability"] = np.ascontiguousarray(result.detection_probability.T)
    return arrays


def write_scores(
    predictor: Predictor,
    dataset: Path | str,
    output: Path,
    kappas: Sequence[float],
    provenance: Provenance,
    *,
    chunk: int = CHUNK,
) -> int:
    """Write the probability to be signal at each value of the kappa input (contract `SCORES`).

    Without a kappa input the score is the same at every value.

    Raises:
        ConfigError: if the network has no signal classification, or no value was given.
    """
    network = predictor.network
    if network.classes.get(SIGNAL) != 2:
        raise ConfigError(f"this network has no two classes {SIGNAL}; it gives no scores")
    if not kappas:
        raise ConfigError("no value of the kappa input; give --kappa-values")
    total = count_events(dataset, network.event)
    values = np.asarray(kappas, dtype=np.float64)
    with TableWriter(output, SCORES) as table:
        chunks = read_chunks(dataset, network.event, size=chunk)
        for rows, events in progress(chunks, total=total, what="events scored", size=chunk):
            score = np.empty((len(events), len(values)), dtype=np.float32)
            for column, kappa in enumerate(values):
                if has_kappa_input(network.event):
                    here = events.with_feature(network.event, KAPPA, float(kappa))
                    score[:, column] = predictor.class_probability(rows, here, SIGNAL)[:, 1]
                elif column == 0:
                    score[:] = predictor.class_probability(rows, events, SIGNAL)[:, 1:]
            table.append({"kappa_lambda": values, "score": score})
        table.set_attributes(provenance, classifier="spanet", n_events=total, **predictor.stated)
    return total
