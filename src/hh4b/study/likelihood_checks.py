"""Whether a study can make the likelihoods that it asks for."""

from hh4b.core.errors import ConfigError
from hh4b.study.layout import Layout
from hh4b.study.model import Study
from hh4b.study.plugin_checks import located
from hh4b.study.stage_settings import StageSettings


def check_likelihood(study: Study) -> None:
    """Refuse likelihoods of selections that are not there, or have no categories.

    Raises:
        ConfigError: one line with key, value and what was expected.
    """
    stages = StageSettings(Layout(study))
    for name in study.likelihood.selections:
        key = f"likelihood.selections: value {name!r}"
        if name not in study.selections:
            raise ConfigError(f"{key}: expected one of {sorted(study.selections)}")
        if study.classifiers[study.selections[name].classifier].kind == "cuts":
            raise ConfigError(f"{key}: cuts give a score of 1 or 0, which makes no categories")
        with located("likelihood"):
            stages.category_templates(name)
    if study.likelihood.selections:
        with located("likelihood"):
            stages.likelihood_model()
