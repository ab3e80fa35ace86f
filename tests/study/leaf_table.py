"""What each key of the configuration changes first: rules that are told it, or given files by it.

Reasoned from what the stages do, not copied from what comes out. `LEAVES` has for each key a change
and the rules; ``/`` separates keys; None takes an entry away.
"""

# Groups of rules --------------------------------------------------------------------------------

#: Models are put together where cross sections come in: for limits, and again for every scan.
MODELS = {"workspace", "luminosity_scan", "equivalent_luminosity"}
INTERVALS = {"limits", "luminosity_scan", "equivalent_luminosity"}
#: Where backgrounds of several processes stand together, weighted by their cross sections.
WEIGHTED = {
    "dnn_train", "dnn_search_worker", "baseline_train", "evaluate_classifier", "working_point",
    "dnn_importance",
}  # fmt: skip
GENERATORS = {"generate_hh", "generate_resonance", "generate_four_b", "generate_madgraph"}
COMPARISONS = {"comparison_hh", "comparison_four_b"}
#: Everything that scores at the values of the scan.
SCORED_AT = {
    "spanet_score", "dnn_predict", "dnn_predict_varied", "baseline_train", "select_cuts",
}  # fmt: skip
#: A process joins or leaves: it is paired and scored by everything, and shown with the others.
PER_SAMPLE = {"pair", "features", "spanet_predict", "spanet_score", "select_cuts"}
SPANET = {
    "spanet_train", "spanet_evaluate", "spanet_predict", "spanet_score", "spanet_vectors",
    "spanet_search_worker",
}  # fmt: skip

# Groups of outputs ------------------------------------------------------------------------------


def figures(*names):
    return {f"figure_{name}" for name in names}


def tables(*names):
    return {f"table_{name}" for name in names}


OWN_OUTPUTS = tables("my_intervals") | figures("my_likelihood")
#: They say at which energy the events that they show were made.
EVENTS = figures(
    1, 2, 3, 4, 7, 8, 9, 10, "calibration", "cutflow", "embedding", "event_display", "importance",
    "jets", "learning", "mass_planes", "roc", "scores",
)  # fmt: skip
#: They name every background process.
BACKGROUNDS = figures(3, 4, "cutflow", "jets", "mass_planes", "scores") | tables(12, "pass_rates")
#: Limits at the headline's energy and luminosity.
HEADLINE = tables(9, 11, 14, 16, 19, 21, 23, 26, "classifiers") | figures("likelihood", "limits")
#: Limits of every selection.
ALL_LIMITS = tables("luminosities", "classifiers") | figures("likelihood")
#: What shows the DNN on kappa5 pairing, as classifier or as selection.
KAPPA5_DNN = tables(10, 11, 13, 14, 15, 16, "classifiers", "luminosities") | figures(
    4, "calibration", "learning", "likelihood", "roc"
)
CLASSIFICATION_ONLY = tables(18, 19, "classifiers", "luminosities") | figures("likelihood")
SVM = tables("classifiers", "luminosities")
CUTS = tables("classifiers", "luminosities") | figures("likelihood")

# Entries that other keys are changed on ---------------------------------------------------------

TTBAR = "processes/ttbar/"
DNN = "classifiers/min_dr_dnn/"
DNN5 = "classifiers/kappa5_spanet_dnn/"
SVM_ = "classifiers/min_dr_svm/"
CUT = "classifiers/min_dr_cuts/"
ONLY = "classifiers/mixing_spanet_classification_only/"
JOINT = "spanet_trainings/mixing_joint/"
MIXING = "spanet_trainings/mixing/"
SM = "spanet_trainings/sm/"
SEARCH = "searches/mixing_joint/"
DNN_SEARCH = "searches/min_dr_dnn/"
SELECTION = "selections/min_dr_dnn/"


CURVES = "learning_curves/"
#: Of the points of learning curves: what shows them, and what makes them.
POINT = tables("sample_size") | figures("sample_size") | {"summary"}
SELECTED_POINT = {"evaluate_classifier", "working_point", "templates", "workspace", "limits"}
DENSE_POINT = SELECTED_POINT | {"dnn_train", "dnn_choose", "dnn_predict", "dnn_predict_varied"}
TRAINED_POINT = {"datasets_merge", "spanet_train", "spanet_evaluate", "spanet_choose"}


def one(path, value, *expected):
    """One key, and the rules it changes."""
    return {path: value}, set().union(*({e} if isinstance(e, str) else e for e in expected))


def several(changes, *expected):
    """Keys that only change together."""
    return changes, set().union(*({e} if isinstance(e, str) else e for e in expected))


#: With folds every training is repeated once without each; no other repeats are allowed.
ONE_TRAINING = {
    f"{section}/{name}/repeats": 1
    for section, names in (
        ("spanet_trainings", ("mixing_joint", "mixing_classification_only", "mixing_joint_tuned")),
        ("classifiers", ("min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet_dnn",
                         "min_dr_dnn_tuned", "mixing_spanet_dnn_tuned")),
    )
    for name in names
}  # fmt: skip

#: What folds change.
FOLDED = {
    "datasets_merge", "spanet_train", "spanet_evaluate", "spanet_evaluate_folds", "spanet_choose",
    "spanet_predict", "spanet_score", "spanet_vectors", "spanet_search_worker",
    "embedding_features", "embeddings", "dnn_train", "dnn_choose", "dnn_predict",
    "dnn_predict_varied", "dnn_search_worker", "baseline_train", "efficiency_curve",
    "dnn_importance", "evaluate_classifier", "working_point", "templates",
    *tables(12, 13, 15, 18, 20, 22, 25, "samples"), *figures(6),
}  # fmt: skip

#: Cannot stand beside every other kind: changed in the default study.
ALONE = {"statistics.model", "statistics.other_energies"}

STUDY = {
    # All random streams.
    "seed": one(
        "seed", 7, GENERATORS, COMPARISONS, "simulate", "ingest", "datasets_import",
        "datasets_merge", "spanet_train", "spanet_search_worker", "embeddings", "dnn_train",
        "dnn_search_worker", "dnn_importance", "baseline_train", "working_point", "templates",
        INTERVALS,
    ),
    # Whatever else the default study says is then not there.
    "standalone": one("standalone", True),
    "gpus_per_training": one("gpus_per_training", 1, SPANET),
    "threads_per_training": one("threads_per_training", 2, SPANET),
    "features.extra": one(
        "features/extra", ["tests/studies/own/own_feature.py:delta_phi_hh"],
        "features", "embedding_features",
    ),
    # Entries of the points, and what they are measured by.
    "learning_curves.shares": several(
        {CURVES + "shares": [0.1], CURVES + "selections": ["min_dr_dnn"]}, POINT, DENSE_POINT
    ),
    "learning_curves.selections": several(
        {CURVES + "shares": [0.1], CURVES + "selections": ["mixing_spanet"]},
        POINT, TRAINED_POINT, "features", "spanet_predict", "spanet_score", SELECTED_POINT,
    ),
    "learning_curves.trainings": several(
        {CURVES + "shares": [0.1], CURVES + "trainings": ["sm"]}, POINT, TRAINED_POINT
    ),
    "learning_curves.longer": several(
        {CURVES + "shares": [0.1], CURVES + "trainings": ["sm"], CURVES + "longer": 0},
        POINT, TRAINED_POINT,
    ),
    "energy_comparison.kappa_lambda": one("energy_comparison/kappa_lambda", 5, "comparison_hh"),
    "energy_comparison.events": one("energy_comparison/events", 90, COMPARISONS),
}  # fmt: skip

