"""Beam search: against every text there is, against plain Python, against transformers; with a cache, in a batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import assert_same
from generation.toys import Kept, Layer, as_step, by_prefix

from attnlab.generation import beam, greedy, penalty
from attnlab.reference import decoding
from attnlab.tokens.vocabulary import END, PAD, START

STARTS = torch.full((2, 1), START)


def texts(found, i: int = 0) -> list[tuple[int, ...]]:
    """The ids of text i's hypotheses, up to the padding."""
    return [tuple(x for x in row.tolist() if x != PAD) for row in found.ids[i]]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.5])
@pytest.mark.parametrize("seed", range(15))
def test_a_beam_wide_enough_finds_the_best_of_all_texts(seed, alpha):
    rng = np.random.default_rng(seed)
    vocabulary, longest = int(rng.integers(3, 6)), int(rng.integers(1, 5))
    row = by_prefix(seed, vocabulary)
    score = lambda text: text.log_p / decoding.penalty(len(text.ids), alpha)
    every = sorted(decoding.every_text(row, longest, END), key=lambda text: -score(text))
    found = beam(as_step(row), STARTS, longest, len(every), length_penalty=alpha)
    assert texts(found) == texts(found, 1) == [text.ids for text in every]
    assert_same(found.scores[0].numpy(), np.array([score(text) for text in every]))


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_equals_plain_python_at_every_width(width, alpha):
    for seed in range(12):
        row = by_prefix(seed, 6)
        expected = decoding.beam(row, 6, width, END, alpha)
        found = beam(as_step(row), STARTS, 6, width, length_penalty=alpha)
        assert texts(found)[: len(expected)] == [text.ids for text in expected]
        scores = [text.log_p / decoding.penalty(len(text.ids), alpha) for text in expected]
        assert_same(found.scores[0, : len(scores)].numpy(), np.array(scores))
        assert (found.scores[0, len(scores) :] == -math.inf).all() and (found.ids[0, len(scores) :] == PAD).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_one_is_greedy(seed):
    step = as_step(by_prefix(seed, 7))
    assert beam(step, STARTS, 9, 1).ids[:, 0].tolist() == greedy(step, STARTS, 9).tolist()


def test_greedy_misses_what_a_beam_of_two_finds():
    """After 3 (0.6) nothing is likely; after 4 (0.4) the end is certain."""

    def row(ids):
        p = {(): [0, 0, 0, 0.6, 0.4], (3,): [0, 0, 0.4, 0.3, 0.3], (4,): [0, 0, 1, 0, 0]}.get(ids, [0, 0, 1, 0, 0])
        with np.errstate(divide="ignore"):
            return np.log(p)

    assert greedy(as_step(row), STARTS, 4)[0].tolist() == [3, END]
    found = beam(as_step(row), STARTS, 4, 2)
    assert texts(found) == [(4, END), (3, END)]
    assert_same(found.scores[0].exp(), torch.tensor([0.4, 0.24]).double(), atol=1e-6)


def test_the_penalty_is_that_of_the_paper():
    """[wu2016, section 7]: (5 + |Y|)^alpha / (5 + 1)^alpha."""
    for n in (1, 2, 17):
        for alpha in (0.0, 0.6, 1.0):
            assert penalty(n, alpha) == pytest.approx((5 + n) ** alpha / (5 + 1) ** alpha, rel=1e-14)
            assert penalty(n, alpha) == decoding.penalty(n, alpha)
    assert penalty(1, 0.6) == 1


def test_a_larger_penalty_never_prefers_a_shorter_text():
    row = by_prefix(7, 5)
    lengths = [len(texts(beam(as_step(row), STARTS, 6, 5**5, length_penalty=alpha))[0]) for alpha in (0, 0.3, 0.6, 1, 2, 4)]
    assert lengths == sorted(lengths) and lengths[-1] > lengths[0]


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_cache_changes_nothing_and_is_given_every_token_once(seed, alpha):
    layer, cache = Layer(seed), Kept()
    prompt = torch.tensor(np.random.default_rng(seed).integers(3, 7, (3, 4)))
    plain = beam(layer.step, prompt, 8, 4, length_penalty=alpha)
    cached = beam(layer.step, prompt, 8, 4, length_penalty=alpha, cache=cache)
    assert cached.ids.tolist() == plain.ids.tolist()
    assert_same(cached.scores, plain.scores)
    assert cache.calls[0] == 4 and set(cache.calls[1:]) == {1}


