"""Read texts of unequal length word by word, and keep what is known after the last word of each."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(x, lengths, w_x, w_h):
    kept = []
    for words, length in zip(x, lengths):
        h = np.zeros(len(w_h))
        for t in range(length):
            h = np.tanh(np.einsum("i,ij->j", words[t], w_x) + np.einsum("i,ij->j", h, w_h))
        kept.append(h)
    return np.array(kept)


EXERCISE = Exercise(
    id="fundamentals.last_states",
    title="The vector a reader leaves behind",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/intuition",
    headings=("One vector for everything",),
    statement=r"""
    A recurrent reader starts with $h_0 = 0$ and makes $h_t = \tanh(x_t W_x + h_{t-1} W_h)$ from each word. Several texts are read at once, so the short ones are
    filled up at the end with padding. Return for each text its state after its **last real word**; a text without words keeps $h_0$.

    A tiny example: with all widths 1, `w_x = [[1]]` and `w_h = [[0.5]]`, the text `[[1], [9]]` of length 1 ends in $\tanh(1) = 0.762$; the 9 is padding.
    """,
    slot='''
    def last_states(x, lengths, w_x, w_h):
        """The state of a recurrent reader after the last real word of each text.

        x: (texts, words, d_in), lengths: (texts,) real words, w_x: (d_in, d), w_h: (d, d)
        result: (texts, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "What stands in the padding must not matter: put a thousand there, and every answer stays the same.",
        "Keep one state a text. At step $t$ compute the new states of all texts, and take them over only where $t$ is smaller than the length.",
        "```python\nh = np.zeros((len(x), len(w_h)))\nfor t in range(x.shape[1]):\n    after = np.tanh(x[:, t] @ w_x + ____)\n"
        "    real = (t < lengths)[:, None]\n    h = np.where(real, ____, ____)\nreturn h\n```",
    ),
    parsons=("reader_reads_the_padding", "reader_state_left_out"),
    why=r"""
    Where a text has ended, its state stands still. Libraries do the same under the name of *packed* sequences.

    **The two most common mistakes.** Taking the state in the last column, which for a short text has read padding. Forgetting the state before, so that only the last word counts.

    **Cost.** One step after the other: no step can begin before the one before it has ended, however many cores are free.
    """,
    verified="equal to reading each text alone, whatever the padding holds, with an empty text, and with all texts shorter than the table.",
    next_thought="the state has d numbers after 3 words and after 300. What must happen to the first words?",
    reference=_reference,
)

_rng = np.random.default_rng(31)


def _case(lengths, words, d_in, d):
    sizes = ((len(lengths), words, d_in), (d_in, d), (d, d))
    x, w_x, w_h = (_rng.normal(size=size) * 0.8 for size in sizes)
    return [x, np.array(lengths), w_x, w_h]


_first = _case([5, 2, 3], 5, 7, 3)
EXERCISE.probe("3 texts of 5, 2 and 3 words", *_first)
EXERCISE.probe("one text of 1 word, padded to 4", *_case([1], 4, 2, 3))
EXERCISE.probe("2 texts of 3 words, all widths 3", *_case([3, 2], 3, 3, 3))
EXERCISE.probe("4 texts of 2, 4, 1 and 3 words, padded to 7", *_case([2, 4, 1, 3], 7, 3, 5))
EXERCISE.probe("texts of 2, no and 3 words", *_case([2, 0, 3], 3, 2, 5), extreme=True)


def _states(x, w_x, w_h):
    """All states of all texts, padding read as if it were words: (texts, words, d)."""
    h, walk = np.zeros((len(x), len(w_h))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ w_x + h @ w_h)
        walk.append(h)
    return np.stack(walk, axis=1)


@EXERCISE.solve
def last_states_solution(x, lengths, w_x, w_h):
    h = np.zeros((len(x), len(w_h)))
    for t in range(x.shape[1]):
        after = np.tanh(x[:, t] @ w_x + h @ w_h)
        real = (t < lengths)[:, None]
        h = np.where(real, after, h)
    return h


@EXERCISE.mutant
def reader_reads_the_padding(x, lengths, w_x, w_h):
    h = np.zeros((len(x), len(w_h)))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ w_x + h @ w_h)
    return h


@EXERCISE.mutant
def reader_state_left_out(x, lengths, w_x, w_h):
    h = np.zeros((len(x), len(w_h)))
    for t in range(x.shape[1]):
        after = np.tanh(x[:, t] @ w_x)
        real = (t < lengths)[:, None]
        h = np.where(real, after, h)
    return h


