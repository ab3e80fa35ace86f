"""Agreement with the reference implementation for networks of many kinds, built on the spot.

    python benchmarks/spanet_agreement.py --reference-repository DIR [--only WORD]

DIR is a checkout of github.com/Alexanders101/SPANet (version 2.2.0); `pip install
pytorch_lightning opt_einsum` adds what it imports. Every case makes random events, builds the
reference's network with random weights and statistics, saves it as Lightning does, imports it, and
prints the largest difference of assignment log-probabilities, detection and class logits,
embedding vectors, the relative one of regressions, loss components, gradients and learning rates,
and of what is derived from the training set. The exit status is 1 if one exceeds 1e-4
(log-probabilities in float64: 1e-5). Where the reference's own float32 is further than 1e-4 from
its float64, no program can be expected to be nearer to it in float32: "rounding" instead of
"agrees", and float64 decides.
"""

import argparse
import copy
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
import yaml
from spanet_vs_reference import build_reference

from hh4b.spanet import losses
from hh4b.spanet.batches import EventStore
from hh4b.spanet.event import EventDescription
from hh4b.spanet.network import Network, Parts
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import TargetStore, prepare
from hh4b.spanet.reference import import_network, read_state
from hh4b.spanet.training import Training

LIMIT = 1e-4
DOUBLE_LIMIT = 1e-5
EVENTS, TESTED = 640, 128

JETS = {
    "mass": "log_normalize",
    "pt": "log_normalize",
    "eta": "normalize",
    "phi": "normalize",
    "btag": "none",
}
PAIRS = {
    "INPUTS": {"SEQUENTIAL": {"Source": JETS}, "GLOBAL": {"Kappa": {"kappa": "none"}}},
    "EVENT": {"h1": ["b1", "b2"], "h2": ["b1", "b2"]},
    "PERMUTATIONS": {"EVENT": [["h1", "h2"]], "h1": [["b1", "b2"]], "h2": [["b1", "b2"]]},
    "CLASSIFICATIONS": {"EVENT": ["signal"]},
}
TOP = {
    "INPUTS": {"SEQUENTIAL": {"Source": JETS}},
    "EVENT": {"t1": ["q1", "q2", "b"], "t2": ["q1", "q2", "b"]},
    "PERMUTATIONS": {"EVENT": [["t1", "t2"]], "t1": [["q1", "q2"]], "t2": [["q1", "q2"]]},
}
TOP_HIGGS = {
    "INPUTS": {
        "SEQUENTIAL": {"Source": JETS},
        "GLOBAL": {"Met": {"met": "log_normalize", "phi": "normalize", "n": "none"}},
    },
    "EVENT": {"t1": ["q1", "q2", "b"], "t2": ["q1", "q2", "b"], "H": ["b1", "b2"]},
    "PERMUTATIONS": {
        "EVENT": [["t1", "t2"]],
        "t1": [["q1", "q2"]],
        "t2": [["q1", "q2"]],
        "H": [["b1", "b2"]],
    },
    "CLASSIFICATIONS": {"EVENT": ["kind"], "t1": {"PARTICLE": ["charge"]}, "H": {"b1": ["charge"]}},
}
THREE = {
    "INPUTS": {"SEQUENTIAL": {"Source": JETS}},
    "EVENT": {name: ["b1", "b2"] for name in ("h1", "h2", "h3")},
    "PERMUTATIONS": {
        "EVENT": [["h1", "h2", "h3"]],
        **{name: [["b1", "b2"]] for name in ("h1", "h2", "h3")},
    },
    "CLASSIFICATIONS": {"EVENT": ["signal"]},
}
LEPTON = {
    "INPUTS": {
        "SEQUENTIAL": {"Jets": JETS, "Leptons": {"pt": "log_normalize", "charge": "none"}},
        "GLOBAL": {"Met": {"met": "log_normalize"}, "Kappa": {"kappa": "normalize"}},
    },
    "EVENT": {"lt": ["b", {"l": "Leptons"}], "ht": ["b", "q1", "q2"], "single": ["g"]},
    "PERMUTATIONS": {"ht": [["q1", "q2"]]},
    "CLASSIFICATIONS": {"EVENT": ["signal"]},
}