PHYSICS = {
    # Events, and the energy at which the templates' own cross sections are taken.
    "physics.sqrt_s_tev": one(
        "physics/sqrt_s_tev", 14, GENERATORS, "take_partons", "take_particles", "templates", EVENTS,
        OWN_OUTPUTS,
    ),
    # Amplitude of the signal, wherever it is evaluated; pp -> 4b knows no Higgs boson.
    "physics.m_higgs_gev": one(
        "physics/m_higgs_gev", 126.0,
        "generate_hh", "generate_resonance", "generate_madgraph", "comparison_hh", "templates",
        MODELS,
    ),
    # The resonance decays without a loop.
    "physics.m_top_gev": one(
        "physics/m_top_gev", 172.0,
        "generate_hh", "generate_madgraph", "comparison_hh", "templates", MODELS,
    ),
    "physics.b_mass_gev": one("physics/b_mass_gev", 4.8, GENERATORS, COMPARISONS),
    "physics.mu_factor": one("physics/mu_factor", 2.0, GENERATORS, COMPARISONS),
    # The MG5_aMC sample of this study is gg -> HH.
    "physics.four_b_scale": one(
        "physics/four_b_scale", "ht", "generate_four_b", "comparison_four_b"
    ),
    "physics.b_pt_min_gev": one(
        "physics/b_pt_min_gev", 30.0, "generate_four_b", "comparison_four_b"
    ),
    "physics.b_abs_eta_max": one(
        "physics/b_abs_eta_max", 2.4, "generate_four_b", "comparison_four_b"
    ),
}  # fmt: skip

PROCESSES = {
    # No longer part of limits: its samples are scored by nothing, the other stands alone.
    "processes.Process.kind": several(
        {TTBAR + "kind": "resonance", TTBAR + "cross_section_pb": {}, "samples/published": None},
        "datasets_import", "take_partons", "take_particles", "simulate", "ingest", PER_SAMPLE,
        WEIGHTED, "dnn_predict", "templates", MODELS, "embedding_features", BACKGROUNDS,
        "working_point",
    ),
    "processes.Process.label": one("processes/four_b/label", "QCD", BACKGROUNDS),
    # Templates are efficiencies: cross sections come in with the models.
    "processes.Process.cross_section": one(
        "processes/hh/cross_section", {13: [70.0, -50.0, 10.0], 14: [80.0, -57.0, 12.0]}, MODELS
    ),
    "processes.Process.cross_section_pb": one(
        TTBAR + "cross_section_pb", {13: 900.0, 14: 1000.0}, WEIGHTED, MODELS
    ),
    "processes.Process.k_factor": one(TTBAR + "k_factor", 1.1, WEIGHTED, MODELS),
    "processes.Process.branching_ratio": one("processes/hh/branching_ratio", 0.58, MODELS),
    # Stands in the provenance of what is made with the number.
    "processes.Process.source": one(TTBAR + "source", "elsewhere", MODELS),
}  # fmt: skip

SAMPLES = {
    "samples.SignalSample.kappa_lambda": one(
        "samples/hh/kappa_lambda", [-5, -3, -1, 1, 2, 3, 5, 7, 9, 11, 12, 10],
        "generate_hh", "simulate", "ingest", PER_SAMPLE, "efficiency_curve", "dnn_predict",
        # Without a list of their own, cuts are compared with all signals.
        "baseline_train", "evaluate_classifier", "working_point", "templates",
    ),
    "samples.SignalSample.events": one(
        "samples/hh/events", 11000, "generate_hh", "simulate", "ingest"
    ),
    "samples.SignalSample.events_at": one(
        "samples/hh/events_at", {1: 26000, 5: 20000}, "generate_hh", "simulate", "ingest"
    ),
    **{
        f"samples.{kind}.b_tagging": one(f"samples/{name}/b_tagging", None, "simulate")
        for kind, name in {
            "SignalSample": "hh", "ResonanceSample": "resonant", "FourBSample": "four_b",
        }.items()
    },
    **{
        f"samples.{kind}.{key}": one(f"samples/{name}/{key}", value, "simulate")
        for kind, name in {
            "SignalSample": "hh", "ResonanceSample": "resonant", "FourBSample": "four_b",
            "LheSample": "taken", "HepmcSample": "particles",
        }.items()
        for key, value in {"tags": "draw", "detector_draws": 3}.items()
    },
    "samples.ResonanceSample.mass_gev": one(
        "samples/resonant/mass_gev", 500.0, "generate_resonance"
    ),
    "samples.ResonanceSample.events": one(
        "samples/resonant/events", 21000, "generate_resonance", "simulate", "ingest"
    ),
    "samples.FourBSample.events": one(
        "samples/four_b/events", 86000, "generate_four_b", "simulate", "ingest"
    ),
    "samples.LheSample.b_tagging": one("samples/taken/b_tagging", "dl1r_77", "simulate"),
    "samples.LheSample.files": one("samples/taken/files", ["other.lhe"], "take_partons"),
    "samples.LheSample.events": one(
        "samples/taken/events", 6000, "take_partons", "simulate", "ingest"
    ),
    "samples.LheSample.pythia_settings": one(
        "samples/taken/pythia_settings", ["SpaceShower:pTmaxMatch = 1"], "simulate"
    ),
    "samples.LheSample.allow_negative_weights": one(
        "samples/taken/allow_negative_weights", True, "take_partons", "ingest"
    ),
    "samples.HepmcSample.b_tagging": one("samples/particles/b_tagging", "dl1r_77", "simulate"),
    "samples.HepmcSample.files": one("samples/particles/files", ["other.hepmc"], "take_particles"),
    "samples.HepmcSample.events": one(
        "samples/particles/events", 6000, "take_particles", "simulate", "ingest"
    ),
    "samples.HepmcSample.allow_negative_weights": one(
        "samples/particles/allow_negative_weights", True, "take_particles", "ingest"
    ),
    "samples.HepmcSample.weight": one("samples/particles/weight", "muR=2", "take_particles"),
    "samples.HepmcSample.only_bottom_decays": one(
        "samples/particles/only_bottom_decays", True, "take_particles"
    ),
    "samples.MadgraphSample.kappa_lambda": one(
        "samples/mg/kappa_lambda", 6,
        # Cuts draw the kappa input of background from all signals.
        "generate_madgraph", "ingest", "templates",
    ),
    "samples.MadgraphSample.launcher": one(
        "samples/mg/launcher", "apptainer exec mg.sif", "generate_madgraph"
    ),
    "samples.MadgraphSample.events": one("samples/mg/events", 600, "generate_madgraph"),
    "samples.MadgraphSample.delphes_card": one(
        "samples/mg/delphes_card", "other.tcl", "generate_madgraph"
    ),
    "samples.FilesSample.skip_bad_files": one("samples/mine/skip_bad_files", True, "ingest"),
    "samples.FilesSample.allow_negative_weights": one(
        "samples/mine/allow_negative_weights", True, "ingest"
    ),
    "samples.FilesSample.files": one("samples/mine/files", ["other.root"], "ingest"),
    "samples.SpanetDatasetSample.file": one("samples/published/file", "b.h5", "datasets_import"),
    "samples.SpanetDatasetSample.testing_file": one(
        "samples/published/testing_file", "b.h5", "datasets_import"
    ),
    "samples.SpanetDatasetSample.n_generated": one(
        "samples/published/n_generated", 99, "datasets_import"
    ),
}  # fmt: skip

