"""The stages in the order of the data, and an example of every command, as ``--help`` shows them.

Files lie where a study has them (docs/architecture.md). A test reads every example as the command
line does; a command without one, or without a stage, fails it.
"""

from typing import Any

from typer.core import TyperCommand

#: What a user meets first, by stage: commands and groups of the top level.
STAGES: dict[str, tuple[str, ...]] = {
    "Study": ("config",),
    "Partons": (
        "generate", "take-partons", "take-particles", "cross-section", "form-factors",
        "energy-weights", "parton-weights",
    ),
    "Events": ("simulate", "validate-detector", "ingest", "datasets"),
    "Pairing": ("pair", "spanet"),
    "Selection": (
        "features", "dnn", "baseline", "select", "evaluate-classifier", "working-point",
        "search-outcome", "choose-repeat",
    ),
    "Intervals": (
        "templates", "workspace", "limits", "luminosity-scan", "compare-limits", "likelihood",
    ),
    "Publication": (
        "table", "figure", "page", "summary", "embeddings", "parton-histograms", "numbers",
        "hepdata", "provenance", "crate", "archive", "recount",
    ),
}  # fmt: skip

_HH = "results/datasets/hh_kl1.h5"
_HH_PAIRED = "results/features/min_dr/hh_kl1.h5"
_4B = "results/datasets/four_b.h5"
_4B_PAIRED = "results/features/min_dr/four_b.h5"
_TRAINED_ON = f"--signal {_HH}:{_HH_PAIRED} --background {_4B}:{_4B_PAIRED}"
_SCORED = f"--signal {_HH}:scores_hh.h5 --background {_4B}:scores_4b.h5"
_SAMPLES = (
    f"--sample hh={_HH}:{_HH_PAIRED}:scores_hh.h5 --sample four_b={_4B}:{_4B_PAIRED}:scores_4b.h5"
)
_NETWORK = "--options config/spanet/options/mixing.json --event config/spanet/event.yaml"

