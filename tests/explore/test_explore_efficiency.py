"""The two explorables of the efficiency part: the numbers in their tables and what they refuse."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest

from attnlab import explore, masks, reference
from attnlab.explore.cost_against_length import _cost_at
from attnlab.explore.tile_walk import _tile_vectors
from attnlab.kernels import cost, traffic

MINUS = "−"


def table_of(markup: str) -> dict[str, list[str]]:
    """The fallback table: row name -> cells."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    return {html.unescape(name): re.findall(r"<td>(.*?)</td>", cells) for name, cells in rows}


def number(cell: str) -> float:
    return float(cell.replace(MINUS, "-").replace("∞", "inf"))


# ---- tile walk -----------------------------------------------------------------------------------


def tile_by_hand(q, k, may, rows, columns) -> tuple[float, float]:
    """(m, l) of the first row of a tile after all keys up to its end: loops, nothing carried along."""
    i = rows[0]
    scores = [q[i] @ k[j] / np.sqrt(2) for j in range(columns[-1] + 1) if may[i, j]]
    return (max(scores), sum(np.exp(s - max(scores)) for s in scores)) if scores else (-np.inf, 0.0)


@pytest.mark.parametrize("mask", ["none", "causal", "window"])
@pytest.mark.parametrize("loop", ["queries", "keys"])
def test_walk_table_has_the_running_numbers(mask, loop):
    shown = explore.tile_walk(n=7, blocks=(3, 2), mask=mask, loop=loop, window=2, seed=5)
    q, k, v = _tile_vectors(5, 7)
    at = np.arange(7)
    may = {"none": at[:, None] >= -at, "causal": masks.causal(at, at), "window": masks.window(at, at, 2)}[
        mask
    ]
    table = table_of(shown._repr_html_())
    before = {}
    for name, cells in table.items():
        ends = [[int(x) for x in span.split("–")] for span in re.findall(r"\d+(?:–\d+)?", name)]
        rows, columns = ([*range(span[0] - 1, span[-1])] for span in ends)
        m, l = tile_by_hand(q, k, may, rows, columns)
        assert number(cells[0]) == sum(not may[i, j] for i in rows for j in columns)
        assert number(cells[1]) == pytest.approx(m, abs=5.01e-4)
        old = before.get(rows[0], -np.inf)
        factor = 1.0 if m == -np.inf else np.exp(old - m)
        assert number(cells[2]) == pytest.approx(factor, abs=5.01e-4)
        assert number(cells[3]) == pytest.approx(l, abs=5.01e-4)
        before[rows[0]] = m
    tiles = {(i // 3, j // 2) for i in range(7) for j in range(7) if may[i, j]}
    assert len(table) == len(tiles)
    assert "The output equals attention." in shown._repr_html_()


@pytest.mark.parametrize("blocks", [(2, 3), (5, 4), (1, 7), (7, 1)])
@pytest.mark.parametrize("loop", ["queries", "keys"])
def test_walk_table_moves_what_the_machine_moves(loop, blocks, monkeypatch):
    name, attend = {
        "queries": ("flash_2_blocks", traffic.flash_2),
        "keys": ("flash_1_blocks", traffic.flash_1),
    }[loop]
    monkeypatch.setattr(traffic, name, lambda *sizes: blocks)
    memory = traffic.Memory(1000)
    out = attend(memory, *map(traffic.Slow, _tile_vectors(3, 7)))
    markup = explore.tile_walk(n=7, blocks=blocks, loop=loop, mask="none", seed=3)._repr_html_()
    last = list(table_of(markup).values())[-1]
    assert int(last[4]) == memory.traffic
    assert f"Moved in all: {memory.traffic} elements" in markup
    assert f"standard attention with M = 36: {traffic.standard_traffic(7, 2, 36)}" in markup
    np.testing.assert_allclose(out.numpy(), reference.attention(*_tile_vectors(3, 7)), atol=1e-12)


def test_walk_table_says_where_standard_attention_has_no_room():
    assert "with M = 14: impossible" in explore.tile_walk(n=12, memory=14)._repr_html_()
    assert "with M = 15: impossible" not in explore.tile_walk(n=12, memory=15)._repr_html_()


def test_more_tokens_keep_the_ones_before():
    few, many = _tile_vectors(9, 6), _tile_vectors(9, 12)
    np.testing.assert_array_equal(many[:, :6], few)
    assert not np.array_equal(_tile_vectors(10, 6), few)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 5}, "n must be a whole number between 6 and 12, got 5"),
        ({"n": 13}, "between 6 and 12, got 13"),
        ({"n": 6.5}, "whole number between 6 and 12, got 6.5"),
        ({"blocks": (0, 2)}, "queries a block must be a whole number between 1 and 8, got 0"),
        ({"blocks": (2, 9)}, "keys a block must be a whole number between 1 and 8, got 9"),
        ({"blocks": (2, 2, 2)}, r"blocks must be \(queries, keys\), got \(2, 2, 2\)"),
        ({"mask": "padding"}, "one of none, causal, window, got 'padding'"),
        ({"loop": "rows"}, "one of queries, keys, got 'rows'"),
        ({"window": 0}, "window must be a whole number between 1 and 8, got 0"),
        ({"memory": 7}, "memory must be a whole number between 8 and 999, got 7"),
        ({"seed": 0}, "seed must be a whole number between 1 and 999, got 0"),
    ],
)
def test_tile_walk_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.tile_walk(**options)