EVENT_CHOICES = {
    "simulation.chunk_events": one("simulation/chunk_events", 2500, "simulate", "ingest"),
    "simulation.detector": one("simulation/detector", "config/detector/atlas.yaml", "simulate"),
    "simulation.tags": one("simulation/tags", "draw", "simulate"),
    "simulation.combination_probability_min": one(
        "simulation/combination_probability_min", 0.02, "simulate"
    ),
    # The samples of the default have their own number.
    "simulation.detector_draws": several(
        {"simulation/detector_draws": 3, "samples/resonant/detector_draws": None}, "simulate"
    ),
    "simulation.variation_draws": one("simulation/variation_draws", 1, "simulate"),
    "simulation.pythia_settings": one(
        "simulation/pythia_settings", ["PartonLevel:MPI = off"], "simulate"
    ),
    "simulation.signal_acceptance_bias": one(
        "simulation/signal_acceptance_bias", "config/detector/acceptance_bias.yaml",
        "generate_hh", "generate_resonance",
    ),
    "simulation.background_acceptance_bias": one(
        "simulation/background_acceptance_bias", None, "generate_four_b"
    ),
    **{
        f"event_selection.{key}": one(f"event_selection/{key}", value, "ingest")
        for key, value in {
            "jet_pt_min_gev": 35.0, "jet_abs_eta_max": 2.4, "max_jets": 8, "min_tags": 5,
            "b_tag_bit": 1, "jet_collection": "GenJet", "matching": "one_to_one",
            "tags": "dl1r_77",
        }.items()
    },
    "event_selection.training_fraction": one(
        "event_selection/training_fraction", 0.7, "ingest", "datasets_import"
    ),
    # Events stay as they are: what is trained, what scores, and which events measure.
    "event_selection.folds": several({"event_selection/folds": 4, **ONE_TRAINING}, FOLDED),
}  # fmt: skip

PAIRINGS = {
    "pairings.FunctionPairing.method": several(
        {"pairings/mine/method": "min_dr", "pairings/mine/options": {}}, "pair"
    ),
    "pairings.FunctionPairing.options": one("pairings/mine/options", {"power": 2}, "pair"),
    "pairings.FunctionPairing.files": one(
        "pairings/mine/files", ["config/spanet/event.yaml"], "pair"
    ),
    "pairings.FunctionPairing.label": one(
        "pairings/mine/label", "mine", figures(1, 2, 3, 10), tables(24)
    ),
    "pairings.SpanetPairing.label": one(
        # It is part of the label of the DNN on it.
        "pairings/kappa5_spanet/label", "κ5", figures(1, 2, 3), KAPPA5_DNN
    ),
    "pairings.SpanetPairing.training": one(
        "pairings/kappa5_spanet/training", "kappa5",
        "spanet_predict", "features", "efficiency_curve",
    ),
    "pairings.SpanetPairing.kappa_input": one(
        # The pairing gets files of its own, and nothing else needs those of its training.
        "pairings/kappa5_spanet/kappa_input", 5,
        "spanet_predict", "spanet_predict_fixed", "features", "efficiency_curve",
    ),
    "spanet_trainings.SpanetTraining.label": one(
        MIXING + "label", "mixed", tables(4, 5, "samples")
    ),
    "spanet_trainings.SpanetTraining.signal": one(
        SM + "signal", ["hh", "resonant"], "datasets_merge"
    ),
    "spanet_trainings.SpanetTraining.kappa_lambda": one(
        SM + "kappa_lambda", [1, 5], "datasets_merge"
    ),
    "spanet_trainings.SpanetTraining.background": one(
        "spanet_trainings/kappa5_joint/background", ["four_b", "mine"], "datasets_merge"
    ),
    "spanet_trainings.SpanetTraining.options": one(
        JOINT + "options", "config/spanet/options/tuned.json",
        # The summary: a cause of differences from the note depends on them.
        "spanet_train", "spanet_search_worker", "summary",
    ),
    "spanet_trainings.SpanetTraining.changes": one(
        JOINT + "changes", {"dropout": 0.1}, "spanet_train", "spanet_search_worker"
    ),
    "spanet_trainings.SpanetTraining.search": one(
        MIXING + "search", "mixing_joint", "spanet_train"
    ),
    # A search has its own number of epochs.
    "spanet_trainings.SpanetTraining.epochs": one(JOINT + "epochs", 3, "spanet_train"),
    "spanet_trainings.SpanetTraining.max_events_per_sample": one(
        JOINT + "max_events_per_sample", 9, "datasets_merge"
    ),
    "spanet_trainings.SpanetTraining.max_events_per_signal_sample": one(
        JOINT + "max_events_per_signal_sample", 9, "datasets_merge"
    ),
    "spanet_trainings.SpanetTraining.rows_per_shower": one(
        # What measures is all rows.
        JOINT + "rows_per_shower", 2, "datasets_merge"
    ),
    # The label says it.
    "spanet_trainings.SpanetTraining.share": one(
        MIXING + "share", 0.5, "datasets_merge", tables(4, 5, "samples")
    ),
    # Without folds it is refused; beside them it is one network instead of each.
    "spanet_trainings.SpanetTraining.trained_folds": several(
        {"event_selection/folds": 4, **ONE_TRAINING, SM + "trained_folds": 1},
        FOLDED, "spanet_evaluate_some_folds",
    ),
    "spanet_trainings.SpanetTraining.kappa_balance": one(
        JOINT + "kappa_balance", True, "datasets_merge", "spanet_train", "spanet_search_worker"
    ),
    "spanet_trainings.SpanetTraining.repeats": one(
        SM + "repeats", 2, "spanet_train", "spanet_evaluate", "spanet_choose"
    ),
}  # fmt: skip

