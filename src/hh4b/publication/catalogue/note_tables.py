"""Tables of the note, 1 to 28."""

from functools import partial
from typing import Any

from hh4b.publication.catalogue.entry import Entry
from hh4b.publication.catalogue.names import (
    DNNS,
    FINAL,
    FINAL_ROWS,
    FIRST,
    classifiers,
    pairings,
    selections,
)
from hh4b.publication.catalogue.samples import backgrounds_by_process, sizes_by_part
from hh4b.publication.catalogue.sources import (
    Source,
    curves_of,
    first_fold,
    limits_by_condition,
    limits_of,
    metrics_of,
    one_of,
    reaching,
    training_metrics,
)
from hh4b.study.layout import Layout

INTERVALS = "Expected 95 % intervals on κλ"
CLASSIFICATION_ONLY = "mixing_spanet_classification_only"


def _pairing(number: int, training: str, title: str, *remarks: str, **options: Any) -> Entry:
    options = options or {"table": f"table_{number}"}
    return Entry(
        "table",
        str(number),
        "pairing_by_multiplicity",
        f"Pairing by SPANet2 {title}",
        training_metrics({"pairing": training}),
        remarks,
        options,
    )


def _classification(number: int, title: str, source: Source, **rows: str) -> Entry:
    note = {"table": f"table_{number}", "rows": rows}
    return Entry(
        "table",
        str(number),
        "classification",
        f"Classification by {title}",
        source,
        options={"note": note},
    )


def _repeats(*names: str, own: bool = False) -> Source:
    needs = one_of("classifiers", names)
    return metrics_of(classifiers(*names, own=own), needs, trainings="all")


def _intervals(
    number: int, title: str, *names: str, own: bool = False, remark: str = "", **rows: str
) -> Entry:
    return Entry(
        "table",
        str(number),
        "intervals",
        f"{INTERVALS} {title}",
        limits_of(selections(*names, own=own), one_of("selections", names)),
        (remark,) if remark else (),
        {"note": {"table": f"table_{number}", "rows": rows}},
    )


def _division(layout: Layout) -> dict[str, Any]:
    total = {"total": True} if len(backgrounds_by_process(layout)) > 1 else {}
    return {**total, **first_fold(layout)}


