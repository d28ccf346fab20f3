"""The filters of attnlab.generation: against transformers, against NumPy, and what must be true of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import normal

from attnlab.generation import min_p, temperature, top_k, top_p
from attnlab.reference import sampling

INF = math.inf


def same(actual, expected, atol: float = 1e-12) -> None:
    """Equal shape, dtype and values, infinities in the same places."""
    actual, expected = (x.numpy() if torch.is_tensor(x) else x for x in (actual, expected))
    assert actual.shape == expected.shape and actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def rows(seed: int, *shape: int) -> torch.Tensor:
    return 2 * torch.tensor(normal(seed, *shape))


SETTINGS = [
    *(("temperature", t) for t in (0.3, 1.0, 1.7)),
    *(("top_k", k) for k in (1, 2, 7, 23, 99)),
    *(("top_p", p) for p in (1e-9, 0.1, 0.5, 0.9, 0.999, 1.0)),
    *(("min_p", p) for p in (0.0, 0.02, 0.3, 1.0)),
]
OURS = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p}
every_setting = pytest.mark.parametrize(("name", "value"), SETTINGS, ids=[f"{n} {v}" for n, v in SETTINGS])


def theirs(name: str, value, logits: torch.Tensor) -> torch.Tensor:
    made = pytest.importorskip("transformers.generation.logits_process")
    kinds = {"temperature": "Temperature", "top_k": "TopK", "top_p": "TopP", "min_p": "MinP"}
    warper = getattr(made, f"{kinds[name]}LogitsWarper")(value)
    return warper(torch.zeros(len(logits), 1, dtype=torch.long), logits)


@every_setting
def test_equals_the_library_transformers(name, value):
    logits = torch.cat([rows(0, 11, 23), 5 * rows(1, 3, 23)])
    logits[:2, 4:] = -INF  # all but four are forbidden
    same(OURS[name](logits, value), theirs(name, value, logits), atol=0)


@every_setting
def test_equals_numpy(name, value):
    logits = torch.cat([rows(2, 11, 23), rows(3, 2, 23).round(), torch.full((1, 23), -INF)])
    logits[:2, 4:] = -INF
    expected = getattr(sampling, name)(logits.numpy(), value)
    same(OURS[name](logits, value).numpy(), expected)
    same(OURS[name](logits.unflatten(0, (2, 7)), value).numpy(), expected.reshape(2, 7, 23))


@every_setting
def test_a_row_without_a_token_stays_so_as_in_transformers(name, value):
    empty = torch.full((2, 5), -INF)
    same(OURS[name](empty, value), empty, atol=0)
    if name != "min_p":  # theirs keeps the row too, but through a comparison with NaN
        same(theirs(name, value, empty), empty, atol=0)


@pytest.mark.parametrize(("name", "value"), [("top_k", 2), ("top_p", 0.6), ("min_p", 0.5)])
def test_ties_keep_as_many_as_transformers_keeps_and_the_same_values(name, value):
    logits = torch.tensor([[1.0, 3, 1, 3, 3, 0], [2, 2, 2, 2, 2, 2], [0, 1, 1, 1, 0, 5]], dtype=torch.float64)
    ours, other = OURS[name](logits, value), theirs(name, value, logits)
    same(ours.sort(dim=-1).values, other.sort(dim=-1).values, atol=0)


def test_ties_by_hand():
    logits = torch.tensor([[1.0, 3, 1, 3, 3, 0]])
    assert top_k(logits, 2).tolist() == [[-INF, 3, -INF, 3, 3, -INF]]
    assert top_p(torch.zeros(1, 4), 0.5).tolist() == [[0, 0, -INF, -INF]]  # lower ids first
    assert min_p(logits, 1.0).tolist() == [[-INF, 3, -INF, 3, 3, -INF]]


def test_the_border_of_the_nucleus_by_hand():
    """Probabilities 1/2, 1/4, 1/8, 1/8: a mass reached is enough, the token that crosses it is kept."""
    logits = torch.tensor([[0.125, 0.5, 0.125, 0.25]], dtype=torch.float64).log()
    kept = {p: (top_p(logits, p) > -INF)[0].tolist() for p in (0.4, 0.4999, 0.5001, 0.7499, 0.7501, 0.8749, 0.8751)}
    assert kept[0.4] == kept[0.4999] == [False, True, False, False]
    assert kept[0.5001] == kept[0.7499] == [False, True, False, True]
    assert kept[0.7501] == kept[0.8749] == [True, True, False, True]
    assert kept[0.8751] == [True] * 4
    assert (top_p(torch.zeros(1, 4), 0.75) > -INF).sum() == 3  # three quarters: reached, not passed


def test_the_nucleus_is_the_smallest_set_that_reaches_p():
    logits = rows(4, 50, 13)
    for p in (0.2, 0.6, 0.95):
        kept = top_p(logits, p) > -INF
        mass = logits.softmax(-1)
        without_the_last = mass.masked_fill(~kept, 0).sum(-1) - mass.masked_fill(~kept, INF).min(-1).values
        assert (mass.masked_fill(~kept, 0).sum(-1) >= p - 1e-12).all() and (without_the_last < p).all()


def test_p_of_one_keeps_a_tail_that_rounding_would_lose():
    logits = torch.tensor([[0.0, -50, -60, -80]])
    same(top_p(logits, 1.0), logits, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_smallest_nucleus_is_the_likeliest_token_in_low_precision(dtype):
    logits = rows(5, 3, 4096).to(dtype)
    for p in (1e-4, 1e-8):
        same(top_p(logits, p).argmax(-1), logits.argmax(-1), atol=0)
        assert ((top_p(logits, p) > -INF).sum(-1) == 1).all()
    assert top_p(logits, 0.5).dtype == dtype


@every_setting
def test_what_is_kept_is_unchanged_in_order_and_argument(name, value):
    logits = rows(6, 5, 23)
    before = logits.clone()
    out = OURS[name](logits, value)
    same(logits, before, atol=0)
    same(out.argmax(-1), logits.argmax(-1), atol=0)
    if name != "temperature":
        assert ((out == logits) | (out == -INF)).all()
        lowest, highest = (
            out.masked_fill(out == -INF, INF).min(-1).values,
            logits.masked_fill(out > -INF, -INF).max(-1).values,
        )
        assert (lowest > highest).all()
    shifted = OURS[name](logits + 3, value)
    same(shifted > -INF, out > -INF, atol=0)


def test_the_smallest_nucleus_and_k_of_one_are_greedy():
    logits = rows(7, 9, 23)
    for out in (top_k(logits, 1), top_p(logits, 1e-12), min_p(logits, 1.0)):
        assert ((out > -INF).sum(-1) == 1).all()
    cold = temperature(logits, 1e-3).softmax(-1)
    same(cold.max(-1).values, torch.ones(9, dtype=torch.float64))


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        (temperature, 0.0, "t must be above 0 and finite but is 0.0"),
        (temperature, -1, "t must be above 0"),
        (temperature, math.nan, "t must be above 0"),
        (temperature, INF, "t must be above 0 and finite but is inf"),
        (top_k, 0, "k must be at least 1 but is 0"),
        (top_p, 0.0, "p must be above 0 and at most 1 but is 0.0"),
        (top_p, 1.1, "p must be above 0 and at most 1 but is 1.1"),
        (min_p, -0.1, "p must be between 0 and 1 but is -0.1"),
        (min_p, 1.01, "p must be between 0 and 1 but is 1.01"),
    ],
)
def test_settings_are_checked_at_the_door(function, value, message):
    with pytest.raises(ValueError, match=message):
        function(rows(8, 2, 5), value)


@pytest.mark.parametrize(("function", "value"), [(temperature, 1.0), (top_k, 2), (top_p, 0.5), (min_p, 0.5)])
def test_logits_are_checked_at_the_door(function, value):
    for bad in (math.nan, INF):
        logits = rows(9, 2, 5)
        logits[1, 3] = bad
        with pytest.raises(ValueError, match="logits hold NaN or .infinity: 1 of 10 numbers"):
            function(logits, value)
    with pytest.raises(ValueError, match="at least one token"):
        function(torch.zeros(2, 0), value)


def test_a_count_that_is_no_count(as_readers_run_it):
    with pytest.raises(TypeError, match="k must be a whole number but is 2.0"):
        top_k(rows(8, 2, 5), 2.0)
    with pytest.raises(ValueError, match="p must be between 0 and 1 but is True"):
        min_p(rows(8, 2, 5), True)


def test_zeros_dropped_from_numpy_too():
    assert np.isneginf(sampling.top_k(np.array([1, 2, 3]), 1)).sum() == 2
