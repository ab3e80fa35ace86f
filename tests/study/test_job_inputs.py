"""What jobs wait for and are told."""

from pathlib import Path

from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study

STUDIES = Path(__file__).parents[1] / "studies"


def test_varied_ingestions_wait_for_their_nominal_dataset():
    study = read_study(STUDIES / "small.yaml", STUDIES / "every_variation.yaml")
    layout = Layout(study)
    inputs = JobInputs(layout)
    assert inputs.nominal_dataset("four_b") == []
    prefixes = [variation.prefix for variation in layout.variations]
    assert len(prefixes) == 4
    for prefix in prefixes:
        wanted = ["results/every_variation/datasets/four_b.h5"]
        assert inputs.nominal_dataset("four_b", prefix) == wanted
