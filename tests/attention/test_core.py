from __future__ import annotations

import by_hand
import numpy as np
import pytest
import torch
from compare import assert_same, normal, through_torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from attnlab import reference
from attnlab.attention import attention, attention_weights
from attnlab.masks import causal, padding, positions, window

B, H, N, M, D_K, D_V = 2, 3, 5, 11, 7, 13
LENGTHS = torch.tensor([[4], [M]])  # the short one first


def tensor(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


Q, K, V = tensor(0, B, H, N, D_K), tensor(1, B, H, M, D_K), tensor(2, B, H, M, D_V)
HERE = torch.zeros(())  # masks are wanted in torch
Q_POS, K_POS = positions(N, M, HERE)
DEAD = tensor(3, B, 1, N, M) > -0.5
DEAD[0, 0, 1] = DEAD[1, 0, 4] = False

MASKS = {
    "none": None,
    "causal": causal(Q_POS, K_POS),
    "causal, first query with first key": causal(torch.arange(N), K_POS),
    "window": window(Q_POS, K_POS, 3),
    "padding": padding(LENGTHS, M),
    "causal and padding": causal(Q_POS, K_POS) & padding(LENGTHS, M),
    "window and padding, some rows empty": window(Q_POS, K_POS, 2) & padding(LENGTHS, M),
    "some rows empty": DEAD,
    "one key column hidden": torch.arange(M) != 6,
    "nothing visible": torch.zeros(N, M, dtype=torch.bool),
    "one truth for all": torch.tensor(True),
}
masks = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def as_matrix(mask):
    """What torch's own function asks for: at least the two axes of the scores."""
    return mask if mask is None or mask.ndim >= 2 else mask.expand(N, M)


@masks
def test_equals_the_loop(mask):
    output, weights = attention(Q, K, V, mask), attention_weights(Q, K, mask)
    wide = None if mask is None else mask.expand(B, H, N, M)
    for index in np.ndindex(B, H):
        rows = None if wide is None else wide[index].tolist()
        q, k, v = (x[index].tolist() for x in (Q, K, V))
        assert_same(output[index].numpy(), np.array(by_hand.attention(q, k, v, rows)))
        assert_same(weights[index].numpy(), np.array(by_hand.attention_weights(q, k, rows)))


@masks
@pytest.mark.parametrize("scale", [None, 0.3])
def test_equals_scaled_dot_product_attention(mask, scale):
    theirs = scaled_dot_product_attention(Q, K, V, attn_mask=as_matrix(mask), scale=scale)
    assert_same(attention(Q, K, V, mask, scale=scale), theirs)


@masks
def test_a_bias_equals_the_float_mask_of_torch(mask):
    bias = tensor(4, H, N, M)
    joined = bias if mask is None else torch.where(mask, bias, -torch.inf)
    theirs = scaled_dot_product_attention(Q, K, V, attn_mask=joined.expand(B, H, N, M))
    assert_same(attention(Q, K, V, mask, bias), theirs)
    assert_same(attention(Q, K, V, bias=joined), theirs)


def test_is_causal_of_torch_aligns_the_other_end():
    """With as many queries as keys the two agree. Otherwise torch sets the first query on the first key."""
    square, theirs = K, scaled_dot_product_attention(K, K, V, is_causal=True)
    assert_same(attention(square, K, V, causal(K_POS, K_POS)), theirs)
    theirs = scaled_dot_product_attention(Q, K, V, is_causal=True)
    assert_same(attention(Q, K, V, causal(torch.arange(N), K_POS)), theirs)
    ours = attention(Q, K, V, causal(Q_POS, K_POS))
    assert (ours - theirs).abs().max() > 0.1
    whole = scaled_dot_product_attention(
        torch.cat([tensor(5, B, H, M - N, D_K), Q], dim=-2), K, V, is_causal=True
    )
    assert_same(ours, whole[..., M - N :, :].contiguous())


@pytest.mark.parametrize("size", [60.0, 1e4])
@masks
def test_large_scores_equal_torch_and_the_reference(size, mask):
    scores = (Q @ K.mT).abs().max()
    q = Q * (size / scores)
    theirs = scaled_dot_product_attention(q, K, V, attn_mask=as_matrix(mask), scale=1.0)
    assert_same(attention(q, K, V, mask, scale=1.0), theirs)
    in_numpy = None if mask is None else mask.numpy()
    expected = reference.attention(q.numpy(), K.numpy(), V.numpy(), in_numpy, scale=1.0)
    assert_same(attention(q, K, V, mask, scale=1.0).numpy(), expected)


@masks
@pytest.mark.parametrize("biased", [False, True])
def test_equals_the_reference(mask, biased):
    bias = normal(6, B, 1, N, M) if biased else None
    arguments = [None if x is None else x.numpy() for x in (Q, K, V, mask)]
    assert_same(through_torch(attention)(*arguments, bias), reference.attention(*arguments, bias))
    q, k, _, mask = arguments
    assert_same(
        through_torch(attention_weights)(q, k, mask, bias), reference.attention_weights(q, k, mask, bias)
    )


@masks
def test_gradients_pass_gradcheck_and_are_finite(mask):
    parts = [x[:1, :1, :, :3].clone().requires_grad_() for x in (Q, K, V)]
    mask = mask if mask is None or mask.ndim < 4 else mask[:1]
    bias = tensor(7, N, M).requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: attention(*x[:3], mask, x[3]), (*parts, bias))


