"""`attnlab.studies.bugs`: the right layer is right, and each wrong one is wrong in its one way, told by loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from attnlab.attention.heads import MultiHead
from attnlab.studies import bugs
from attnlab.studies.bugs import BUGS, RIGHT

B, N, H, D = 2, 7, 3, 5  # texts, tokens, heads, width of a head
START = np.array([3, 0])


def case(seed=0, width=H * D):
    rng = np.random.default_rng(seed)
    w = {name: rng.normal(size=(width, width)) / np.sqrt(width) for name in "QKVO"}
    w["P"] = rng.normal(size=(N + 2, width))
    return rng.normal(size=(B, N, width)), w


def allowed(i: int, j: int, first: int) -> bool:
    return first <= j <= i


def by_loops(x, w, start, *, allowed=allowed, scale=None, names="QKV", times=1, merged=True, own=True):
    """The layer one number at a time; each keyword is one mistake. Rows of padding are left at zero."""
    mixed = np.zeros((len(x), H, N, D))
    for b in range(len(x)):
        first = start[b] if own else start[0]
        placed = np.array([x[b, i] + times * w["P"][max(i - start[b], 0)] for i in range(N)])
        for h in range(H):
            q, k, v = (placed @ w[name][:, h * D:(h + 1) * D] for name in names)
            for i in range(N):
                seen = [j for j in range(N) if allowed(i, j, first)]
                e = [np.exp(sum(q[i] * k[j]) * (D**-0.5 if scale is None else scale)) for j in seen]
                for j, share in zip(seen, e):
                    mixed[b, h, i] += share / sum(e) * v[j]
    joined = [[np.concatenate([mixed[b, h, i] for h in range(H)]) for i in range(N)] for b in range(len(x))]
    return (np.array(joined) if merged else mixed.reshape(len(x), N, H * D)) @ w["O"]


SUSPECTS = {name: replace(layer, n_heads=H) for name, layer in {"right": RIGHT, **BUGS}.items()}
LOOPS = {
    "right": {},
    "scale forgotten": {"scale": 1.0},
    "mask one too far": {"allowed": lambda i, j, first: first <= j <= i + 1},
    "mask upside down": {"allowed": lambda i, j, first: not allowed(i, j, first)},
    "padding seen": {"allowed": lambda i, j, first: j <= i},
    "first text's padding for all": {"own": False},
    "heads merged by reshape": {"merged": False},
    "keys and values exchanged": {"names": "QVK"},
    "positions added twice": {"times": 2},
}


@pytest.mark.parametrize("name", LOOPS)
def test_the_layer_is_the_loops_with_one_thing_changed(name):
    x, w = case()
    ours, loops = SUSPECTS[name](x, w, START), by_loops(x, w, START, **LOOPS[name])
    assert ours.shape == x.shape and ours.dtype == np.float64
    assert np.allclose(ours, loops, atol=1e-12, rtol=0)
    assert name == "right" or not np.allclose(ours, by_loops(x, w, START), atol=0.01)


def test_over_queries_has_columns_that_add_up_to_one():
    x, w = case()
    a = SUSPECTS["softmax over the queries"].weights(x, w)[0]
    assert np.allclose(a.sum(axis=-2), 1, atol=1e-12) and not np.allclose(a.sum(axis=-1), 1, atol=0.1)
    assert (np.triu(a, 1) == 0).all()


def test_masked_late_is_the_unmasked_softmax_with_holes():
    x, w = case()
    a = SUSPECTS["mask after the softmax"].weights(x, w)[0]
    whole = replace(RIGHT, n_heads=H, permit=lambda start, n: np.ones((len(start), 1, n, n), bool))
    assert np.allclose(a, whole.weights(x, w)[0] * np.tri(N), atol=1e-12)


def test_dropping_loses_its_share_of_the_weights_and_keeps_the_mean():
    """`dropping`: about a tenth is lost, the rest grows by 10/9; each call draws anew."""
    x, w = case()
    right = SUSPECTS["right"].weights(x, w)[0]
    weigh = bugs.dropping(np.random.default_rng(1))
    draws = [replace(RIGHT, n_heads=H, weigh=weigh).weights(x, w)[0] for _ in range(400)]
    ratio = np.array(draws)[:, right > 0] / right[right > 0]
    assert set(ratio.round(9).ravel()) == {0.0, round(10 / 9, 9)}
    assert abs(ratio.mean() - 1) < 0.01 and not np.array_equal(draws[0], draws[1])


@pytest.mark.parametrize("name", SUSPECTS)
def test_tensors_give_what_arrays_give(name):
    x, w = case()
    torch_w = {key: torch.tensor(value) for key, value in w.items()}
    if name == "dropout never off":
        layers = [replace(RIGHT, n_heads=H, weigh=bugs.dropping(np.random.default_rng(2))) for _ in "ab"]
    else:
        layers = [SUSPECTS[name]] * 2
    out = layers[1](torch.tensor(x), torch_w, torch.tensor(START))
    assert out.dtype == torch.float64
    assert np.allclose(layers[0](x, w, START), out.numpy(), atol=1e-12, rtol=0)


def test_the_right_layer_is_the_multi_head_layer_of_the_course():
    x, w = case()
    own = MultiHead(H * D, H).double()
    for name, part in zip("QKVO", (own.query, own.key, own.value, own.output)):
        part.weight.data = torch.tensor(w[name]).T
    out = own(torch.tensor(x), mask=torch.ones(N, N, dtype=torch.bool).tril())

    assert np.allclose(SUSPECTS["right"](x, w | {"P": 0 * w["P"]}), out.detach().numpy(), atol=1e-12, rtol=0)


def test_a_text_behind_padding_is_the_text_alone():
    """`place` counts from the text's first token, `permit` hides what is in front of it."""
    x, w = case()
    alone = SUSPECTS["right"](x[:1, 3:], w)
    assert np.allclose(SUSPECTS["right"](x, w, START)[0, 3:], alone[0], atol=1e-12, rtol=0)
    assert not bugs.permit(START, N)[0, 0, :3].any()
    assert np.allclose(bugs.place(x, w["P"], START)[0, 3:], x[0, 3:] + w["P"][:4])


