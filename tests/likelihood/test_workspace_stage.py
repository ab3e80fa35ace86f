import json

import numpy as np
import pytest
from exchange_example import example_model, expected, random_points
from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.likelihood.model_file import read_model, write_model
from hh4b.likelihood.settings import LikelihoodWorkspaceSettings
from hh4b.likelihood.workspace_stage import make_exchange_files


@pytest.fixture
def model_path(tmp_path):
    path = tmp_path / "model.json"
    write_model(path, example_model(), Provenance("likelihood model", {"a": 1}))
    return path


def run(*arguments):
    done = CliRunner().invoke(groups.app, ["likelihood", "workspace", *map(str, arguments)])
    if done.exception:
        raise done.exception


def test_model_to_files_and_back(tmp_path, model_path):
    hs3, histfactory = tmp_path / "hs3.json", tmp_path / "hf.json"
    options = ["--kappa-values", "-5,0,1,10", "--asimov", "sm"]
    run(model_path, "-o", hs3, "--histfactory", histfactory, *options)
    about = json.loads(hs3.read_text())["misc"]["hh4b"]["provenance"]
    assert about["stage"] == "likelihood workspace"
    assert about["settings"]["model"] == Provenance("likelihood model", {"a": 1}).configuration_hash
    assert len(json.loads(histfactory.read_text())["measurements"]) == 4
    for source in (hs3, histfactory):
        run(source, "--model", tmp_path / "back.json")
        back = read_model(tmp_path / "back.json")
        assert (back.parameters, back.channels) == (
            example_model().parameters,
            example_model().channels,
        )
        for kappa, mu, values in random_points(back, 3):
            wanted = expected(example_model(), kappa, mu, values)
            np.testing.assert_allclose(expected(back, kappa, mu, values), wanted, rtol=1e-10)


def test_what_makes_no_sense_is_refused(tmp_path, model_path):
    settings = LikelihoodWorkspaceSettings()
    with pytest.raises(ConfigError, match="nothing to write"):
        make_exchange_files(model_path, settings)
    with pytest.raises(InputFileError, match="cannot read"):
        make_exchange_files(tmp_path / "no.json", settings, hs3=tmp_path / "hs3.json")
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(ContractError, match="other.json is no likelihood model"):
        make_exchange_files(tmp_path / "other.json", settings, hs3=tmp_path / "hs3.json")
    assert not (tmp_path / "hs3.json").exists()
