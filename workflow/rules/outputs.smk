# The tables and figures of a study, and the files each is made from.
ALL_LIMITS = expand(
    f"{RESULTS}/limits/{{selection}}_{{energy}}tev_{{luminosity}}ifb.json",
    selection=STUDY.selections,
    energy=STUDY.statistics.sqrt_s_tev,
    luminosity=[f"{value:g}" for value in STUDY.statistics.luminosities_ifb],
)


def limits_of(selection, energy=13, luminosity=139):
    return f"{RESULTS}/limits/{selection}_{energy}tev_{luminosity:g}ifb.json"


def partons_at(process, energy):
    return f"{RESULTS}/comparison/{process}_{energy}tev.json"


def mass_inputs(names):
    """Return datasets, and features by pairing, of samples."""
    files = {p: [feature_file(p, name) for name in names] for p in STUDY.pairings}
    return {"dataset": paths("datasets/{sample}.h5", names), **files}


def of_kappa(value):
    return [name for name in SIGNALS if SAMPLES[name].kappa_lambda == value]


def all_luminosities(energy):
    """Return the limits of every selection at every luminosity, rising."""
    values = sorted(STUDY.statistics.luminosities_ifb)
    return {
        s: [limits_of(s, energy, value) for value in values] for s in STUDY.selections
    }


def classification(names):
    return {name: f"{RESULTS}/metrics/classification/{name}.json" for name in names}


FIRST_ENERGY, FIRST_LUMINOSITY = (
    STUDY.statistics.sqrt_s_tev[0],
    STUDY.statistics.luminosities_ifb[0],
)
STANDARD_MODEL = of_kappa(1)
CURVES = {p: f"{RESULTS}/metrics/pairing/{p}.json" for p in STUDY.pairings}
FIRST_LIMITS = {
    s: limits_of(s, FIRST_ENERGY, FIRST_LUMINOSITY) for s in STUDY.selections
}
OWN_SIGNALS = [name for name in SIGNALS if SAMPLES[name].generated]

TABLES = {
    "13": classification(DNNS),
    "14": {
        s: f for s, f in FIRST_LIMITS.items() if STUDY.selections[s].classifier in DNNS
    },
    "24": CURVES,
    "25": classification(STUDY.classifiers),
    "26": FIRST_LIMITS,
    "pass_rates": {
        "sm_hh": paths("datasets/{sample}.h5", STANDARD_MODEL),
        "four_b": paths("datasets/{sample}.h5", BACKGROUNDS),
    },
}
FIGURES = {
    "1": CURVES,
    "2": mass_inputs(STANDARD_MODEL),
    "3": mass_inputs(BACKGROUNDS),
    "4": {s: f"{RESULTS}/templates/{s}.json" for s in STUDY.selections},
    "11": {f"{e}tev": partons_at("hh", e) for e in (13, 14)},
    "12": {f"{e}tev": partons_at("four_b", e) for e in (13, 14)},
    "13": {f"{e}tev": partons_at("four_b", e) for e in (13, 14)},
    "jets": {
        "signal": paths("datasets/{sample}.h5", STANDARD_MODEL),
        "background": paths("datasets/{sample}.h5", BACKGROUNDS),
    },
    "likelihood": FIRST_LIMITS,
    "limits": FIRST_LIMITS,
    "roc": classification(STUDY.classifiers),
    "learning": {name: f"{RESULTS}/models/{name}/metrics.csv" for name in DNNS},
}
if "mixing_spanet" in STUDY.selections and "mixing_spanet" not in DNNS:
    TRAINING = STUDY.classifiers["mixing_spanet"].training
    TABLES["7"] = {"pairing": f"{RESULTS}/metrics/spanet/{TRAINING}.json"}
    TABLES["8"] = {
        "mixing_joint": f"{RESULTS}/metrics/classification/mixing_spanet.json"
    }
    TABLES["9"] = {"mixing_spanet": FIRST_LIMITS["mixing_spanet"]}
    TABLES["15"] = classification(STUDY.classifiers)
    TABLES["16"] = FIRST_LIMITS
    FIGURES["6"] = {
        "options": TRAININGS[TRAINING].options,
        "event": "config/spanet/event.yaml",
    }
    FIGURES["10"] = CURVES
if OWN_SIGNALS:
    FIGURES["kappa"] = {
        f"{SAMPLES[name].kappa_lambda:g}": f"{RESULTS}/partons/{name}.json"
        for name in OWN_SIGNALS
        if SAMPLES[name].kappa_lambda in (-5, 1, 2, 5, 9)
    }
if 13 in STUDY.statistics.sqrt_s_tev:
    FIGURES["5"] = all_luminosities(13)
if 14 in STUDY.statistics.sqrt_s_tev:
    FIGURES["14"] = all_luminosities(14)
    TABLES["27"] = {
        s: [file for file in files if not file.endswith("_139ifb.json")]
        for s, files in all_luminosities(14).items()
    }


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
