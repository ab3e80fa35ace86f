from itertools import pairwise

import numpy as np
import pytest
import torch

from hh4b.spanet import fused, inference, native
from hh4b.spanet.batches import Group, _layout
from hh4b.spanet.blocks import Chain, GruBlock
from hh4b.spanet.options import Options
from hh4b.spanet.transformers import Encoder, GatedLayer

pytestmark = pytest.mark.skipif(native.library() is None, reason="no C++ compiler here")


def both_ways(module, arguments, monkeypatch):
    """Return output and gradients of input and weights, compiled and in torch."""
    x = arguments[0]
    out = torch.randn(*module(*arguments).shape, generator=torch.Generator().manual_seed(9))
    results = []
    for compiled in (True, False):
        if not compiled:
            monkeypatch.setattr(native, "usable", lambda *_: False)
        module.zero_grad()
        x.grad = None
        torch.manual_seed(5)
        y = module(*arguments)
        y.backward(out)
        results.append([y.detach(), x.grad, *[p.grad for p in module.parameters()]])
    return results


def compare(results, tolerance=3e-6):
    for compiled, plain in zip(*results, strict=True):
        torch.testing.assert_close(
            compiled, plain, rtol=0, atol=tolerance * float(plain.abs().max())
        )


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("inputs", [16, 32, 64])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_block(copies, inputs, dropout, monkeypatch):
    torch.manual_seed(0)
    options = Options(hidden_dim=32, dropout=dropout, linear_activation="gelu")
    block = GruBlock(options, copies, inputs, 32, skip=True)
    assert block.fusible
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    x = torch.randn(copies, 211, inputs, requires_grad=True)
    compare(both_ways(block, (x,), monkeypatch))


@pytest.mark.parametrize("copies", [1, 4])
@pytest.mark.parametrize("heads", [2, 4, 8])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gated_layer(copies, heads, dropout, monkeypatch):
    torch.manual_seed(0)
    sizes = [(3, 0), (17, 4), (29, 6), (5, 15), (2, 37)]
    layout = _layout(np.repeat([s for _, s in sizes], [n for n, _ in sizes]), sizes)
    layer = GatedLayer(Options(hidden_dim=32, num_attention_heads=heads, dropout=dropout), copies)
    assert fused.attention_fits(32, heads, 38)
    x = torch.randn(copies, len(layout.rows), 32, requires_grad=True)
    compare(both_ways(layer, (x, layout), monkeypatch))


def test_block_far_from_zero(monkeypatch):
    """Gates shut and open, GELU where it is zero or the identity."""
    torch.manual_seed(0)
    block = GruBlock(
        Options(hidden_dim=32, dropout=0.1, linear_activation="gelu"), 2, 32, 32, skip=True
    )
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            if "bias" in name:
                parameter.add_(10 * torch.randn_like(parameter))
    x = torch.randn(2, 100, 32)
    # Where a gate is nearly open its slope is a small difference.
    compare(both_ways(block, (x.requires_grad_(),), monkeypatch), tolerance=1e-5)


@pytest.mark.parametrize("rows", [4, 20])
def test_what_is_no_number_is_not_hidden(rows):
    """In whatever weight it is."""
    torch.manual_seed(0)
    layout = _layout(np.full(5, rows), [(5, rows)])
    x = torch.randn(1, len(layout.rows), 32)
    names = [name for name, _ in GatedLayer(Options(hidden_dim=32), 1).named_parameters()]
    for name in names:
        layer = GatedLayer(Options(hidden_dim=32, dropout=0.0, linear_activation="gelu"), 1)
        with torch.no_grad():
            dict(layer.named_parameters())[name].view(-1)[-1] = torch.nan
            assert layer(x, layout).isnan().any(), name


@pytest.mark.parametrize("sizes", [[(33, 5), (3, 1), (100, 2), (1, 16)], [(7, 17), (2, 64)]])
def test_tiles_hold_every_row_once_and_fill_vectors(sizes):
    tiles = fused.make_tiles(sizes).tolist()
    assert sum(events * rows for _, events, rows in tiles) == sum(n * rows for n, rows in sizes)
    first = 0
    for start, events, rows in tiles:
        assert start == first
        first += events * rows
        # What `attention_memory` in gated.cpp has room for.
        assert events * rows <= max(
            fused.TILE_ROWS, fused.WIDE_ROWS * native.library().vector_length()
        )
    short = [t for t in tiles if t[2] <= fused.WIDE_ROWS]
    for this, after in pairwise(short):
        if this[2] == after[2]:
            assert this[1] % native.library().vector_length() == 0