#: Words behind ``hh4b NAME``, by name.
EXAMPLES: dict[str, str] = {
    "config check": "config/scale/smoke.yaml",
    "config new": "--from files --signal '1=hh_sm/*.root' --background '4b=4b/*.root' -o mine.yaml",
    "config readme": "",
    "config schema": "",
    "config record": "-o provenance.json --configuration config.yaml --settings '{}'",
    "generate hh": "--kappa-lambda 1 --events 1000 --seed 6 -o hh.lhe.gz",
    "generate 4b": "--events 1000 --seed 7 -o 4b.lhe.gz",
    "generate resonance": "--events 1000 --seed 8 -o resonance.lhe.gz",
    "generate madgraph": "--delphes-card delphes.tcl --work work/madgraph -o events.root",
    "take-partons": "powheg_hh.lhe.gz -o partons.lhe.gz",
    "take-particles": "herwig_hh.hepmc.gz -o particles.json",
    "cross-section hh": "--kappa-lambda 0 --kappa-lambda 1 --sqrt-s 13",
    "cross-section 4b": "--sqrt-s 13",
    "form-factors": "--sqrt-s-hat 400 --cos-theta 0.3 --json",
    "energy-weights": "hh.lhe.gz -o energy_weights.h5",
    "parton-weights": "hh.lhe.gz -o parton_weights_{systematic}_{side}.h5",
    "simulate": "hh.lhe.gz -o events.root --sample hh_kl1 --detector config/detector/atlas.yaml",
    "validate-detector": "particles.h5 delphes.root --detector config/detector/atlas.yaml",
    "ingest": "'delphes/*.root' -o hh.h5 --kappa-lambda 1",
    "datasets merge": f"{_HH} {_4B} -o training.h5",
    "datasets describe": _HH,
    "datasets digest": f"{_HH} --published docs/numbers/leaderboard.json",
    "datasets import": "published.h5 -o hh.h5",
    "pair run": f"{_HH} -o pairing.h5 --method min_dr",
    "pair min-dr": f"{_HH} -o pairing.h5",
    "pair evaluate": f"--dataset {_HH} --pairing pairing.h5 -o metrics.json",
    "pair efficiency-curve": f"--dataset {_HH} --pairing pairing.h5 -o curve.json",
    "spanet train": f"{_NETWORK} --train training.h5 -o model",
    "spanet search": f"{_NETWORK} --train training.h5 --storage trials.journal -o outcome.json",
    "spanet predict": f"model {_HH} --pairing-output pairing.h5",
    "spanet evaluate": "model testing.h5 --json",
    "spanet evaluate-folds": "fold_0:testing_0.h5 fold_1:testing_1.h5 -o metrics.json",
    "spanet import-checkpoint": f"reference.ckpt {_NETWORK} -o model.pt",
    "spanet export-onnx": "model -o model.onnx",
    "features": f"{_HH} pairing.h5 -o features.h5",
    "dnn train": f"{_TRAINED_ON} -o dnn",
    "dnn search": f"{_TRAINED_ON} --storage trials.journal -o outcome.json",
    "dnn importance": f"dnn {_TRAINED_ON} -o importance.json",
    "dnn sensitivity": f"dnn {_TRAINED_ON} -o ranking.json",
    "dnn predict": f"dnn --score {_HH}:{_HH_PAIRED}:scores_hh.h5 --kappa-values 1,5",
    "dnn export-onnx": "dnn -o dnn.onnx",
    "dnn evaluate": f"{_SCORED} -o metrics.json",
    "baseline train": (
        f"{_TRAINED_ON} --score {_HH}:{_HH_PAIRED}:scores_hh.h5 --method random_forest"
        " --kappa-values 1,5"
    ),
    "select cuts": f"{_HH} pairing.h5 -o scores_hh.h5 --kappa-values 1,5",
    "evaluate-classifier": f"{_SCORED} -o metrics.json",
    "working-point": f"{_SCORED} -o working_point.json",
    "search-outcome": "worker_0.json worker_1.json -o outcome.json",
    "choose-repeat": "repeat_0/model.pt:metrics_0.json --model best.pt --metrics best.json",
    "templates": f"{_SAMPLES} --threshold 0.5 -o templates.json",
    "workspace": "templates.json -o 'workspace_{energy}tev_{luminosity}ifb.json'",
    "limits": "results/workspaces/min_dr_dnn_13tev_139ifb.json --json",
    "luminosity-scan": "templates.json -o scan.json",
    "compare-limits": "min_dr=limits_a.json spanet=limits_b.json -o comparison.json",
    "likelihood templates": f"{_SAMPLES} -o categories.json",
    "likelihood model": "categories.json -o model_139ifb.json",
    "likelihood fit": "model_139ifb.json -o fit.json",
    "likelihood toys": "model_139ifb.json -o toys.json",
    "likelihood redraw": f"categories.json {_SAMPLES} -o redrawn.json",
    "likelihood couplings": f"categories.json {_SAMPLES} -o couplings.json",
    "likelihood workspace": "model_139ifb.json -o hs3.json --histfactory histfactory.json",
    "table": "26 -o table_26 --input limits=results/limits",
    "figure": "1 -o figure_01 --input min_dr=results/metrics/pairing/min_dr.json",
    "page": "config/config.yaml -o results/index.html",
    "summary": "-o results/README.md --tables results/tables --figures results/figures",
    "embeddings": f"{_HH}:prediction.h5:{_HH_PAIRED} -o embeddings.json",
    "parton-histograms": "hh.lhe.gz -o histograms.json",
    "numbers extract": "results -o docs/numbers/default.json",
    "numbers fill": "README.md",
    "numbers compare": "docs/numbers/default.json docs/numbers/one_detector.json -o studies.md",
    "hepdata": "-o hepdata --tables results/tables",
    "provenance": "results/limits/min_dr_dnn_13tev_139ifb.json",
    "crate": "results -o study.zip",
    "archive": "results/night -o docs/night",
    "recount": "docs/night --causes config/reference/causes.yaml",
}


class Example(TyperCommand):
    """A command whose help ends with an example."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example of `EXAMPLES`."""
        names: list[str] = []
        one = ctx
        while one.parent is not None:
            names.insert(0, one.info_name)
            one = one.parent
        name = " ".join(names)
        if name in EXAMPLES:
            with formatter.section("Example"):
                formatter.write(f"  hh4b {name} {EXAMPLES[name]}".rstrip() + "\n")


def stage_of(name: str) -> str | None:
    """Return the stage of a command or group of the top level; None if it has none.

    >>> stage_of("pair")
    'Pairing'
    """
    return next((stage for stage, names in STAGES.items() if name in names), None)
