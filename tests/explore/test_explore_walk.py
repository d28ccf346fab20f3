"""Walk a token: its table, what it refuses, and its JavaScript against the package at every stop, with node."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from in_node import close, numbers, run

from attnlab import explore, reference
from attnlab.explore import WIDGETS, module_source
from attnlab.explore.walk_a_token import STOPS
from attnlab.reference import encoder_decoder as small
from attnlab.reference.heads import split_heads
from attnlab.reference.layers import layer_norm, relu

MODULE = WIDGETS / "walk_a_token.js"
MODEL, KEPT = small.load(), json.loads(small.FILE.read_text(encoding="utf-8"))
NUMBERS = ["forty three", "ninety one", "twenty nine"]
STEPS = ["project", "score", "scale", "mask", "normalise", "mix", "merge"]


def ids(number):
    source = small.ids_of(MODEL.source_words, number)
    return source, [small.START, *small.ids_of(MODEL.target_words, small.translate(MODEL, number))]


def attention_steps(x, context, w, causal, head):
    """The matrices of the seven steps, from the package's parts."""
    q, k, v = (split_heads(rows @ matrix, 2) for rows, matrix in ((x, w.query), (context, w.key), (context, w.value)))
    may = np.tri(len(x), dtype=bool) if causal else np.ones((len(x), len(context)), bool)
    scores = q[head] @ k[head].T
    mixed = np.stack([reference.attention(q[h], k[h], v[h], may) for h in range(2)])
    joined = np.concatenate(list(mixed), axis=1)
    return [[q[head], k[head], v[head]], [scores], [scores / 2], [np.where(may, scores / 2, -np.inf)],
            [reference.attention_weights(q[head], k[head], may)], [mixed[head]], [joined, joined @ w.output]]  # fmt: skip


def expected(number, head):
    """What each of the 32 stops shows."""
    source, target = ids(number)
    e, d = MODEL.encoder[0], MODEL.decoder[0]
    out = []

    def through(x, context, w, norm, causal):
        steps = attention_steps(x, context, w, causal, head)
        z = layer_norm(x + steps[-1][1], norm.gain, norm.bias)
        out.extend([*steps, [z]])
        return z

    def last(x, parts, norm):
        hidden = relu(x @ parts.expand + parts.expand_bias)
        change = hidden @ parts.contract + parts.contract_bias
        z = layer_norm(x + change, norm.gain, norm.bias)
        out.extend([[hidden, change], [z]])
        return z

    x = small.embed(MODEL.source_table, source)
    out.append([x])
    memory = last(through(x, x, e.attention, e.attention_norm, False), e.feed, e.feed_norm)
    y = small.embed(MODEL.target_table, target)
    out.append([y])
    y = through(y, y, d.attention, d.attention_norm, True)
    y = last(through(y, memory, d.cross, d.cross_norm, False), d.feed, d.feed_norm)
    logits = y @ MODEL.target_table.T
    np.testing.assert_allclose(memory, small.encode(MODEL, source), atol=1e-12)
    np.testing.assert_allclose(logits, small.logits(MODEL, source, target), atol=1e-12)
    return [*out, [logits], [reference.softmax(logits)]]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("head", [0, 1])
def test_every_stop_shows_the_packages_numbers(number, head):
    source, target = ids(number)
    [way, encoded] = run(MODULE, ["stops"], ["encode", KEPT, source])
    [decoded] = run(MODULE, ["decode", KEPT, target, encoded["last"]])
    wanted = expected(number, head)
    assert len(way) == len(wanted) == STOPS
    found = run(MODULE, *[["shown", stop, encoded, decoded, head] for stop in way])
    for stop, tables, right in zip(way, found, wanted):
        assert len(tables) == len(right), stop
        for (_, matrix, _, _), one in zip(tables, right):
            close(np.where(np.isneginf(numbers(matrix)), -1e9, numbers(matrix)), np.where(np.isneginf(one), -1e9, one))


def test_the_way_has_the_seven_steps_three_times():
    [way] = run(MODULE, ["stops"])
    for part in ("self-attention", "causal self-attention", "cross-attention"):
        assert [stop["step"] for stop in way if stop["part"] == part] == [*STEPS, "add, norm"]
    assert [stop["side"] for stop in way] == ["encoder"] * 11 + ["decoder"] * 21


def test_it_writes_what_the_package_writes():
    pairs = [[3 + a, 11 + b] for a in range(8) for b in range(9)]
    written = run(MODULE, *[["translate", KEPT, pair] for pair in pairs])
    for pair, found in zip(pairs, written):
        text = " ".join(MODEL.source_words[i] for i in pair)
        assert found == ids(text)[1]


def test_parts_of_the_arithmetic_on_other_sizes():
    rng = np.random.default_rng(20_017)
    x, gain, bias = rng.normal(size=(3, 6)), rng.normal(size=6), rng.normal(size=6)
    rows = rng.normal(size=(7, 6))
    [normed, embedded] = run(MODULE, ["layerNorm", x.tolist(), {"gain": gain.tolist(), "bias": bias.tolist()}], ["embed", rows.tolist(), [4, 0, 4]])
    close(normed, layer_norm(x, gain, bias))
    close(embedded, small.embed(rows, [4, 0, 4]))


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("walk_a_token"), encoding="utf-8")
    call = ["translate", KEPT, [5, 13]]
    assert run(joined, call) == run(MODULE, call)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_table_says_where_each_token_looks_and_what_it_says(number):
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', explore.walk_a_token(number)._repr_html_())
    cells = [re.findall(r"<td>(.*?)</td>", line) for _, line in rows]
    target = ids(number)[1]
    words = [MODEL.target_words[i] for i in target]
    assert [name for name, _ in rows] == [word.replace("<", "&lt;").replace(">", "&gt;") for word in words]
    assert [line[2] for line in cells] == [*words[1:], "&lt;end&gt;"]
    looks = np.mean([expected(number, head)[24][0] for head in (0, 1)], axis=0)
    for line, wanted in zip(cells, looks):
        np.testing.assert_allclose([float(x) for x in line[:2]], 100 * wanted, atol=5.01e-3)
        assert float(line[3]) > 0.9


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"number": "forty"}, "number must be a ten and a unit in words, such as 'forty three', got 'forty'"),
        ({"number": "three forty"}, "got 'three forty'"),
        ({"source_at": 2}, "source_at must be a whole number from 0 to 1, got 2"),
        ({"target_at": 4}, "target_at must be a whole number from 0 to 3, got 4"),
        ({"stop": 32}, "stop must be a whole number from 0 to 31, got 32"),
        ({"head": -1}, "head must be a whole number from 0 to 1, got -1"),
    ],
)
def test_errors_name_what_is_wrong(options, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        explore.walk_a_token(**options)
