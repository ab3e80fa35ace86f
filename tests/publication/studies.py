"""Small studies for tests of the catalogue."""

import copy

from hh4b.study.layout import Layout
from hh4b.study.reading import parse_study

SMALL = {
    "processes": {
        "hh": {"kind": "signal", "label": "gg → HH"},
        "four_b": {"kind": "background", "label": "pp → 4b", "cross_section_pb": {13: 628.6}},
    },
    "samples": {
        "hh": {"source": "gg_hh", "process": "hh", "kappa_lambda": [1, 5], "events": 10},
        "four_b": {"source": "four_b", "process": "four_b", "events": 10},
    },
    "pairings": {"min_dr": {"method": "min_dr"}},
    "classifiers": {
        "min_dr_dnn": {"kind": "dnn", "pairing": "min_dr"},
        "min_dr_cuts": {"kind": "cuts", "pairing": "min_dr"},
    },
    "selections": {"min_dr_dnn": {"pairing": "min_dr", "classifier": "min_dr_dnn"}},
    "statistics": {"sqrt_s_tev": [13], "luminosities_ifb": [139]},
}
TTBAR = {
    "processes": {
        "ttbar": {"kind": "background", "label": "pp → tt̄", "cross_section_pb": {13: 830.0}}
    },
    "samples": {"ttbar": {"source": "files", "process": "ttbar", "files": ["ttbar.root"]}},
}


def layout(*changes):
    """Return the layout of the small study with changes laid over it; None takes a key away."""
    content = copy.deepcopy(SMALL)
    for change in changes:
        overlay(content, change)
    return Layout(parse_study(content))


def overlay(content, change):
    """Lay a mapping over another one, in place."""
    for key, value in change.items():
        if value is None:
            content.pop(key, None)
        elif isinstance(value, dict) and isinstance(content.get(key), dict):
            overlay(content[key], value)
        else:
            content[key] = copy.deepcopy(value)
