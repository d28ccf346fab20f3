"""Counts of what answers cost, against counts by hand; the best is kept."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from attnlab import mine
from attnlab.exercises import EXERCISES, _keep, solved
from attnlab.kernels.traffic import Slow, flash_2, flash_2_traffic
from attnlab.mine import answers, scores

pytestmark = pytest.mark.usefixtures("as_readers_run_it")
TRAFFIC = EXERCISES["efficiency.traffic_score"].solution


def test_bytes_and_tiles_of_the_solution_by_hand():
    n, d, blocks, tiles = 61, 5, 4, 4 * 16
    assert scores.tiles_visited(TRAFFIC) == tiles
    assert scores.bytes_moved(TRAFFIC) == 4 * (2 * n * d + blocks * 2 * n * d)


def test_another_attention_has_its_own_count():
    def flash(memory, q, k, v):
        return flash_2(memory, q, k, v).numpy(), memory.traffic

    assert scores.bytes_moved(flash) == 4 * flash_2_traffic(61, 5, 700)
    assert scores.Watched(9).tiles == 0 and isinstance(Slow(np.zeros(3)), Slow)


def test_operations_by_hand():
    q, k, d = scores.QUERIES, scores.KEYS, scores.D

    def attend(q, k, v, mask):
        scores_ = q @ k.swapaxes(-1, -2) / np.sqrt(8.0)
        e = np.exp(np.where(mask, scores_, -np.inf) - scores_.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True) @ v

    products = 2 * q * k * d * 2
    assert scores.operations(attend) == products + q * k * (1 + 1 + 1 + 1 + 1 + 1), "scale, max, minus, exp, sum, divide"

    def with_einsum(q, k, v, mask):
        e = np.exp(np.where(mask, np.einsum("nd,md->nm", q, k) / np.sqrt(8.0), -np.inf))
        return np.dot(e / e.sum(axis=-1, keepdims=True), v)

    assert scores.operations(with_einsum) == products + q * k * 4


def test_what_hides_its_arithmetic_gets_no_count():
    def hidden(q, k, v, mask):
        return np.asarray(q) @ np.asarray(k).T

    with pytest.raises(ValueError, match="not all of its arithmetic can be seen"):
        scores.operations(hidden)


def test_lines_are_statements_without_docstring_and_imports():
    assert scores.lines('import numpy as np\n\ndef f(x):\n    """Words\n    words."""\n    y = (x +\n         1); z = y\n    return z  # no line\n') == 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(_keep.VARIABLE, "x")
    monkeypatch.setattr("sys.path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    for module in (answers, scores):
        monkeypatch.setattr(module, "SECONDS", 90.0)  # a machine with much else to do is no reason for another score
    return _keep.keep()


def test_the_best_is_kept_and_the_rest_is_told(folder, capsys):
    worse = solved("efficiency.traffic_score").replace("16)", "8)")
    for source, best in ((worse, 22_000), (solved("efficiency.traffic_score"), 12_200), (worse, 12_200)):
        one = _keep.Kept(source, "efficiency.traffic_score", "0", f"2026-03-14T09:26:5{best % 10}.589Z")
        _keep.store(folder, one)
        own = mine.assemble()
        assert own.yours == ("my_attention",), own.states["my_attention"].why
        told = repr(mine.score(own))
        kept = json.loads((folder / "scores.json").read_text("utf-8"))
        assert kept["bytes_moved_of_my_attention"] <= best
    assert kept["bytes_moved_of_my_attention"] == 12_200 and kept["lines_of_1_pieces"] > 5
    assert "operations of masked_attention" in told and "not yours yet" in told and "over par" in told
    (folder / "scores.json").write_text("[damaged", "utf-8")
    _keep.counted("x", 3)
    assert json.loads((folder / "scores.json").read_text("utf-8")) == {"x": 3}


def test_an_answer_that_fails_on_the_machine_has_no_score_and_breaks_nothing():
    def my_attention(memory, q, k, v):
        raise MemoryError("full")

    own = mine.Own({name: mine.State(name, my_attention, True) for name in ("my_attention",)})
    assert "MemoryError: full" in repr(mine.score(own))