NUMBERS = {
    **TOP_HIGGS,
    "REGRESSIONS": {
        "EVENT": ["mass", ["energy", "log_gaussian"], ["pz", "laplacian"]],
        "t1": {"PARTICLE": ["mass"], "b": [["pt", "laplacian"]]},
        "H": {"PARTICLE": [["pz", "log_gaussian"]], "b2": ["pt"]},
    },
}

SMALL = {
    "hidden_dim": 32, "initial_embedding_dim": 16, "position_embedding_dim": 8,
    "num_embedding_layers": 10, "num_encoder_layers": 2, "num_branch_embedding_layers": 2,
    "num_branch_encoder_layers": 1, "num_jet_embedding_layers": 0, "num_jet_encoder_layers": 1,
    "num_attention_heads": 4, "partial_events": True, "balance_particles": True,
    "classification_loss_scale": 0.7, "detection_loss_scale": 0.3, "batch_size": 64, "epochs": 3,
    "learning_rate_cycles": 1, "gradient_clip": 0.4, "dropout": 0.1, "num_gpu": 0,
    "train_validation_split": 0.8, "learning_rate": 0.003,
}  # fmt: skip

#: Name -> event description, changes of the options.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "published": (PAIRS, {"num_jet_encoder_layers": 2, "detection_loss_scale": 0.0}),
    **{
        f"{block} {transformer} {normalization}": (
            event,
            {
                "linear_block_type": block,
                "transformer_type": transformer,
                "normalization": normalization,
                "linear_activation": activation,
            },
        )
        for block, transformer, normalization, activation, event in (
            ("Basic", "Standard", "LayerNorm", "ReLU", PAIRS),
            ("Basic", "NormFirst", "BatchNorm", "PReLU", TOP),
            ("Basic", "Gated", "MaskedBatchNorm", "ELU", PAIRS),
            ("Resnet", "Standard", "BatchNorm", "GELU", TOP),
            ("Resnet", "NormFirst", "LayerNorm", "PReLU", PAIRS),
            ("Resnet", "Gated", "MaskedBatchNorm", "ReLU", THREE),
            ("Gated", "Standard", "MaskedBatchNorm", "PReLU", PAIRS),
            ("Gated", "NormFirst", "LayerNorm", "GELU", TOP_HIGGS),
            ("Gated", "Gated", "BatchNorm", "ELU", PAIRS),
            ("GRU", "Standard", "LayerNorm", "GELU", TOP_HIGGS),
            ("GRU", "NormFirst", "BatchNorm", "ReLU", PAIRS),
            ("GRU", "Gated", "MaskedBatchNorm", "PReLU", TOP),
            ("GRU", "GTrXL", "LayerNorm", "None", PAIRS),
            ("GRU", "Gated", "LayerNorm", "CELU", LEPTON),
        )
    },
    "global input first": (
        {**PAIRS, "INPUTS": dict(reversed(PAIRS["INPUTS"].items()))},
        {"balance_jets": True},
    ),
    "no skips": (PAIRS, {"skip_connections": False, "initial_embedding_skip_connections": False}),
    "no skips, basic": (
        TOP,
        {
            "skip_connections": False,
            "initial_embedding_skip_connections": False,
            "linear_block_type": "Basic",
            "transformer_type": "Standard",
        },
    ),
    "no skips, gated": (PAIRS, {"skip_connections": False, "linear_block_type": "Gated"}),
    "no skips, resnet": (PAIRS, {"skip_connections": False, "linear_block_type": "Resnet"}),
    "relu transformer, wide": (
        PAIRS,
        {"transformer_activation": "relu", "transformer_type": "Standard",
         "transformer_dim_scale": 3.5},
    ),
    "no layers": (
        PAIRS,
        {"num_encoder_layers": 0, "num_branch_embedding_layers": 0,
         "num_branch_encoder_layers": 0, "num_jet_encoder_layers": 0, "num_detector_layers": 0,
         "num_classification_layers": 0, "num_embedding_layers": 0},
    ),
    "more layers": (
        TOP,
        {"num_jet_embedding_layers": 2, "num_jet_encoder_layers": 2, "num_detector_layers": 3,
         "num_branch_embedding_layers": 4, "num_branch_encoder_layers": 3},
    ),
    "regressions": (NUMBERS, {"regression_loss_scale": 0.6, "num_regression_layers": 2}),
    "regressions alone, resnet": (
        NUMBERS,
        {"regression_loss_scale": 1.0, "assignment_loss_scale": 0.0, "detection_loss_scale": 0.0,
         "classification_loss_scale": 0.0, "linear_block_type": "Resnet",
         "num_regression_layers": 0},
    ),
    "narrow position, few embeddings": (
        TOP_HIGGS,
        {"position_embedding_dim": 3, "num_embedding_layers": 1, "initial_embedding_dim": 4,
         "hidden_dim": 24, "num_attention_heads": 3},
    ),
    "balances": (
        PAIRS,
        {"balance_jets": True, "balance_classifications": True, "focal_gamma": 0.4,
         "kl_loss_scale": 0.2},
    ),
    "balances of three": (
        THREE,
        {"balance_jets": True, "focal_gamma": 1.3, "kl_loss_scale": 0.5,
         "combine_pair_loss": "softmin"},
    ),
    "mean": (PAIRS, {"combine_pair_loss": "mean"}),
    "full events, linear decay": (
        TOP,
        {"partial_events": False, "balance_particles": False, "learning_rate_cycles": 0,
         "learning_rate_warmup_epochs": 0.5},
    ),
    "three cycles, random split": (
        PAIRS,
        {"learning_rate_cycles": 3, "dataset_randomization": 17, "dataset_limit": 0.9},
    ),
    "masking none": (PAIRS, {"masking": "None", "linear_block_type": "Basic"}),
    "masking multiplicative": (LEPTON, {"masking": "Multiplicative", "transformer_type": "Standard",
                                        "balance_jets": True}),
    "wide": (PAIRS, {"hidden_dim": 64, "num_attention_heads": 8}),
    "two heads, wide jets": (THREE, {"hidden_dim": 48, "num_attention_heads": 2}),
}  # fmt: skip


