"""Several half-written translations of each sentence read one source."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import with_scores


def _grouped(x, y, lengths, w_q, w_k, w_v, scale=None):
    """Row by row, each with the source it belongs to."""
    width = len(x) // len(y)
    rows = []
    for row, query in enumerate(x @ w_q):
        source = y[row // width][: lengths[row // width]]
        rows.append(reference.attention(query[None], source @ w_k, source @ w_v, scale=scale)[0])
    return np.array(rows)


def _reference(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, lengths, w_q, w_k, w_v)


EXERCISE = Exercise(
    id="architecture.one_source",
    title="Several beginnings, one source",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/cross_attention",
    headings=("Keys and values are made once",),
    statement=r"""
    A translator may follow several beginnings of each translation at once (*beam search* does). Its decoder then works on `texts` times `beams` rows, **all beginnings of text 0 first, then those of text 1, and so on**, while there is one source a text. For one step of writing you get `x` (texts$\,\cdot\,$beams $\times\, d$), the newest row of every beginning, and `y` (texts $\times\, m \times d$), the memories. Return the cross-attention output of each row: texts$\,\cdot\,$beams $\times\, d_v$.

    The number of beams is the same for all texts and is not handed in. `lengths` (texts) tells how many rows of each memory are real, at least one; what stands behind them may hold any numbers. Scores may run into the thousands.

    A tiny example: 2 texts whose memories have one row each, and 6 rows in `x`. Rows 0, 1 and 2 get the value of text 0, rows 3, 4 and 5 that of text 1.
    """,
    slot='''
    def one_source(x, y, lengths, w_q, w_k, w_v):
        """Every beginning asks the source of its own text.

        x: (texts * beams, d); y: (texts, m, d); lengths: (texts,)
        w_q, w_k: (d, d_k); w_v: (d, d_v)
        result: (texts * beams, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab import masks, reference"),
    hints=(
        "With one beam it is ordinary cross-attention with one query a text. With several, think of the beams of a text as several queries of one text.",
        "Nothing has to be copied: give `x` an axis for the texts and one for the beams, and it has the shape that attention wants for queries.",
        "```python\nq = (x @ w_q).reshape(____, ____, w_q.shape[1])\nmask = masks.padding(lengths, y.shape[1])\nout = reference.attention(q, y @ w_k, y @ w_v, ____)\nreturn out.reshape(____, ____)\n```",
    ),
    parsons=("sources_in_turn", "beams_counted_first"),
    why=r"""
    Rows of one text stand side by side, so the text is the *outer* axis: row $i$ belongs to text $\lfloor i / \text{beams} \rfloor$. The memory is the same for all beams of a text; it needs no copy, and it need not be reordered when beams are.

    **The two most common mistakes.** Repeating the *batch* of sources (text 0, 1, 0, 1, ...) while the rows stand as 0, 0, 1, 1: every shape fits, and most beginnings read the wrong sentence. Getting the sources right and their lengths wrong.

    **Cost.** Keys and values for each text once; copying them for every beam would multiply the memory by the number of beams.
    """,
    verified="three texts with two beams, two with five, one text alone, one beam, one of each, and scores of 1000 in the padding.",
    next_thought="two of five beams of one text are dropped and two others doubled. What has to be done to its memory, and what to the cache of the decoder's self-attention?",
    reference=_reference,
)

_rng = np.random.default_rng(59)


def _case(texts, beams, m, d, d_k, d_v, lengths):
    shapes = ((texts * beams, d), (texts, m, d), (d, d_k), (d, d_k), (d, d_v))
    x, y, w_q, w_k, w_v = (_rng.normal(size=shape) for shape in shapes)
    return x, y, np.array(lengths), 0.6 * w_q, 0.6 * w_k, w_v


EXERCISE.probe("3 texts, 2 beams, 7 rows of memory", *_case(3, 2, 7, 5, 4, 3, [2, 7, 5]))
EXERCISE.probe("2 texts, 5 beams", *_case(2, 5, 3, 4, 5, 2, [3, 2]))
EXERCISE.probe("1 text, 3 beams", *_case(1, 3, 5, 2, 3, 7, [4]))
EXERCISE.probe("5 texts, 1 beam", *_case(5, 1, 3, 3, 3, 3, [1, 3, 2, 3, 1]))
EXERCISE.probe("3 texts, 3 beams, 3 rows of memory", *_case(3, 3, 3, 3, 3, 3, [2, 1, 3]))


def _large():
    scores = np.array([[1000.0, 1001.0, 3000.0], [-1000.0, -999.0, 3000.0], [0.0, 1.0, 2.0], [1.0, 0.0, 1000.0]])
    q, k = with_scores(scores)
    return np.eye(4), np.stack([np.eye(3, 4)] * 2), np.array([2, 2]), q, np.vstack([k, np.zeros((1, 16))]), np.eye(4)


EXERCISE.probe("scores from -1000 to 1001, and 3000 in the padding", *_large(), extreme=True)
EXERCISE.probe("1 text, 1 beam, values of width 1", *_case(1, 1, 3, 2, 3, 1, [2]))
EXERCISE.probe("2 texts, 3 beams, values of width 1", *_case(2, 3, 5, 3, 2, 1, [5, 3]))


