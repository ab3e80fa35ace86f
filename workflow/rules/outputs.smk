# The tables and figures of a study, and the files each is made from.
#
# Names of trainings, pairings and selections are those of the note's methods. What the
# configuration leaves out is left out of a table; a table of which nothing is left is no part of
# the study, and asking for it says what it wants.
ENERGIES = STUDY.statistics.sqrt_s_tev
LUMINOSITIES = sorted(STUDY.statistics.luminosities_ifb)
FIRST_ENERGY, FIRST_LUMINOSITY = ENERGIES[0], STUDY.statistics.luminosities_ifb[0]
STANDARD_MODEL = [name for name in SIGNALS if SAMPLES[name].kappa_lambda == 1]
SELECTIONS = STUDY.selections
NOTE_SELECTIONS = (
    "min_dr_cuts",
    "mixing_spanet_cuts",
    "min_dr_dnn",
    "min_dr_dnn_tuned",
    "kappa5_spanet_dnn",
    "mixing_spanet_dnn",
    "mixing_spanet_dnn_tuned",
    "mixing_spanet",
    "mixing_spanet_classification_only",
    "mixing_spanet_tuned",
)
ALL_LIMITS = [
    f"{RESULTS}/limits/{selection}_{energy}tev_{luminosity:g}ifb.json"
    for selection in SELECTIONS
    for energy in ENERGIES
    for luminosity in LUMINOSITIES
]


def own_names(names):
    """Return the names that are not the note's: a user's additions, shown beside them."""
    note = [*NOTE_SELECTIONS, *(n for n in names if CLASSIFIERS[n].kind == "baseline")]
    return [name for name in names if name not in note]


def limits_of(selection, energy=None, luminosity=None):
    energy, luminosity = energy or FIRST_ENERGY, luminosity or FIRST_LUMINOSITY
    return f"{RESULTS}/limits/{selection}_{energy}tev_{luminosity:g}ifb.json"


def rows(folder, names):
    """Return files by row; names is a list, or a mapping from row to what it shows."""
    names = names if isinstance(names, dict) else {name: name for name in names}
    sources = {
        "limits": (SELECTIONS, limits_of),
        "templates": (SELECTIONS, lambda n: f"{RESULTS}/templates/{n}.json"),
        "scans": (SELECTIONS, lambda n: f"{RESULTS}/scans/{n}.json"),
        "pairing": (STUDY.pairings, lambda n: f"{RESULTS}/metrics/pairing/{n}.json"),
        "spanet": (TRAININGS, lambda n: f"{RESULTS}/metrics/spanet/{n}.json"),
        "classification": (
            CLASSIFIERS,
            lambda n: f"{RESULTS}/metrics/classification/{n}.json",
        ),
        "first": (CLASSIFIERS, lambda n: repeat_metrics(n)[:1]),
        "repeats": (CLASSIFIERS, repeat_metrics),
    }
    known, file = sources[folder]
    return {row: file(name) for row, name in names.items() if name in known}


def repeat_metrics(classifier):
    """Return the metrics of every repeated training of a classifier."""
    chosen = CLASSIFIERS[classifier]
    if chosen.kind == "dnn":
        return [
            f"{RESULTS}/models/{classifier}/repeat_{number}/evaluation.json"
            for number in repeats_of(chosen)
        ]
    if chosen.kind == "spanet":
        return [
            f"{RESULTS}/metrics/spanet/{chosen.training}/repeat_{number}.json"
            for number in repeats_of(TRAININGS[chosen.training])
        ]
    return [f"{RESULTS}/metrics/classification/{classifier}.json"]


def limits_at(energy, luminosities, names):
    """Return the limits of selections at several luminosities, as far as they are configured."""
    chosen = [value for value in LUMINOSITIES if value in luminosities]
    if energy not in ENERGIES or not chosen:
        return {}
    return {
        row: [limits_of(name, energy, value) for value in chosen]
        for row, name in names.items()
        if name in SELECTIONS
    }


def equivalent(scanned, target, energy, luminosities):
    """Return limits of a selection, and the scan of min-dR + DNN that reaches for them."""
    limits = limits_at(energy, luminosities, {"mixing_spanet": target})
    if not limits or scanned not in SELECTIONS:
        return {}
    return {
        **limits,
        "min_dr_dnn": f"{RESULTS}/scans/{scanned}_reaching_{target}.json",
    }


def partons_at(process):
    return {f"{e}tev": f"{RESULTS}/comparison/{process}_{e}tev.json" for e in (13, 14)}


def mass_inputs(names):
    """Return datasets, and features by pairing, of samples."""
    pairings = ("mixing_spanet", "kappa5_spanet", "min_dr")
    files = {
        p: [feature_file(p, name) for name in names]
        for p in (*pairings, *(p for p in STUDY.pairings if p not in NOTE_PAIRINGS))
        if p in STUDY.pairings
    }
    return {"dataset": paths("datasets/{sample}.h5", names), **files} if files else {}


