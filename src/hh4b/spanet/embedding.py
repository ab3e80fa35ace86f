"""From the features of an input to hidden vectors."""

import torch
from torch import Tensor, nn

from hh4b.spanet.blocks import make_embedding
from hh4b.spanet.event import Input
from hh4b.spanet.layers import LayerNorm
from hh4b.spanet.options import Options


class InputEmbedding(nn.Module):
    """Bring the vectors of one input to hidden_dim, and tell by a vector which input it was."""

    def __init__(self, options: Options, item: Input) -> None:
        """Build for vectors of the features of ``item``."""
        super().__init__()
        width = len(item.features)
        self.normalize = options.normalize_features
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))
        self.blocks = make_embedding(options, width)
        first = self.blocks[0]
        if not item.sequential and options.global_input_embedding == "linear":
            # A layer norm over the features of one vector forgets its scale; over a single
            # feature it is a constant. See docs/spanet.md.
            for name, layer in first.named_children():
                if isinstance(layer, LayerNorm) and layer.weight.shape[-1] == width:
                    setattr(first, name, nn.Identity())
        self.position = nn.Parameter(torch.randn(options.position_embedding_dim))

    def forward(self, features: Tensor) -> Tensor:
        """Map (vectors, features) to (1, vectors, hidden_dim + position_embedding_dim)."""
        if self.normalize:
            features = (features - self.mean) / self.std
        x = self.blocks(features.unsqueeze(0))
        return torch.cat([x, self.position.expand(1, x.shape[1], -1)], dim=2)
