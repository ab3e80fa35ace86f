"""Successive halving: who goes on, for how long, and what the outcome says of the start."""

import json

import numpy as np
import pytest

from hh4b.core.errors import TrainingFailed
from hh4b.training.gains import keep_influence
from hh4b.training.halving import START, run_halving, rungs
from hh4b.training.trials import StudyPlan


class Toy:
    """Trials whose value falls to (x - 1)^2 with the epochs; it keeps what was asked of it."""

    def __init__(self, *, fail=(), stop_after=None):
        self.asked, self.fail, self.stop_after = [], fail, stop_after

    def suggest(self, trial):
        return {"x": trial.suggest_float("x", -3, 3)}

    def train(self, contender, epochs):
        if self.stop_after == len(self.asked):
            raise KeyboardInterrupt
        done = json.loads(contender.state.read_text()) if contender.state.exists() else 0
        self.asked.append((contender.number, done, epochs))
        if contender.number in self.fail:
            raise TrainingFailed("diverged")
        contender.state.write_text(json.dumps(epochs))
        return (contender.parameters["x"] - 1) ** 2 + 1 / epochs


def plan(tmp_path, trials=9, **changes):
    given = {
        "name": "toy", "storage": tmp_path / "journal.log", "direction": "minimize",
        "identity": {"a": 1}, "trials": trials, "seed": 3,
    }  # fmt: skip
    return StudyPlan(**(given | changes))


def run(toy, made, *, epochs=9, worker=0):
    return run_halving(made, epochs, toy.suggest, toy.train, worker=worker)


def test_rungs_by_hand():
    def sizes(trials, epochs):
        return [(rung.trials, rung.epochs) for rung in rungs(trials, epochs)]

    assert sizes(27, 9) == [(27, 1), (9, 3), (3, 9)]
    assert sizes(10, 20) == [(10, 3), (4, 7), (2, 20)]
    assert sizes(4, 4) == [(4, 2), (2, 4)]
    # Too few of either: all trials go all the way.
    assert sizes(2, 9) == [(2, 9)]
    assert sizes(9, 2) == [(9, 2)]


def test_best_third_goes_on_from_where_it_was(tmp_path):
    toy = Toy()
    found = run(toy, plan(tmp_path))
    values = {trial["number"]: trial["parameters"]["x"] for trial in found["trials"]}
    order = sorted(values, key=lambda number: (values[number] - 1) ** 2)
    assert toy.asked[:9] == [(number, 0, 1) for number in range(9)]
    assert toy.asked[9:12] == [(number, 1, 3) for number in order[:3]]
    assert toy.asked[12:] == [(order[0], 3, 9)]
    assert found["best"] == {"x": values[order[0]]}
    assert found["value"] == pytest.approx((values[order[0]] - 1) ** 2 + 1 / 9)
    assert found["n_trials"] == 9
    assert found["n_by_state"] == {"pruned": 8, "complete": 1}
    assert found["halving"] == [[9, 1], [3, 3], [1, 9]]
    assert (found["start_value"], found["improved"]) == (None, None)


def test_the_start_goes_all_the_way_whatever_its_rank(tmp_path):
    toy = Toy()
    found = run(toy, plan(tmp_path, first={"x": -2.9}, start={"x": -2.9}))
    assert [epochs for number, _, epochs in toy.asked if number == 0] == [1, 3, 9]
    assert found["start_value"] == pytest.approx(3.9**2 + 1 / 9)
    assert found["improved"] is True
    assert found["value"] < found["start_value"]


def test_a_start_that_nothing_beats_is_the_outcome(tmp_path):
    found = run(Toy(), plan(tmp_path, first={"x": 1.0}, start={"x": 1.0}))
    assert found["best"] == {"x": 1.0}
    assert found["value"] == found["start_value"]
    assert found["improved"] is False


def test_a_start_outside_the_ranges_runs_too(tmp_path):
    toy = Toy()
    found = run(toy, plan(tmp_path, start={"x": 7.0}))
    assert [epochs for number, _, epochs in toy.asked if number == START] == [1, 3, 9]
    assert found["start_value"] == pytest.approx(36 + 1 / 9)
    assert found["improved"] is True


def test_failed_trials_do_not_go_on(tmp_path):
    found = run(Toy(fail=(0, 1)), plan(tmp_path, first={"x": 1.0}, start={"x": 1.0}))
    assert found["n_by_state"] == {"fail": 2, "pruned": 6, "complete": 1}
    # A start that diverges is beaten by what does not.
    assert (found["start_value"], found["improved"]) == (None, True)
    with pytest.raises(TrainingFailed, match="went all the way"):
        run(Toy(fail=range(9)), plan(tmp_path, identity={"a": 2}))


def test_outcome_is_the_same_again_after_a_stop_and_for_a_second_worker(tmp_path):
    made = plan(tmp_path / "a", first={"x": 0.5}, start={"x": 0.5})
    whole = run(Toy(), made)
    assert run(Toy(), plan(tmp_path / "b", first={"x": 0.5}, start={"x": 0.5})) == whole
    # A worker that comes late has nothing left to do.
    late = Toy()
    assert run(late, made, worker=1) == whole
    assert late.asked == []
    # One that was stopped in a later round goes on with it.
    again = plan(tmp_path / "c", first={"x": 0.5}, start={"x": 0.5})
    with pytest.raises(KeyboardInterrupt):
        run(Toy(stop_after=11), again)
    rest = Toy()
    assert run(rest, again) == whole
    assert len(rest.asked) == 9 + 3 + 2 - 11


def test_maximising_and_what_was_lost(tmp_path):
    """States are a help, no need: without them a trial starts anew."""

    class Upwards(Toy):
        def train(self, contender, epochs):
            value = -super().train(contender, epochs)
            contender.state.unlink()
            return value

    toy = Upwards()
    found = run(toy, plan(tmp_path, direction="maximize", first={"x": 3.0}, start={"x": 3.0}))
    assert {done for _, done, _ in toy.asked} == {0}
    assert found["value"] > found["start_value"] == pytest.approx(-4 - 1 / 9)
    assert found["improved"] is True


def test_a_gain_within_its_error_is_none(tmp_path):
    """The start 0.9 is beaten by less than what the events allow to say."""

    class Noisy(Toy):
        def train(self, contender, epochs):
            keep_influence(contender.influence, np.array([1.0, -1.0]) * contender.parameters["x"])
            return super().train(contender, epochs)

    made = plan(tmp_path, first={"x": 0.9}, start={"x": 0.9}, trials=27)
    found = run(Noisy(), made)
    assert found["best_value"] < found["start_value"] == found["value"]
    assert 0 < found["gain"] < found["gain_error"]
    assert found["improved"] is False
    assert found["best"] == {"x": 0.9}