@pytest.mark.parametrize("heads", [2, 4, 8])
@pytest.mark.parametrize("blocks", [0, 2])
@pytest.mark.parametrize("summaries", [True, False])
@pytest.mark.parametrize("sequential_only", [True, False])
def test_encoder(heads, blocks, summaries, sequential_only, monkeypatch):
    """The pass for prediction against the layers one by one in torch."""
    torch.manual_seed(0)
    groups = [Group(3, 1, 0), Group(101, 4, 1), Group(48, 5, 2), Group(5, 15, 1), Group(2, 37, 1)]
    options = Options(hidden_dim=32, num_attention_heads=heads, linear_activation="gelu")
    encoder = Encoder(options, 3, blocks=blocks, layers=2).eval()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    sizes = [(g.events, g.sequential + g.others) for g in groups]
    lengths = np.repeat([n for _, n in sizes], [events for events, _ in sizes])
    layout = _layout(lengths, sizes)
    flags = [[True] * g.sequential + [False] * g.others for g in groups for _ in range(g.events)]
    rows = torch.from_numpy(np.flatnonzero(np.concatenate(flags)))
    x = 3 * torch.randn(2, len(layout.vector_rows), 32)
    found = []
    for compiled in (True, False):
        if not compiled:
            monkeypatch.setattr(native, "usable", lambda *_: False)
        with torch.inference_mode():
            assert inference.fits(encoder, groups, x) == compiled
            found.append(
                encoder(
                    x,
                    layout,
                    groups=groups,
                    sources=[1, 0, 1],
                    summaries=summaries,
                    only=rows if sequential_only else None,
                )
            )
    (vectors, summary), (wanted, wanted_summary) = found
    torch.testing.assert_close(vectors, wanted, rtol=0, atol=1e-5)
    assert (summary is None) == (not summaries)
    if summaries:
        torch.testing.assert_close(summary, wanted_summary, rtol=0, atol=1e-5)


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("widths", [(5, 16, 32), (1, 8), (64, 32), (32, 32, 32)])
@pytest.mark.parametrize("rows", [1, 48, 155])
def test_chain_of_blocks(copies, widths, rows, monkeypatch):
    """The pass for prediction against the blocks one by one in torch."""
    torch.manual_seed(0)
    options = Options(hidden_dim=32, linear_activation="gelu")
    chain = Chain(*(GruBlock(options, copies, a, b, skip=True) for a, b in pairwise(widths))).eval()
    with torch.no_grad():
        for parameter in chain.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    x = 3 * torch.randn(copies, rows, widths[0])
    with torch.inference_mode():
        assert inference.blocks_fit(list(chain), x)
        found = chain(x)
        monkeypatch.setattr(native, "usable", lambda *_: False)
        wanted = chain(x)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def test_what_is_no_chain_goes_through_torch():
    options = Options(hidden_dim=32, linear_activation="gelu")
    x = torch.zeros(1, 3, 32)
    with torch.inference_mode():
        assert inference.blocks_fit([GruBlock(options, 1, 32, 32, skip=True).eval()], x)
        assert not inference.blocks_fit([], x)
        assert not inference.blocks_fit([GruBlock(options, 1, 32, 32, skip=True)], x)
        assert not inference.blocks_fit([GruBlock(options, 1, 32, 32, skip=False).eval()], x)
        assert not inference.blocks_fit([GruBlock(options, 1, 32, 12, skip=True).eval()], x)
        relu = options.changed(linear_activation="relu")
        assert not inference.blocks_fit([GruBlock(relu, 1, 32, 32, skip=True).eval()], x)
    assert not inference.blocks_fit([GruBlock(options, 1, 32, 32, skip=True).eval()], x)


def test_block_without_its_normalization_goes_through_torch():
    """As of a global input with `global_input_embedding` = linear."""
    options = Options(hidden_dim=32, linear_activation="gelu")
    block = GruBlock(options, 1, 32, 32, skip=True)
    assert block.fusible
    block.normalization = torch.nn.Identity()
    assert not block.fusible
    x = torch.randn(1, 5, 32, requires_grad=True)
    block(x).sum().backward()
    assert x.grad.isfinite().all()


def test_gradient_by_finite_difference():
    """Guards against the same mistake in both ways."""
    torch.manual_seed(0)
    layout = _layout(np.array([3, 3]), [(2, 3)])
    layer = GatedLayer(Options(hidden_dim=16, num_attention_heads=2), 1)
    x = torch.randn(1, 8, 16, requires_grad=True)
    weight = torch.randn(1, 8, 16)
    (layer(x, layout) * weight).sum().backward()
    direction = torch.randn_like(x)
    with torch.no_grad():
        h = 1e-2
        up = (layer(x + h * direction, layout) * weight).sum()
        down = (layer(x - h * direction, layout) * weight).sum()
    assert float((up - down) / (2 * h)) == pytest.approx(
        float((x.grad * direction).sum()), rel=2e-3
    )


def test_result_does_not_depend_on_threads():
    torch.manual_seed(0)
    block = GruBlock(Options(hidden_dim=32), 2, 32, 32, skip=True)
    x = torch.randn(2, 999, 32, requires_grad=True)
    gradients = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            block.zero_grad()
            block(x).square().sum().backward()
            gradients.append([p.grad.clone() for p in block.parameters()])
    finally:
        torch.set_num_threads(1)
    for a, b in zip(*gradients, strict=True):
        assert torch.equal(a, b)


def test_dropout_rate_and_independence():
    index = torch.arange(200_000)
    masks = [fused.dropout_mask(index, seed, 0.1) for seed in (1, 2)]
    for mask in masks:
        assert float((mask == 0).double().mean()) == pytest.approx(0.1, abs=0.003)
        assert mask.unique().tolist() == pytest.approx([0.0, 1 / 0.9])
    both = ((masks[0] == 0) & (masks[1] == 0)).double().mean()
    assert float(both) == pytest.approx(0.01, abs=0.002)
    neighbours = ((masks[0][1:] == 0) & (masks[0][:-1] == 0)).double().mean()
    assert float(neighbours) == pytest.approx(0.01, abs=0.002)


@pytest.mark.parametrize("filled", [True, False])
def test_rows_are_moved_as_torch_moves_them(filled):
    x, index = torch.randn(3, 7, 5), torch.tensor([6, 0, 7, 3, 7, 3])
    filling = torch.randn(3, 1, 5) if filled else None
    moved = fused.move_rows(x, index, filling)
    last = torch.zeros(3, 1, 5) if filling is None else filling
    assert torch.equal(moved, torch.cat([x, last], dim=1)[:, index])
    with native.switched_off():
        assert torch.equal(fused.move_rows(x, index, filling), moved)
