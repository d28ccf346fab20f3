"""One cached step for a batch of texts of unlike length: who is seen, and at which place the new token stands."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import APART, APART_WEIGHTS, comes_out, with_scores


def _joined(k_new, v_new, k_cache, v_cache, real, new=True):
    keys = np.concatenate([np.asarray(k_cache, dtype=float), np.asarray(k_new, dtype=float)[:, None]], axis=1)
    values = np.concatenate([np.asarray(v_cache, dtype=float), np.asarray(v_new, dtype=float)[:, None]], axis=1)
    return keys, values, np.concatenate([real, np.full((len(real), 1), new)], axis=1)


def _reference(q, k_new, v_new, k_cache, v_cache, real):
    keys, values, may = _joined(k_new, v_new, k_cache, v_cache, real)
    return reference.attention(np.asarray(q, dtype=float)[:, None], keys, values, may[:, None])[:, 0], real.sum(axis=1)


EXERCISE = Exercise(
    id="architecture.left_padded_step",
    title="A cached step for texts of unlike length",
    level="apply",
    minutes=20,
    difficulty=3,
    page="architecture/decoding",
    headings=("The cache: each token is read once", "What goes wrong"),
    statement=r"""
    Several texts are continued at once. To end at the same column they are padded **on the left**, and `real[b, j]` says whether column `j` of text `b` holds a token. Keys and values of all columns, those of padding included, are in the cache. A text may have nothing but padding so far, and there may be no column yet.

    Each text now gets one new token, with query `q[b]`, key `k_new[b]` and value `v_new[b]`. Return

    - the attention output of the new token of each text: it sees the real tokens of its own text and **itself**, with scores divided by $\sqrt{d_k}$;
    - its **position**, counted from 0 and without padding.

    A tiny example: `q = [[0]]`, `k_new = [[3]]`, `v_new = [[8]]`, `k_cache = [[[5], [7]]]`, `v_cache = [[[90], [4]]]`, `real = [[False, True]]` give the outputs `[[6]]` and the positions `[1]`.
    """,
    slot='''
    def left_padded_step(q, k_new, v_new, k_cache, v_cache, real):
        """Output and position of one new token in each text.

        q, k_new: (texts, d_k), v_new: (texts, d_v), k_cache: (texts, columns, d_k), v_cache: (texts, columns, d_v)
        real: (texts, columns), True where there is a token
        result: (texts, d_v), (texts,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A text alone, without its padding, gives the same output and the same position as in the batch.",
        r"Keys: the cached ones and the new one behind them, $n + 1$ columns. The mask: `real`, and True for the new column. Hidden scores are $-\infty$ before the softmax. The position is the number of real tokens before.",
        "```python\nkeys = np.concatenate([k_cache, ____], axis=1)\nvalues = np.concatenate([v_cache, ____], axis=1)\nsees = np.concatenate([real, ____], axis=1)\n"
        "scores = np.einsum('bd,bnd->bn', q, keys) / ____\nscores = np.where(sees, scores, ____)\nweights = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
        "weights /= ____\nreturn np.einsum('bn,bnd->bd', weights, values), ____\n```",
    ),
    parsons=("padding_is_read", "padding_counts_in_the_position"),
    why=r"""
    Padding on the left puts the newest token of every text into the last column, where the next one is appended. The price is that column and position are no longer the same number.

    **The two most common mistakes.** Taking the column for the position: the text comes out as if it stood further along, and a short text in a batch is continued differently from the same text alone. Forgetting the mask in the cached step, although the first pass had one.

    **Cost.** One row of scores a text, over all columns, padding included.
    """,
    verified="equal to attention over the real tokens for one to five texts, without padding, with nothing but padding, with an empty cache and with large scores.",
    next_thought="with rotary positions, which of the two mistakes would show in no output at all, if all columns of a text were moved by the same number?",
    parts=("output", "position"),
    reference=_reference,
)


def _case(seed, lengths, columns, d_k=5, d_v=3):
    rng = np.random.default_rng(seed)
    n = len(lengths)
    real = np.arange(columns) >= columns - np.array(lengths)[:, None]
    return (rng.normal(size=(n, d_k)), rng.normal(size=(n, d_k)), rng.normal(size=(n, d_v)),
            rng.normal(size=(n, columns, d_k)), rng.normal(size=(n, columns, d_v)), real)