@EXERCISE.solve
def one_source_solution(x, y, lengths, w_q, w_k, w_v):
    q = (x @ w_q).reshape(len(y), -1, w_q.shape[1])
    mask = masks.padding(lengths, y.shape[1])
    out = reference.attention(q, y @ w_k, y @ w_v, mask)
    return out.reshape(len(x), w_v.shape[1])


@EXERCISE.mutant
def sources_in_turn(x, y, lengths, w_q, w_k, w_v):
    beams = len(x) // len(y)
    y = np.tile(y, (beams, 1, 1))
    mask = masks.padding(np.tile(lengths, beams), y.shape[1])
    q = (x @ w_q)[:, None]
    return reference.attention(q, y @ w_k, y @ w_v, mask)[:, 0]


@EXERCISE.mutant
def beams_counted_first(x, y, lengths, w_q, w_k, w_v):
    q = (x @ w_q).reshape(-1, len(y), w_q.shape[1]).swapaxes(0, 1)
    mask = masks.padding(lengths, y.shape[1])
    out = reference.attention(q, y @ w_k, y @ w_v, mask)
    return out.reshape(len(x), w_v.shape[1])


@EXERCISE.mutant
def lengths_in_turn(x, y, lengths, w_q, w_k, w_v):
    beams = len(x) // len(y)
    mask = masks.padding(np.tile(lengths, beams), y.shape[1])
    y = np.repeat(y, beams, axis=0)
    return reference.attention((x @ w_q)[:, None], y @ w_k, y @ w_v, mask)[:, 0]


@EXERCISE.mutant
def first_source_for_all(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, np.stack([y[0]] * len(y)), np.full(len(y), lengths[0]), w_q, w_k, w_v)


@EXERCISE.mutant
def all_sources_for_all(x, y, lengths, w_q, w_k, w_v):
    real = masks.padding(lengths, y.shape[1])[:, 0].ravel()
    source = y.reshape(-1, y.shape[-1])[real]
    return reference.attention(x @ w_q, source @ w_k, source @ w_v)


@EXERCISE.mutant
def softmax_over_the_beams(x, y, lengths, w_q, w_k, w_v):
    q = (x @ w_q).reshape(len(y), -1, w_q.shape[1])
    scores = q @ (y @ w_k).swapaxes(1, 2) / np.sqrt(w_q.shape[1])
    weights = reference.softmax(scores, axis=1) * masks.padding(lengths, y.shape[1])
    return (weights @ (y @ w_v)).reshape(len(x), -1)


@EXERCISE.mutant
def no_mask(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, np.full(len(y), y.shape[1]), w_q, w_k, w_v)


@EXERCISE.mutant
def first_text_for_all(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, np.full(len(y), lengths[0]), w_q, w_k, w_v)


@EXERCISE.mutant
def one_key_too_many(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, lengths + 1, w_q, w_k, w_v)


@EXERCISE.mutant
def longest_text_for_all(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, np.full(len(y), lengths.max()), w_q, w_k, w_v)


@EXERCISE.mutant
def no_scale(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, lengths, w_q, w_k, w_v, scale=1.0)


@EXERCISE.mutant
def queries_and_keys_swapped(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, lengths, w_k, w_q, w_v)


@EXERCISE.mutant
def keys_used_as_values(x, y, lengths, w_q, w_k, w_v):
    return _grouped(x, y, lengths, w_q, w_k, w_k)


@EXERCISE.holds("the first half of the rows, with the first text alone, comes out the same")
def first_text_alone(call):
    x, y, lengths, *w = EXERCISE.probes[1].arguments
    gap = np.abs(np.asarray(call(x[:5], y[:1], lengths[:1], *w)) - np.asarray(call(x, y, lengths, *w))[:5]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("padding changes nothing, whatever it contains")
def padding_is_ignored(call):
    x, y, lengths, *w = EXERCISE.probes[0].arguments
    moved = y.copy()
    moved[0, 2:] += 9
    gap = np.abs(np.asarray(call(x, moved, lengths, *w)) - np.asarray(call(x, y, lengths, *w))).max()
    return None if gap < 1e-6 else f"an output moves by {text.number(gap)}"


@EXERCISE.holds("memories of one row give their value to all beams of their text")
def tiny_example(call):
    y = np.array([[[1.0, 2.0]], [[5.0, 7.0]]])
    out = np.asarray(call(np.arange(12.0).reshape(6, 2), y, np.array([1, 1]), np.eye(2), np.eye(2), np.eye(2)))
    good = np.allclose(out, [[1, 2]] * 3 + [[5, 7]] * 3, atol=1e-3)
    return None if good else f"the first feature of the six rows is {text.numbers(out[:, 0])}, expected 1, 1, 1, 5, 5, 5"


@EXERCISE.holds("exchanging two beams of a text exchanges their outputs")
def beams_exchanged(call):
    x, y, lengths, *w = EXERCISE.probes[1].arguments
    order = [1, 0, 2, 3, 4, 5, 6, 7, 9, 8]
    gap = np.abs(np.asarray(call(x[order], y, lengths, *w)) - np.asarray(call(x, y, lengths, *w))[order]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"
