"""What the columns of the tables between stages are: name, type, shape, unit, range."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One array of a table.

    Attributes:
        name: path in the file.
        dtype: NumPy type name it is stored as.
        shape: sizes; a letter stands for a size shared by the columns of the table, ``"N"`` = rows.
        unit: unit, or ``"1"``.
        doc: what it holds.
        nan: whether "not a number" may stand for "does not apply".
        optional: whether a file by other programs may lack it.
        low: smallest value that can be meant, None = any; padding of jets may hold any.
        high: largest one.
    """

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    unit: str
    doc: str
    nan: bool = False
    optional: bool = False
    low: float | None = None
    high: float | None = None


Table = Sequence[Column]
#: Which places of the columns by jet hold one.
JET_MASK = "INPUTS/Source/MASK"
#: Jets that the quarks of the H bosons became.
TARGETS = tuple(f"TARGETS/h{higgs}/b{quark}" for higgs in (1, 2) for quark in (1, 2))
_J = ("N", "J")
# No collider reaches it (100 TeV): a number beyond is damage.
_GEV_MAX = 1e5
# Above what programs write for a particle along the beam; angles may be counted from anywhere.
_ETA_MAX = _PHI_MAX = 1000.0
_COS_MAX = 1.000001

#: The published SPANet layout, which the reference implementation reads, and our own group HH4B.
DATASET: Table = (
    Column(JET_MASK, "bool", _J, "1", "True = real jet; the J leading jets in pT"),
    Column("INPUTS/Source/pt", "float32", _J, "GeV", "transverse momentum", low=0.0, high=_GEV_MAX),
    Column("INPUTS/Source/eta", "float32", _J, "1", "pseudorapidity", low=-_ETA_MAX, high=_ETA_MAX),
    Column("INPUTS/Source/phi", "float32", _J, "rad", "azimuth", low=-_PHI_MAX, high=_PHI_MAX),
    Column("INPUTS/Source/mass", "float32", _J, "GeV", "jet mass", low=-_GEV_MAX, high=_GEV_MAX),
    Column("INPUTS/Source/btag", "float32", _J, "1", "1 = b-tagged"),
    Column("INPUTS/Kappa/kappa", "float32", ("N",), "1", "kappa_lambda as a network sees it"),
    Column("TARGETS/h1/b1", "int64", ("N",), "1", "jet index, -1 = lost", low=-1),
    Column("TARGETS/h1/b2", "int64", ("N",), "1", "jet index, -1 = lost", low=-1),
    Column("TARGETS/h2/b1", "int64", ("N",), "1", "jet index, -1 = lost", low=-1),
    Column("TARGETS/h2/b2", "int64", ("N",), "1", "jet index, -1 = lost", low=-1),
    Column("CLASSIFICATIONS/EVENT/signal", "int64", ("N",), "1", "1 = signal", low=0, high=1),
    Column("HH4B/weight", "float64", ("N",), "1", "event weight, see docs", optional=True),
    Column("HH4B/kappa_lambda", "float32", ("N",), "1", "of generation", nan=True, optional=True),
    Column(
        "HH4B/m_hh_truth",
        "float32",
        ("N",),
        "GeV",
        "of the H pair",
        nan=True,
        optional=True,
        low=0.0,
        high=_GEV_MAX,
    ),
    Column(
        "HH4B/cos_theta_star_truth",
        "float32",
        ("N",),
        "1",
        "hh frame",
        nan=True,
        optional=True,
        low=-_COS_MAX,
        high=_COS_MAX,
    ),
    Column("HH4B/jet_flavor", "int8", _J, "1", "PDG number of the jet's parton", optional=True),
    Column(
        "HH4B/jet_tag_efficiency",
        "float32",
        _J,
        "1",
        "to be b-tagged",
        optional=True,
        low=0.0,
        high=1.0,
    ),
    Column(
        "HH4B/met",
        "float32",
        ("N",),
        "GeV",
        "missing transverse momentum",
        optional=True,
        low=0.0,
        high=_GEV_MAX,
    ),
    Column(
        "HH4B/met_phi",
        "float32",
        ("N",),
        "rad",
        "its azimuth",
        optional=True,
        low=-_PHI_MAX,
        high=_PHI_MAX,
    ),
    Column("HH4B/n_electrons", "int8", ("N",), "1", "isolated electrons", optional=True, low=0),
    Column("HH4B/n_muons", "int8", ("N",), "1", "isolated muons", optional=True, low=0),
    Column(
        "HH4B/source_file",
        "int32",
        ("N",),
        "1",
        "index into attribute `files`",
        optional=True,
        low=0,
    ),
    Column("HH4B/source_entry", "int64", ("N",), "1", "entry of the tree", optional=True, low=0),
    Column("HH4B/event_number", "int64", ("N",), "1", "branch Event.Number", optional=True),
    Column(
        "HH4B/kappa_draw",
        "float32",
        ("N",),
        "1",
        "see hh4b.events.kappa_input",
        optional=True,
        low=0.0,
        high=1.0,
    ),
    Column(
        "HH4B/split", "int8", ("N",), "1", "0 = training, 1 = testing", optional=True, low=0, high=1
    ),
)

