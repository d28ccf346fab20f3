"""Cross-attention, in batches whose sources have different lengths."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import APART, LARGE, with_scores


def _cross(x, y, w_q, w_k, w_v, mask=None, scale=None):
    return reference.attention(x @ w_q, y @ w_k, y @ w_v, mask, scale=scale)


def _reference(x, y, lengths, w_q, w_k, w_v):
    return _cross(x, y, w_q, w_k, w_v, masks.padding(lengths, y.shape[1]))


EXERCISE = Exercise(
    id="self_attention.cross_attention",
    title="Ask another text",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/self_or_cross",
    headings=("The mathematics", "Which mask?"),
    statement=r"""
    A batch of sentences that are being written, `x` (texts $\times\, n \times d$), looks at the sentences that they translate, `y` (texts $\times\, m \times d$). The sources were filled up behind with padding; `lengths` (texts) says how many of the $m$ tokens are real, at least one in every text. `w_q` and `w_k` are $d \times d_k$, `w_v` is $d \times d_v$. Return the output of each token of `x`: texts $\times\, n \times d_v$.

    Everything of the source may be read at any time, except padding, which may hold any numbers. Scores may run into the thousands, of either sign. A tiny example: if a source has one real token, every token of its text gets that token's value.
    """,
    slot='''
    def cross_attention(x, y, lengths, w_q, w_k, w_v):
        """Every token of x asks the real tokens of its own source.

        x: (texts, n, d), y: (texts, m, d), lengths: (texts,)
        w_q, w_k: (d, d_k), w_v: (d, d_v), result: (texts, n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab import masks, reference"),
    hints=(
        "Nothing about the formula is new. Ask of each of the three projections: of which sequence?",
        r"Queries come from `x`; keys *and* values from `y`. The mask hides keys, so it has $m$ columns; there is no future in a finished source.",
        "```python\nq, k, v = ____ @ w_q, ____ @ w_k, ____ @ w_v\nmask = masks.padding(lengths, ____)\nreturn reference.attention(q, k, v, ____)\n```",
    ),
    parsons=("queries_from_the_source", "values_from_the_asker"),
    why=r"""
    The same function as self-attention. Only the origin of keys and values differs, and with it the number of columns: $n$ queries, $m$ keys.

    **The two most common mistakes.** Taking the values from the asking side: it runs whenever $n = m$. A causal mask, carried over from self-attention: the first word could then see only the first word of the source.

    **Cost.** $n\,m$ scores. Keys and values of the source are the same at every step of writing and need to be made once.
    """,
    verified="three texts with sources of 2, 7 and 5 tokens, two of equal sizes, one of a single token, and scores of 1000 under padding.",
    next_thought="what would change if each text had two sources to read?",
    reference=_reference,
)

_rng = np.random.default_rng(41)


def _case(texts, n, m, d, d_k, d_v, lengths):
    shapes = ((texts, n, d), (texts, m, d), (d, d_k), (d, d_k), (d, d_v))
    x, y, w_q, w_k, w_v = (_rng.normal(size=shape) for shape in shapes)
    return x, y, np.array(lengths), 0.6 * w_q, 0.6 * w_k, w_v


EXERCISE.probe("3 texts, 5 queries, 7 keys", *_case(3, 5, 7, 4, 3, 2, [2, 7, 5]))
EXERCISE.probe("2 texts, 5 queries, 5 keys", *_case(2, 5, 5, 3, 3, 3, [3, 5]))
EXERCISE.probe("1 text, a source of one token", *_case(1, 3, 4, 5, 2, 3, [1]))
EXERCISE.probe("2 texts, no source fills its place", *_case(2, 3, 7, 5, 2, 3, [2, 6]))


def _with_scores(scores, length):
    """Unit vectors for tokens, and weights that give exactly these scores: the weights of the source's tokens come back."""
    n, m = scores.shape
    w_q, w_k = with_scores(scores)
    return np.eye(n, m)[None], np.eye(m)[None], np.array([length]), np.pad(w_q, ((0, m - n), (0, 0))), w_k, np.eye(m)