SEARCHES = {
    "searches.SpanetSearch.training": one(
        SEARCH + "training", "kappa5_joint", "spanet_search_worker"
    ),
    "searches.SpanetSearch.trials": one(SEARCH + "trials", 9, "spanet_search_worker"),
    "searches.SpanetSearch.epochs": one(SEARCH + "epochs", 9, "spanet_search_worker"),
    "searches.SpanetSearch.halving": one(SEARCH + "halving", False, "spanet_search_worker"),
    "searches.SpanetSearch.held_out": one(SEARCH + "held_out", 0.3, "spanet_search_worker"),
    "searches.SpanetSearch.workers": one(
        SEARCH + "workers", 2, "spanet_search_worker", "search_outcome"
    ),
    **{
        f"searches.SpanetSearch.ranges.{key}": one(
            f"{SEARCH}ranges/{key}", value, "spanet_search_worker"
        )
        for key, value in {
            "learning_rate": [1e-4, 1e-2], "dropout": [0.0, 0.4], "gradient_clip": [0.0, 0.4],
            "l2_penalty": [0.0, 0.1], "hidden_dim": [8], "num_encoder_layers": [1, 2],
            "num_branch_encoder_layers": [1, 3], "num_classification_layers": [1, 2],
        }.items()
    },
    "searches.DnnSearch.classifier": one(
        DNN_SEARCH + "classifier", "mixing_spanet_dnn", "dnn_search_worker"
    ),
    "searches.DnnSearch.trials": one(DNN_SEARCH + "trials", 9, "dnn_search_worker"),
    "searches.DnnSearch.max_epochs": one(DNN_SEARCH + "max_epochs", 9, "dnn_search_worker"),
    "searches.DnnSearch.halving": one(DNN_SEARCH + "halving", False, "dnn_search_worker"),
    "searches.DnnSearch.held_out": one(DNN_SEARCH + "held_out", 0.4, "dnn_search_worker"),
    "searches.DnnSearch.workers": one(
        DNN_SEARCH + "workers", 2, "dnn_search_worker", "search_outcome"
    ),
    **{
        f"searches.DnnSearch.ranges.{key}": one(
            f"{DNN_SEARCH}ranges/{key}", value, "dnn_search_worker"
        )
        for key, value in {
            "learning_rate": [1e-4, 1e-2], "hidden_dim": [8], "n_layers": [1, 2],
        }.items()
    },
}  # fmt: skip

CLASSIFIERS = {
    **{
        f"classifiers.Dnn.{key}": one(DNN + key, value, "dnn_train", "dnn_search_worker")
        for key, value in {
            "hidden_dim": 64, "n_layers": 3, "learning_rate": 0.01, "batch_size": 64,
            "patience": 3, "validation_fraction": 0.1,
        }.items()
    },
    # A search has its own number of epochs.
    "classifiers.Dnn.max_epochs": one(DNN + "max_epochs", 9, "dnn_train"),
    "classifiers.Dnn.label": one(DNN5 + "label", "network", KAPPA5_DNN),
    "classifiers.Dnn.pairing": several(
        {
            DNN5 + "pairing": "mixing_spanet", DNN5 + "label": "network",
            "selections/kappa5_spanet_dnn/pairing": "mixing_spanet",
        },
        # Features of the signals on the pairing that no classifier is left for.
        "features", "spanet_predict", "dnn_train", "dnn_predict", "dnn_predict_varied", "templates",
        KAPPA5_DNN,
    ),
    "classifiers.Dnn.kappa_lambda": one(
        DNN + "kappa_lambda", [1, 5],
        "dnn_train", "dnn_search_worker", "dnn_importance", "evaluate_classifier", "working_point",
        "templates", tables(12),
    ),
    "classifiers.Dnn.search": one(
        "classifiers/min_dr_dnn_tuned/search", "mixing_spanet_dnn",
        # The search that nothing asks for any more is not run.
        "dnn_train", "dnn_search_worker", "search_outcome",
    ),
    "classifiers.Dnn.rows_per_shower": one(
        DNN + "rows_per_shower", 2, "dnn_train", "dnn_search_worker"
    ),
    "classifiers.Dnn.share": one(DNN5 + "share", 0.5, "dnn_train", KAPPA5_DNN),
    "classifiers.Dnn.repeats": one(
        DNN + "repeats", 4, "dnn_train", "dnn_choose", tables(13, 15)
    ),
    "classifiers.SpanetClassifier.label": one(ONLY + "label", "classes", CLASSIFICATION_ONLY),
    "classifiers.SpanetClassifier.training": several(
        {ONLY + "training": "kappa5_joint", "spanet_trainings/kappa5_joint/kappa_lambda": [1, 5]},
        "datasets_merge", "spanet_score", "evaluate_classifier", "working_point", "templates",
        # Of the repeats that are left only one is shown, in the figure of learning curves.
        "spanet_train", "spanet_evaluate", "spanet_choose", CLASSIFICATION_ONLY,
    ),
    "classifiers.BaselineClassifier.label": one(SVM_ + "label", "vectors", SVM),
    "classifiers.BaselineClassifier.pairing": several(
        {SVM_ + "pairing": "mine", "selections/min_dr_svm/pairing": "mine"},
        # Everything on the pairing that had only been drawn.
        "pair", "features", "baseline_train", "templates", SVM,
    ),
    "classifiers.BaselineClassifier.method": several(
        {SVM_ + "method": "tests/studies/own/own_classifier.py:NearestMean", SVM_ + "label": "SVM"},
        "baseline_train",
    ),
    "classifiers.BaselineClassifier.options": one(
        SVM_ + "options", {"components": 100}, "baseline_train"
    ),
    "classifiers.BaselineClassifier.rows_per_shower": one(
        SVM_ + "rows_per_shower", 2, "baseline_train"
    ),
    "classifiers.BaselineClassifier.kappa_lambda": one(
        SVM_ + "kappa_lambda", [1, 5],
        "baseline_train", "evaluate_classifier", "working_point", "templates",
    ),
    **{
        f"classifiers.CutClassifier.{key}": one(CUT + key, value, "select_cuts")
        for key, value in {
            "delta_eta_max": 1.4, "x_wt_min": 1.4, "w_mass_gev": 80.0, "top_mass_gev": 173.0,
            "x_wt_relative_width": 0.2,
        }.items()
    },
    # The signal region is drawn into the mass planes.
    **{
        f"classifiers.CutClassifier.{key}": one(
            CUT + key, value, "select_cuts", figures(2, 3, "mass_planes")
        )
        for key, value in {
            "x_hh_max": 1.5, "x_hh_centre_gev": [120.0, 110.0], "x_hh_relative_width": 0.2,
        }.items()
    },
    "classifiers.CutClassifier.label": one(CUT + "label", "window", CUTS),
    "classifiers.CutClassifier.pairing": several(
        {CUT + "pairing": "mine", "selections/min_dr_cuts/pairing": "mine"},
        "pair", "features", "select_cuts", "templates", CUTS,
    ),
    "classifiers.CutClassifier.kappa_lambda": one(
        CUT + "kappa_lambda", [1, 5], "evaluate_classifier", "working_point", "templates"
    ),
    "selections.Selection.label": one(
        SELECTION + "label", "DNN",
        tables(11, 14, 16, 17, "luminosities"), figures(4, 5, "likelihood"), OWN_OUTPUTS,
    ),
    "selections.Selection.pairing": several(
        {SVM_ + "pairing": "mine", "selections/min_dr_svm/pairing": "mine"},
        "pair", "features", "baseline_train", "templates", SVM,
    ),
    "selections.Selection.classifier": several(
        {"selections/min_dr_svm/classifier": "min_dr_random_forest",
         "selections/min_dr_svm/label": "other"},
        "working_point", "templates", tables("classifiers", "luminosities"),
    ),
    "selections.Selection.threshold": one(SELECTION + "threshold", 0.7, "working_point"),
    "selections.Selection.min_background_events": one(
        SELECTION + "min_background_events", 5, "working_point"
    ),
}  # fmt: skip

VARIED = "systematics/jet_energy_scale/"
SHOWER = "systematics/radiation/"
WEIGHT = "systematics/signal_scale/"
NORM = "systematics/luminosity/"
DENSITIES = "systematics/four_b_densities/"
NORM_ENTRY = {"effect": "norm", "processes": ["four_b"], "size": 0.1}
#: A sample is varied that was not: made, and put through everything, on two sides.
VARIED_SAMPLES = {
    "simulate", "ingest", "dnn_predict_varied", "baseline_train", "templates", *PER_SAMPLE,
}  # fmt: skip