#: Pairing of every event of a dataset, in dataset order.
PAIRING: Table = (
    Column(
        "jets", "int8", ("N", 2, 2), "1", "jet index by (Higgs, product); -1 = no pairing", low=-1
    ),
    Column(
        "assignment_probability",
        "float32",
        ("N", 2),
        "1",
        "by Higgs",
        optional=True,
        low=0.0,
        high=1.0,
    ),
    Column(
        "detection_probability",
        "float32",
        ("N", 2),
        "1",
        "by Higgs",
        optional=True,
        low=0.0,
        high=1.0,
    ),
)

#: High-level observables of a dataset under a pairing; attributes `columns` and `units` name F.
FEATURES: Table = (
    Column("features", "float32", ("N", "F"), "see attribute units", "one row an event", nan=True),
)

#: Classifier output in [0, 1] for every event of a dataset, at each value of the kappa input.
SCORES: Table = (
    Column("kappa_lambda", "float64", ("K",), "1", "the kappa input"),
    Column("score", "float32", ("N", "K"), "1", "probability to be signal", low=0.0, high=1.0),
)

_HARD_MASS = Column(
    "sqrt_s_hat_gev", "float64", ("N",), "GeV", "mass of the hard process", low=0.0, high=_GEV_MAX
)

#: What takes the parton events of a sample (rows, in the order of their file) to another energy.
ENERGY_WEIGHTS: Table = (
    Column("factor", "float64", ("N",), "1", "on the event's weight", low=0.0),
    _HARD_MASS,
)

#: What a variation of scales or parton densities makes of the parton events of a sample.
PARTON_WEIGHTS: Table = (
    Column(
        "factor", "float64", ("N",), "1", "on the event's weight, cross section included", low=0.0
    ),
    _HARD_MASS,
)

#: Templates of m_HH in bootstrap replicas (rows), and without each of F folds; attributes
#: `processes` (P), `samples`, `seed`, and with folds `fold_seed`.
TEMPLATE_REPLICAS: Table = (
    Column("kappa_lambda", "float64", ("K",), "1", "hypotheses"),
    Column("bin_edges_gev", "float64", ("E",), "GeV", "edges of the m_HH bins"),
    Column("nominal", "float64", ("P", "K", "B"), "1", "efficiency, all events once"),
    Column("threshold", "float64", ("N",), "1", "score above which events pass", nan=True),
    Column("sum_weights", "float32", ("N", "P", "K", "B"), "1", "efficiency"),
    Column("sum_weights_squared", "float32", ("N", "P", "K", "B"), "1", "its variance", low=0.0),
    Column(
        "fold_threshold",
        "float64",
        ("F",),
        "1",
        "threshold without a fold",
        nan=True,
        optional=True,
    ),
    Column(
        "fold_sum_weights",
        "float32",
        ("F", "P", "K", "B"),
        "1",
        "efficiency without a fold",
        optional=True,
    ),
    Column(
        "fold_sum_weights_squared",
        "float32",
        ("F", "P", "K", "B"),
        "1",
        "its variance",
        optional=True,
        low=0.0,
    ),
)