def score_pairs(name, kind, samples):
    """Return DATASET:SCORES of samples for the figure of scores."""
    datasets = paths("datasets/{sample}.h5", samples)
    scores = [score_file(name, sample) for sample in samples]
    return {
        f"{name}.{kind}": [
            ":".join(pair) for pair in zip(datasets, scores, strict=True)
        ]
    }


def embeddings_of(training):
    if training not in TRAININGS or not TRAININGS[training].background:
        return {}
    return {"embeddings": f"{RESULTS}/embeddings/{training}/embeddings.json"}


NOTE_PAIRINGS = ("min_dr", "kappa5_spanet", "mixing_spanet", "mixing_spanet_tuned")
OWN_PAIRINGS = [name for name in STUDY.pairings if name not in NOTE_PAIRINGS]
OWN_SELECTIONS = own_names([name for name in SELECTIONS if name in CLASSIFIERS]) + [
    name for name in SELECTIONS if name not in CLASSIFIERS
]
OWN_CLASSIFIERS = own_names(CLASSIFIERS)
DNN_METHODS = ["min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet_dnn"]
# The note's summary (sections 13 and 15) shows the tuned trainings.
FINAL = {
    "min_dr_dnn": "min_dr_dnn_tuned",
    "mixing_spanet_dnn": "mixing_spanet_dnn_tuned",
    "mixing_spanet": "mixing_spanet_tuned",
}
FINAL_AND_OWN = {**FINAL, **{name: name for name in OWN_SELECTIONS}}
VERSIONS = [
    name + version
    for name in ("sm", "kappa5", "resonant", "mixing")
    for version in ("", "_version1")
]
CLASSIFICATION_ONLY = "mixing_spanet_classification_only"