SYSTEMATICS = {
    # A normalisation needs no templates of its own.
    "systematics.NormSystematic.processes": one(NORM + "processes", ["hh"], MODELS),
    "systematics.NormSystematic.size": one(NORM + "size", 0.02, MODELS),
    "systematics.NormSystematic.up": several(
        {NORM + "size": None, NORM + "up": 1.1, NORM + "down": 0.8}, MODELS
    ),
    "systematics.NormSystematic.down": several(
        {NORM + "size": None, NORM + "up": 1.01, NORM + "down": 0.8}, MODELS
    ),
    # Templates are made anew; models are told all of a systematic.
    "systematics.WeightSystematic.processes": one(
        WEIGHT + "processes", ["hh", "ttbar"], "templates", MODELS
    ),
    "systematics.WeightSystematic.weight": one(
        WEIGHT + "weight", "tests/studies/own/own_weight.py:scale", "templates", MODELS
    ),
    "systematics.WeightSystematic.up": one(
        WEIGHT + "up", {"mu_factor": 0.6}, "templates", MODELS
    ),
    "systematics.WeightSystematic.down": one(
        WEIGHT + "down", {"mu_factor": 1.9}, "templates", MODELS
    ),
    "systematics.DetectorSystematic.processes": several(
        {VARIED + "processes": ["four_b", "hh"], "samples/mg": None}, VARIED_SAMPLES, MODELS,
        "dnn_predict", "generate_madgraph", "efficiency_curve", "evaluate_classifier",
        "working_point",
    ),
    "systematics.DetectorSystematic.up": one(
        VARIED + "up", {"jets.energy_scale": 1.03}, "simulate", "templates", MODELS
    ),
    "systematics.DetectorSystematic.down": one(
        VARIED + "down", {"jets.energy_scale": 0.97}, "simulate", "templates", MODELS
    ),
    "systematics.ShowerSystematic.processes": several(
        {SHOWER + "processes": ["four_b", "hh"], "samples/mg": None}, VARIED_SAMPLES, MODELS,
        "dnn_predict", "generate_madgraph", "efficiency_curve", "evaluate_classifier",
        "working_point",
    ),
    "systematics.ShowerSystematic.up": one(
        SHOWER + "up", ["PartonLevel:MPI = off"], "simulate", "templates", MODELS
    ),
    "systematics.ShowerSystematic.down": one(
        SHOWER + "down", ["PartonLevel:MPI = off"], "simulate", "templates", MODELS
    ),
}  # fmt: skip

#: A part of the signal samples may be made anew where a likelihood alone has variations.
SUBSET_STUDY = {
    "statistics/model": "note", "statistics/kappa_input": "fixed",
    "statistics/background_kappa": "fixed", "statistics/fixed_kappa_input": 3.0,
    "likelihood": {"selections": ["min_dr_dnn"]}, "samples/mg": None,
    VARIED + "processes": ["hh"], SHOWER + "processes": ["hh"],
}  # fmt: skip
SUBSET = {
    "systematics.DetectorSystematic.kappa_lambda", "systematics.ShowerSystematic.kappa_lambda",
}  # fmt: skip
FEWER_VARIED = {
    "ingest", "pair", "features", "dnn_predict_varied", "category_templates", "likelihood_model",
}  # fmt: skip
PARTONS = {
    "systematics.PartonSystematic.processes": several(
        {DENSITIES + "processes": ["four_b", "hh"], "samples/mg": None},
        "parton_weights", "templates", MODELS, "generate_madgraph", "ingest", "efficiency_curve",
        "evaluate_classifier", "working_point", "dnn_predict", "baseline_train", PER_SAMPLE,
    ),
    **{
        f"systematics.PartonSystematic.up.{key}": one(
            DENSITIES + f"up/{key}", value, "parton_weights", "templates", MODELS
        )
        for key, value in {"mu_factor": 2.0, "pdf_set": "NNPDF23_lo_as_0119_qed"}.items()
    },
    # On the study of such a likelihood.
    "systematics.DetectorSystematic.kappa_lambda": one(
        VARIED + "kappa_lambda", [1.0], "simulate", FEWER_VARIED
    ),
    "systematics.ShowerSystematic.kappa_lambda": one(
        SHOWER + "kappa_lambda", [1.0], "simulate", FEWER_VARIED
    ),
    "systematics.PartonSystematic.down": one(
        DENSITIES + "down", {"mu_factor": 0.5}, "parton_weights", "templates", MODELS
    ),
    "systematics.PartonSystematic.alpha_s_power": one(
        DENSITIES + "alpha_s_power", 3, "parton_weights", "templates", MODELS
    ),
    "systematics.PartonSystematic.effect": one(
        "systematics/four_b_densities", NORM_ENTRY, "parton_weights", "templates", MODELS
    ),
}  # fmt: skip

STATISTICS = {
    "statistics.engine": one("statistics/engine", "pyhf", INTERVALS),
    "statistics.optimizer": one("statistics/optimizer", "scipy", INTERVALS),
    "statistics.profile_threshold": one("statistics/profile_threshold", 4.0, INTERVALS),
    "statistics.replicas": one(
        "statistics/replicas", 50, "working_point", "templates", INTERVALS
    ),
    # Replicas are drawn with the templates, and a threshold anew in each.
    "statistics.errors": one(
        "statistics/errors", "templates", "working_point", "templates", INTERVALS
    ),
    "statistics.bootstrap_threshold": one(
        "statistics/bootstrap_threshold", False, "working_point", "templates"
    ),
    "statistics.fixed_kappa_input": several(
        {"statistics/kappa_input": "fixed", "statistics/background_kappa": "fixed",
         "statistics/fixed_kappa_input": 3.0},
        # Nothing is scored at the hypothesis any more.
        SCORED_AT, "working_point", "templates",
    ),
    "statistics.background_shape": one("statistics/background_shape", "tilted", "templates"),
    "statistics.shape_efficiency_factor": several(
        {"statistics/background_shape": "tilted", "statistics/shape_efficiency_factor": 4.0},
        "templates",
    ),
    "statistics.shape_spread_pull_max": several(
        {"statistics/background_shape": "tilted", "statistics/shape_spread_pull_max": 2.0},
        "templates",
    ),
    "statistics.needed_effective_events": one(
        "statistics/needed_effective_events", 5.0, MODELS
    ),
    "statistics.cross_section_bands": one(
        "statistics/cross_section_bands", {"high": {"four_b": 1.6}}, "limits"
    ),
    "statistics.model": one("statistics/model", "complete", MODELS),
    "statistics.asimov": one("statistics/asimov", "sm", MODELS),
    "statistics.empty_background_bins": one("statistics/empty_background_bins", "error", MODELS),
    "statistics.minimum_effective_events": one("statistics/minimum_effective_events", 3.0, MODELS),
    "statistics.scan_luminosities_ifb": one(
        "statistics/scan_luminosities_ifb", [100.0, 200.0], "luminosity_scan",
        "equivalent_luminosity",
    ),
    "statistics.luminosities_ifb": one(
        "statistics/luminosities_ifb", [139.0, 300.0, 3000.0, 500.0],
        "workspace", "limits", "equivalent_luminosity", "summary", tables("luminosities"),
    ),
    # No 14 TeV: its tables and its figure are left out, with the scans they alone ask for.
    "statistics.sqrt_s_tev": one(
        "statistics/sqrt_s_tev", [13.0],
        "workspace", "limits", "luminosity_scan", "equivalent_luminosity", "summary",
        tables(27, 28, "luminosities"), figures(14),
    ),
    # Templates of 13 TeV serve 14 TeV as well.
    "statistics.other_energies": one(
        "statistics/other_energies", "reweighted", "energy_weights", "templates", MODELS
    ),
    **{
        f"statistics.{key}": one(f"statistics/{key}", value, "templates")
        for key, value in {
            "bins": 8, "m_hh_min_gev": 250.0, "m_hh_max_gev": 900.0, "overflow": "include",
            "background_kappa": "average",
        }.items()
    },
    # With background at the note's draws nothing else is scored at the hypothesis.
    "statistics.kappa_input": one("statistics/kappa_input", "own", SCORED_AT, "templates"),
    # Replicas are made of reweighted events alone.
    "statistics.signal_method": several(
        {"statistics/signal_method": "interpolated", "statistics/errors": "templates"},
        "working_point", "templates", INTERVALS,
    ),
    **{
        f"statistics.kappa_lambda_{key}": one(
            f"statistics/kappa_lambda_{key}", value, SCORED_AT, "templates"
        )
        for key, value in {"min": -12, "max": 17, "step": 0.5}.items()
    },
    # Backgrounds are weighted at the energy of the headline.
    "statistics.headline.sqrt_s_tev": one(
        "statistics/headline", {"sqrt_s_tev": 14.0}, WEIGHTED, HEADLINE, OWN_OUTPUTS
    ),
    "statistics.headline.luminosity_ifb": one(
        "statistics/headline", {"luminosity_ifb": 300.0}, HEADLINE, OWN_OUTPUTS
    ),
}  # fmt: skip

