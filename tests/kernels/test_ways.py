"""Which way through the tiles is taken: only exact ones race, the race is off where it would change what is promised."""

import pytest
import torch
from kernels.by_definition import draw

from attnlab.kernels import backward, forward, ways
from attnlab.kernels.flash import flash_attention
from attnlab.kernels.heads import Options
from attnlab.kernels.products import MKL, ONEDNN, libraries
from attnlab.kernels.ways import Trial, Way

SLOW, FAST = Way(MKL, (2, 3)), Way(MKL, (5, 7))


@pytest.fixture
def raced(monkeypatch):
    """What was raced, and for which pass; 1 x 1 tiles win."""
    found = []
    for each in (forward, backward):
        name = each.__name__.rpartition(".")[2]
        monkeypatch.setattr(each, "fastest_way", lambda trial, n=name: found.append((n, trial)) or Way(MKL, (11, 13)))
    return found


def test_the_best_round_of_each_counts(monkeypatch):
    """SLOW takes 3 each time; FAST once 2, otherwise 9, and 9 last."""
    now, takes = [0.0], {SLOW: iter([3, 3, 3]), FAST: iter([9, 2, 9])}
    monkeypatch.setattr(ways, "CLOCK", lambda: now[0])

    def run(way):
        now[0] += next(takes[way])

    assert ways.fastest([SLOW, FAST], run) == FAST


def test_one_way_needs_no_race():
    assert ways.fastest([SLOW], lambda way: pytest.fail("raced")) == SLOW


@pytest.mark.parametrize("each", [forward, backward])
def test_the_winner_is_one_of_the_candidates(each):
    trial = Trial(torch.float32, 64)
    assert each.fastest_way(trial) in ways.candidates(torch.float32, each.ROWS)
    assert each.fastest_way(trial) is each.fastest_way(trial)


def test_candidates_are_every_size_of_every_library_that_can():
    rows = {"mkl": (2, 3), "onednn": (5,)}
    assert ways.candidates(torch.float64, rows) == [Way(MKL, (2, 512)), Way(MKL, (3, 512))]
    if ONEDNN in libraries(torch.float32):
        assert Way(ONEDNN, (5, 512)) in ways.candidates(torch.float32, rows)


@pytest.mark.parametrize("width, value, stands_for", [(1, 1, 64), (64, 64, 64), (65, 3, 128), (3, 65, 128), (900, 1, 256)])
def test_heads_of_like_width_share_a_trial(width, value, stands_for):
    q, v = torch.zeros(1, 2, width, dtype=torch.bfloat16), torch.zeros(1, 2, value, dtype=torch.bfloat16)
    assert ways.trial_of(q, v) == Trial(torch.float32, stands_for)


def chosen(**options):
    given = {"causal": False, "window": None, "scale": 1.0, "dropout_p": 0.0, "seed": 0} | options
    x = torch.zeros(1, 2, 5)
    options = forward.choose_way(x, x, Options(**given))
    return options.way.blocks, options.pinned


def test_the_race_decides_unless_the_sizes_matter(raced):
    assert chosen() == ((11, 13), False)
    assert chosen(blocks=(3, None)) == ((3, 512), True)
    assert chosen(blocks=(None, 7)) == ((512, 7), True)
    assert chosen(window=100) == ((256, 512), True)
    assert chosen(window=1000) == ((512, 512), True)
    assert chosen(dropout_p=0.5) == ((512, 512), True)  # the same mask on every machine


def test_deterministic_mode_calls_the_race_off(raced):
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        assert chosen() == (ways.DEFAULT.blocks, True)
    finally:
        torch.use_deterministic_algorithms(before)
    assert raced == []


def test_each_pass_has_its_own_race(raced):
    q = draw(0, 1, 330, 5, dtype=torch.float32)
    flash_attention(q, q, q, causal=True).sum().backward()
    trial = Trial(torch.float32, 64)
    assert raced == [("forward", trial), ("backward", trial)]


@pytest.mark.parametrize("biased", [False, True])
def test_large_scores_are_computed_alike_in_both_passes(monkeypatch, biased):
    """Scores near 1e6 are rounded to 0.06: unless both passes round alike, the weights of the backward pass do not add
    up to 1 in each row, and the gradients of the values not to the number of rows."""
    monkeypatch.setattr(forward, "fastest_way", lambda trial: Way(MKL, (64, 96)))
    monkeypatch.setattr(backward, "fastest_way", lambda trial: Way(MKL, (160, 32)))
    q, k = (1000 * draw(s, 1, 330, 37, dtype=torch.float32, grad=False) for s in range(2))
    v = draw(2, 1, 330, 3, dtype=torch.float32)
    bias = torch.zeros(330, 330) if biased else None
    out = flash_attention(q, k, v, bias=bias)
    (gradient,) = torch.autograd.grad(out.sum(), v)
    assert (gradient.sum(1) - 330).abs().max() < 1e-2


def test_the_race_is_run_in_float32_on_the_cpu_whatever_is_usual():
    trial = Trial(torch.float32, 64)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            for each in (forward, backward):
                assert each.fastest_way.__wrapped__(trial) in ways.candidates(torch.float32, each.ROWS)
    finally:
        torch.set_default_dtype(before)