@masks
def test_gradients_equal_those_of_torch(mask):
    mine, theirs = ([x.clone().requires_grad_() for x in (Q, K, V)] for _ in range(2))
    d_output = tensor(8, B, H, N, D_V)
    attention(*mine, mask).backward(d_output)
    scaled_dot_product_attention(*theirs, attn_mask=as_matrix(mask)).backward(d_output)
    for x, y in zip(mine, theirs, strict=True):
        assert torch.isfinite(x.grad).all()
        assert_same(x.grad, y.grad)


def test_a_bias_of_minus_infinity_hides_and_leaves_gradients_finite():
    bias = torch.where(DEAD, 0.0, -torch.inf).double().requires_grad_()
    parts = [x.clone().requires_grad_() for x in (Q, K, V)]
    output = attention(*parts, bias=bias)
    assert_same(output, attention(*parts, DEAD))
    output.sum().backward()
    for x in (*parts, bias):
        assert torch.isfinite(x.grad).all()
    assert (bias.grad[~DEAD] == 0).all()


def test_a_query_that_sees_nobody_gets_zeros_and_sends_no_gradient():
    parts = [x.clone().requires_grad_() for x in (Q, K, V)]
    output = attention(*parts, DEAD)
    assert (output[0, :, 1] == 0).all() and (output[1, :, 4] == 0).all()
    assert (attention_weights(Q, K, DEAD)[0, :, 1] == 0).all()
    (output[0, :, 1].sum() + output[1, :, 4].sum()).backward()
    for x in parts:
        assert (x.grad == 0).all()