EXERCISE.probe("scores from -1002 to 2000, the largest in the padding", *_with_scores(LARGE[:, [0, 1, 4, 3, 2]][[0, 2, 1]], 2), extreme=True)
EXERCISE.probe("scores near -1000 and near 1000", *_with_scores(APART, 3), extreme=True)


@EXERCISE.solve
def cross_attention_solution(x, y, lengths, w_q, w_k, w_v):
    q, k, v = x @ w_q, y @ w_k, y @ w_v
    mask = masks.padding(lengths, y.shape[1])
    return reference.attention(q, k, v, mask)


@EXERCISE.mutant
def queries_from_the_source(x, y, lengths, w_q, w_k, w_v):
    q, k, v = y @ w_q, x @ w_k, x @ w_v
    return reference.attention(q, k, v)


@EXERCISE.mutant
def values_from_the_asker(x, y, lengths, w_q, w_k, w_v):
    q, k, v = x @ w_q, y @ w_k, x @ w_v
    mask = masks.padding(lengths, y.shape[1])
    return reference.attention(q, k, v, mask)


@EXERCISE.mutant
def attends_to_itself(x, y, lengths, w_q, w_k, w_v):
    return _cross(x, x, w_q, w_k, w_v)


@EXERCISE.mutant
def no_mask(x, y, lengths, w_q, w_k, w_v):
    return _cross(x, y, w_q, w_k, w_v)


@EXERCISE.mutant
def first_text_for_all(x, y, lengths, w_q, w_k, w_v):
    return _reference(x, y, np.full_like(lengths, lengths[0]), w_q, w_k, w_v)


@EXERCISE.mutant
def source_read_causally(x, y, lengths, w_q, w_k, w_v):
    past = np.arange(y.shape[1]) <= np.arange(x.shape[1])[:, None]
    return _cross(x, y, w_q, w_k, w_v, masks.padding(lengths, y.shape[1]) & past)


@EXERCISE.mutant
def one_key_too_many(x, y, lengths, w_q, w_k, w_v):
    return _reference(x, y, np.minimum(lengths + 1, y.shape[1]), w_q, w_k, w_v)


@EXERCISE.mutant
def one_key_too_few(x, y, lengths, w_q, w_k, w_v):
    return _reference(x, y, lengths - 1, w_q, w_k, w_v)


@EXERCISE.mutant
def longest_text_for_all(x, y, lengths, w_q, w_k, w_v):
    return _reference(x, y, np.full_like(lengths, lengths.max()), w_q, w_k, w_v)


@EXERCISE.mutant
def padding_set_to_zero(x, y, lengths, w_q, w_k, w_v):
    real = masks.padding(lengths, y.shape[1])
    return _cross(x, y * real.swapaxes(1, 2), w_q, w_k, w_v)


@EXERCISE.mutant
def mask_after_softmax(x, y, lengths, w_q, w_k, w_v):
    real = masks.padding(lengths, y.shape[1])
    return reference.attention_weights(x @ w_q, y @ w_k) * real @ (y @ w_v)


@EXERCISE.mutant
def mask_inverted(x, y, lengths, w_q, w_k, w_v):
    return _cross(x, y, w_q, w_k, w_v, ~masks.padding(lengths, y.shape[1]))


@EXERCISE.mutant
def no_scale(x, y, lengths, w_q, w_k, w_v):
    return _cross(x, y, w_q, w_k, w_v, masks.padding(lengths, y.shape[1]), scale=1.0)


@EXERCISE.mutant
def queries_and_keys_swapped(x, y, lengths, w_q, w_k, w_v):
    return _reference(x, y, lengths, w_k, w_q, w_v)