@EXERCISE.mutant
def reader_one_word_short(x, lengths, w_x, w_h):
    states = np.concatenate([np.zeros((len(x), 1, len(w_h))), _states(x, w_x, w_h)], axis=1)
    return states[np.arange(len(x)), np.asarray(lengths) - 1]


@EXERCISE.mutant
def reader_zeroed_at_padding(x, lengths, w_x, w_h):
    h = np.zeros((len(x), len(w_h)))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ w_x + h @ w_h) * (t < np.asarray(lengths))[:, None]
    return h


@EXERCISE.mutant
def reader_mean_of_the_states(x, lengths, w_x, w_h):
    states, lengths = _states(x, w_x, w_h), np.asarray(lengths)
    real = np.arange(x.shape[1]) < lengths[:, None]
    return (states * real[..., None]).sum(axis=1) / lengths[:, None]


@EXERCISE.mutant
def reader_without_tanh(x, lengths, w_x, w_h):
    h = np.zeros((len(x), len(w_h)))
    for t in range(x.shape[1]):
        h = np.where((t < np.asarray(lengths))[:, None], x[:, t] @ w_x + h @ w_h, h)
    return h


@EXERCISE.mutant
def reader_backwards(x, lengths, w_x, w_h):
    turned = np.stack([np.concatenate([t[:n][::-1], t[n:]]) for t, n in zip(x, lengths)])
    return _states(turned, w_x, w_h)[np.arange(len(x)), np.asarray(lengths) - 1]


@EXERCISE.mutant
def reader_all_as_long_as_the_first(x, lengths, w_x, w_h):
    return _states(x, w_x, w_h)[:, lengths[0] - 1]


@EXERCISE.mutant
def reader_empty_text_wraps_round(x, lengths, w_x, w_h):
    return _states(x, w_x, w_h)[np.arange(len(x)), np.asarray(lengths) - 1]


@EXERCISE.mutant
def reader_goes_on_over_zeros(x, lengths, w_x, w_h):
    real = np.arange(x.shape[1]) < np.asarray(lengths)[:, None]
    return _states(x * real[..., None], w_x, w_h)[:, -1]


@EXERCISE.mutant
def reader_one_word_too_many(x, lengths, w_x, w_h):
    return _states(x, w_x, w_h)[np.arange(len(x)), np.minimum(lengths, x.shape[1] - 1)]


@EXERCISE.mutant
def reader_weights_transposed(x, lengths, w_x, w_h):
    return _reference(x, lengths, w_x, w_h.T)


@EXERCISE.mutant
def reader_stops_at_the_shortest(x, lengths, w_x, w_h):
    return _states(x, w_x, w_h)[:, max(min(lengths), 1) - 1]


@EXERCISE.holds("what stands in the padding changes nothing")
def padding_is_nothing(call):
    x, lengths, w_x, w_h = _first
    other = x.copy()
    other[np.arange(5) >= lengths[:, None]] = 50.0
    gap = np.abs(call(other, lengths, w_x, w_h) - call(x, lengths, w_x, w_h)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("the first word of a text has an influence")
def first_word_matters(call):
    x, lengths, w_x, w_h = _first
    other = x.copy()
    other[:, 0] += 1.0
    gap = np.abs(call(other, lengths, w_x, w_h) - call(x, lengths, w_x, w_h)).max(axis=-1).min()
    return None if gap > 1e-6 else "a text whose first word changes ends in the same state"


EXERCISE.holds("the word 1 ends in the state 0.762, and 1, 1 in 0.881")(
    comes_out([[0.762], [0.881]], np.array([[[1.0], [9.0]], [[1.0], [1.0]]]), np.array([1, 2]), np.array([[1.0]]), np.array([[0.5]])))
EXERCISE.holds("a text without words keeps the state 0")(
    comes_out([[0.0], [0.762]], np.array([[[7.0]], [[1.0]]]), np.array([0, 1]), np.array([[1.0]]), np.array([[0.5]])))


@EXERCISE.holds("each text is read as if it were alone")
def alone(call):
    x, lengths, w_x, w_h = _first
    together = call(x, lengths, w_x, w_h)
    for text_, length in enumerate(lengths):
        gap = np.abs(call(x[text_ : text_ + 1, :length], lengths[text_ : text_ + 1], w_x, w_h)[0] - together[text_]).max()
        if not gap < 1e-3:
            return f"text {text_}, alone and without padding, differs by {text.number(gap)}"
    return None