_table = partial(Entry, "table")
#: Label by sample, and trainings with settings of version 1 and of SPANet2 on it.
ALONE = {"sm": "SM", "kappa5": "κλ = 5", "resonant": "Resonant", "mixing": "Mixing κλ"}
VERSIONS = {name: [f"{name}_version1", name] for name in ALONE}
FINAL_PAIRINGS = ("min_dr", "mixing_spanet_tuned")
AT_14_TEV: dict[str, Any] = {"sqrt_s_tev": 14.0, "luminosity_ifb": None}
PAIRING = (
    _pairing(1, "sm", "trained and tested on SM HH events"),
    _pairing(2, "kappa5", "trained and tested at κλ = 5"),
    _pairing(3, "resonant", "trained and tested on resonant events"),
    _pairing(
        4, "mixing", "trained and tested on mixed κλ, assignment only",
        "The note's Table 4 repeats its Table 3, so only the total event efficiency, which its"
        " Table 5 gives, is compared.",
        total_efficiency=["table_5", "mixing", 1],
    ),
    _table(
        "5", "pairing_versions", "Event efficiency of SPANet and SPANet2 by training",
        training_metrics({name: name for pair in VERSIONS.values() for name in pair}),
        (
            "SPANet: this code with the settings of version 1 that the note lists.",
            "The note's caption names resonant samples; its rows are four different samples.",
        ),
        {"samples": ALONE, "trainings": VERSIONS},
    ),
    _pairing(
        6, "kappa5_joint", "trained at κλ = 5 for pairing and classification",
        "The note's Table 6 repeats its Table 3: it has no values of this training to compare"
        " with.",
        table=None,
    ),
    _pairing(
        7, "mixing_joint", "trained on mixed κλ for pairing and classification",
        "Event fractions of the note count the background events of its testing sample too.",
    ),
    _table(
        "24", "pairing_points", "Pairing efficiency by κλ",
        curves_of(pairings(*FINAL_PAIRINGS, own=True), one_of("pairings", FINAL_PAIRINGS)),
        ("The note's caption calls this table classification; its numbers are efficiencies.",),
        {"note": {"table": "table_24", "rows": FINAL_ROWS}, "kappa_lambda": [-5, 1, 5]},
    ),
)  # fmt: skip
CLASSIFICATION = (
    _classification(
        8, "SPANet2 trained on the mixed κλ samples",
        metrics_of(classifiers("mixing_spanet"), one_of("classifiers", ("mixing_spanet",))),
        mixing_spanet="mixing_joint",
    ),
    _classification(
        10, "selection, first trainings",
        metrics_of(classifiers(*FIRST), one_of("classifiers", FIRST), trainings="first"),
    ),
    _table(
        "12", "sizes_by_part", "Numbers of events for the DNN training after the four-tag cut",
        sizes_by_part("min_dr_dnn"), options={"sample": "dnn"}, study_options=_division,
    ),
    _classification(13, "DNN on each pairing", _repeats(*DNNS)),
    _classification(15, "selection, default settings", _repeats(*DNNS, "mixing_spanet")),
    _classification(
        18, "SPANet2 with the assignment loss switched off", _repeats(CLASSIFICATION_ONLY),
    ),
    _classification(20, "SPANet2, hyper-parameters tuned", _repeats("mixing_spanet_tuned")),
    _classification(
        22, "DNN, hyper-parameters tuned", _repeats("min_dr_dnn_tuned", "mixing_spanet_dnn_tuned"),
    ),
    _classification(
        25, "selection, hyper-parameters tuned", _repeats(*FINAL, own=True), **FINAL_ROWS,
    ),
)  # fmt: skip
LIMITS = (
    _intervals(9, "of SPANet2 as classifier", "mixing_spanet"),
    _intervals(
        11, "by selection, first trainings", *FIRST,
        remark="The note's first trainings met background whose testing κλ was always 1, which its"
        " section 6.3 calls a bug; this run shows its own trainings, those of Table 16.",
    ),
    _intervals(14, "with a DNN on each pairing", *DNNS),
    _intervals(16, "by selection, default settings", *DNNS, "mixing_spanet"),
    _table(
        "17", "equivalent_luminosity",
        f"{INTERVALS} of SPANet2 by luminosity, and the luminosity at which min-ΔR + DNN reaches"
        " the same bound",
        reaching("min_dr_dnn", "mixing_spanet", (13.0,), (139.0, 300.0)),
        options={"equal": "bounds", "note": {"table": "table_17", "luminosity_ifb": None}},
        labels={"scan": "min-ΔR + DNN"},
    ),
    _intervals(19, "of SPANet2 trained for classification only", CLASSIFICATION_ONLY),
    _intervals(21, "of SPANet2, hyper-parameters tuned", "mixing_spanet_tuned"),
    _intervals(
        23, "of DNN selections, hyper-parameters tuned", "min_dr_dnn_tuned",
        "mixing_spanet_dnn_tuned",
    ),
    _intervals(26, "by selection, hyper-parameters tuned", *FINAL, own=True, **FINAL_ROWS),
    _table(
        "27", "intervals_by_luminosity", f"{INTERVALS} with 14 TeV cross sections",
        limits_by_condition(
            selections(*FINAL, own=True),
            f"14 TeV with 300 or 3000 fb^-1 under statistics, and {one_of('selections', FINAL)}",
            energies=(14.0,), luminosities=(300.0, 3000.0),
        ),
        options={"note": {"table": "table_27", "rows": FINAL_ROWS, **AT_14_TEV}},
    ),
    _table(
        "28", "equivalent_luminosity",
        f"{INTERVALS} of SPANet2 with 14 TeV cross sections, and the luminosity at which"
        " min-ΔR + DNN reaches the same Δκλ",
        reaching("min_dr_dnn_tuned", "mixing_spanet_tuned", (14.0,), (300.0,)),
        options={"equal": "width", "note": {"table": "table_28", **AT_14_TEV}},
        labels={"scan": "min-ΔR + DNN"},
    ),
)  # fmt: skip
TABLES = tuple(sorted((*PAIRING, *CLASSIFICATION, *LIMITS), key=lambda output: int(output.key)))