@EXERCISE.mutant
def filled_with_a_modest_number(x, y, lengths, w_q, w_k, w_v):
    scores = x @ w_q @ (y @ w_k).swapaxes(1, 2) / np.sqrt(w_q.shape[1])
    return reference.softmax(np.where(masks.padding(lengths, y.shape[1]), scores, -100.0)) @ (y @ w_v)


@EXERCISE.mutant
def scaled_by_d_model(x, y, lengths, w_q, w_k, w_v):
    mask = masks.padding(lengths, y.shape[1])
    return _cross(x, y, w_q, w_k, w_v, mask, scale=x.shape[-1] ** -0.5)


@EXERCISE.mutant
def keys_used_as_values(x, y, lengths, w_q, w_k, w_v):
    return reference.attention(x @ w_q, y @ w_k, y @ w_k, masks.padding(lengths, y.shape[1]))


@EXERCISE.holds("padding changes nothing, whatever it contains")
def padding_is_ignored(call):
    x, y, lengths, *w = EXERCISE.probes[0].arguments
    filled = y.copy()
    filled[0, 2:] += 9
    gap = np.abs(np.asarray(call(x, filled, lengths, *w)) - np.asarray(call(x, y, lengths, *w))).max()
    if gap > 1e-9:
        return f"other padding moves an output by {gap:.3f}"


@EXERCISE.holds("shuffling the real tokens of a source changes nothing")
def order_of_the_source(call):
    x, y, lengths, *w = EXERCISE.probes[0].arguments
    turned = y.copy()
    turned[1] = y[1, ::-1]
    gap = np.abs(np.asarray(call(x, turned, lengths, *w)) - np.asarray(call(x, y, lengths, *w))).max()
    if gap > 1e-9:
        return f"it moves an output by {gap:.3f}"


@EXERCISE.holds("scores of 1000 and -1000 do no harm, and padding may hold the largest")
def large_scores(call):
    scores = np.array([[1000.0, 1001.0, -3000.0, 3000.0], [-1000.0, -999.0, -3000.0, 1000.0]])
    out = np.asarray(call(*_with_scores(scores, 3)))[0]
    good = np.allclose(out, [[0.269, 0.731, 0, 0]] * 2, atol=1e-3)
    return None if good else f"scores of 1000 and 1001 get the weights {text.numbers(out[0])}, -1000 and -999 get {text.numbers(out[1])}"


@EXERCISE.holds("a score higher by the logarithm of 3 makes a weight three times as large")
def by_hand(call):
    out = np.asarray(call(*_with_scores(np.array([[0.0, np.log(3)]]), 2)))[0, 0]
    return None if np.allclose(out, [0.25, 0.75], atol=1e-4) else f"with the scores 0 and log 3 the weights are {text.numbers(out)}"


@EXERCISE.holds("each text reads its own source")
def own_source(call):
    x, y, lengths, *w = EXERCISE.probes[0].arguments
    for i in range(3):
        gap = np.abs(call(x[i:i + 1], y[i:i + 1], lengths[i:i + 1], *w)[0] - call(x, y, lengths, *w)[i]).max()
        if not gap < 1e-4:
            return f"text {i} alone gets an answer that differs by {text.number(gap)}"
    return None


@EXERCISE.holds("a source of one token gives that token's value to all")
def tiny_example(call):
    x, y, lengths, w_q, w_k, w_v = EXERCISE.probes[2].arguments
    gap = np.abs(call(x, y, lengths, w_q, w_k, w_v) - y[:, :1] @ w_v).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("weights add up to 1")
def weights_sum_to_one(call):
    x, y, lengths, w_q, w_k, w_v = EXERCISE.probes[0].arguments
    alike = np.repeat(y[:, :1], y.shape[1], axis=1)
    gap = np.abs(call(x, alike, lengths, w_q, w_k, w_v) - alike[:, :1] @ w_v).max()
    return None if gap < 1e-4 else f"where all tokens of a source are alike, an output differs from their value by {text.number(gap)}"
