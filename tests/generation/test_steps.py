"""The transformer of 2017 written with through `step_of`: cached as uncached, in a batch as alone, greedy, drawn and by a beam."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same

from attnlab.generation import beam, draw, greedy, sample
from attnlab.generation.steps import step_of
from attnlab.generation.write import check_row
from attnlab.models.transformer import Config, Transformer
from attnlab.tokens.vocabulary import PAD, START

LENGTHS = (2, 7, 5)


@pytest.fixture(scope="module")
def model():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        made = Transformer(Config(11, 13, d_model=12, n_heads=3, d_ff=17, n_layers=2, max_len=40)).double().eval()
        for table in (made.source.table, made.target.table):
            torch.nn.init.normal_(table)
    return made


def sources() -> torch.Tensor:
    rng = np.random.default_rng(0)
    rows = [torch.nn.functional.pad(torch.tensor(rng.integers(3, 11, n)), (0, 7 - n), value=PAD) for n in LENGTHS]
    return torch.stack(rows)


STARTS = torch.full((3, 1), START)


def test_cached_and_uncached_write_the_same(model):
    step = step_of(model, sources())
    plain, cached = greedy(step, STARTS, 20), greedy(step, STARTS, 20, model.start_cache())
    assert plain.tolist() == cached.tolist() and plain.shape[1] > 3
    draws = [
        sample(step, STARTS, 20, torch.Generator().manual_seed(5), cache=cache) for cache in (None, model.start_cache())
    ]
    assert draws[0].tolist() == draws[1].tolist()


@pytest.mark.parametrize("seed", range(4))
def test_logits_are_the_same_however_a_text_is_split(model, seed):
    rng = np.random.default_rng(seed)
    ids = torch.tensor(rng.integers(3, 13, (3, 15)))
    step, cache = step_of(model, sources()), model.start_cache()
    cuts = sorted(rng.choice(np.arange(1, 15), size=4, replace=False).tolist())
    for start, end in zip([0, *cuts], [*cuts, 15]):
        assert_same(step(ids[:, start:end], cache), step(ids[:, :end], None), atol=1e-11)


@pytest.mark.parametrize("width", [1, 3])
def test_a_beam_with_a_cache_finds_the_same_and_each_text_what_it_finds_alone(model, width):
    step = step_of(model, sources(), width)
    plain = beam(step, STARTS, 12, width, length_penalty=0.6)
    cached = beam(step, STARTS, 12, width, length_penalty=0.6, cache=model.start_cache())
    assert plain.ids.tolist() == cached.ids.tolist()
    assert_same(plain.scores, cached.scores, atol=1e-10)
    for i, n in enumerate(LENGTHS):
        alone = beam(step_of(model, sources()[i : i + 1, :n], width), STARTS[:1], 12, width, length_penalty=0.6)
        assert_same(alone.scores[0], cached.scores[i], atol=1e-10)
        assert alone.ids[0].tolist() == cached.ids[i, :, : alone.ids.shape[-1]].tolist()


def test_prompts_padded_on_the_left_go_on_as_alone(model):
    prompts = [torch.tensor([[START, 5, 9, 4][:n]]) for n in (2, 4, 1)]
    batch = torch.cat([torch.nn.functional.pad(one, (4 - one.shape[1], 0), value=PAD) for one in prompts])
    together = greedy(step_of(model, sources()), batch, 12, model.start_cache())
    for i, one in enumerate(prompts):
        alone = greedy(step_of(model, sources()[i : i + 1]), one, 12)[0]
        assert together[i, : len(alone)].tolist() == alone.tolist()


def test_a_width_is_a_count(model, as_readers_run_it):
    with pytest.raises(ValueError, match="width must be at least 1 but is 0"):
        step_of(model, sources(), 0)


def test_check_row_is_the_door_of_draw(as_readers_run_it):
    logits = torch.zeros(2, 3)
    check_row(logits)
    assert draw(logits, torch.Generator().manual_seed(0)).shape == (2,)