def write_events(path: Path, event: EventDescription, seed: int) -> None:
    """Write random events for any description; some targets are lost, some weighted."""
    rng = np.random.default_rng(seed)
    with h5py.File(path, "w") as file:
        real, offsets, width = [], {}, 0
        for item in event.inputs:
            places = 11 if item.name in {"Source", "Jets"} else 3
            most = sum(p.degree for p in event.particles) if places == 11 else 1
            shape: tuple[int, ...] = (EVENTS, places) if item.sequential else (EVENTS,)
            if item.sequential:
                number = rng.integers(min(most, 10), places + 1, EVENTS)
                mask = np.arange(places) < number[:, None]
                file[f"INPUTS/{item.name}/MASK"] = mask
                real.append(mask)
                offsets[item.name] = (width, places)
                width += places
            for feature in item.features:
                values = rng.exponential(60, shape) if feature.log else rng.normal(0, 1.5, shape)
                if item.sequential:
                    values = np.where(mask, values, 0)
                file[f"INPUTS/{item.name}/{feature.name}"] = values.astype(np.float32)
        targets = _targets(rng, event, np.concatenate(real, axis=1), offsets)
        for name, values in targets.items():
            file[f"TARGETS/{name}"] = values
        for name in event.classifications:
            kinds = 3 if name.endswith("kind") else 2
            file[f"CLASSIFICATIONS/{name}"] = rng.integers(0, kinds, EVENTS)
        for one in event.regressions:
            values = rng.normal(20, 60, EVENTS) * (rng.exponential(1, EVENTS) + 0.1)
            lost = rng.random(EVENTS) < 0.15
            file[f"REGRESSIONS/{one.name}"] = np.where(lost, np.nan, values).astype(np.float32)