def test_without_keys_zeros_without_queries_nothing():
    none, nothing = K[..., :0, :].clone().requires_grad_(), V[..., :0, :]
    output = attention(Q, none, nothing)
    assert_same(output, torch.zeros(B, H, N, D_V, dtype=torch.float64), atol=0)
    output.sum().backward()
    assert none.grad.shape == none.shape
    assert attention(Q[..., :0, :], K, V).shape == (B, H, 0, D_V)
    assert attention_weights(Q, none).shape == (B, H, N, 0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@masks
def test_low_precision_is_as_exact_as_the_plain_version_twice_over(dtype, mask):
    """Judged by the error of the plain formula in that dtype, both against float64 of the same numbers."""
    q, k, v = (x.to(dtype) for x in (Q, K, V))
    exact = attention(q.double(), k.double(), v.double(), mask)
    ours = attention(q, k, v, mask)
    assert ours.dtype == dtype and attention_weights(q, k, mask).dtype == dtype
    scores = (q @ k.mT) / D_K**0.5
    scores = scores if mask is None else torch.where(mask, scores, -torch.inf)
    plain = torch.nan_to_num(torch.softmax(scores, dim=-1)) @ v
    assert (ours - exact).square().mean() <= 4 * (plain - exact).square().mean()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_low_precision_is_computed_in_float32_and_rounded_once(dtype):
    q, k, v, bias = (x.to(dtype) for x in (Q, K, V, tensor(9, N, M)))
    wide = [x.float() for x in (q, k, v)]
    assert_same(attention(q, k, v, DEAD, bias), attention(*wide, DEAD, bias.float()).to(dtype), atol=0)
    assert_same(
        attention_weights(q, k, DEAD, bias),
        attention_weights(*wide[:2], DEAD, bias.float()).to(dtype),
        atol=0,
    )


def test_float16_survives_scores_that_float16_cannot_hold():
    q, k = torch.full((1, 5), 250.0, dtype=torch.float16), torch.full((3, 5), 250.0, dtype=torch.float16)
    v = torch.tensor([[0.0], [3.0], [6.0]], dtype=torch.float16)
    assert_same(attention(q, k, v, scale=1.0), torch.tensor([[3.0]], dtype=torch.float16), atol=0.002)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_dtype_of_the_arguments_is_kept_whatever_the_bias(dtype):
    parts = [x.to(dtype, copy=True).requires_grad_() for x in (Q, K, V)]
    output = attention(*parts, bias=torch.zeros(N, M, dtype=torch.float64))
    output.sum().backward()
    assert output.dtype == dtype and all(x.grad.dtype == dtype for x in parts)
    fine = tensor(11, N, M) / 3
    rough = fine.to(torch.promote_types(dtype, torch.float32))
    assert_same(attention(*parts, bias=fine), attention(*parts, bias=rough), atol=0)


def test_arguments_are_left_alone():
    arguments = [x.clone() for x in (Q, K, V, DEAD, tensor(10, N, M))]
    versions = [x._version for x in arguments]
    attention(*arguments)
    attention_weights(*arguments[:2], *arguments[3:])
    assert [x._version for x in arguments] == versions
    for x, before in zip(arguments, (Q, K, V, DEAD, tensor(10, N, M)), strict=True):
        assert_same(x, before, atol=0)


# What is true of attention, whoever computes it.

BOTH = {"numpy": (reference.attention, reference.attention_weights)}
BOTH["torch"] = (through_torch(attention), through_torch(attention_weights))
both = pytest.mark.parametrize(("attend", "weigh"), BOTH.values(), ids=BOTH)
seeds, sizes = st.integers(0, 2**32 - 1), st.integers(1, 7)


def drawn(seed, n, m):
    mask = normal(seed + 3, n, m) > -0.3
    return normal(seed, n, 3), normal(seed + 1, m, 3), normal(seed + 2, m, 5), mask


@both
@given(seeds, sizes, sizes)
def test_rows_sum_to_one_or_hold_nothing(attend, weigh, seed, n, m):
    q, k, _, mask = drawn(seed, n, m)
    weights = weigh(q, k, mask)
    assert (weights[~mask] == 0).all() and (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), mask.any(axis=-1), rtol=0, atol=1e-12)


@both
@given(seeds, sizes, sizes)
def test_the_output_stays_among_the_values_it_may_see(attend, weigh, seed, n, m):
    q, k, v, mask = drawn(seed, n, m)
    for row, visible in zip(attend(q, k, v, mask), mask, strict=True):
        seen = v[visible] if visible.any() else np.zeros((1, 5))
        assert (row >= seen.min(axis=0) - 1e-12).all() and (row <= seen.max(axis=0) + 1e-12).all()


