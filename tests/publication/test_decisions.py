from dataclasses import replace

import numpy as np
import pytest
from tests.publication.conftest import limits, provenance, templates

from hh4b.core import contracts
from hh4b.core.files import write_json
from hh4b.publication.inputs import Inputs
from hh4b.publication.page.decisions import decision_section, decisions
from hh4b.publication.page.files import PageFiles
from hh4b.publication.settings import PageSettings, WidthClaim

CLAIM = WidthClaim(wider="dnn", narrower="spanet", table="26")
BOOTSTRAP = {"kind": "bootstrap", "seed": 1, "replicas": 4, "samples": ["hh"]}


def with_replicas(content, lower, upper, training=None):
    """Put replicas of both bounds, and errors that hold events and training, into limits."""
    content["errors"] = BOOTSTRAP
    for method in ("profile", "cls"):
        content[method]["replica_bounds"] = {"lower": lower, "upper": upper}
        spread = float(np.std(np.subtract(upper, lower), ddof=1))
        content[method]["width_error_parts"] = {"events": spread, "training": training}
        content[method]["width_error"] = float(np.hypot(spread, training or 0))
    return content


@pytest.fixture
def compare(tmp_path):
    def run(wider, narrower, *more):
        texts = []
        for name, content in (("dnn", wider), ("spanet", narrower)):
            write_json(tmp_path / f"{name}.json", content, provenance(name=name))
            texts.append(f"headline.{name}={tmp_path}/{name}.json")
        settings = PageSettings(labels={"dnn": "DNN", "spanet": "SPANet2"}, claims=[CLAIM])
        return PageFiles(Inputs.parse("summary", [*texts, *more]), settings)

    return run


def test_a_paired_difference_decides(compare):
    """Replicas move together: the widths have errors of 1, their difference has one of 0.1."""
    low, up = [-3.0, -3.0, -3.0, -3.0], [9.0, 10.0, 11.0, 12.0]
    wider = with_replicas(limits(width=6.5), low, [x + 1 + 0.1 * (x % 2) for x in up])
    files = compare(wider, with_replicas(limits(width=6.0), low, up))
    text = " ".join(decision_section(files))
    assert "**decided: SPANet2 is narrower, as in the note**" in text
    assert "difference 1.00 ± 0.06, the error is paired" in text
    assert "the spread of trainings is not in it" in text
    assert "would decide" not in text


def test_what_is_not_decided_says_how_many_events_would(compare, tmp_path):
    """The difference 1 has an error of 1: two errors need four times the events."""
    wider = limits(width=6.5, error=0.2)
    narrower = limits(width=6.0, error=0.2)
    for content in (wider, narrower):
        for method in ("profile", "cls"):
            content[method]["width_error"] = 0.5**0.5
        content["n_background_by_process"] = {"four_b": 100.0}
        content["bin_edges_gev"] = templates()["bin_edges_gev"]
    contracts.write_table(
        tmp_path / "four_b.h5", contracts.FEATURES, {"features": np.zeros((2, 1))},
        provenance(), columns=["a"], n_generated=80000,
    )  # fmt: skip
    write_json(tmp_path / "templates.json", templates(), provenance("templates"))
    files = compare(
        wider,
        narrower,
        f"background.four_b={tmp_path}/four_b.h5",
        f"templates.spanet={tmp_path}/templates.json",
    )
    text = " ".join(decision_section(files))
    assert "By profile likelihood: **not decided**" in text
    assert "there is no paired error, though both use the same events" in text
    assert "4.0 times the simulated events would decide it by profile likelihood" in text
    assert "320,000 events of four_b generated instead of 80,000" in text
    assert "effective background events after SPANet2 instead of" in text
    short = decisions(files, CLAIM)[0].short()
    assert short.startswith("not decided (widths differ by 1.00 ± 1.00; 4.0 times")


@pytest.mark.parametrize(
    ("training", "said", "short"),
    [
        (1.0, "the spread of trainings, 1.41, is in it", "no number of events would decide it"),
        (0.0, "the spread of trainings is no larger than their events explain", "decided"),
    ],
)
def test_the_spread_of_trainings_is_told(compare, training, said, short):
    low, up = [-3.0, -3.0, -3.0, -3.0], [9.0, 10.0, 11.0, 12.0]
    files = compare(
        with_replicas(limits(width=6.1), low, [x + 1 for x in up], training=training),
        with_replicas(limits(width=6.0), low, up, training=training),
    )
    text = " ".join(decision_section(files))
    assert f"; {said}." in text
    assert short in decisions(files, CLAIM)[0].short()
    undecided = "No number of events decides it by profile likelihood" in text
    assert undecided == (training > 0)


def test_another_order_than_the_notes_is_said(compare):
    low, up = [-3.0, -3.0, -3.0, -3.0], [9.0, 10.0, 11.0, 12.0]
    files = compare(
        with_replicas(limits(width=6.0), low, [x - 1 + 0.1 * (x % 2) for x in up]),
        with_replicas(limits(width=6.5), low, up),
    )
    assert "decided: SPANet2 is wider, other than in the note" in " ".join(decision_section(files))


def test_what_the_note_calls_similar(compare):
    low, up = [-3.0, -3.0, -3.0, -3.0], [9.0, 10.0, 11.0, 12.0]
    files = compare(
        with_replicas(limits(width=6.5), low, [x + 1 + 0.1 * (x % 2) for x in up]),
        with_replicas(limits(width=6.0), low, up),
    )
    first = replace(decisions(files, CLAIM)[0], alike=True)
    assert first.verdict == "decided: SPANet2 is narrower, other than in the note"
    files = compare(
        with_replicas(limits(width=6.05), low, up[::-1]),
        with_replicas(limits(width=6.0), low, up),
    )
    first = replace(decisions(files, CLAIM)[0], alike=True)
    assert first.verdict == "no difference beyond two errors"


def test_one_selection_under_two_names_is_no_comparison(compare):
    """Where a search keeps the options it began with, the tuned network is the one before it."""
    bounds = [-3.0, -3.0, -3.0, -3.0], [9.0, 10.0, 11.0, 12.0]
    files = compare(*(with_replicas(limits(width=6.0), *bounds, training=0.5) for _ in range(2)))
    first = decisions(files, CLAIM)[0]
    assert first.same
    said = "nothing to compare, both select the same events"
    assert first.short() == said
    text = " ".join(decision_section(files))
    assert f"By profile likelihood: {said} (width 12.00 ± 1.38)." in text
    assert "would decide" not in text


def test_without_an_interval_nothing_is_decided(compare):
    none = limits(width=6.0, error=0.2)
    none.update(status="too_few_background_events", reason="3 effective, 20 needed")
    for method in ("profile", "cls"):
        none[method].update(width=None, interval=[None, None], width_error=None)
    files = compare(none, limits(width=5.0, error=0.2))
    text = " ".join(decision_section(files))
    assert "By CLs: cannot be decided, DNN: 3 effective, 20 needed." in text
    assert "cannot be decided (DNN: 3 eff" in decisions(files, CLAIM)[0].short()


def test_without_errors_nothing_is_decided(compare):
    text = " ".join(decision_section(compare(limits(width=6.0), limits(width=5.0))))
    assert "**cannot be decided**" in text
    assert "the limit files have no errors" in text
