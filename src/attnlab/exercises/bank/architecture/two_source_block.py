"""A decoder block that asks two sources, either of which may be missing."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _norm(x):
    """Rows of mean 0 and, but for a little, variance 1, then a gain and a bias, so that doing it twice shows."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return 1.5 * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 0.1) + 0.25


def _reference(x, first, second, look, ask_first, ask_second, think, norm):
    steps = [look]
    steps += [lambda rows: ask_first(rows, first)] if first is not None else []
    steps += [lambda rows: ask_second(rows, second)] if second is not None else []
    for step in [*steps, think]:
        x = norm(x + step(x))
    return x


EXERCISE = Exercise(
    id="architecture.two_source_block",
    title="A decoder with two sources",
    level="create",
    minutes=15,
    difficulty=2,
    page="architecture/implementation",
    headings=("The mathematics", "In NumPy: the whole model"),
    statement=r"""
    A translator is to be given a picture as well as a text. Build the decoder block for it. Its sublayers, in this order: self-attention, cross-attention to the first source, cross-attention to the second source, feed-forward network. Each is wrapped as in 2017: **add its result to what went in, then normalise**. The second cross-attention asks with the rows that the first has left.

    A source may be **missing** (`None`): then its sublayer is left out altogether, with its normalisation.

    `look(rows)` and `think(rows)` give as many rows; so do `ask_first(rows, source)` and `ask_second(rows, source)`, in which the rows ask the source. `norm(rows)` normalises. All five are given.

    A tiny example: with a `norm` that changes nothing, `look` and `think` that return zeros, and `ask_first` and `ask_second` that return the sum of the source's rows for each row that asks, `x = [[1]]`, `first = [[2], [3]]` and `second = None` give `[[6]]`.
    """,
    slot='''
    def two_source_block(x, first, second, look, ask_first, ask_second, think, norm):
        """One decoder block with two cross-attentions.

        x: (n, d); first: (m, d) or None; second: (k, d) or None
        result: (n, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With both sources missing it is an encoder block. The number of normalisations is the number of sublayers that run.",
        r"Every line has the form $x \leftarrow \operatorname{norm}(x + \text{sublayer}(x))$, and starts from the result of the line before.",
        "```python\nx = norm(x + look(x))\nfor source, ask in ((first, ____), (second, ____)):\n    if ____:\n"
        "        x = norm(x + ____)\nreturn norm(____)\n```",
    ),
    parsons=("missing_source_normalised_all_the_same", "second_source_asked_with_old_rows"),
    why=r"""
    A sublayer is a change that is added, so one more source is one more line. That is how models with several sources are often built; others put the sources side by side and ask them with one softmax.

    **The two most common mistakes.** Giving the second cross-attention the rows from before the first. Normalising where nothing was added: a gain and a bias then act once too often, and a model trained with both sources behaves differently when one is missing.

    **Cost.** A cross-attention more for each block: its four matrices, and a product of $n \times k$ scores.
    """,
    verified="seven cases: both sources, one, the other, none; sources longer and shorter than the text; one token.",
    next_thought="with both sources in one softmax, what would happen to a short text beside a picture of a thousand patches?",
    reference=_reference,
)

_rng = np.random.default_rng(83)
_w = _rng.normal(size=(4, 3, 3))


def _look(rows):
    return np.cumsum(rows, axis=0) @ _w[0] / (1 + np.arange(len(rows)))[:, None]


def _attend(rows, source, w):
    scores = rows @ w @ source.T
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True) @ source @ w.T


def _ask_first(rows, source):
    return _attend(rows, source, _w[1])


def _ask_second(rows, source):
    return _attend(rows, source, _w[2])


def _think(rows):
    return np.maximum(0, rows @ _w[3] + 0.3)


_CALLS = (_look, _ask_first, _ask_second, _think, _norm)


def _rows(n):
    return _rng.normal(size=(n, 3))


EXERCISE.probe("5 rows, sources of 7 and 2 rows", _rows(5), _rows(7), _rows(2), *_CALLS)
EXERCISE.probe("5 rows, the second source missing", _rows(5), _rows(7), None, *_CALLS)
EXERCISE.probe("2 rows, the first source missing", _rows(2), None, _rows(5), *_CALLS)
EXERCISE.probe("4 rows, no source", _rows(4), None, None, *_CALLS)
EXERCISE.probe("3 of everything", _rows(3), _rows(3), _rows(3), *_CALLS)
EXERCISE.probe("one row, sources of one row", _rows(1), _rows(1), _rows(1), *_CALLS)
EXERCISE.probe("a source of zeros is not a missing one", _rows(4), np.zeros((2, 3)), _rows(3), *_CALLS)


@EXERCISE.solve
def two_source_block_solution(x, first, second, look, ask_first, ask_second, think, norm):
    x = norm(x + look(x))
    for source, ask in ((first, ask_first), (second, ask_second)):
        if source is not None:
            x = norm(x + ask(x, source))
    return norm(x + think(x))


@EXERCISE.mutant
def missing_source_normalised_all_the_same(x, first, second, look, ask_first, ask_second, think, norm):
    x = norm(x + look(x))
    for source, ask in ((first, ask_first), (second, ask_second)):
        x = norm(x if source is None else x + ask(x, source))
    return norm(x + think(x))


@EXERCISE.mutant
def second_source_asked_with_old_rows(x, first, second, look, ask_first, ask_second, think, norm):
    x = norm(x + look(x))
    asking = x
    for source, ask in ((first, ask_first), (second, ask_second)):
        if source is not None:
            x = norm(x + ask(asking, source))
    return norm(x + think(x))


@EXERCISE.mutant
def sources_added_in_one_step(x, first, second, look, ask_first, ask_second, think, norm):
    x = norm(x + look(x))
    changes = [ask(x, source) for source, ask in ((first, ask_first), (second, ask_second)) if source is not None]
    x = norm(x + sum(changes)) if changes else x
    return norm(x + think(x))


@EXERCISE.mutant
def sources_change_places(x, first, second, look, ask_first, ask_second, think, norm):
    return _reference(x, second, first, look, ask_first, ask_second, think, norm)


@EXERCISE.mutant
def one_network_asks_both_sources(x, first, second, look, ask_first, ask_second, think, norm):
    return _reference(x, first, second, look, ask_first, ask_first, think, norm)


@EXERCISE.mutant
def second_source_comes_first(x, first, second, look, ask_first, ask_second, think, norm):
    return _reference(x, second, first, look, ask_second, ask_first, think, norm)


@EXERCISE.mutant
def thinks_before_it_asks(x, first, second, look, ask_first, ask_second, think, norm):
    x = norm(norm(x + look(x)) + think(norm(x + look(x))))
    for source, ask in ((first, ask_first), (second, ask_second)):
        x = x if source is None else norm(x + ask(x, source))
    return x


@EXERCISE.mutant
def cross_attention_replaces_the_rows(x, first, second, look, ask_first, ask_second, think, norm):
    x = norm(x + look(x))
    for source, ask in ((first, ask_first), (second, ask_second)):
        x = x if source is None else norm(ask(x, source))
    return norm(x + think(x))


@EXERCISE.mutant
def second_source_never_asked(x, first, second, look, ask_first, ask_second, think, norm):
    return _reference(x, first, None, look, ask_first, ask_second, think, norm)


@EXERCISE.mutant
def sources_normalised_in_front(x, first, second, look, ask_first, ask_second, think, norm):
    x = x + look(norm(x))
    for source, ask in ((first, ask_first), (second, ask_second)):
        x = x if source is None else x + ask(norm(x), source)
    return x + think(norm(x))


@EXERCISE.holds("as many normalisations as sublayers that run")
def counted(call):
    """Sublayers that change nothing, and a norm that adds 1: the rows count."""
    still, ask, more = (lambda rows: 0 * rows), (lambda rows, source: 0 * rows), (lambda rows: rows + 1)
    x, y = np.zeros((2, 3)), np.ones((4, 3))
    for sources, wanted in (((y, y), 4), ((y, None), 3), ((None, y), 3), ((None, None), 2)):
        out = np.asarray(call(x, *sources, still, ask, ask, still, more), dtype=float)
        if out.shape != x.shape or not np.allclose(out, wanted, atol=1e-3):
            return f"with {text.count(wanted - 2, 'source')} there are {text.number(out.max())}, expected {wanted}"
    return None


@EXERCISE.holds("the example gives 6")
def example(call):
    still, nothing = (lambda rows: rows), (lambda rows: 0 * rows)
    ask = lambda rows, source: np.ones((len(rows), 1)) * source.sum(axis=0)  # noqa: E731
    out = np.asarray(call(np.array([[1.0]]), np.array([[2.0], [3.0]]), None, nothing, ask, ask, nothing, still), dtype=float)
    return None if out.shape == (1, 1) and abs(out[0, 0] - 6) < 1e-3 else f"yours is {text.numbers(out)}"
