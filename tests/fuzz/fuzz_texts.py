"""Kinds of JSON and YAML files: likelihoods, options and configurations."""

import json
import sys

import fuzz_changes as change
from fuzz_base import ROOT, TESTS, Kind, event_with_regressions, of_bytes


def _likelihood():
    sys.path.append(str(TESTS / "likelihood"))
    from exchange_example import example_model

    return example_model()


def hs3(_folder):
    """HS3 files."""
    from hh4b.core.files import read_json
    from hh4b.likelihood.hs3 import hs3_workspace
    from hh4b.likelihood.hs3_reading import read_hs3

    data = json.dumps(hs3_workspace(_likelihood(), [0.0, 1.0, 10.0])).encode()
    return Kind(
        ".json", data, of_bytes(data, change.damage_json),
        lambda path: read_hs3(read_json(path), where=str(path)),
    )  # fmt: skip


def histfactory(_folder):
    """HistFactory workspaces of the likelihood in kappa_lambda."""
    from hh4b.core.files import read_json
    from hh4b.likelihood.histfactory import histfactory_workspace
    from hh4b.likelihood.histfactory_reading import read_histfactory

    data = json.dumps(histfactory_workspace(_likelihood(), [0.0, 1.0, 10.0])).encode()
    return Kind(
        ".json", data, of_bytes(data, change.damage_json),
        lambda path: read_histfactory(read_json(path), where=str(path)),
    )  # fmt: skip


def likelihood_model(folder):
    """Files of likelihood models."""
    from hh4b.core.files import Provenance
    from hh4b.likelihood.model_file import read_model, write_model

    whole = folder / "whole_model.json"
    write_model(whole, _likelihood(), Provenance("fuzz", {}))
    return Kind(
        ".json", whole.read_bytes(), of_bytes(whole.read_bytes(), change.damage_json), read_model
    )


def options(_folder):
    """Options of the pairing network."""
    from hh4b.spanet.options import Options

    data = (ROOT / "config/spanet/options/smoke.json").read_bytes()
    return Kind(".json", data, of_bytes(data, change.damage_json), Options.read)


def event(folder):
    """Descriptions of events."""
    from hh4b.spanet.event import EventDescription

    data = event_with_regressions(folder)[1].read_bytes()
    return Kind(".yaml", data, of_bytes(data, change.damage_yaml), EventDescription.read)


def study(_folder):
    """Configurations of studies."""
    from hh4b.study.reading import read_study

    data = (TESTS / "studies/small.yaml").read_bytes()
    return Kind(".yaml", data, of_bytes(data, change.damage_yaml), read_study)
