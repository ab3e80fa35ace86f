import json

import pytest

from hh4b.core.errors import ConfigError
from hh4b.core.files import canonical_hash
from hh4b.core.settings import Settings
from hh4b.training.search_ranges import DnnRanges, SpanetRanges


@pytest.mark.parametrize("kind", [DnnRanges, SpanetRanges])
def test_ranges_are_settings(kind):
    assert issubclass(kind, Settings)
    assert kind.from_json(kind().as_json()) == kind()


@pytest.mark.parametrize("kind", [DnnRanges, SpanetRanges])
def test_defaults_and_the_same_as_json_name_one_study(kind):
    again = kind.from_json(kind().as_json())
    assert canonical_hash(again.model_dump()) == canonical_hash(kind().model_dump())
    assert canonical_hash(json.loads(kind().as_json())) == canonical_hash(kind().model_dump())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"dropout": [0.3, 0.1]}, "dropout: 0.3 is above 0.1"),
        ({"dropout": [-0.1, 0.1]}, "dropout.0: value -0.1"),
        ({"learning_rate": [0, 0.1]}, "learning_rate.0: value 0"),
        ({"hidden_dim": []}, "hidden_dim"),
        ({"heads": [1, 2]}, "heads: unknown key"),
    ],
)
def test_wrong_range_is_said(content, message):
    with pytest.raises(ConfigError) as error:
        SpanetRanges.checked(content)
    assert message in str(error.value)