MINE = "outputs/my_likelihood/"
TABLE = tables("my_intervals")
FIGURE = figures("my_likelihood")
ALL_FIGURES = EVENTS | FIGURE | figures(5, 6, 11, 12, 13, 14, "kappa", "likelihood")
SHOWN = {
    "outputs.OwnOutput.title": one(MINE + "title", "Mine", FIGURE),
    "outputs.OwnOutput.selections": one(
        MINE + "selections", ["min_dr_dnn", "mixing_spanet"], FIGURE
    ),
    "outputs.OwnOutput.sqrt_s_tev": one(MINE + "sqrt_s_tev", 14.0, FIGURE),
    "outputs.OwnOutput.luminosity_ifb": one(MINE + "luminosity_ifb", 300.0, FIGURE),
    "outputs.OwnOutput.style": one(MINE + "style", {"font_size": 12}, FIGURE),
    "outputs.OwnOutput.options": one(
        "outputs/my_intervals/options", {"note": {"table": "table_9"}}, TABLE
    ),
    "outputs.OwnOutput.pairings": several(
        {MINE + "kind": "efficiency", MINE + "selections": [], MINE + "pairings": ["min_dr"]},
        FIGURE,
    ),
    "outputs.OwnOutput.classifiers": several(
        {MINE + "kind": "roc", MINE + "selections": [], MINE + "classifiers": ["min_dr_dnn"]},
        FIGURE,
    ),
    "outputs.OwnOutput.trainings": several(
        {MINE + "kind": "network", MINE + "selections": [], MINE + "trainings": ["mixing_joint"]},
        FIGURE,
    ),
    "publication.archive": one("publication/archive", "mine", "summary"),
    "publication.causes": one("publication/causes", None, "summary"),
    # Those of the note show values of the reference file, and the others may.
    "publication.reference": one("publication/reference", "mine.yaml", *[
        tables(*range(1, 29)), tables("classifiers", "luminosities", "pass_rates", "samples"),
        TABLE,
    ]),
    "publication.style": one(
        "publication/style", {"font_size": 12}, ALL_FIGURES, figures("limits")
    ),
    "publication.figure_style": one(
        "publication/figure_style", {"figure_4": {"font_size": 12}}, figures(4)
    ),
}  # fmt: skip


def process(kind, label, **more):
    """A process beside those that are there."""
    return {"kind": kind, "label": label, **more}


CROSS = {"cross_section_pb": {13: 5.0, 14: 6.0}}
FILES = {"source": "files", "files": ["a.root"]}
OF_HH = {"process": "hh", "kappa_lambda": 6}
#: A background sample becomes signal: it changes sides wherever the two are compared.
#: On a pairing that no classifier uses, only the Standard Model and backgrounds are shown.
CHANGES_SIDES = (WEIGHTED | BACKGROUNDS - figures(4)) | {
    "efficiency_curve", "dnn_predict", "templates", "features",
}  # fmt: skip
#: A background gets a process of its own.
SPLIT_OFF = WEIGHTED | MODELS | BACKGROUNDS | {"templates"}
UNVARIED = VARIED_SAMPLES | MODELS

