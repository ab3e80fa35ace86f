"""The network: a function of its configuration and of tensors; it opens no file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hh4b.core.errors import ConfigError
from hh4b.spanet import pair_features
from hh4b.spanet.batches import Batch, Group
from hh4b.spanet.blocks import make_block, make_stack
from hh4b.spanet.embedding import InputEmbedding
from hh4b.spanet.event import EVENT, PARTICLE, EventDescription
from hh4b.spanet.event import Particle as ParticleDescription
from hh4b.spanet.layers import BatchNorm, Linear, take_rows
from hh4b.spanet.options import Options
from hh4b.spanet.regressions import Regressor
from hh4b.spanet.transformers import Encoder


@dataclass(frozen=True)
class Parts:
    """Which results of the network are wanted; what is not wanted is not computed.

    Attributes:
        assignment: log-probabilities of the assignments.
        detection: logits that a particle can be found.
        classification: logits of the classes.
        vectors: embedding vectors of event, particles and products.
        regression: predicted numbers.
    """

    assignment: bool = True
    detection: bool = True
    classification: bool = True
    vectors: bool = False
    regression: bool = True


@dataclass(frozen=True)
class NetworkOutput:
    """Results for the events of a batch, in its order.

    Attributes:
        assignment: by particle, by group: log-probability (events, n, ..., n) over ordered tuples
            of different vectors among the n real ones; -inf elsewhere.
        detection: (particles, events) logits, or None.
        classification: name -> (events, classes) logits.
        vectors: name -> (events, hidden_dim).
        regression: name -> (events,), in the unit of the target.
        scales: name -> deviation of the targets of the training set.
    """

    assignment: tuple[tuple[Tensor, ...], ...] = ()
    detection: Tensor | None = None
    classification: dict[str, Tensor] = field(default_factory=dict)
    vectors: dict[str, Tensor] = field(default_factory=dict)
    regression: dict[str, Tensor] = field(default_factory=dict)
    scales: dict[str, Tensor] = field(default_factory=dict)


class Head(nn.Module):
    """Blocks, batch norm and a linear layer on one vector per event."""

    def __init__(self, options: Options, copies: int, layers: int, outputs: int) -> None:
        """Build for (copies, events, hidden_dim)."""
        super().__init__()
        self.blocks = make_stack(options, copies, layers)
        self.normalization = BatchNorm(copies, options.hidden_dim)
        self.output = Linear(copies, options.hidden_dim, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (copies, events, hidden_dim) to (copies, events, outputs)."""
        out: Tensor = self.output(self.normalization(self.blocks(x)))
        return out


class SplitAttention(nn.Module):
    """A product's own encoder and projection; logits are the joint products of projections."""

    def __init__(self, options: Options, event: EventDescription) -> None:
        """Build one copy for every product of every particle."""
        super().__init__()
        copies = sum(particle.degree for particle in event.particles)
        self.encoder = Encoder(
            options,
            copies,
            blocks=options.num_jet_embedding_layers,
            layers=options.num_jet_encoder_layers,
        )
        self.output = Linear(copies, options.hidden_dim, options.hidden_dim)
        bound = (3 / options.hidden_dim) ** 0.5
        nn.init.uniform_(self.output.weight, -bound, bound)
        self.owner = [n for n, p in enumerate(event.particles) for _ in p.products]

    def forward(
        self, x: Tensor, batch: Batch, event: EventDescription, *, vectors: bool
    ) -> tuple[list[list[Tensor]], Tensor | None]:
        """Map (particles, vectors, width) to logits by particle and group."""
        y, summary = self.encoder(
            x,
            batch.sequential,
            groups=[replace(g, others=0) for g in batch.groups],
            sources=self.owner,
            summaries=vectors,
        )
        y = self.output(y)
        sizes = [g.events * g.sequential for g in batch.groups]
        logits: list[list[Tensor]] = []
        own = torch.split(y, [particle.degree for particle in event.particles])
        for particle, vectors_of in zip(event.particles, own, strict=True):
            mine = torch.split(vectors_of, sizes, dim=1)
            scale = y.shape[2] ** (-particle.degree / 2)
            logits.append(
                [
                    joint_product(part.reshape(particle.degree, g.events, g.sequential, y.shape[2]))
                    * scale
                    for part, g in zip(mine, batch.groups, strict=True)
                ]
            )
        return logits, summary


def joint_product(y: Tensor) -> Tensor:
    """Return sum_d y[0,b,i,d] y[1,b,j,d] ... for (degree, events, n, d), shape (events, n, ...)."""
    left, *others = y.unbind()
    for right in others[:-1]:
        left = (left.unsqueeze(-2) * right.unsqueeze(1)).flatten(1, 2)
    if not others:
        return left.sum(dim=-1)
    n = y.shape[2]
    return torch.bmm(left, others[-1].transpose(1, 2)).reshape(y.shape[1], *[n] * len(y))