def _targets(
    rng: np.random.Generator,
    event: EventDescription,
    real: np.ndarray[Any, Any],
    offsets: dict[str, tuple[int, int]],
) -> dict[str, np.ndarray[Any, Any]]:
    """Draw different real vectors for all products."""
    random = np.where(real, rng.random(real.shape), 2.0)
    result = {}
    for particle in event.particles:
        lost = rng.random(EVENTS) < 0.2
        for product, source in zip(particle.products, particle.sources, strict=True):
            start, places = offsets[source] if source else next(iter(offsets.values()))
            part = random[:, start : start + places]
            chosen = part.argmin(axis=1)
            missing = part[np.arange(EVENTS), chosen] > 1
            part[np.arange(EVENTS), chosen] = 3.0
            index = np.where(lost | missing, -1, chosen)
            result[f"{particle.name}/{product}"] = index.astype(np.int64)
    return result


def shake(model: Any, seed: int) -> None:
    """Move all weights and running statistics away from where they start."""
    generator = torch.Generator().manual_seed(seed)
    skip = ("particle_", "event_permutation", "jet_weights", "classification_weights", "normalizer")
    for name, value in model.state_dict().items():
        if value.is_floating_point() and not name.startswith(skip) and "normalizer" not in name:
            value += 0.1 * torch.randn(value.shape, generator=generator)
            if name.endswith("running_var"):
                value.abs_().add_(0.5)


@torch.no_grad()
def spread_logits(model: Any, sources: Any) -> None:
    """Scale the last layers so that log-probabilities of an event differ by 2 on average.

    Random networks hardly tell pairs apart, and their agreement would say nothing.
    """
    for decoder, values in zip(
        model.branch_decoders, model.forward(sources).assignments, strict=True
    ):
        spread = np.mean([float(v[torch.isfinite(v)].std()) for v in values.flatten(1)])
        for parameter in decoder.attention.linear_layers.parameters():
            parameter *= (2 / spread) ** (1 / decoder.degree)