#: What an entry is. Most keys of a kind go with it, so entries are replaced.
KINDS = {
    "samples.SignalSample.process": several(
        {
            "processes/di_higgs": process("signal", "HH"), "samples/hh/process": "di_higgs",
            "samples/mg/process": "di_higgs", NORM + "processes": ["di_higgs", "four_b"],
            WEIGHT + "processes": ["di_higgs"],
        },
        "templates", MODELS, tables("pass_rates"),
    ),
    # A resonance is part of no limit, and no output names it.
    "samples.ResonanceSample.process": several(
        {"processes/spin_2": process("resonance", "G"), "samples/resonant/process": "spin_2"}
    ),
    "samples.FourBSample.process": several(
        {
            "processes/qcd": process("background", "QCD", **CROSS),
            "samples/four_b/process": "qcd", NORM + "processes": ["hh", "qcd"],
            VARIED + "processes": ["qcd"], SHOWER + "processes": ["qcd"],
            DENSITIES + "processes": ["qcd"],
        },
        SPLIT_OFF, "parton_weights",
    ),
    **{
        f"samples.{kind}.process": several(
            {"processes/other": process("background", "other", **CROSS),
             f"samples/{name}/process": "other"},
            SPLIT_OFF,
        )
        for kind, name in {
            "FilesSample": "mine", "SpanetDatasetSample": "published", "LheSample": "taken",
            "HepmcSample": "particles",
        }.items()
    },
    **{
        f"samples.MadgraphSample.{key}": several(
            {"samples/mg/generate": "4b", "samples/mg/process": "ttbar",
             "samples/mg/kappa_lambda": None},
            CHANGES_SIDES, "generate_madgraph", "ingest",
        )
        for key in ("generate", "process")
    },
    "samples.FilesSample.kappa_lambda": several(
        {f"samples/mine/{key}": value for key, value in OF_HH.items()}, CHANGES_SIDES, "ingest"
    ),
    "samples.LheSample.kappa_lambda": several(
        {f"samples/taken/{key}": value for key, value in OF_HH.items()},
        CHANGES_SIDES, "take_partons", "ingest",
    ),
    "samples.HepmcSample.kappa_lambda": several(
        {f"samples/particles/{key}": value for key, value in OF_HH.items()},
        CHANGES_SIDES, "take_particles", "ingest",
    ),
    **{
        f"samples.SpanetDatasetSample.{key}": several(
            {f"samples/published/{key}": v for key, v in {**OF_HH, "events": "signal"}.items()},
            CHANGES_SIDES, "datasets_import",
        )
        for key in ("events", "kappa_lambda")
    },
    "samples.ResonanceSample.source": one(
        "samples/resonant", {**FILES, "process": "resonance"},
        "generate_resonance", "simulate", "ingest",
    ),
    # Published values of pp -> 4b stand beside the own generator only.
    "samples.FourBSample.source": several(
        {"samples/four_b": {**FILES, "process": "four_b"},
         "systematics/jet_energy_scale": None, "systematics/radiation": None,
         "systematics/four_b_densities": None},
        "generate_four_b", "parton_weights", UNVARIED, tables("pass_rates"),
    ),
    "samples.LheSample.source": one(
        "samples/taken", {**FILES, "process": "ttbar"}, "take_partons", "simulate", "ingest"
    ),
    "samples.HepmcSample.source": one(
        "samples/particles", {**FILES, "process": "ttbar"}, "take_particles", "simulate", "ingest"
    ),
    "samples.MadgraphSample.source": one(
        "samples/mg", {**FILES, "process": "hh", "kappa_lambda": 4}, "generate_madgraph", "ingest"
    ),
    "samples.FilesSample.source": one(
        "samples/mine",
        {"source": "spanet_dataset", "process": "ttbar", "file": "a.h5", "events": "background"},
        "ingest", "datasets_import",
    ),
    # Only published datasets have no missing energy and no leptons.
    "samples.SpanetDatasetSample.source": one(
        "samples/published", {**FILES, "process": "ttbar"},
        "ingest", "datasets_import", "features", "embedding_features",
    ),
    "pairings.SpanetPairing.method": one(
        "pairings/kappa5_spanet", {"method": "min_dr", "label": "κ5 SPANet"},
        "pair", "spanet_predict", "features", "efficiency_curve",
    ),
    "searches.SpanetSearch.kind": several(
        {
            "searches/mixing_joint": {"kind": "dnn", "classifier": "min_dr_dnn"},
            "spanet_trainings/mixing_joint_tuned/search": None,
            "classifiers/mixing_spanet_tuned/label": "SPANet2, tuned",
        },
        "spanet_search_worker", "search_outcome", "spanet_train",
    ),
    "searches.DnnSearch.kind": several(
        {
            "searches/min_dr_dnn": {"kind": "spanet", "training": "mixing_joint"},
            "classifiers/min_dr_dnn_tuned/search": None,
            "classifiers/min_dr_dnn_tuned/label": "DNN, tuned",
        },
        "dnn_search_worker", "search_outcome", "dnn_train",
    ),
    "classifiers.Dnn.kind": one(
        "classifiers/kappa5_spanet_dnn",
        {"kind": "baseline", "method": "svm", "pairing": "kappa5_spanet", "label": "DNN",
         "kappa_lambda": [-5, -3, -1, 1, 2, 3, 5, 7, 9, 11]},
        "dnn_train", "dnn_choose", "dnn_predict", "dnn_predict_varied", "baseline_train",
        tables(10, 13, 15), figures("learning"),
    ),
    "classifiers.SpanetClassifier.kind": one(
        "classifiers/mixing_spanet_classification_only",
        {"kind": "dnn", "pairing": "mixing_spanet", "label": "other"},
        "spanet_train", "spanet_evaluate", "spanet_choose", "spanet_score",
        "dnn_train", "dnn_choose", "dnn_predict", "dnn_predict_varied",
        "evaluate_classifier", "working_point", "templates", CLASSIFICATION_ONLY,
        figures("learning"),
    ),
    "classifiers.BaselineClassifier.kind": one(
        "classifiers/min_dr_svm",
        {"kind": "dnn", "pairing": "min_dr", "label": "SVM",
         "kappa_lambda": [-5, -3, -1, 1, 2, 3, 5, 7, 9, 11]},
        "baseline_train", "dnn_train", "dnn_choose", "dnn_predict", "dnn_predict_varied",
        figures("learning"),
    ),
    "classifiers.CutClassifier.kind": one(
        "classifiers/min_dr_cuts",
        {"kind": "baseline", "method": "svm", "pairing": "min_dr", "label": "cuts"},
        "select_cuts", "baseline_train", figures("cutflow"), "summary",
    ),
    "systematics.NormSystematic.effect": one(
        "systematics/luminosity",
        {"effect": "weights", "processes": ["hh"], "weight": "alpha_s",
         "up": {"mu_factor": 3.0}, "down": {"mu_factor": 0.3}},
        "templates", MODELS,
    ),
    "systematics.WeightSystematic.effect": one(
        "systematics/signal_scale", NORM_ENTRY, "templates", MODELS
    ),
    "systematics.DetectorSystematic.effect": one(
        "systematics/jet_energy_scale", NORM_ENTRY, UNVARIED
    ),
    "systematics.ShowerSystematic.effect": one("systematics/radiation", NORM_ENTRY, UNVARIED),
    "outputs.OwnOutput.medium": several(
        {MINE + "medium": "table", MINE + "kind": "intervals"},
        FIGURE, tables("my_likelihood"), "summary",
    ),
    "outputs.OwnOutput.kind": one(MINE + "kind", "limits_against_kappa", FIGURE),
}  # fmt: skip

