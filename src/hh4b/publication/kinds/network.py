"""Figure of the structure of SPANet2, drawn from a trained network."""

from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import nn

from hh4b.publication.inputs import Inputs
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, new_figure, put_header
from hh4b.spanet import checkpoints
from hh4b.spanet.network import Network
from hh4b.spanet.options import Options

INPUT, SHARED, ASSIGNMENT, CLASSIFICATION = "#DDEBF7", "#E2E2E2", "#D5F0E6", "#FBE3D0"
OFF = "#FFFFFF"


@dataclass(frozen=True)
class Box:
    """A part of the network: centre and size in units of the axes, text, colour."""

    x: float
    y: float
    width: float
    height: float
    title: str
    lines: tuple[str, ...]
    color: str

    @property
    def top(self) -> tuple[float, float]:
        """Return the middle of the upper edge."""
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> tuple[float, float]:
        """Return the middle of the lower edge."""
        return self.x, self.y - self.height / 2


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw inputs on top, the shared encoder below, assignment left and classification right."""
    inputs.only(["model"])
    network = checkpoints.load(inputs.one("model")).network
    figure = new_figure(style.size(2, height=1.75))
    axes = figure.add_subplot()
    axes.set(xlim=(0, 1), ylim=(0.06, 1))
    axes.axis("off")
    put_header(axes, style, f"SPANet2, {_number(network)}")
    entries = _input_boxes(network)
    unify, encoder = _shared_boxes(network)
    left, right = _assignment_boxes(network), _classification_boxes(network)
    for box in (*entries, unify, encoder, *left, *right):
        _draw_box(axes, box)
    for box in entries:
        _arrow(axes, box.bottom, (0.5 + 0.35 * (box.x - 0.5), unify.top[1]))
    _arrow(axes, unify.bottom, encoder.top)
    _arrow(axes, (left[0].x, encoder.bottom[1]), left[0].top, "vectors of the jets")
    for chain in (left, right):
        for upper, lower in pairwise(chain):
            _arrow(axes, upper.bottom, lower.top)
    if right:
        _arrow(axes, (right[0].x, encoder.bottom[1]), right[0].top, "vector of the event")
    return figure


def _input_boxes(network: Network) -> list[Box]:
    options, items = network.options, network.event.inputs
    width = min(0.45, 0.9 / len(items))
    boxes = []
    for index, (item, embedding) in enumerate(zip(items, network.embeddings, strict=True)):
        names = ", ".join(feature.name for feature in item.features)
        if len(network.seen.inputs[index].features) > len(item.features):
            names += f", pairs with the {options.pair_features} leading"
        blocks = len(list(embedding.get_submodule("blocks").children()))
        kind = "sequence" if item.sequential else "one per event"
        lines = (
            f"{names} ({kind})",
            f"{_counted(blocks, 'embedding block')} to {options.hidden_dim}",
            f"+ position vector of {options.position_embedding_dim}; {_number(embedding)}",
        )
        x = (index + 0.5) / len(items)
        boxes.append(Box(x, 0.91, width, 0.135, f"Input {item.name}", lines, INPUT))
    return boxes


def _shared_boxes(network: Network) -> tuple[Box, Box]:
    o = network.options
    wide = o.hidden_dim + o.position_embedding_dim
    unify = Box(0.5, 0.755, 0.5, 0.075, "Common width",
                (f"{_kind(o)} block {wide} → {o.hidden_dim}; {_number(network.unify)}",),
                SHARED)  # fmt: skip
    lines = (
        f"{_counted(o.num_encoder_layers, f'{o.transformer_type} transformer layer')},"
        f" {o.num_attention_heads} heads, width {o.hidden_dim}",
        _number(network.encoder),
    )
    return unify, Box(0.5, 0.615, 0.62, 0.105, "Central encoder", lines, SHARED)


def _assignment_boxes(network: Network) -> list[Box]:
    o, particles = network.options, network.event.particles
    on = o.assignment_loss_scale > 0
    color = ASSIGNMENT if on else OFF
    names = ", ".join(p.name for p in particles)
    products = "; ".join(f"{p.name} → {', '.join(p.products)}" for p in particles)
    branch = (
        f"{_blocks(o.num_branch_embedding_layers, o)},"
        f" {_counted(o.num_branch_encoder_layers, f'{o.transformer_type} layer')}",
        _number(network.branches),
    )
    kind = "split symmetric" if o.split_symmetric_attention else "full tensor"
    attention = (
        f"{products}: {_counted(o.num_jet_encoder_layers, 'layer')} each"
        if o.split_symmetric_attention
        else products,
        _number(network.attention),
    )
    state = f"loss weight {o.assignment_loss_scale:g}" if on else "switched off (loss weight 0)"
    return [
        Box(0.245, 0.44, 0.45, 0.1, f"Branches of {names}", branch, color),
        Box(0.245, 0.285, 0.45, 0.1, f"Attention, {kind}", attention, color),
        Box(0.245, 0.13, 0.45, 0.1, "Assignment", ("jets of each particle", state), color),
    ]


def _classification_boxes(network: Network) -> list[Box]:
    o = network.options
    if not network.event.classifications:
        return []
    on = o.classification_loss_scale > 0
    color = CLASSIFICATION if on else OFF
    lines = (
        f"{_blocks(o.num_classification_layers, o)}, feed-forward",
        _number(network.classifiers),
    )
    names = ", ".join(network.event.classifications)
    state = f"loss weight {o.classification_loss_scale:g}"
    return [
        Box(0.755, 0.44, 0.45, 0.1, "Classifier", lines, color),
        Box(0.755, 0.285, 0.45, 0.1, f"Class {names}",
            ("probability to be signal", state if on else "switched off (loss weight 0)"), color),
    ]  # fmt: skip


def _number(module: nn.Module) -> str:
    """Say how many parameters a part has."""
    count = sum(p.numel() for p in module.parameters())
    return f"{count:,} parameters".replace(",", "\u2009")


def _kind(options: Options) -> str:
    return "GRU" if options.linear_block_type == "gru" else options.linear_block_type


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _blocks(count: int, options: Options) -> str:
    return _counted(count, f"{_kind(options)} block")


def _draw_box(axes: Axes, box: Box) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (box.x - box.width / 2, box.y - box.height / 2), box.width, box.height,
            boxstyle="round,pad=0,rounding_size=0.012", facecolor=box.color, edgecolor="0.25",
            linewidth=0.8, linestyle="--" if box.color == OFF else "-",
        )
    )  # fmt: skip
    step = box.height / (len(box.lines) + 1.5)
    y = box.y + box.height / 2 - 0.85 * step
    axes.text(box.x, y, box.title, ha="center", va="center", weight="bold")
    for index, line in enumerate(box.lines):
        axes.text(box.x, y - (index + 1) * step, line, ha="center", va="center", fontsize="small")


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], text: str = ""
) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "0.25", "lw": 1.0})
    if text:
        axes.text(start[0] + 0.01, (start[1] + end[1]) / 2, text, va="center", fontsize="small",
                  color="0.3")  # fmt: skip
