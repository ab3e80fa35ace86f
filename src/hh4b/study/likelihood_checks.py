"""Whether a study can make the likelihoods that it asks for."""

from hh4b.core.problems import Problems
from hh4b.study.layout import Layout
from hh4b.study.model import Study
from hh4b.study.stage_settings import StageSettings


def find_impossible_likelihoods(study: Study, problems: Problems) -> None:
    """Find likelihoods of selections that have no categories, or settings that do not fit."""
    for name in study.likelihood.selections:
        if study.classifiers[study.selections[name].classifier].kind == "cuts":
            problems.add(
                "likelihood.selections",
                f"value {name!r}: cuts give a score of 1 or 0, which makes no categories",
            )
    if problems:
        # The settings take processes and systematics along, whose mistakes are said already.
        return
    stages = StageSettings(Layout(study))
    for name in study.likelihood.selections:
        with problems.at("likelihood"):
            stages.category_templates(name)
            stages.likelihood_model()