def compare(repository: Path, folder: Path, case: str) -> dict[str, float]:
    """Return the largest difference of each kind."""
    content, changes = CASES[case]
    (folder / "event.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    event = EventDescription.read(folder / "event.yaml")
    options = Options.from_mapping({**SMALL, **changes})
    data = folder / "data.h5"
    write_events(data, event, seed=len(case))
    torch.manual_seed(len(case))
    model = build_reference(repository, options, folder / "event.yaml", data)
    found = {"preparation": _preparation(model, options, event, data)}
    found["learning rate"] = _learning_rates(model, options, event, data)
    shake(model, seed=1)
    model.eval()
    theirs = torch.utils.data.default_collate([model.training_dataset[i] for i in range(TESTED)])
    spread_logits(model, theirs.sources)
    saved = {"state_dict": model.state_dict(), "hyper_parameters": copy.copy(model.options)}
    torch.save(saved, folder / "reference.ckpt")
    network, balance = import_network(
        read_state(folder / "reference.ckpt"), options, event, where=case
    )
    again = Network.from_configuration(network.configuration()).eval()
    again.load_state_dict(network.state_dict())
    network = again  # what a checkpoint of ours keeps
    if not options.partial_events:
        # Only the reference's own selection keeps the events that its loss accepts.
        options = options.changed(partial_events=True)
    logged: dict[str, float] = {}
    model.log = lambda name, value, **_: logged.__setitem__(name, float(value))
    with torch.no_grad():
        wanted = model.forward(theirs.sources)
    returned = model.training_step(theirs, 0)
    returned.backward()
    total = float(returned.detach())
    events = _same_events(options, event, data, changes)
    store = EventStore(events, event)
    batch = store.batch(np.arange(TESTED))
    order = batch.events
    with torch.no_grad():
        got = network(batch, Parts(vectors=True))
    found["vectors"] = max(
        float((value - wanted.vectors[name][order]).abs().max())
        for name, value in got.vectors.items()
    )
    found["class logits"] = max(
        (float((v - wanted.classifications[k][order]).abs().max())
         for k, v in got.classification.items()), default=0.0,
    )  # fmt: skip
    if event.regressions:
        found["regressions"] = max(
            float(((v - wanted.regressions[k][order]) / (1 + v.abs())).abs().max())
            for k, v in got.regression.items()
        )
    found["detection"] = max(
        float((got.detection[n] - wanted.detections[n][order]).abs().max())
        for n in range(len(event.particles))
    )
    found["log-probability"] = _assignment(got, wanted, batch, store, event)
    found |= _in_double(model, theirs.sources, wanted, network, got, batch, store)
    parts = losses.compute(
        got, TargetStore(events, store, options, event).take(batch), batch, event, options, balance
    )
    values = {"returned": (float(parts.total), total)}
    for name, value in parts.parts.items():
        key = "loss/symmetric_loss" if name == "divergence" else f"loss/{name}"
        key = f"{key}_loss" if name.endswith(("assignment", "detection")) else key
        values[name] = (float(value), logged[key])
    found["gradients"] = _gradients(model, network, store, events, options, balance)
    found["losses"] = max(abs(a - b) / max(abs(b), 1e-6) for a, b in values.values())
    return found


def _same_events(
    options: Options, event: EventDescription, data: Path, changes: dict[str, Any]
) -> Any:
    """Return the events that the reference trains on first."""
    wanted = options.changed(partial_events=changes.get("partial_events", True))
    return prepare(wanted, event, data).training.select(slice(0, TESTED))


def _gradients(
    model: Any, network: Network, store: EventStore, events: Any, options: Options, balance: Any
) -> float:
    """Compare the gradients of the training loss, relative to the norm of all.

    With focal_gamma or kl_loss_scale the reference's are not finite (0 times infinity where a
    target is missing or a pair is impossible); then only ours are asked to be finite.
    """
    batch = store.batch(np.arange(TESTED))
    targets = TargetStore(events, store, options, network.event).take(batch)
    losses.compute(network(batch), targets, batch, network.event, options, balance).total.backward()
    state = dict(model.state_dict())
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            missing = torch.zeros_like(parameter)
            state[name] = missing if parameter.grad is None else parameter.grad
    theirs, _ = import_network(state, options, network.event, where="gradients")
    difference = norm = 0.0
    for ours, wanted in zip(network.parameters(), theirs.parameters(), strict=True):
        gradient = torch.zeros_like(ours) if ours.grad is None else ours.grad
        difference += float((gradient - wanted.detach()).square().sum())
        norm += float(wanted.detach().square().sum())
    if not np.isfinite(norm):
        finite = all(
            bool(p.grad.isfinite().all()) for p in network.parameters() if p.grad is not None
        )
        return 0.0 if finite else float("inf")
    return float((difference / norm) ** 0.5)


def _in_double(
    model: Any,
    sources: Any,
    single: Any,
    network: Network,
    got: Any,
    batch: Any,
    store: EventStore,
) -> dict[str, float]:
    """Compare log-probabilities in float64, and with them those of both programs in float32."""
    double = copy.deepcopy(model).double()
    wide = replace(batch, features=tuple(f.double() for f in batch.features))
    with torch.no_grad():
        exact = double.forward(tuple(type(s)(s.data.double(), s.mask) for s in sources))
        ours = copy.deepcopy(network).double()(wide)
    rounding = max(
        float((a.double() - b)[torch.isfinite(b)].abs().max())
        for a, b in zip(single.assignments, exact.assignments, strict=True)
    )
    return {
        "its rounding": rounding,
        "our rounding": _assignment(got, exact, batch, store, network.event),
        "log-probability in float64": _assignment(ours, exact, batch, store, network.event),
    }


def _assignment(
    got: Any, wanted: Any, batch: Any, store: EventStore, event: EventDescription
) -> float:
    worst = 0.0
    for number, particle in enumerate(event.particles):
        start = 0
        for group, values in zip(batch.groups, got.assignment[number], strict=True):
            rows = batch.events[start : start + group.events].numpy()
            start += group.events
            table = store.places[store.place_start[rows][:, None] + np.arange(group.sequential)]
            index = np.ix_(np.arange(len(rows)), *[np.arange(group.sequential)] * particle.degree)
            places = [
                table[np.arange(len(rows)).reshape(-1, *[1] * particle.degree), index[1 + axis]]
                for axis in range(particle.degree)
            ]
            full = wanted.assignments[number].numpy()
            theirs = full[(rows.reshape(-1, *[1] * particle.degree), *places)]
            ours = values.numpy()
            if (np.isfinite(ours) != np.isfinite(theirs)).any():
                return float("inf")
            finite = np.isfinite(ours)
            worst = max(worst, float(np.abs(ours - theirs)[finite].max(initial=0)))
    return worst


def _preparation(model: Any, options: Options, event: EventDescription, data: Path) -> float:
    """Compare statistics and balances derived from the training set."""
    ours = Training(options, event, prepare(options, event, data), seed=1)
    state = model.state_dict()
    pairs = []
    if options.normalize_features:
        for number, embedding in enumerate(ours.network.embeddings):
            prefix = f"embedding.vector_embedding_layers.{number}.normalizer"
            pairs += [(embedding.mean, state[f"{prefix}.mean"])]
            pairs += [(embedding.std, state[f"{prefix}.std"])]
    balance = ours.data.balance
    if balance.particles is not None:
        pairs.append((balance.particles, state["particle_weights_tensor"]))
    if balance.multiplicity is not None:
        theirs = state["jet_weights_tensor"][len(event.global_inputs) :]
        pairs.append((balance.multiplicity, theirs))
    pairs += [(w, state[f"classification_weights.{n}"]) for n, w in balance.classes.items()]
    for name, regressor in ours.network.regressors_by_name().items():
        prefix = f"regression_decoder.networks.{name}"
        pairs += [(regressor.mean, state[f"{prefix}.mean"])]
        pairs += [(regressor.std, state[f"{prefix}.std"])]
    return max((float(((a - b).abs() / (1 + b.abs())).max()) for a, b in pairs), default=0.0)


def _learning_rates(model: Any, options: Options, event: EventDescription, data: Path) -> float:
    """Compare the learning rates of all steps, relative to the peak."""
    ours = Training(options, event, prepare(options, event, data), seed=1)
    (optimizer,), (schedule,) = model.configure_optimizers()
    worst = 0.0
    for step in range(ours.steps_per_epoch * options.epochs):
        theirs = optimizer.param_groups[0]["lr"]
        worst = max(worst, abs(ours.learning_rate(step) - theirs) / options.learning_rate)
        schedule["scheduler"].step()
    return worst


def main() -> None:
    """Compare all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference-repository", type=Path, required=True)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    bad = 0
    for case in CASES:
        if arguments.only not in case:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = compare(arguments.reference_repository, Path(folder), case)
        rounding = {name: found.pop(f"{name} rounding") for name in ("its", "our")}
        limits = dict.fromkeys(found, LIMIT) | {"log-probability in float64": DOUBLE_LIMIT}
        beyond = {name for name, value in found.items() if not value <= limits[name]}
        word = "DIFFERS" if beyond else "agrees"
        if beyond == {"log-probability"} and rounding["its"] > LIMIT:
            word = "rounding"
        bad += word == "DIFFERS"
        found |= {f"{name} rounding": value for name, value in rounding.items()}
        row = ", ".join(f"{name} {value:.1e}" for name, value in found.items())
        print(f"{word:9}{case}: {row}", flush=True)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
