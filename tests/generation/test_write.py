"""Greedy decoding and sampling: by hand, with a cache and without, in a batch and alone, and the errors at the door."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
import torch
from generation.toys import Kept, Layer, as_step, by_prefix

from attnlab.generation import draw, greedy, min_p, sample, temperature, top_k, top_p
from attnlab.reference import decoding
from attnlab.tokens.vocabulary import END, PAD, START

STARTS = torch.full((3, 1), START)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", range(20))
def test_greedy_equals_plain_python(seed):
    row = by_prefix(seed, 6)
    text = decoding.greedy(row, 7, END).ids
    assert greedy(as_step(row), STARTS, 7).tolist() == [list(text)] * 3


def test_texts_end_by_themselves_and_padding_follows():
    """Text i writes 5, 5, ... and ends after i tokens; 4 is the end here."""
    ends = torch.tensor([1, 3, 0])

    def step(ids, cache):
        logits = torch.zeros(3, 6)
        logits[:, 5] = 1
        logits[ends == ids.shape[1] - 1, 4] = 2
        return logits

    out = greedy(step, STARTS, 9, end=4)
    assert out.tolist() == [[5, 4, PAD, PAD], [5, 5, 5, 4], [4, PAD, PAD, PAD]]
    assert greedy(step, STARTS, 2, end=4).tolist() == [[5, 4], [5, 5], [4, PAD]]
    assert greedy(step, STARTS, 0, end=4).shape == (3, 0)


@pytest.mark.parametrize("seed", range(6))
def test_a_cache_changes_nothing_however_the_prompt_is_split(seed):
    """The cached step reads the prompt in pieces of random length, then a token at a time."""
    layer, rng = Layer(seed), np.random.default_rng(seed)
    prompt = torch.tensor(rng.integers(3, 7, (4, 9)))
    plain = greedy(layer.step, prompt, 12)
    cache, at = Kept(), 0
    for end in sorted(rng.choice(np.arange(1, 9), size=3, replace=False).tolist()):
        layer.step(prompt[:, at:end], cache)
        at = end
    cached = greedy(layer.step, prompt[:, at:], 12, cache)
    assert cached.tolist() == plain.tolist()
    pieces = cache.calls[3:]
    assert pieces[0] == 9 - at and set(pieces[1:]) <= {1} and sum(cache.calls) == 9 + plain.shape[1] - 1
    drawn = [sample(layer.step, prompt, 8, generator(1), functools.partial(top_p, p=0.9), cache=c) for c in (None, Kept())]
    assert drawn[0].tolist() == drawn[1].tolist()


@pytest.mark.parametrize("cached", [False, True])
def test_a_batch_padded_on_the_left_writes_what_its_texts_write_alone(cached):
    layer, rng = Layer(11), np.random.default_rng(3)
    lengths = (2, 7, 5, 1)
    prompts = [torch.tensor(rng.integers(3, 7, (1, n))) for n in lengths]
    batch = torch.cat([torch.nn.functional.pad(one, (7 - one.shape[1], 0), value=PAD) for one in prompts])
    together = greedy(layer.step, batch, 10, Kept() if cached else None)
    for i, one in enumerate(prompts):
        alone = greedy(layer.step, one, 10)[0]
        assert together[i, : len(alone)].tolist() == alone.tolist() and (together[i, len(alone) :] == PAD).all()


def test_draws_come_with_the_probabilities_of_softmax():
    logits = torch.tensor([[0.0, math.log(3), -math.inf], [math.log(2), 0.0, 0.0]])
    found = torch.stack([draw(logits, g) for g in [generator(0)] for _ in range(4000)])
    shares = torch.nn.functional.one_hot(found, 3).double().mean(0)
    assert shares[0, 2] == 0
    error = 4 * 0.5 / math.sqrt(4000)
    assert torch.allclose(shares, torch.tensor([[0.25, 0.75, 0], [0.5, 0.25, 0.25]]).double(), atol=error)


def test_filters_are_applied_in_the_order_given():
    seen = []

    def note(name):
        def one(logits):
            seen.append((name, logits.clone()))
            return logits + 1

        return one

    sample(as_step(by_prefix(0, 5)), STARTS, 1, generator(0), note("a"), note("b"))
    assert [name for name, _ in seen] == ["a", "b"]
    assert torch.equal(seen[1][1], seen[0][1] + 1)


def test_sampling_with_k_of_one_is_greedy_and_the_same_generator_writes_the_same():
    step = as_step(by_prefix(5, 7))
    for one in (functools.partial(top_k, k=1), functools.partial(min_p, p=1.0), functools.partial(temperature, t=1e-4)):
        assert sample(step, STARTS, 6, generator(0), one).tolist() == greedy(step, STARTS, 6).tolist()
    texts = [sample(step, STARTS, 6, generator(seed)).tolist() for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_nobody_else_s_chance_is_used():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    sample(as_step(by_prefix(1, 5)), STARTS, 4, generator(0))
    assert (torch.get_rng_state() == before).all()


def test_prompt_and_gradient_are_left_alone():
    weight = torch.ones(7, requires_grad=True)
    prompt = STARTS.clone()
    out = greedy(lambda ids, cache: weight.expand(len(ids), 7), prompt, 3)
    assert not out.requires_grad and prompt.tolist() == STARTS.tolist()


WIDE = {
    "two axes": (lambda ids, cache: torch.zeros(3, 1, 5), r"a row for each of 3 texts, but they are \(3, 1, 5\)"),
    "rows": (lambda ids, cache: torch.zeros(2, 5), r"a row for each of 3 texts, but they are \(2, 5\)"),
    "nothing allowed": (lambda ids, cache: torch.full((3, 5), -math.inf), "row 0 of the logits is -inf everywhere"),
    "NaN": (lambda ids, cache: torch.full((3, 5), math.nan), "logits hold NaN or .infinity: 15 of 15"),
}


@pytest.mark.parametrize("name", WIDE)
def test_what_step_returns_is_checked(name, as_readers_run_it):
    step, message = WIDE[name]
    with pytest.raises(ValueError, match=message):
        greedy(step, STARTS, 2)


def test_errors_at_the_door(as_readers_run_it):
    step = as_step(by_prefix(0, 5))
    for bad in (STARTS[0], STARTS[:0], STARTS[:, :0]):
        with pytest.raises(ValueError, match="prompt needs the axes"):
            greedy(step, bad, 2)
    with pytest.raises(ValueError, match="longest must be at least 0 but is -1"):
        greedy(step, STARTS, -1)
    with pytest.raises(TypeError, match="generator must be a torch.Generator but is int"):
        sample(step, STARTS, 2, 0)
    with pytest.raises(ValueError, match="row 1 of the logits is -inf everywhere"):
        draw(torch.tensor([[0.0, 1], [-math.inf, -math.inf]]), generator(0))
    with pytest.raises(ValueError, match="row 0 of the logits"):
        sample(step, STARTS, 2, generator(0), lambda logits: logits - math.inf)
