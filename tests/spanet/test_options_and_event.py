import json

import pytest

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options

TTBAR = {
    "INPUTS": {"SEQUENTIAL": {"Source": {"pt": "log_normalize", "btag": "none"}}, "GLOBAL": None},
    "EVENT": {"t1": ["q1", "q2", "b"], "t2": ["q1", "q2", "b"]},
    "PERMUTATIONS": {"EVENT": [["t1", "t2"]], "t1": [["q1", "q2"]], "t2": [["q1", "q2"]]},
    "REGRESSIONS": None,
    "CLASSIFICATIONS": None,
}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"hidden_dmi": 32}, "unknown option 'hidden_dmi'"),
        ({"hidden_dim": "wide"}, "hidden_dim"),
        ({"hidden_dim": 30, "num_attention_heads": 4}, "no multiple of num_attention_heads"),
        ({"linear_block_type": "Transformer"}, "linear_block_type"),
        ({"mask_sequence_vectors": False}, "mask_sequence_vectors"),
        ({"regression_loss_scale": -1.0}, "regression_loss_scale"),
        ({"combinatorial_scale": 0.1}, "combinatorial_scale"),
        ({"learning_rate": -1}, "learning_rate"),
    ],
)
def test_wrong_option_is_named(tmp_path, content, message):
    path = tmp_path / "o.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match=message):
        Options.read(path)


def test_choices_are_read_like_the_reference_does():
    options = Options.from_mapping(
        {"transformer_type": "Norm First", "normalization": "Layer_Norm"}
    )
    assert (options.transformer_type, options.normalization) == ("normfirst", "layernorm")
    assert Options.from_mapping({"transformer_type": "GTrXL"}).transformer_type == "gated"
    assert Options.from_mapping({"skip_connections": 0}).skip_connections is False


def test_only_given_keys_without_effect_are_told():
    options = Options.from_mapping({"transformer_dim": 64}).changed(epochs=3)
    assert list(options.without_effect()) == ["transformer_dim"]


def test_round_trip_keeps_symmetries():
    event = EventDescription.from_mapping(TTBAR)
    assert event.particles[0].group == ((0, 1, 2), (1, 0, 2))
    assert event.particles[0].orbits == ((0, 1), (2,))
    assert EventDescription.from_mapping(event.as_mapping()) == event


def test_round_trip_keeps_the_order_of_inputs():
    """Weights follow the order of the inputs, so a checkpoint must keep it."""
    jets, met = {"Jets": {"pt": "log"}}, {"Met": {"met": "log_normalize"}}
    for kinds in ({"GLOBAL": met, "SEQUENTIAL": jets}, {"SEQUENTIAL": jets, "GLOBAL": met}):
        event = EventDescription.from_mapping({**TTBAR, "INPUTS": kinds})
        assert [item.name for item in event.inputs] == [n for k in kinds.values() for n in k]
        assert EventDescription.from_mapping(event.as_mapping()) == event


