"""Heads side by side: the numbers of its table, what it refuses, and its arithmetic in JavaScript."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore, reference
from attnlab.explore import WIDGETS
from attnlab.explore.heads_side_by_side import HEAD_PAIRS
from attnlab.studies import probe

MODULE = WIDGETS / "heads_side_by_side.js"
STATISTICS = ("previous", "itself", "next", "first", "last", "entropy")


def tables(*shape: int) -> np.ndarray:
    return reference.softmax(2 * np.random.default_rng(8).normal(size=shape))


def test_the_table_has_the_statistics_of_each_head():
    markup = explore.heads_side_by_side(sentence=1, a=(3, 7), b=(5, 0))._repr_html_()
    rows = re.findall(r'<tr><th scope="row">layer (\d), head (\d+)</th>(.*?)</tr>', markup)
    assert [(int(layer), int(head)) for layer, head, _ in rows[:2]] == [(3, 7), (5, 0)] and len(rows) == 8
    tokens, weights = probe.sample_weights()[1]
    assert html.escape(" ".join(tokens[1:-1])) in markup
    for layer, head, cells in rows:
        a = weights[int(layer), int(head)]
        n = len(a)
        back = sum(a[i, i - 1] for i in range(1, n)) / (n - 1)
        ahead = sum(a[i, i + 1] for i in range(n - 1)) / (n - 1)
        shares = [back, a.trace() / n, ahead, a[:, 0].mean(), a[:, -1].mean()]
        bits = -(a[a > 0] * np.log2(a[a > 0])).sum() / n
        found = [float(cell) for cell in re.findall(r"<td>(.*?)</td>", cells)]
        assert found == pytest.approx([*(100 * share for share in shares), bits], abs=0.0501)


def test_the_pairs_are_what_they_are_called():
    (previous, following), (same, first), (spread, sharp) = HEAD_PAIRS.values()
    for tokens, weights in probe.sample_weights():
        found = probe.head_statistics(weights)
        assert found["previous"][previous] > 0.99 and found["next"][following] > 0.5
        assert found["first"][first] > 0.7
        assert found["entropy"][spread] > 2.5 > 1.5 > found["entropy"][sharp]
    tokens, weights = probe.sample_weights()[0]
    one, other = (i for i, token in enumerate(tokens) if token == "cat")
    assert min(weights[same][one, other], weights[same][other, one]) > 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sentence": 3}, "sentence must be a whole number from 0 to 2, got 3"),
        ({"query": 12}, "query must be a whole number from 0 to 11, got 12"),
        ({"query": -1}, "from 0 to 11, got -1"),
        ({"a": (6, 0)}, "the layer of a must be a whole number from 0 to 5, got 6"),
        ({"b": (0, 12)}, "the head of b must be a whole number from 0 to 11, got 12"),
        ({"b": (0, 1, 2)}, r"b must be \(layer, head\), got \(0, 1, 2\)"),
    ],
)
def test_what_it_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.heads_side_by_side(**options)


# ---- the module ----------------------------------------------------------------------------------


def test_the_module_unpacks_what_python_unpacks():
    kept = json.loads(probe.SAMPLES.read_text(encoding="utf-8"))
    sizes = [(one["roots"], 6, 12, len(one["tokens"])) for one in kept["sentences"]]
    for result, (_, weights) in zip(run(MODULE, *[["unpack", *each] for each in sizes]), probe.sample_weights()):
        close(result, weights)
    assert MODULE.stat().st_size < 50 * 1024


def test_statistics_are_the_packages():
    drawn = [tables(n, n) for n in (2, 5, 7)]
    for weights, result in zip(drawn, run(MODULE, *[["statistics", a.tolist()] for a in drawn])):
        found = probe.head_statistics(weights)
        assert list(result) == list(STATISTICS)
        close([result[name] for name in STATISTICS], [found[name] for name in STATISTICS])


def test_entropy_and_offsets():
    a = tables(5, 5)
    offsets = range(-4, 5)
    results = run(MODULE, *[["offsetMass", a.tolist(), d] for d in offsets])
    close(results, [probe.offset_mass(a, d) for d in offsets])
    assert run(MODULE, ["entropy", [0, 1, 0]], ["entropy", [0.25] * 4]) == [0, 2]


def test_moved_is_half_the_sum_of_differences():
    assert run(MODULE, ["moved", [1, 0], [0, 1]], ["moved", [0.5, 0.5], [0.5, 0.5]]) == [1, 0]
    one, two = tables(2, 7)
    close(run(MODULE, ["moved", one.tolist(), two.tolist()]), [np.abs(one - two).sum() / 2])


def test_mass_on_a_token_counts_all_its_places():
    rows = [[0.25, 0.5, 0.25], [1, 0, 0]]
    assert run(MODULE, ["massOn", rows, ["a", "b", "a"], "a"], ["massOn", rows, ["a", "b", "a"], "c"]) == [0.75, 0]


def test_what_is_to_be_found_is_there_and_not_yet_shown():
    """One head of 72 looks back, one ahead, and one rests on the full stop; the two that open do none of it."""
    tokens, weights = probe.sample_weights()[0]
    found = probe.head_statistics(weights)
    stop = weights[..., tokens.index(".")].mean(axis=-1)
    opens = explore.heads_side_by_side().state
    shown = {(opens["layer_a"], opens["head_a"]), (opens["layer_b"], opens["head_b"])}
    for mass, least in ((found["previous"], 0.5), (found["next"], 0.5), (stop, 0.3)):
        good = {tuple(int(i) for i in place) for place in np.argwhere(mass > least)}
        assert len(good) == 1 and not good & shown


def test_favourites_are_the_largest_first():
    row = [0.2, 0.005, 0.5, 0.295]
    assert run(MODULE, ["favourites", row], ["favourites", row, 2], ["favourites", [0.995, 0.005]]) == [
        [[2, 0.5], [3, 0.295], [0, 0.2]],
        [[2, 0.5], [3, 0.295]],
        [[0, 0.995]],
    ]
