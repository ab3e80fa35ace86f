"""Kinds of files that are read: good ones, how they are damaged, and who reads them."""

from collections.abc import Callable
from pathlib import Path

from fuzz_base import Kind
from fuzz_events import delphes, hepmc, hepmc2, lhe
from fuzz_networks import dense_checkpoint, spanet_checkpoint
from fuzz_tables import dataset, factors, features, pairing, scores, spanet_events
from fuzz_texts import event, histfactory, hs3, likelihood_model, options, study

KINDS: dict[str, Callable[[Path], Kind]] = {
    one.__name__: one
    for one in (
        lhe, hepmc, hepmc2, delphes, dataset, spanet_events, pairing, features, scores, factors,
        spanet_checkpoint, dense_checkpoint, hs3, histfactory, likelihood_model, options, event,
        study,
    )
}  # fmt: skip