# ---- cost against length -------------------------------------------------------------------------


def test_cost_table_has_the_numbers():
    markup = explore.cost_against_length(
        length=3000, width=640, heads=5, layers=7, memory=100, bytes_each=4, peak=20, bandwidth=0.5
    )._repr_html_()
    table = table_of(markup)
    assert list(table) == [f"{n:,} tokens" for n in (256, 1024, 3000, 4096, 16384, 65536)]
    for name, cells in table.items():
        n = int(name.split()[0].replace(",", ""))
        mix, rest = 4 * n * n * 640, 24 * n * 640 * 640
        standard = 4 * 5 * (4 * n * n + 4 * n * 128)
        flash = 4 * 5 * traffic.flash_2_traffic(n, 128, 25600)
        mebibytes = [5 * n * n * 4, 2 * 7 * 640 * 4 * n, standard, flash]
        expected = [100 * mix / (mix + rest), *(x / 2**20 for x in mebibytes), mix / standard, mix / flash]
        assert [number(cell) for cell in cells] == pytest.approx(expected, abs=0.0501)
    assert "Below 40 operations a byte memory is the limit." in markup


def test_cost_table_says_where_no_block_fits():
    markup = explore.cost_against_length(width=16384, heads=1, memory=8)._repr_html_()
    assert all(cells[4] == cells[6] == "does not fit" for cells in table_of(markup).values())


def test_standard_attention_is_charged_the_limit_of_a_large_memory():
    at = _cost_at(explore.cost_against_length(length=97, width=640, heads=5).state)
    assert at["standard"] == 2 * 5 * traffic.standard_traffic(97, 128, 10**9)
    assert at["projections"] == cost.layer_flops(97, 640)["projections"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 63}, "length must be a whole number between 64 and 1048576, got 63"),
        ({"width": 768.5}, "width must be a whole number between 64 and 16384, got 768.5"),
        ({"heads": 10}, "heads must divide the width, but 768 / 10 leaves 8"),
        ({"heads": 0}, "heads must be a whole number between 1 and 128, got 0"),
        ({"layers": 129}, "layers must be a whole number between 1 and 128, got 129"),
        ({"memory": 7}, "memory must be a whole number between 8 and 65536, got 7"),
        ({"bytes_each": 3}, "bytes_each must be 1, 2 or 4, got 3"),
        ({"peak": 0}, "peak must be between 0.001 and 100000, got 0"),
        ({"bandwidth": float("nan")}, "bandwidth must be between 0.001 and 100000, got nan"),
    ],
)
def test_cost_against_length_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.cost_against_length(**options)
