"""What the jobs of a rule ask a cluster for, and which small jobs are sent to it together.

Every job that goes to a cluster costs some seconds beside its work: the workflow is read anew where
it runs. Rules are therefore grouped in steps. A step never needs a later one, so that any jobs of
one step can be sent as one without waiting for each other in a circle; how many are is said by
`group-components` of a profile. On one machine neither steps nor needs have an effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from hh4b.study import cost
from hh4b.study.layout import Layout
from hh4b.study.methods import FunctionPairing, SpanetSearch, SpanetTraining

#: What a job may take of the rate of docs/performance.md before it is stopped.
SLOWER = 4
#: Minutes of any job: other machines, busy disks, first compilation of kernels.
LEAST_MINUTES = 30
#: Megabytes of any job, and kilobytes of each row of a dataset that it reads.
LEAST_MEGABYTES, KILOBYTES_PER_ROW = 2000, 1.5


@dataclass(frozen=True)
class Need:
    """What a rule needs at its first attempt.

    Attributes:
        step: the step it belongs to; None for what runs where the workflow does.
        seconds: of each event or row.
        of: what they are counted in: events of a ``chunk``, of a ``sample`` or of the
            ``comparison`` of energies, ``rows`` of all datasets, these times their ``scores`` or
            times the epochs of dense networks (``dnn``), rows of a ``training`` of SPANet2 times
            its epochs, or those of all trials of a ``search``.
    """

    step: str | None
    seconds: float = 1e-4
    of: str = "rows"


_SCORE = cost.SECONDS_PER_SCORE
_PREDICTION = 1 / 10000
#: In the order of the steps: see `STEPS`.
NEEDS = {
    "generate_hh": Need("partons", cost.SECONDS_PER_PARTONS, "sample"),
    "generate_resonance": Need("partons", cost.SECONDS_PER_PARTONS, "sample"),
    "generate_four_b": Need("partons", cost.SECONDS_PER_PARTONS, "sample"),
    "generate_madgraph": Need("partons", 2 * cost.SECONDS_PER_EVENT, "sample"),
    "take_partons": Need("partons", cost.SECONDS_PER_PARTONS, "sample"),
    "take_particles": Need("partons", cost.SECONDS_PER_PARTONS, "sample"),
    "comparison_hh": Need("partons", cost.SECONDS_PER_PARTONS, "comparison"),
    "comparison_four_b": Need("partons", cost.SECONDS_PER_PARTONS, "comparison"),
    "simulate": Need("events", cost.SECONDS_PER_EVENT, "chunk"),
    "simulate_variations": Need("events", cost.SECONDS_PER_EVENT, "chunk"),
    "simulate_shower": Need("events", cost.SECONDS_PER_EVENT, "chunk"),
    "ingest": Need("ingestion", of="sample"),
    "datasets_import": Need("ingestion"),
    "parton_histograms": Need("datasets"),
    "energy_weights": Need("datasets", 1e-3),
    "parton_weights": Need("datasets", 1e-3),
    "datasets_merge": Need("datasets"),
    "pair": Need("datasets"),
    "spanet_search_worker": Need("spanet_search", cost.SECONDS_PER_TRAINED_EVENT, "search"),
    "search_outcome": Need(None),
    "spanet_train": Need("spanet_training", cost.SECONDS_PER_TRAINED_EVENT, "training"),
    "spanet_evaluate": Need("spanet_evaluation", _PREDICTION),
    "spanet_choose": Need("spanet_evaluation"),
    "spanet_evaluate_folds": Need("spanet_evaluation", _PREDICTION),
    "spanet_evaluate_some_folds": Need("spanet_evaluation", _PREDICTION),
    "spanet_vectors": Need("spanet_evaluation", _PREDICTION),
    "embedding_features": Need("spanet_evaluation"),
    "embeddings": Need("spanet_evaluation"),
    "spanet_predict": Need("spanet_pairing", _PREDICTION),
    "spanet_predict_fixed": Need("spanet_pairing", _PREDICTION),
    # On pairings by functions of the jets it belongs to an earlier step, see `step`.
    "features": Need("spanet_pairing"),
    "spanet_score": Need("spanet_scores", _SCORE, "scores"),
    "dnn_search_worker": Need("dnn_search", cost.SECONDS_PER_DNN_EVENT, "dnn"),
    "dnn_train": Need("classifiers", cost.SECONDS_PER_DNN_EVENT, "dnn"),
    "dnn_choose": Need("classifiers"),
    "dnn_predict": Need("classifiers", 1e-3),
    "dnn_predict_varied": Need("classifiers", 1e-3),
    "dnn_importance": Need("classifiers", 1e-3),
    "baseline_train": Need("classifiers", 1e-3),
    "select_cuts": Need("classifiers"),
    "efficiency_curve": Need("statistics"),
    "evaluate_classifier": Need("statistics"),
    "working_point": Need("statistics"),
    "templates": Need("statistics", 1e-3),
    "workspace": Need("statistics", 0),
    "limits": Need("statistics", 0),
    "luminosity_scan": Need("statistics", 0),
    "equivalent_luminosity": Need("statistics", 0),
    "category_templates": Need("likelihood_models", 1e-3),
    "likelihood_model": Need("likelihood_models", 0),
    "likelihood_redraw": Need("likelihood_models", 1e-3),
    "likelihood_fit": Need("likelihood", 0),
    "likelihood_toys": Need("likelihood", 0),
    "likelihood_workspace": Need("likelihood", 0),
    "likelihood_couplings": Need("likelihood", 1e-3),
    "table": Need("publication", 0),
    "figure": Need("publication", 0),
    "summary": Need("publication", 0),
    "hepdata": Need("publication", 0),
    "provenance": Need("publication", 0),
    "page": Need("publication", 0),
    "crate": Need("publication", 0),
}
#: The steps in their order: no job needs one of a later step.
STEPS = tuple(dict.fromkeys(need.step for need in NEEDS.values() if need.step is not None))


class JobNeeds:
    """Steps, memory and time of the jobs of a study."""

    def __init__(self, layout: Layout) -> None:
        """Take the sizes of a study from its layout."""
        self.layout = layout
        self.study = layout.study

    def step(self, rule: str, wildcards: Mapping[str, str]) -> str | None:
        """Return the step of a job.

        Args:
            rule: one of `NEEDS`.
            wildcards: of the job.
        """
        if rule == "features":
            pairing = self.study.pairings[wildcards["pairing"]]
            if isinstance(pairing, FunctionPairing):
                return "datasets"
        return NEEDS[rule].step

    def minutes(self, rule: str, wildcards: Mapping[str, str], attempt: int = 1) -> int:
        """Return the minutes after which a job is stopped: more with each attempt."""
        need = NEEDS[rule]
        seconds = SLOWER * need.seconds * self._number(need, wildcards)
        return attempt * (LEAST_MINUTES + ceil(seconds / 60))

    def megabytes(self, rule: str, wildcards: Mapping[str, str], attempt: int = 1) -> int:
        """Return the memory of a job: more with each attempt."""
        need = NEEDS[rule]
        rows = self.rows if need.seconds and need.of not in ("chunk", "comparison") else 0
        return attempt * (LEAST_MEGABYTES + ceil(rows * KILOBYTES_PER_ROW / 1000))

    @cached_property
    def rows(self) -> float:
        """Rows of all nominal datasets, as far as the study decides them."""
        return sum(cost.kept_events(info) for info in self.layout.samples.values())

    def _number(self, need: Need, wildcards: Mapping[str, str]) -> float:
        number = {
            "chunk": self._of_chunk,
            "sample": lambda w: self.layout.samples[w["sample"]].events,
            "comparison": lambda _: self.study.energy_comparison.events,
            "rows": lambda _: self.rows,
            "scores": lambda _: self.rows * len(self.layout.score_kappas),
            "dnn": lambda w: self.rows * self._dnn_epochs(w),
            "training": self._of_training,
            "search": self._of_search,
        }[need.of]
        return number(wildcards)

    def _of_chunk(self, wildcards: Mapping[str, str]) -> float:
        others = len(self.layout.same_showers(wildcards["sample"]))
        share = cost.SECONDS_PER_DETECTOR / cost.SECONDS_PER_EVENT
        return self.study.simulation.chunk_events * (1 + others * share)

    def _of_training(self, wildcards: Mapping[str, str]) -> float:
        training = self.study.spanet_trainings[wildcards["training"]]
        epochs = training.epochs or cost.training_options(training).epochs
        return epochs * self._rows_of(training)

    def _of_search(self, wildcards: Mapping[str, str]) -> float:
        search = self.study.searches[wildcards["search"]]
        assert isinstance(search, SpanetSearch)
        rows = self._rows_of(self.study.spanet_trainings[search.training])
        return search.trials * search.epochs * rows

    def _rows_of(self, training: SpanetTraining) -> float:
        """Return the rows of a training, as many as a network of the usual size costs."""
        size = cost.relative_cost(cost.relative_size(cost.training_options(training)))
        return size * cost.training_events(self.study, training, self.layout.samples)

    def _dnn_epochs(self, wildcards: Mapping[str, str]) -> float:
        if "search" not in wildcards.keys():  # noqa: SIM118 (wildcards of Snakemake are a list)
            return cost.DNN_EPOCHS
        return cost.DNN_EPOCHS * self.study.searches[wildcards["search"]].trials