@both
@given(seeds, sizes, sizes)
def test_equal_values_come_out_as_they_went_in(attend, weigh, seed, n, m):
    q, k, v, _ = drawn(seed, n, m)
    same = np.repeat(v[:1], m, axis=0)
    np.testing.assert_allclose(attend(q, k, same), np.repeat(v[:1], n, axis=0), rtol=0, atol=1e-12)


@both
@given(seeds, sizes)
def test_one_vector_added_to_every_key_changes_nothing(attend, weigh, seed, n):
    q, k, v, mask = drawn(seed, n, 7)
    assert_same(attend(q, k + normal(seed + 4, 3), v, mask), attend(q, k, v, mask))


@both
@given(seeds, sizes)
def test_self_attention_is_permutation_equivariant(attend, weigh, seed, n):
    x, v = normal(seed, n, 3), normal(seed + 1, n, 5)
    order = np.random.default_rng(seed).permutation(n)
    assert_same(attend(x[order], x[order], v[order]), attend(x, x, v)[order])


@both
@given(seeds, sizes, sizes)
def test_the_order_of_keys_does_not_matter(attend, weigh, seed, n, m):
    q, k, v, mask = drawn(seed, n, m)
    order = np.random.default_rng(seed).permutation(m)
    assert_same(attend(q, k[order], v[order], mask[:, order]), attend(q, k, v, mask))


@both
@given(seeds, sizes, sizes, st.integers(1, 6))
def test_causal_means_the_future_changes_nothing(attend, weigh, seed, n, extra, size):
    q, k, v, _ = drawn(seed, n, n + extra)
    q_pos, k_pos = positions(n, n + extra)
    for mask in (causal(q_pos, k_pos), window(q_pos, k_pos, size)):
        now = q_pos[n // 2]
        future = (k_pos > now)[:, None]
        later = (np.arange(n) > n // 2)[:, None]
        changed = attend(np.where(later, 9.0, q), np.where(future, -7.0, k), np.where(future, 1e3, v), mask)
        assert_same(changed[: n // 2 + 1], attend(q, k, v, mask)[: n // 2 + 1])


@both
@given(seeds, sizes)
def test_decoding_one_query_at_a_time_gives_the_rows_of_the_whole(attend, weigh, seed, n):
    q, k, v, _ = drawn(seed, n, n)
    whole = attend(q, k, v, causal(*positions(n, n)))
    for i in range(n):
        mask = causal(*positions(1, i + 1))
        assert_same(attend(q[i : i + 1], k[: i + 1], v[: i + 1], mask), whole[i : i + 1])


@both
@given(seeds)
def test_padding_gives_what_the_shorter_sequence_gives(attend, weigh, seed):
    q, k, v = normal(seed, 3, 5, 3), normal(seed + 1, 3, 7, 3), normal(seed + 2, 3, 7, 2)
    lengths = np.array([2, 7, 4])
    batch = attend(q, k, v, padding(lengths, 7))
    for i, length in enumerate(lengths):
        assert_same(batch[i], attend(q[i], k[i, :length], v[i, :length]))


@both
@given(seeds, sizes)
def test_attention_is_weights_times_values_and_leading_axes_broadcast(attend, weigh, seed, n):
    q, k, v = normal(seed, 2, 1, n, 3), normal(seed + 1, 5, 7, 3), normal(seed + 2, 2, 1, 7, 11)
    mask = normal(seed + 3, 5, 1, 7) > -0.3
    assert_same(attend(q, k, v, mask), weigh(q, k, mask) @ v)
    for i, j in np.ndindex(2, 5):
        assert_same(attend(q, k, v, mask)[i, j], attend(q[i, 0], k[j], v[i, 0], mask[j]))


@both
def test_scores_have_variance_one(attend, weigh):
    """Var(q . k) = d_k for standard normal entries, so the default scale brings it back to 1."""
    q, k = normal(20, 211, 101), normal(21, 223, 101)
    scores = np.log(weigh(q, k))
    spread = (scores - scores.mean(axis=-1, keepdims=True)).var()
    assert abs(spread - 1) < 0.05
