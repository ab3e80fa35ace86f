import re
from pathlib import Path

import pytest
import yaml

from hh4b.configuration.documentation import markdown
from hh4b.configuration.study import expand_samples, parse_study, read_study
from hh4b.errors import ConfigError

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def changed(path, value):
    content = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    *parents, last = path.split(".")
    node = content
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        ("sede", 1, "sede: unknown key, value 1"),
        ("event_selection.jet_pt_min_mev", 40000, "jet_pt_min_mev: unknown key"),
        ("event_selection.jet_pt_min_gev", "40 GeV", "'40 GeV'"),
        ("event_selection.jet_pt_min_gev", -1, "greater than 0"),
        ("event_selection.min_tags", 3, "greater than or equal to 4"),
        ("physics.sqrt_s_tev", 13000, "13 or 14"),
        ("samples.hh.kappa_lambda", [1, "five"], "'five'"),
        ("samples.hh.kappa_lambda", [1, float("nan")], "nan"),
        ("samples.hh.kappa_lambda", [1, 1], "twice"),
        ("samples.hh.source", "pythia", "gg_hh"),
        (
            "samples.mg",
            {"source": "madgraph", "process": "4b", "events": 1, "delphes_card": "c"}
            | {"kappa_lambda": 1},
            "belongs to hh",
        ),
        ("statistics.luminosities_ifb", [0], "greater than 0"),
        ("statistics.kappa_lambda_min", 2, "kappa_lambda = 1"),
        ("statistics.m_hh_min_gev", 1200, "m_hh_min_gev 1200"),
        ("classifiers.min_dr_dnn.pairing", "kappa5", "expected one of ['min_dr'"),
        ("selections.min_dr_dnn.classifier", "bdt", "'bdt'"),
        ("publication.figure_style", {"fig3": {}}, "fig3"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(path, value, wanted):
    with pytest.raises(ConfigError, match=re.escape(wanted)) as caught:
        parse_study(changed(path, value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scale", sorted((ROOT / "config/scale").glob("*.yaml")), ids=str)
def test_scales_change_numbers_only(scale):
    default, scaled = (
        read_study(ROOT / "config/config.yaml"),
        read_study(ROOT / "config/config.yaml", scale),
    )
    assert set(default.selections) <= set(scaled.selections)
    assert set(default.samples) == set(scaled.samples)
    assert default.physics == scaled.physics


def test_kappa_lists_become_samples():
    samples = expand_samples(parse_study(changed("samples.hh.kappa_lambda", [-5, 1, 2.4])))
    assert list(samples) == ["hh_kl-5", "hh_kl1", "hh_kl2.4", "four_b"]
    assert samples["four_b"].background
    assert samples["hh_kl2.4"].kappa_lambda == 2.4


def test_user_files_replace_own_events():
    content = changed("samples.four_b", {"source": "files", "files": ["/data/*.root"]})
    info = expand_samples(parse_study(content))["four_b"]
    assert info.background
    assert not info.generated


def test_readme_is_up_to_date():
    assert (ROOT / "config/README.md").read_text() == markdown(), (
        "run: hh4b config readme > config/README.md"
    )


def test_broken_yaml_is_named(tmp_path):
    (tmp_path / "a.yaml").write_text("samples: [")
    with pytest.raises(ConfigError, match=r"a\.yaml is not YAML"):
        read_study(tmp_path / "a.yaml")
