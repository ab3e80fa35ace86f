"""Which vectors a particle is made of: logits of the assignment from the vectors of its branch."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from hh4b.spanet.batches import Batch
from hh4b.spanet.event import EventDescription
from hh4b.spanet.layers import Linear
from hh4b.spanet.options import Options
from hh4b.spanet.transformers import Encoder


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
        start = 0
        for particle in event.particles:
            mine = torch.split(y[start : start + particle.degree], sizes, dim=1)
            start += particle.degree
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
    left = y[0]
    for right in y[1:-1]:
        left = (left.unsqueeze(-2) * right.unsqueeze(1)).flatten(1, 2)
    if len(y) == 1:
        return left.sum(dim=-1)
    n = y.shape[2]
    return torch.bmm(left, y[-1].transpose(1, 2)).reshape(y.shape[1], *[n] * len(y))


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