class FullAttention(nn.Module):
    """A symmetric tensor of weights contracted with the vectors of all places."""

    def __init__(self, options: Options, event: EventDescription) -> None:
        """Build a tensor of rank `degree` for every particle."""
        super().__init__()
        self.weights = nn.ParameterList()
        for particle in event.particles:
            weight = torch.empty([options.hidden_dim] * particle.degree)
            if particle.degree > 1:
                nn.init.xavier_uniform_(weight)
            else:
                nn.init.normal_(weight)
            self.weights.append(nn.Parameter(weight))

    def forward(
        self, x: Tensor, batch: Batch, event: EventDescription, *, vectors: bool
    ) -> tuple[list[list[Tensor]], Tensor | None]:
        """Map (particles, vectors, width) to logits by particle and group."""
        sizes = [g.events * g.sequential for g in batch.groups]
        logits = []
        for number, particle in enumerate(event.particles):
            weight = symmetrize(self.weights[number], particle.group, first=0)
            parts = torch.split(x[number], sizes, dim=0)
            logits.append(
                [
                    contract(weight, part.reshape(g.events, g.sequential, x.shape[2]))
                    for part, g in zip(parts, batch.groups, strict=True)
                ]
            )
        return logits, None


def contract(weight: Tensor, x: Tensor) -> Tensor:
    """Return sum w[a,b,..] x[e,i,a] x[e,j,b] .. / sqrt(width)^degree, shape (events, n, n, ..)."""
    degree, width = weight.dim(), weight.shape[0]
    places, hidden = "ijklmn"[:degree], "abcdfg"[:degree]
    result = torch.einsum(f"{hidden},eia->ei{hidden[1:]}", weight, x)
    for done in range(1, degree):
        left = f"e{places[:done]}{hidden[done:]}"
        right = f"e{places[done]}{hidden[done]}"
        out = f"e{places[: done + 1]}{hidden[done + 1 :]}"
        result = torch.einsum(f"{left},{right}->{out}", result, x)
    scale: float = width ** (-degree / 2)
    return result * scale


def symmetrize(x: Tensor, group: tuple[tuple[int, ...], ...], *, first: int) -> Tensor:
    """Average over permutations of the dimensions from ``first`` on."""
    if len(group) == 1:
        return x
    total = x
    for element in group[1:]:
        total = total + x.permute(*range(first), *(first + i for i in element))
    return total / len(group)


