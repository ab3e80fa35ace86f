"""The best of repeated trainings."""

import json

import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.training.repeats import choose, parse_candidate


@pytest.fixture
def candidates(tmp_path):
    def make(*contents):
        texts = []
        for number, content in enumerate(contents):
            (tmp_path / f"{number}.pt").write_text(f"model {number}")
            (tmp_path / f"{number}.json").write_text(json.dumps(content))
            texts.append(f"{tmp_path}/{number}.pt:{tmp_path}/{number}.json")
        return [parse_candidate(text) for text in texts]

    return make


@pytest.mark.parametrize(
    ("wrap", "by"),
    [
        (lambda v: {"accuracy": v, "assignment": {"event_efficiency": -v}}, "accuracy"),
        (
            lambda v: {
                "classification": {"EVENT/signal": {"accuracy": v}},
                "assignment": {"event_efficiency": -v},
            },
            "classification/EVENT/signal/accuracy",
        ),
        (
            lambda v: {"classification": {}, "assignment": {"event_efficiency": v}},
            "assignment/event_efficiency",
        ),
    ],
)
def test_model_and_metrics_of_the_best(candidates, tmp_path, wrap, by):
    given = candidates(*(wrap(value) for value in (0.7, 0.9, 0.9, 0.8)))
    assert choose(given, tmp_path / "m.pt", tmp_path / "m.json") == 1
    assert (tmp_path / "m.pt").read_text() == "model 1"
    found = json.loads((tmp_path / "m.json").read_text())
    assert found["choice"] == {"by": by, "values": [0.7, 0.9, 0.9, 0.8], "chosen": 1}
    assert wrap(0.9).items() <= found.items()


def test_what_cannot_be_ranked_is_refused(candidates, tmp_path):
    output = tmp_path / "m.pt", tmp_path / "m.json"
    with pytest.raises(ContractError, match=r"0\.json has none of accuracy"):
        choose(candidates({"loss": 1}), *output)
    with pytest.raises(ContractError, match=r"1\.json: entry 'accuracy' is None"):
        choose(candidates({"accuracy": 1.0}, {}), *output)
    with pytest.raises(ConfigError, match="is not of the form MODEL.pt:METRICS.json"):
        parse_candidate("model.pt")
    with pytest.raises(ConfigError, match="no training"):
        choose([], *output)
    assert not output[0].exists()
