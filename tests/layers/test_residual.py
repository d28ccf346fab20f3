"""Ways from layer to layer: equal to the modules of the transformers library, to loops, and what must hold of each."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from torch import nn

from attnlab.attention import MultiHead
from attnlab.layers.residual import AttentionOverLayers, HyperConnection, HyperHead, sinkhorn
from attnlab.reference import residual as reference

B, T, N, D, STEPS, EPSILON = 2, 5, 3, 7, 4, 1e-3


def tensor(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


X = tensor(0, B, T, N, D)


def filled(module: nn.Module, first: int = 10) -> nn.Module:
    """The module in float64 with random parameters, the same every time."""
    module = module.double()
    with torch.no_grad():
        for i, parameter in enumerate(module.parameters()):
            parameter.copy_(tensor(first + i, *parameter.shape))
    return module


def doubled(x: torch.Tensor, times: float = 2.0) -> torch.Tensor:
    return times * x


def connection(layer=doubled, **options) -> HyperConnection:
    return filled(HyperConnection(layer, D, N, **{"steps": STEPS, "epsilon": EPSILON} | options))


# Against the library


@pytest.fixture
def in_double(monkeypatch):
    """The library computes these in float32 whatever it is given; here its `.float()` leaves float64 alone."""
    monkeypatch.setattr(torch.Tensor, "float", lambda x: x)


CONFIG = SimpleNamespace(hc_mult=N, hidden_size=D, hc_sinkhorn_iters=STEPS, hc_eps=EPSILON, rms_norm_eps=EPSILON)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_a_layer_among_streams_equals_that_of_the_library(in_double, steps):
    from transformers.models.deepseek_v4.modeling_deepseek_v4 import DeepseekV4HyperConnection

    theirs = filled(DeepseekV4HyperConnection(SimpleNamespace(**vars(CONFIG) | {"hc_sinkhorn_iters": steps})))
    ours = connection(steps=steps)
    with torch.no_grad():
        for mine, other in zip((ours.project.weight, ours.base, ours.scale), (theirs.fn, theirs.base, theirs.scale)):
            mine.copy_(other)
    post, comb, collapsed = theirs(X)
    expected = post[..., None] * doubled(collapsed)[..., None, :] + comb.mT @ X  # as in DeepseekV4DecoderLayer
    assert_same(ours(X), expected)
    found = ours.connection(X)
    assert_same(found.write, post)
    assert_same(found.mix, comb.mT)
    assert_same((found.read[..., None] * X).sum(-2), collapsed)


def test_in_single_precision_it_equals_the_library_as_it_is():
    from transformers.models.deepseek_v4.modeling_deepseek_v4 import DeepseekV4HyperConnection

    theirs, ours = filled(DeepseekV4HyperConnection(CONFIG)).float(), connection().float()
    with torch.no_grad():
        for mine, other in zip((ours.project.weight, ours.base, ours.scale), (theirs.fn, theirs.base, theirs.scale)):
            mine.copy_(other)
    post, comb, collapsed = theirs(X.float())
    found = ours.connection(X.float())
    assert_same(found.write, post, atol=1e-5)
    assert_same(found.mix, comb.mT, atol=1e-5)
    assert_same((found.read[..., None] * X.float()).sum(-2), collapsed, atol=1e-5)


def test_the_end_of_the_streams_equals_that_of_the_library(in_double):
    from transformers.models.deepseek_v4.modeling_deepseek_v4 import DeepseekV4HyperHead

    theirs, ours = filled(DeepseekV4HyperHead(CONFIG)), filled(HyperHead(D, N, EPSILON))
    with torch.no_grad():
        for mine, other in zip((ours.project.weight, ours.base, ours.scale), (theirs.hc_fn, theirs.hc_base, theirs.hc_scale)):
            mine.copy_(other)
    assert_same(ours(X), theirs(X))


def test_attention_over_layers_equals_that_of_the_library(in_double):
    from transformers.models.inkling2.modeling_inkling2 import Inkling2BlockAttentionResidual

    theirs, ours = filled(Inkling2BlockAttentionResidual(SimpleNamespace(hidden_size=D), 3)), AttentionOverLayers(D).double()
    for query, expected in zip(theirs.query, theirs(X[..., :-1, :], X[..., -1, :]), strict=True):
        with torch.no_grad():
            ours.query.copy_(query)
        assert_same(ours(X), expected)


# The matrix


def by_loops(logits: np.ndarray, steps: int) -> np.ndarray:
    matrix = [[math.exp(x) for x in row] for row in logits]
    for _ in range(steps):
        sums = [math.fsum(column) for column in zip(*matrix)]
        matrix = [[x / s for x, s in zip(row, sums)] for row in matrix]
        matrix = [[x / math.fsum(row) for x in row] for row in matrix]
    return np.array(matrix)


@pytest.mark.parametrize("steps", [1, 2, 3, 20])
def test_sinkhorn_is_its_definition_in_numpy_and_in_torch(steps):
    logits = normal(1, 2, 5, 3)
    loops = np.stack([by_loops(one, steps) for one in logits])
    assert_same(reference.sinkhorn(logits, steps), loops)
    assert_same(sinkhorn(torch.tensor(logits), steps, 0.0).numpy(), loops)


def test_rows_sum_to_one_after_every_step_and_columns_in_the_end():
    logits = normal(2, 11, 4, 4)
    for steps in (1, 5, 60):
        matrix = reference.sinkhorn(logits, steps)
        assert_same(matrix.sum(-1), np.ones((11, 4)))
        assert_same(sinkhorn(torch.tensor(logits), steps).sum(-1), torch.ones(11, 4).double(), atol=1e-5)
    errors = [np.abs(reference.sinkhorn(logits, steps).sum(-2) - 1).max() for steps in (1, 3, 10, 60)]
    assert errors == sorted(errors, reverse=True) and errors[0] > 0.1 and errors[-1] < 1e-6


def test_adding_to_a_row_or_a_column_changes_nothing_in_the_end():
    logits = normal(3, 4, 4)
    moved = logits + normal(4, 4, 1) + normal(5, 4)
    assert_same(reference.sinkhorn(moved, 300), reference.sinkhorn(logits, 300))


def test_far_apart_logits_give_no_nan():
    logits = np.array([[1000.0, 1000.0], [0.0, 1.0]])  # both columns have nearly all they have in the first row
    assert_same(reference.sinkhorn(logits, 1).sum(-1), np.ones(2))
    x = torch.tensor(logits).requires_grad_()
    out = sinkhorn(x, 20)
    out[0, 0].backward()
    assert out.isfinite().all() and x.grad.isfinite().all()


# Streams


def test_one_layer_among_streams_number_by_number():
    found, out = connection().connection(X), connection()(X)
    for b, t, target, d in np.ndindex(B, T, N, D):
        column = X[b, t, :, d]
        mixed = sum(found.mix[b, t, target, source] * column[source] for source in range(N))
        read = sum(found.read[b, t, source] * column[source] for source in range(N))
        assert abs(out[b, t, target, d] - (mixed + found.write[b, t, target] * 2 * read)) < 1e-12


def test_it_equals_the_reference_with_fixed_weights():
    module = connection()
    with torch.no_grad():
        module.scale.zero_()
    found = [part[0, 0].detach().numpy() for part in module.connection(X)]
    assert_same(reference.through_streams(X.numpy(), lambda x: 2 * x, *found), module(X).detach().numpy())


def test_at_first_equal_streams_are_one_ordinary_residual_stream():
    layer = filled(MultiHead(8, 2))
    module = HyperConnection(layer, 8, 4).double()
    x = tensor(6, B, T, 8)
    out = module(x[..., None, :].expand(B, T, 4, 8))
    expected = (x + layer(x))[..., None, :].expand_as(out)
    assert_same(out, expected, atol=1e-3)
    assert_same(HyperHead(8, 4).double()(out), x + layer(x), atol=1e-3)
    assert (module.connection(tensor(7, 1, 1, 4, 8)).mix - torch.eye(4)).abs().max() < 2e-3


def test_one_stream_is_read_whole_and_kept_whole():
    module = HyperConnection(doubled, D, 1).double()
    assert_same(module(X[..., :1, :]), 3 * X[..., :1, :], atol=1e-4)


def test_mixing_keeps_the_sum_of_the_streams_and_makes_none_larger():
    module = connection(layer=torch.zeros_like, steps=200, epsilon=1e-12)
    with torch.no_grad():
        module.scale.fill_(0.1)
        module.base.mul_(0.3)
    out = module(X)
    assert_same(out.sum(-2), X.sum(-2), atol=1e-9)
    assert (out.abs().amax(-2) <= X.abs().amax(-2) + 1e-9).all()
    assert (out.norm(dim=-2) <= X.norm(dim=-2) + 1e-9).all()


def test_each_token_by_itself_and_the_size_of_all_streams_does_not_matter():
    module, order = connection(), [3, 1, 4, 0, 2]
    assert_same(module(X[:, order]), module(X)[:, order])
    assert_same(module(X[0, 2]), module(X)[0, 2])
    exact = connection(epsilon=1e-12)
    for a, b in zip(exact.connection(X), exact.connection(7 * X)):
        assert_same(a, b, atol=1e-9)


def test_options_reach_the_layer_by_name():
    assert_same(connection()(X, times=5.0), connection(layer=lambda x: 5 * x)(X))


def test_gradients_reach_every_parameter():
    module = HyperConnection(MultiHead(D, 1), D, N).double()
    with torch.no_grad():
        module.scale.fill_(0.1)
    module(X).square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in module.parameters())
    assert sum(p.numel() for p in HyperConnection(doubled, D, N).parameters()) == N * (N + 2) * (N * D + 1) + 3


# Attention over layers


def test_attention_over_layers_starts_as_the_average_and_equals_the_reference():
    module = AttentionOverLayers(D).double()
    units = X / X.square().mean(-1, keepdim=True).add(1e-6).sqrt()
    assert_same(module(X), units.mean(-2))
    query = normal(8, D)
    with torch.no_grad():
        module.query.copy_(torch.tensor(query))
    assert_same(reference.attention_over_layers(X.numpy(), query), module(X).detach().numpy())


def test_the_paper_s_form_averages_the_states_themselves():
    query, plain = normal(8, D), lambda states: states
    module = AttentionOverLayers(D, plain, 1.0).double()
    with torch.no_grad():
        module.query.copy_(torch.tensor(query))
    keys = X.numpy() / np.sqrt((X.numpy() ** 2).mean(-1, keepdims=True) + 1e-6)
    shares = np.exp(keys @ query)
    expected = np.einsum("btl,btld->btd", shares / shares.sum(-1, keepdims=True), X.numpy())
    assert_same(module(X).detach().numpy(), expected)
    assert_same(reference.attention_over_layers(X.numpy(), query, plain, 1.0), expected)


def test_the_order_of_the_layers_does_not_matter_and_a_state_s_size_does_not_choose_it():
    module = filled(AttentionOverLayers(D))
    assert_same(module(X[..., [2, 0, 1], :]), module(X))
    assert_same(module(100 * X), module(X), atol=1e-4)


# At the door

BAD = {
    "steps must be at least 1 but is 0": lambda: sinkhorn(X, 0),
    "steps must be at least 1 but is 0 ": lambda: reference.sinkhorn(X.numpy(), 0),
    r"logits needs the axes \(..., rows, columns\) but has shape \(3,\)": lambda: reference.sinkhorn(np.ones(3), 2),
    "logits holds NaN or infinity": lambda: reference.sinkhorn(np.full((2, 2), np.nan), 2),
    "n_streams must be at least 1 but is 0": lambda: HyperConnection(doubled, D, 0),
    "d_model must be at least 1 but is 0": lambda: HyperConnection(doubled, 0, N),
    "steps must be at least 1 but is 0  ": lambda: HyperConnection(doubled, D, N, steps=0),
    "n_streams must be at least 1 but is -1": lambda: HyperHead(D, -1),
    "d_model must be at least 1 but is 0 ": lambda: AttentionOverLayers(0),
    r"streams must end in the axes \(n_streams, d_model\) = \(3, 7\) but have shape \(2, 5, 7, 3\)": lambda: connection()(X.mT),
    r"streams must end in the axes \(n_streams, d_model\) = \(3, 7\) but have shape \(2, 5, 2, 7\)": lambda: HyperHead(D, N)(
        X[..., 1:, :]
    ),
    r"streams must end in the axes \(n_streams, d_model\) = \(3, 7\) but have shape \(2, 5, 3, 6\)": lambda: connection()(X[..., 1:]),
    r"3 streams need read \(3,\), write \(3,\) and mix \(3, 3\), not \(3,\), \(2,\), \(3, 3\)": lambda: reference.through_streams(
        X.numpy(), np.zeros_like, np.ones(3), np.ones(2), np.eye(3)
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_errors_at_the_door(message, as_readers_run_it):
    with pytest.raises(ValueError, match=message.strip()):
        BAD[message]()