def test_simultaneous_swaps_generate_a_smaller_group():
    names = {"a": ["x"], "b": ["x"], "c": ["x"], "d": ["x"]}
    together = {**TTBAR, "EVENT": names, "PERMUTATIONS": {"EVENT": [[["a", "b"], ["c", "d"]]]}}
    apart = {**together, "PERMUTATIONS": {"EVENT": [["a", "b"], ["c", "d"]]}}
    assert EventDescription.from_mapping(together).group == ((0, 1, 2, 3), (1, 0, 3, 2))
    assert len(EventDescription.from_mapping(apart).group) == 4
    three = {**together, "PERMUTATIONS": {"EVENT": [["a", "b", "c"]]}}
    assert len(EventDescription.from_mapping(three).group) == 6


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("PERMUTATIONS", {"EVENT": [["t1", "t3"]]}, "unknown particle 't3'"),
        ("PERMUTATIONS", {"t9": [["q1", "q2"]]}, "unknown particle 't9'"),
        ("PERMUTATIONS", {"t1": [["q1", "q2"]], "EVENT": [["t1", "t2"]]}, "interchangeable"),
        ("REGRESSIONS", {"EVENT": "mass"}, "REGRESSIONS/EVENT: expected a list, got 'mass'"),
        ("REGRESSIONS", {"EVENT": {"mass": "gaussian"}}, "REGRESSIONS/EVENT: expected a list"),
        ("REGRESSIONS", {"EVENT": [{"mass": "gaussian"}]}, "is no name"),
        ("REGRESSIONS", {"EVENT": [["m", "gauss"]]}, "EVENT/m: kind 'gauss' is none of gaussian"),
        ("REGRESSIONS", {"EVENT": [["m", ["gaussian"]]]}, "kind .* is none of"),
        ("REGRESSIONS", {"EVENT": [["m", "gaussian", 1]]}, r"is neither a name nor \[name, kind\]"),
        ("REGRESSIONS", {"EVENT": [[]]}, "is neither a name nor"),
        ("REGRESSIONS", {"EVENT": [[["m"], "gaussian"]]}, "is no name"),
        ("REGRESSIONS", {"EVENT": ["a", ["a", "laplacian"]]}, "'EVENT/a' occurs twice"),
        ("REGRESSIONS", {"EVENT": ["a.b", "a_b"]}, "'EVENT/a.b' differs from another name by a"),
        ("REGRESSIONS", {"EVENT": [None]}, "None is no name"),
        ("REGRESSIONS", {"EVENT": ["a/b"]}, "'a/b' is no name"),
        ("REGRESSIONS", {"h1": {"PARTICLE": ["m"]}}, "REGRESSIONS names the unknown particle 'h1'"),
        ("REGRESSIONS", {"t1": {"q3": ["m"]}}, "REGRESSIONS/t1 names the unknown product 'q3'"),
        ("REGRESSIONS", {"t1": ["m"]}, "REGRESSIONS/t1: expected a mapping, got list"),
        ("REGRESSIONS", ["m"], "REGRESSIONS: expected a mapping, got list"),
        ("CLASSIFICATIONS", {"EVENT": ["a.b", "a_b"]}, "differs from another name by a dot"),
        ("EVENT", {"t1": [{"q1": "Leptons"}]}, "'Leptons'"),
        ("INPUTS", {"SEQUENTIAL": {"Source": {"pt": "logarithm"}}}, "'logarithm'"),
        ("INPUTS", {"GLOBAL": {"Met": {"met": "none"}}}, "SEQUENTIAL"),
        ("INPUTS", {"RELATIVE": {"Source": {"pt": "none"}}}, "RELATIVE"),
        ("CLASSIFICATIONS", {"h1": {"PARTICLE": ["x"]}}, "'h1'"),
        ("PERMUTATION", {}, "PERMUTATION"),
        ("PERMUTATIONS", {"t1": 1}, "PERMUTATIONS/t1: expected a list, got 1"),
        ("PERMUTATIONS", {"EVENT": "t1"}, "PERMUTATIONS/EVENT: expected a list, got 't1'"),
        ("PERMUTATIONS", {"EVENT": ["t1", "t2"]}, "'t1' is not a list of names"),
        ("PERMUTATIONS", {"EVENT": [[["t1", "t2"], 3]]}, "expected a list, got 3"),
        ("PERMUTATIONS", {"EVENT": [[["t1", "t2"], "t1"]]}, "expected a list, got 't1'"),
        ("PERMUTATIONS", {"EVENT": [["t1", "t1"]]}, "names one twice"),
        ("PERMUTATIONS", {"t1": [[["q1", "q2"], ["q2", "b"]]]}, "names one twice"),
        ("PERMUTATIONS", {"t1": [[["q1", "q2"], None]]}, "has an empty cycle"),
        ("PERMUTATIONS", {"t1": [[[]]]}, "has an empty cycle"),
        ("PERMUTATIONS", {"EVENT": [[["t1", "t2"], ["t2", "t1"]]]}, "names one twice"),
        ("PERMUTATIONS", ["t1"], "expected a mapping, got list"),
        ("EVENT", {"t1": "q1"}, "must list at least one product"),
        ("EVENT", {"t1": [None]}, "None is neither a product"),
        ("EVENT", {"t1": [{}]}, "neither a product"),
        ("EVENT", {"t1": [["q1"]]}, "neither a product"),
        ("INPUTS", {"SEQUENTIAL": {"Source": {}}}, "names no feature"),
        ("INPUTS", {"SEQUENTIAL": {"Source": ["pt"]}}, "expected a mapping, got list"),
        ("CLASSIFICATIONS", {"EVENT": "signal"}, "EVENT: expected a list, got 'signal'"),
        ("CLASSIFICATIONS", {"EVENT": {"signal": 1}}, "expected a list"),
        ("CLASSIFICATIONS", {"EVENT": ["a", "a"]}, "'EVENT/a' occurs twice"),
        ("CLASSIFICATIONS", {"EVENT": [None]}, "None is no name"),
        ("CLASSIFICATIONS", {"EVENT": ["a/b"]}, "'a/b' is no name"),
        ("CLASSIFICATIONS", {"t1": {"PARTICLE": "kind"}}, "expected a list, got 'kind'"),
    ],
)
def test_wrong_event_is_named(section, value, message):
    with pytest.raises(ConfigError, match=message):
        EventDescription.from_mapping({**TTBAR, section: value})


def test_missing_and_broken_event_files(tmp_path):
    with pytest.raises(InputFileError, match=r"none\.yaml"):
        EventDescription.read(tmp_path / "none.yaml")
    (tmp_path / "e.yaml").write_text("INPUTS: [")
    with pytest.raises(InputFileError, match="not YAML"):
        EventDescription.read(tmp_path / "e.yaml")


def test_options_of_others(tmp_path, caplog):
    """A byte-order mark, a key of an older version, a refused value that a change takes back."""
    path = tmp_path / "o.json"
    path.write_bytes(b'\xef\xbb\xbf{"hidden_dim": 32, "num_branch_classification_layers": 6}')
    with caplog.at_level("INFO"):
        assert Options.read(path).hidden_dim == 32
    assert "num_branch_classification_layers is of an older version" in caplog.text
    path.write_text(json.dumps({"combinatorial_scale": 1.0, "hidden_dim": 32}))
    with pytest.raises(ConfigError, match="combinatorial_scale = 1.0 is refused"):
        Options.read(path)
    back = Options.read(path, {"combinatorial_scale": 0})
    assert back == Options.from_mapping({"hidden_dim": 32, "combinatorial_scale": 0})
    with pytest.raises(ConfigError, match=r"o\.json with its changes: unknown option 'dim'"):
        Options.read(path, {"dim": 0})


@pytest.mark.parametrize(
    "text", ['{"epochs": 1, "epochs": 2}', '{"dropout": NaN}', '{"learning_rate": 1e999}', "[]"]
)
def test_options_that_say_two_things_or_nothing(tmp_path, text):
    (tmp_path / "o.json").write_text(text)
    with pytest.raises(InputFileError, match=r"o\.json"):
        Options.read(tmp_path / "o.json")