EXERCISE.probe("4 texts of 2, 7, 5 and 3 tokens", *_case(1, (2, 7, 5, 3), 7))
EXERCISE.probe("2 texts of 1 and 3 tokens in 3 columns", *_case(2, (1, 3), 3, d_k=2, d_v=7))
EXERCISE.probe("one text has nothing but padding", *_case(3, (0, 4, 2), 4))
EXERCISE.probe("no padding", *_case(4, (5, 5), 5))
EXERCISE.probe("one text, padded", *_case(5, (4,), 6, d_v=1))
EXERCISE.probe("the first step, nothing cached", *_case(6, (0, 0, 0), 0))
EXERCISE.probe("5 texts of 4 tokens each in 5 columns of width 5", *_case(7, (4,) * 5, 5, d_k=5, d_v=5))
EXERCISE.probe("whole numbers", np.array([[1, 0], [0, 2]]), np.array([[1, 1], [0, 1]]), np.array([[4], [6]]), np.array([[[9, 0], [2, 0]], [[0, 1], [3, 3]]]),
               np.array([[[50], [2]], [[1], [7]]]), np.array([[False, True], [True, True]]))
_q_wide, _k_wide = with_scores(APART)
EXERCISE.probe("scores of a thousand, the largest padded", np.stack([_q_wide[0], _q_wide[2]]), np.stack([_k_wide[0]] * 2), np.eye(3)[[0, 0]],
               np.stack([_k_wide[1:]] * 2), np.stack([np.eye(3)[1:]] * 2), np.array([[False, True], [True, True]]), extreme=True)
EXERCISE.probe("single precision", *(part.astype(np.float32) if part.dtype == float else part for part in _case(8, (2, 3), 4)))


def _attend(q, keys, values, may, scale=None, hide=lambda scores, may: np.where(may, scores, -np.inf)):
    scores = np.einsum("bd,bnd->bn", np.asarray(q, dtype=float), keys) / (np.sqrt(q.shape[-1]) if scale is None else scale)
    scores = hide(scores, may)
    top = np.where(np.isfinite(scores.max(axis=1, keepdims=True, initial=-np.inf)), scores.max(axis=1, keepdims=True, initial=-np.inf), 0)
    powers = np.exp(scores - top)
    total = powers.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", powers / np.where(total > 0, total, 1), values)
_q_low, _k_low = with_scores(np.array([[9000.0, -4000.0, -4001.0], [9000.0, -7000.0, -6999.0]]))
EXERCISE.probe("scores of minus thousands, the largest padded", _q_low, np.stack([_k_low[2]] * 2), np.eye(3)[[2, 2]], np.stack([_k_low[:2]] * 2),
               np.stack([np.eye(3)[:2]] * 2), np.array([[False, True]] * 2), extreme=True)