TABLES = {
    "1": rows("spanet", {"pairing": "sm"}),
    "2": rows("spanet", {"pairing": "kappa5"}),
    "3": rows("spanet", {"pairing": "resonant"}),
    "4": rows("spanet", {"pairing": "mixing"}),
    "5": rows("spanet", VERSIONS),
    "6": rows("spanet", {"pairing": "kappa5_joint"}),
    "7": rows("spanet", {"pairing": "mixing_joint"}),
    "8": rows("classification", {"mixing_joint": "mixing_spanet"}),
    "9": rows("limits", ["mixing_spanet"]),
    "10": rows("first", ["min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet"]),
    "11": rows("limits", ["min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet"]),
    "12": (
        {
            "dataset": paths(
                "datasets/{sample}.h5", [*compared_signals("min_dr_dnn"), *BACKGROUNDS]
            )
        }
        if "min_dr_dnn" in CLASSIFIERS
        else {}
    ),
    "13": rows("repeats", DNN_METHODS),
    "14": rows("limits", DNN_METHODS),
    "15": rows("repeats", [*DNN_METHODS, "mixing_spanet"]),
    "16": rows("limits", [*DNN_METHODS, "mixing_spanet"]),
    "17": equivalent("min_dr_dnn", "mixing_spanet", 13, (139, 300)),
    "18": rows("repeats", [CLASSIFICATION_ONLY]),
    "19": rows("limits", [CLASSIFICATION_ONLY]),
    "20": rows("repeats", ["mixing_spanet_tuned"]),
    "21": rows("limits", ["mixing_spanet_tuned"]),
    "22": rows("repeats", ["min_dr_dnn_tuned", "mixing_spanet_dnn_tuned"]),
    "23": rows("limits", ["min_dr_dnn_tuned", "mixing_spanet_dnn_tuned"]),
    "24": rows(
        "pairing",
        {
            "min_dr": "min_dr",
            "mixing_spanet": "mixing_spanet_tuned",
            **{name: name for name in OWN_PAIRINGS},
        },
    ),
    "25": rows("repeats", {**FINAL, **{name: name for name in OWN_CLASSIFIERS}}),
    "26": rows("limits", FINAL_AND_OWN),
    "27": limits_at(14, (300, 3000), FINAL_AND_OWN),
    "28": equivalent("min_dr_dnn_tuned", "mixing_spanet_tuned", 14, (300,)),
    "classifiers": {
        **rows("classification", list(CLASSIFIERS)),
        **{
            f"{name}.limits": limits_of(name)
            for name in SELECTIONS
            if name in CLASSIFIERS
        },
    },
    "pass_rates": {
        "sm_hh": paths("datasets/{sample}.h5", STANDARD_MODEL),
        "four_b": paths("datasets/{sample}.h5", BACKGROUNDS),
    },
    "samples": {
        f"{name}.{part}": f"{RESULTS}/trainings/{name}/{part}.h5"
        for name in TRAININGS
        if not name.endswith("_version1")
        for part in ("training", "testing")
    },
}
COMPARED = [
    "min_dr_dnn",
    "kappa5_spanet_dnn",
    "mixing_spanet_dnn",
    "mixing_spanet",
    *OWN_SELECTIONS,
]
FIGURES = {
    "1": rows("pairing", ["min_dr", "kappa5_spanet", "mixing_spanet", *OWN_PAIRINGS]),
    "2": mass_inputs(STANDARD_MODEL),
    "3": mass_inputs(BACKGROUNDS),
    "4": rows("templates", ["min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet"]),
    "5": rows("scans", ["min_dr_dnn"]) if 13 in ENERGIES else {},
    "6": (
        {"model": f"{RESULTS}/models/spanet/mixing_joint/model.pt"}
        if "mixing_joint" in TRAININGS
        else {}
    ),
    "7": embeddings_of("mixing_joint"),
    "8": embeddings_of("mixing_joint"),
    "9": embeddings_of("mixing_joint"),
    "10": TABLES["24"],
    "11": partons_at("hh"),
    "12": partons_at("four_b"),
    "13": partons_at("four_b"),
    "14": rows("scans", FINAL_AND_OWN) if 14 in ENERGIES else {},
    "embedding": embeddings_of("mixing_joint"),
    "jets": {
        "signal": paths("datasets/{sample}.h5", STANDARD_MODEL),
        "background": paths("datasets/{sample}.h5", BACKGROUNDS),
    },
    "likelihood": rows(
        "limits", [n for n in SELECTIONS if n in (*NOTE_SELECTIONS, *OWN_SELECTIONS)]
    ),
    "limits": rows("limits", FINAL_AND_OWN),
    "roc": rows("classification", COMPARED),
    "scores": {
        key: files
        for name in ("min_dr_dnn", "mixing_spanet")
        if name in CLASSIFIERS
        for kind, samples in (("signal", STANDARD_MODEL), ("background", BACKGROUNDS))
        for key, files in score_pairs(name, kind, samples).items()
    },
    "learning": {
        **{name: f"{RESULTS}/models/{name}/repeat_0/metrics.csv" for name in DNNS},
        **{
            name: f"{RESULTS}/models/spanet/{name}/repeat_0/metrics.csv"
            for name in TRAININGS
            if TRAININGS[name].background
        },
    },
    "cutflow": (
        {
            key: [f"{RESULTS}/cutflows/min_dr_cuts/{name}.json" for name in names]
            for key, names in (("signal", STANDARD_MODEL), ("background", BACKGROUNDS))
        }
        if "min_dr_cuts" in CUTS
        else {}
    ),
    "kappa": {
        f"{SAMPLES[name].kappa_lambda:g}": f"{RESULTS}/partons/{name}.json"
        for name in SIGNALS
        if SAMPLES[name].generated and SAMPLES[name].kappa_lambda in (-5, 1, 2, 5, 9)
    },
}
ABSENT = {
    "table": [key for key, inputs in TABLES.items() if not inputs],
    "figure": [key for key, inputs in FIGURES.items() if not inputs],
}
TABLES = {key: inputs for key, inputs in TABLES.items() if inputs}
FIGURES = {key: inputs for key, inputs in FIGURES.items() if inputs}


def table_file(key):
    """Return the stem of a table: numbers of the note have two digits."""
    return f"{RESULTS}/tables/table_{key.zfill(2)}"


def figure_file(key):
    """Return the stem of a figure: numbers of the note have two digits."""
    return f"{RESULTS}/figures/figure_{key.zfill(2)}"


def listed(inputs):
    """Return (key, file) for inputs that are a file or a list of files."""
    return [
        (key, file)
        for key, value in inputs.items()
        for file in ([value] if isinstance(value, str) else value)
    ]


def input_files(inputs):
    """Return the files behind inputs; DATASET:SCORES are two."""
    files = [part for _, file in listed(inputs) for part in file.split(":")]
    return list(dict.fromkeys(files))


def inputs_option(inputs):
    return " ".join(
        f"--input {key}={shlex.quote(file)}" for key, file in listed(inputs)
    )


def style_option(key):
    style = {
        **STUDY.publication.style,
        **STUDY.publication.figure_style.get(f"figure_{key}", {}),
    }
    return f"--style '{json.dumps(style, sort_keys=True)}'"


def absent(kind, key):
    """Return an input function that says why a table or figure cannot be made."""

    def explain(wildcards):
        raise WorkflowError(
            f"{kind}_{key} needs a training, pairing or selection that this configuration does"
            " not have (see config/config.yaml for the names, docs/figures.md for what it shows)"
        )

    return explain