class Network(nn.Module):
    """SPANet2 (arXiv:2309.01886) for one event description.

    Args of the constructor are its whole configuration: options, description, and the number of
    classes of every classification.
    """

    def __init__(
        self, options: Options, event: EventDescription, classes: Mapping[str, int]
    ) -> None:
        """Build with random weights from torch's generator.

        Raises:
            ConfigError: if something of a product is asked for where products have no vectors.
        """
        super().__init__()
        self.options, self.event, self.classes = options, event, dict(classes)
        self._require_vectors()
        #: the description with the features that are derived from those of the file
        self.seen = pair_features.describe(event, options.pair_features)
        # Sequential inputs come first, as in a batch.
        self.embeddings = nn.ModuleList(InputEmbedding(options, item) for item in self.seen.inputs)
        self.unify = make_block(
            options,
            1,
            options.hidden_dim + options.position_embedding_dim,
            options.hidden_dim,
            skip=options.skip_connections,
        )
        self.encoder = Encoder(options, 1, blocks=0, layers=options.num_encoder_layers)
        particles = len(event.particles)
        self.branches = Encoder(
            options,
            particles,
            blocks=options.num_branch_embedding_layers,
            layers=options.num_branch_encoder_layers,
        )
        attention = SplitAttention if options.split_symmetric_attention else FullAttention
        self.attention = attention(options, event)
        self.detection = Head(options, particles, options.num_detector_layers, 1)
        self.classifiers = nn.ModuleDict(
            {
                name.replace(".", "_"): Head(options, 1, options.num_classification_layers, count)
                for name, count in classes.items()
            }
        )
        # The last ones: all other first weights are those of a network without regressions.
        self.regressors = nn.ModuleDict(
            {
                one.name.replace(".", "_"): Regressor(
                    one.kind, Head(options, 1, options.num_regression_layers, 1)
                )
                for one in event.regressions
            }
        )

    def forward(self, batch: Batch, parts: Parts | None = None) -> NetworkOutput:
        """Return what ``parts`` asks for, by default everything but vectors."""
        parts = parts or Parts()
        need = self._vectors_needed(parts)
        embedded = [e(f) for e, f in zip(self.embeddings, batch.features, strict=True)]
        x = self.unify(take_rows(torch.cat(embedded, dim=1), batch.order))
        encoded, summary = self.encoder(
            x, batch.all_vectors, groups=batch.groups, sources=(0,), summaries=True
        )
        if summary is None:
            raise TypeError("an encoder that was asked for summaries returns them")
        vectors = {EVENT: summary[0]}
        assignment: tuple[tuple[Tensor, ...], ...] = ()
        detection = None
        if parts.assignment or need & {"particles", "products"}:
            y, particle = self.branches(
                encoded,
                batch.all_vectors,
                groups=batch.groups,
                sources=[0] * len(self.event.particles),
                summaries="particles" in need,
                only=batch.sequential_rows,
            )
            if parts.detection and particle is not None:
                detection = self.detection(particle)[..., 0]
            if particle is not None:
                for number, description in enumerate(self.event.particles):
                    vectors[f"{description.name}/{PARTICLE}"] = particle[number]
            if parts.assignment or "products" in need:
                assignment = self._assign(y, batch, vectors, products="products" in need)
        classification = {}
        if parts.classification:
            for name, head in zip(self.classes, self.classifiers.values(), strict=True):
                source = vectors[name.rsplit("/", 1)[0]]
                classification[name] = head(source.unsqueeze(0))[0]
        regression, scales = {}, {}
        if parts.regression:
            for name, regressor in self.regressors_by_name().items():
                regression[name] = regressor(vectors[name.rsplit("/", 1)[0]])
                scales[name] = regressor.std
        return NetworkOutput(
            assignment=assignment,
            detection=detection,
            classification=classification,
            vectors=vectors if parts.vectors else {},
            regression=regression,
            scales=scales,
        )

    def regressors_by_name(self) -> dict[str, Regressor]:
        """Return what predicts each regression of the event description."""
        modules: list[Any] = list(self.regressors.values())
        return {one.name: m for one, m in zip(self.event.regressions, modules, strict=True)}

    def _vectors_needed(self, parts: Parts) -> set[str]:
        names = [*self.classes] if parts.classification else []
        if parts.regression:
            names += [one.name for one in self.event.regressions]
        sources = {name.rsplit("/", 1)[0] for name in names} - {EVENT}
        need = set()
        if parts.vectors or parts.detection or any(s.endswith("/" + PARTICLE) for s in sources):
            need.add("particles")
        if parts.vectors or any(not s.endswith("/" + PARTICLE) for s in sources):
            need.add("products")
        return need

    def _require_vectors(self) -> None:
        names = [*self.classes, *(one.name for one in self.event.regressions)]
        of_products = [n for n in names if n.count("/") > 1 and n.split("/")[1] != PARTICLE]
        if of_products and not self.options.split_symmetric_attention:
            raise ConfigError(
                f"{of_products[0]} belongs to a product, which has a vector of its own only with"
                " split_symmetric_attention = true"
            )

    def _assign(
        self, y: Tensor, batch: Batch, vectors: dict[str, Tensor], *, products: bool
    ) -> tuple[tuple[Tensor, ...], ...]:
        logits, product_vectors = self.attention(y, batch, self.event, vectors=products)
        if product_vectors is not None:
            names = [f"{p.name}/{product}" for p in self.event.particles for product in p.products]
            vectors.update(zip(names, product_vectors, strict=True))
        return tuple(
            tuple(
                log_probability(one, particle, group)
                for one, group in zip(mine, batch.groups, strict=True)
            )
            for mine, particle in zip(logits, self.event.particles, strict=True)
        )

    def configuration(self) -> dict[str, Any]:
        """Return plain data from which the same network is built."""
        return {
            "options": self.options.model_dump(),
            "event": self.event.as_mapping(),
            "classes": self.classes,
        }

    @classmethod
    def from_configuration(cls, content: Mapping[str, Any]) -> "Network":
        """Build from what `configuration` returned."""
        return cls(
            Options.from_mapping(content["options"]),
            EventDescription.from_mapping(content["event"]),
            content["classes"],
        )


def log_probability(logits: Tensor, particle: ParticleDescription, group: Group) -> Tensor:
    """Turn logits (events, n, ..., n) into log-probabilities over tuples of different vectors."""
    n, degree = group.sequential, particle.degree
    if n < degree:
        return torch.full_like(logits, -torch.inf)
    logits = symmetrize(logits, particle.group, first=1)
    if degree > 1:
        logits = logits.masked_fill(repeated(n, degree, logits.device), -torch.inf)
    return functional.log_softmax(logits.flatten(1), dim=1).reshape(logits.shape)


@lru_cache(maxsize=64)
def repeated(n: int, degree: int, device: torch.device) -> Tensor:
    """Return the mask (n, ..., n) of index tuples with a repeated index, made once."""
    with torch.inference_mode(mode=False):
        return ~distinct(n, degree, device)


def distinct(n: int, degree: int, device: torch.device) -> Tensor:
    """Return the mask (n, ..., n) of index tuples without a repeated index."""
    index = torch.arange(n, device=device)
    mask = torch.ones([n] * degree, dtype=torch.bool, device=device)
    for a, b in product(range(degree), repeat=2):
        if a < b:
            shape_a, shape_b = [1] * degree, [1] * degree
            shape_a[a] = shape_b[b] = n
            mask &= index.view(shape_a) != index.view(shape_b)
    return mask
