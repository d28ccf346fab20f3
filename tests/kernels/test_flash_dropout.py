"""Dropout against its own mask, which values that tell every key apart bring to light."""

import pytest
import torch
from kernels import by_definition as definition
from kernels.by_definition import draw, same

from attnlab.kernels import dropout
from attnlab.kernels.flash import flash_attention

OPTIONS = [
    {},
    {"causal": True},
    {"window": 9},
    {"scale": 90.0},
    {"sinks": torch.tensor([0.5, -1.0, 2.0, 0.0])},
]


def run(q, k, v, seed, blocks, **options):
    return flash_attention(
        q, k, v, dropout_p=0.3, generator=torch.Generator().manual_seed(seed), **blocks, **options
    )


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("blocks", [{}, {"block_q": 16, "block_k": 11}])
def test_forward_and_backward_use_the_mask_that_was_drawn(options, blocks):
    options = {name: x.double() if name == "sinks" else x for name, x in options.items()}
    q, k, v = draw(0, 2, 4, 29, 5), draw(1, 2, 2, 31, 5), draw(2, 2, 2, 31, 7)
    eye = torch.eye(31, dtype=torch.float64).expand(2, 2, 31, 31)
    with torch.no_grad():
        weights = definition.attention(q, k, eye, **options)[0]
        normal = weights > 1e-250  # a ratio of denormal numbers says nothing
        kept = torch.where(normal, run(q, k, eye, 3, blocks, **options) / weights, 0.0).round(decimals=6)
    drawn = kept[normal]
    assert set(drawn.unique().tolist()) == {0.0, round(1 / dropout.kept(0.3), 6)}
    kept = (kept > 0).double() / dropout.kept(0.3)
    actual, expected = (
        run(q, k, v, 3, blocks, **options),
        definition.attention(q, k, v, kept=kept, **options)[0],
    )
    same(actual, expected, 1e-11)
    d_out = draw(5, *expected.shape, grad=False)
    for x, y in zip(*(torch.autograd.grad((o * d_out).sum(), (q, k, v)) for o in (actual, expected))):
        same(x, y, 1e-10)


@pytest.mark.parametrize("blocks", [{}, {"block_q": 16, "block_k": 11}])
def test_the_generator_decides(blocks):
    q, k, v = (draw(s, 3, 29, 5, grad=False) for s in range(3))
    first, again, other = (run(q, k, v, seed, blocks) for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("blocks", [{}, {"block_q": 50, "block_k": 50}])
def test_each_head_and_tile_has_its_own_mask(blocks):
    q = torch.zeros(2, 3, 100, 1)
    weights = run(q, q, torch.eye(100).expand(2, 3, 100, 100), 0, blocks) > 0
    pieces = weights.unfold(-2, 50, 50).unfold(-2, 50, 50).reshape(-1, 2500)
    agreement = (pieces[:, None] == pieces).float().mean(-1)
    agreement.fill_diagonal_(0)
    assert 0.5 < agreement[agreement > 0].min() and agreement.max() < 0.66  # 0.7² + 0.3² = 0.58 by chance


def test_rate_and_mean():
    for rate in (0.1, 0.5, 0.9):
        mask = dropout.keep_mask(0, 512, 512, rate).float()
        assert mask.mean().item() == pytest.approx(1 - rate, abs=4e-3)
        assert mask.mean(0).std().item() == pytest.approx((rate * (1 - rate) / 512) ** 0.5, rel=0.2)
        assert dropout.kept(rate) == pytest.approx(1 - rate, abs=1e-5)
    assert dropout.kept(1 - 1e-9) > 0