@EXERCISE.solve
def left_padded_step_solution(q, k_new, v_new, k_cache, v_cache, real):
    keys = np.concatenate([k_cache, k_new[:, None]], axis=1)
    values = np.concatenate([v_cache, v_new[:, None]], axis=1)
    sees = np.concatenate([real, np.ones((len(q), 1), dtype=bool)], axis=1)
    scores = np.einsum("bd,bnd->bn", q, keys) / np.sqrt(q.shape[1])
    scores = np.where(sees, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", weights, values), real.sum(axis=1)


@EXERCISE.mutant
def padding_is_read(q, k_new, v_new, k_cache, v_cache, real):
    keys = np.concatenate([k_cache, k_new[:, None]], axis=1)
    values = np.concatenate([v_cache, v_new[:, None]], axis=1)
    scores = np.einsum("bd,bnd->bn", q, keys) / np.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", weights, values), real.sum(axis=1)


@EXERCISE.mutant(evidence=text.values)
def padding_counts_in_the_position(q, k_new, v_new, k_cache, v_cache, real):
    keys = np.concatenate([k_cache, k_new[:, None]], axis=1)
    values = np.concatenate([v_cache, v_new[:, None]], axis=1)
    sees = np.concatenate([real, np.ones((len(q), 1), dtype=bool)], axis=1)
    scores = np.einsum("bd,bnd->bn", q, keys) / np.sqrt(q.shape[1])
    scores = np.where(sees, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", weights, values), np.full(len(q), k_cache.shape[1])


@EXERCISE.mutant
def new_token_does_not_see_itself(q, k_new, v_new, k_cache, v_cache, real):
    keys, values, may = _joined(k_new, v_new, k_cache, v_cache, real, new=False)
    return _attend(q, keys, values, may), real.sum(axis=1)


@EXERCISE.mutant
def new_token_sees_the_first_column_alone(q, k_new, v_new, k_cache, v_cache, real):
    keys, values, may = _joined(k_new, v_new, k_cache, v_cache, real)
    return _attend(q, keys, values, may & (np.arange(may.shape[1]) == 0)), real.sum(axis=1)


@EXERCISE.mutant
def padding_of_the_first_text_for_all(q, k_new, v_new, k_cache, v_cache, real):
    keys, values, may = _joined(k_new, v_new, k_cache, v_cache, real)
    return _attend(q, keys, values, np.broadcast_to(may[0], may.shape)), real.sum(axis=1)


@EXERCISE.mutant
def padding_scored_as_zero(q, k_new, v_new, k_cache, v_cache, real):
    keys, values, may = _joined(k_new, v_new, k_cache, v_cache, real)
    return _attend(q, keys, values, may, hide=lambda scores, may: scores * may), real.sum(axis=1)


@EXERCISE.mutant
def padding_taken_for_the_right_side(q, k_new, v_new, k_cache, v_cache, real):
    keys, values, may = _joined(k_new, v_new, k_cache, v_cache, real)
    n = may.sum(axis=1, keepdims=True)
    return _attend(q, keys, values, np.arange(may.shape[1]) < n), real.sum(axis=1)


@EXERCISE.mutant(evidence=text.values)
def position_starts_again_at_zero(q, k_new, v_new, k_cache, v_cache, real):
    return _reference(q, k_new, v_new, k_cache, v_cache, real)[0], np.zeros(len(q), dtype=int)


@EXERCISE.mutant(evidence=text.values)
def position_counts_the_token_itself(q, k_new, v_new, k_cache, v_cache, real):
    return _reference(q, k_new, v_new, k_cache, v_cache, real)[0], real.sum(axis=1) + 1


@EXERCISE.mutant
def cached_scores_not_scaled(q, k_new, v_new, k_cache, v_cache, real):
    keys, values, may = _joined(k_new, v_new, k_cache, v_cache, real)
    return _attend(q, keys, values, may, scale=1.0), real.sum(axis=1)


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[6]], [1]), np.array([[0.0]]), np.array([[3.0]]), np.array([[8.0]]), np.array([[[5.0], [7.0]]]), np.array([[[90.0], [4.0]]]), np.array([[False, True]])))


@EXERCISE.holds("a text in a batch gets what it gets alone, without its padding")
def alone(call):
    batch = _case(1, (2, 7, 5, 3), 7)
    out, at = call(*batch)
    one = [part[3:4] for part in batch]
    one[3:] = [part[:, 4:] for part in one[3:]]
    mine, place = call(*one)
    gap = np.abs(np.asarray(mine)[0] - np.asarray(out)[3]).max()
    if int(np.ravel(place)[0]) != int(np.ravel(at)[3]):
        return f"its position is {int(np.ravel(at)[3])} in the batch and {int(np.ravel(place)[0])} alone"
    return None if gap < 1e-4 else f"its output differs by {text.number(gap)}"


@EXERCISE.holds("what stands in the padding does not matter")
def padding_does_not_matter(call):
    batch = list(_case(1, (2, 7, 5, 3), 7))
    before = np.asarray(call(*batch)[0])
    batch[3], batch[4] = (np.where(batch[5][..., None], part, 50.0) for part in batch[3:5])
    gap = np.abs(np.asarray(call(*batch)[0]) - before).max()
    return None if gap < 1e-4 else f"with other numbers in the padding the output moves by {text.number(gap)}"


@EXERCISE.holds("a score higher by one makes a weight e times as large")
def large(call):
    out = call(_q_wide[:1], _k_wide[:1], np.eye(3)[:1], _k_wide[None, 1:], np.eye(3)[None, 1:], np.array([[True, True]]))[0]
    return None if np.allclose(out, APART_WEIGHTS[:1], atol=1e-3) else f"with the scores 1000, 1001 and -3000 the weights are {text.numbers(out)}"