def test_gradients_flow_through_every_suspect_and_stay_finite():
    x, w = case()
    for layer in SUSPECTS.values():
        t = {key: torch.tensor(value, requires_grad=True) for key, value in w.items()}
        layer(torch.tensor(x), t, torch.tensor(START)).square().sum().backward()
        assert all(t[key].grad.isfinite().all() and t[key].grad.abs().max() > 0 for key in "QKVO")


def test_large_scores_and_rows_without_a_key_stay_finite():
    x, w = case()
    assert np.isfinite(SUSPECTS["right"](1000 * x, w, START)).all()
    assert (SUSPECTS["right"].weights(x, w, START)[0][0, :, :3] == 0).all()


def test_sizes_that_disagree_are_named():
    x, w = case()
    with pytest.raises(ValueError, match="n_heads = 2 does not divide the width 15"):
        RIGHT(x, w)
    with pytest.raises(ValueError, match="P has 6 positions but there are 7 tokens"):
        SUSPECTS["right"](x, w | {"P": w["P"][:6]})
    with pytest.raises(ValueError, match="P has 0 positions"):
        SUSPECTS["right"](x, w | {"P": w["P"][:0]})


def test_specimens_by_name():
    """`project`, `weigh`, `merge` and the wrong ones `place_twice`, `keys_for_values`, `one_too_far`, `upside_down`,
    `padding_seen`, `first_text_for_all`, `over_queries`, `unscaled`, `masked_late`, `merge_by_reshape` each differ."""
    steps = {"place": bugs.place, "project": bugs.project, "permit": bugs.permit, "weigh": bugs.weigh,
             "merge": bugs.merge}
    assert all(getattr(RIGHT, name) is step for name, step in steps.items())
    for layer in BUGS.values():
        assert sum(getattr(layer, name) is not step for name, step in steps.items()) == 1
    assert len(BUGS) == 11