#: On the study with a likelihood, which lies over that with every kind.
LIKELIHOOD_STUDY = {
    "statistics/kappa_input": "fixed", "statistics/background_kappa": "fixed",
    "statistics/fixed_kappa_input": 3.0,
    "likelihood": {"selections": ["min_dr_dnn", "mixing_spanet"], "toys": ["min_dr_dnn"],
                   "redrawn_templates": 3, "couplings": ["min_dr_dnn"]},
}  # fmt: skip
#: A selection gets a likelihood, or loses it.
LIKELIHOOD_RULES = {
    "category_templates", "likelihood_model", "likelihood_redraw", "likelihood_fit",
    "likelihood_workspace",
}  # fmt: skip
LIKELIHOOD = {
    "likelihood.selections": one(
        "likelihood/selections", ["min_dr_dnn"], LIKELIHOOD_RULES, "summary",
        tables("likelihood", "interval_breakdown"), figures("likelihood_scan", "kappa_mu"),
    ),
    "likelihood.toys": one(
        "likelihood/toys", [], "likelihood_toys", "summary",
        figures("likelihood_scan", "coverage"),
    ),
    "likelihood.redrawn_templates": one(
        "likelihood/redrawn_templates", 2, "likelihood_redraw"),
    "likelihood.couplings": one(
        "likelihood/couplings", [], "likelihood_couplings", "summary", tables("couplings"),
        figures("couplings"),
    ),
    **{
        f"likelihood.{key}": one(f"likelihood/{key}", value, "likelihood_couplings")
        for key, value in {
            "coupling_ranges": {"c2": [-1.0, 2.0]}, "coupling_points": 21,
            "coupling_benchmarks": [], "m_hh_truth_max_gev": 2000.0,
        }.items()
    },
    **{
        f"likelihood.{key}": one(
            f"likelihood/{key}", value, "category_templates", "likelihood_redraw"
        )
        for key, value in {
            "category_edges": [0.4, 0.9], "category_count": 3, "edges_luminosity_ifb": 300.0,
            "bins_candidates": [5, 10],
            "minimum_effective_events": 5.0, "polynomial_order_max": 6, "tilt_order": 1,
            "variation_order": 2, "symmetric_variations": True,
        }.items()
    },
    **{
        f"likelihood.{key}": one(
            f"likelihood/{key}", value, "likelihood_model", "likelihood_couplings",
            "likelihood_redraw",
        )
        for key, value in {
            "background_family": "kernel", "background_normalisation": "free",
            "free_backgrounds": ["four_b"], "transfer_norm": 0.1, "transfer_tilt": 0.2,
            "shape_prior": 0.5, "uncertainties": [],
        }.items()
    },
    **{
        f"likelihood.scan_{end}": one(
            f"likelihood/scan_{end}", value, "likelihood_fit", "likelihood_couplings"
        )
        for end, value in {"min": -12.0, "max": 17.0}.items()
    },
    # The files of exchange have Asimov data, too.
    "likelihood.asimov": one(
        "likelihood/asimov", "sm", "likelihood_fit", "likelihood_workspace",
        "likelihood_couplings",
    ),
    **{
        f"likelihood.{key}": one(f"likelihood/{key}", value, "likelihood_fit")
        for key, value in {
            "scan_step": 0.2, "confidence_levels": [0.9],
            "asimov_kappa": 2.0, "asimov_mu": 2.0, "mu_limits": False, "mu_limit_level": 0.9,
            "impacts": False, "impact_step": 1.0, "contour_mu_max": 3.0, "contour_points": 21,
            "fisher_kappa": 2.0,
        }.items()
    },
    **{
        f"likelihood.{key}": one(f"likelihood/{key}", value, "likelihood_toys")
        for key, value in {
            "belt_kappas": [-6.0, 0.0, 3.0, 6.0, 12.0], "belt_toys": 100,
            "coverage_kappas": [1.0], "coverage_toys": 100, "injection_kappas": [1.0],
            "injection_toys": 100, "toy_levels": [0.9], "kappa_bound_min": -14.0,
            "kappa_bound_max": 19.0, "toy_asimov": "sm", "belt_parameters": "profiled",
            "interval_step": 0.1,
        }.items()
    },
}  # fmt: skip
#: The categories, and what is told of processes and systematics.
OF_TEMPLATES = {
    "category_templates", "likelihood_model", "likelihood_couplings", "likelihood_redraw",
}  # fmt: skip
#: What other keys change of a likelihood, where that is not plain from their templates and limits.
IN_A_LIKELIHOOD = {
    "seed": {"likelihood_toys", "likelihood_redraw"},
    # Nothing of these is in categories: they have no threshold, and no bootstrap.
    **{
        leaf: set()
        for leaf in (
            "statistics.errors", "statistics.replicas", "statistics.bootstrap_threshold",
            "statistics.background_shape", "statistics.needed_effective_events",
            "statistics.minimum_effective_events", "statistics.empty_background_bins",
            "statistics.cross_section_bands", "selections.Selection.threshold",
        )
    },
    # The fit and the files of exchange are of every energy and luminosity.
    "statistics.luminosities_ifb": {"likelihood_model", "likelihood_fit", "likelihood_workspace"},
    "statistics.sqrt_s_tev": {"likelihood_model", "likelihood_fit", "likelihood_workspace"},
    "statistics.headline.luminosity_ifb": {
        "likelihood_fit", "likelihood_toys", "likelihood_redraw", "likelihood_couplings",
    },
    # Measurements at the values of the scan.
    "statistics.kappa_lambda_step": {"likelihood_workspace"},
    "physics.m_higgs_gev": OF_TEMPLATES,
    "physics.sqrt_s_tev": {"category_templates", "likelihood_redraw", "likelihood_couplings"},
    "processes.Process.cross_section_pb": OF_TEMPLATES,
    "systematics.NormSystematic.size": {
        "likelihood_model", "likelihood_redraw", "likelihood_couplings",
    },
    "systematics.WeightSystematic.up": OF_TEMPLATES,
    "systematics.DetectorSystematic.up": OF_TEMPLATES,
    "systematics.ShowerSystematic.down": OF_TEMPLATES,
    "statistics.bins": {"category_templates", "likelihood_redraw"},
    "statistics.overflow": {"category_templates", "likelihood_redraw", "likelihood_couplings"},
}  # fmt: skip

#: Everything moves; and the signal's samples cannot keep their names with another source.
NOT_HERE = {"results", "samples.SignalSample.source"}
LEAVES = {
    **STUDY, **PHYSICS, **PROCESSES, **SAMPLES, **EVENT_CHOICES, **PAIRINGS, **SEARCHES,
    **CLASSIFIERS, **SYSTEMATICS, **PARTONS, **STATISTICS, **LIKELIHOOD, **SHOWN, **KINDS,
}  # fmt: skip

#: The table of background events, and the page, call selections by the names of their parts, and
#: read what belongs to the headline.
_PAGE = {"summary"}
_NAMED = tables("background") | _PAGE
#: Added to the rules above: what the page says beside tables and figures.
PAGE = {
    **dict.fromkeys(
        (
            "pairings.SpanetPairing.label", "classifiers.Dnn.label", "classifiers.Dnn.pairing",
            "classifiers.Dnn.share", "classifiers.SpanetClassifier.training",
            "classifiers.SpanetClassifier.kind", "classifiers.BaselineClassifier.label",
            "classifiers.BaselineClassifier.pairing", "classifiers.CutClassifier.label",
            "classifiers.CutClassifier.pairing", "selections.Selection.label",
            "selections.Selection.pairing", "selections.Selection.classifier",
        ),
        _NAMED,
    ),
    **dict.fromkeys(
        ("statistics.headline.sqrt_s_tev", "statistics.headline.luminosity_ifb"),
        _NAMED | tables("cross_sections"),
    ),
    # On the page a selection by SPANet2 is called by its training.
    "classifiers.SpanetClassifier.label": tables("background"),
    # Causes of differences depend on them.
    **dict.fromkeys(
        (
            "simulation.detector", "samples.FourBSample.b_tagging", "samples.FourBSample.source",
            "statistics.background_kappa",
            "statistics.fixed_kappa_input",
        ),
        _PAGE,
    ),
    # Searches, and the tables that show what they found.
    **dict.fromkeys(
        (
            "spanet_trainings.SpanetTraining.search", "classifiers.Dnn.search",
            "searches.SpanetSearch.kind", "searches.DnnSearch.kind",
        ),
        _PAGE,
    ),
    # Samples of background come or go.
    **dict.fromkeys(
        (
            "processes.Process.kind", "samples.MadgraphSample.generate",
            "samples.MadgraphSample.process", "samples.FilesSample.kappa_lambda",
            "samples.LheSample.kappa_lambda", "samples.HepmcSample.kappa_lambda",
            "samples.SpanetDatasetSample.events", "samples.SpanetDatasetSample.kappa_lambda",
        ),
        _PAGE,
    ),
    "publication.reference": tables("background", "cross_sections"),
}  # fmt: skip
LEAVES |= {leaf: (LEAVES[leaf][0], LEAVES[leaf][1] | rules) for leaf, rules in PAGE.items()}