def test_a_batch_padded_on_the_left_finds_what_its_texts_find_alone():
    layer, rng = Layer(2), np.random.default_rng(5)
    prompts = [torch.tensor(rng.integers(3, 7, (1, n))) for n in (1, 6, 3)]
    batch = torch.cat([torch.nn.functional.pad(one, (6 - one.shape[1], 0), value=PAD) for one in prompts])
    together = beam(layer.step, batch, 7, 3, length_penalty=0.6, cache=Kept())
    for i, one in enumerate(prompts):
        alone = beam(layer.step, one, 7, 3, length_penalty=0.6)
        assert texts(together, i) == texts(alone)
        assert_same(together.scores[i], alone.scores[0])


def test_equals_the_beam_of_transformers():
    """A small GPT-2 with random weights; without a penalty, and asked to search on until nothing can improve."""
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(
        vocab_size=13,
        n_positions=32,
        n_embd=20,
        n_layer=1,
        n_head=2,
        bos_token_id=START,
        eos_token_id=END,
        pad_token_id=PAD,
        initializer_range=1.0,
    )
    prompt = torch.tensor([[START, 5, 7], [START, 11, 3]])
    for seed in range(6):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = transformers.GPT2LMHeadModel(config).eval()
        theirs = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            num_beams=4,
            num_return_sequences=4,
            max_new_tokens=7,
            length_penalty=0.0,
            early_stopping="never",
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
        )
        with torch.no_grad():
            ours = beam(
                lambda ids, cache, model=model: model(ids, attention_mask=torch.ones_like(ids)).logits[:, -1], prompt, 7, 4
            )
        assert_same(ours.scores.flatten().float(), theirs.sequences_scores, atol=1e-4)
        cut = lambda row: row[: row.index(END) + 1] if END in row else row  # what follows the end is padding in both
        assert [cut(row) for row in ours.ids.flatten(0, 1).tolist()] == [
            cut(row) for row in theirs.sequences[:, 3:].tolist()
        ]


def test_where_few_texts_exist_the_other_places_are_empty():
    def row(ids):
        return np.array([-math.inf, -math.inf, 0, -math.inf])

    found = beam(as_step(row), STARTS, 3, 3)
    assert found.ids.tolist() == [[[END], [PAD], [PAD]]] * 2
    assert found.scores.tolist() == [[0, -math.inf, -math.inf]] * 2


def test_the_search_stops_when_nothing_can_overtake():
    calls = []

    def step(ids, cache):
        calls.append(ids.shape[1])
        p = torch.tensor([0, 0, 0.9, 0.05, 0.05]).log()
        return p.expand(len(ids), 5)

    beam(step, STARTS, 50, 2)
    assert len(calls) <= 3


def test_errors_at_the_door(as_readers_run_it):
    step = as_step(by_prefix(0, 5))
    with pytest.raises(ValueError, match="width must be at least 1 but is 0"):
        beam(step, STARTS, 2, 0)
    for bad in (-0.1, math.inf, math.nan, True):
        with pytest.raises(ValueError, match="alpha must be at least 0 and finite"):
            beam(step, STARTS, 2, 2, length_penalty=bad)
    with pytest.raises(ValueError, match="prompt needs the axes"):
        beam(step, STARTS[:, :0], 2, 2)
    with pytest.raises(ValueError, match="a row for each of 4 texts"):
        beam(lambda ids, cache: torch.zeros(2, 5), STARTS, 2, 2)
    assert beam(step, STARTS, 0, 2).ids.shape == (2, 2, 0)
