"""One step of generation with a cache of keys and values."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import with_scores
from attnlab.reference import softmax


def _attend(q, keys, values):
    mask = masks.causal(*masks.positions(q.shape[-2], keys.shape[-2]))
    return reference.attention(q, keys, values, mask=mask)


def _reference(q, k_new, v_new, k_cache, v_cache):
    keys = np.concatenate([k_cache, k_new], axis=-2)
    values = np.concatenate([v_cache, v_new], axis=-2)
    return _attend(q, keys, values), keys, values


EXERCISE = Exercise(
    id="self_attention.cached_step",
    title="One step with a cache",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="self_attention/masks",
    headings=("Fewer queries than keys",),
    statement=r"""
    A generating model keeps the keys and values of the past. Given the queries, keys and values of the **new** tokens (one or more)
    and the cache, return three things: the causal attention output of the new tokens, the longer key cache, the longer value cache.
    New tokens go behind old ones; each sees the whole cache, the new tokens before it, and itself. The result must equal the last rows of a
    computation without any cache. The cache may be empty, and scores may run into the thousands, of either sign.

    A tiny example with one new token: `k_cache` holds 3 rows, so the new cache holds 4, and the new query looks at all 4.
    """,
    slot='''
    def cached_step(q, k_new, v_new, k_cache, v_cache):
        """Causal attention of the new tokens over cache and new tokens together.

        q, k_new: (..., new, d_k), v_new: (..., new, d_v), k_cache, v_cache: (..., old, ...)
        result: output (..., new, d_v), keys (..., old + new, d_k), values (..., old + new, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("output", "keys", "values"),
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "With the same tokens in the same order, cached and uncached outputs are equal. So the new tokens' positions go on where the "
        "cache ends; they do not start again at 0.",
        r"With $c$ cached and $n$ new tokens, query $i$ stands at position $c + i$ and sees the keys $j \le c + i$ of all $c + n$.",
        "```python\nkeys = np.concatenate([____, ____], axis=____)\nvalues = ____\n"
        "past = np.arange(n_keys) <= ____[:, None]\nscores = ____\n"
        "return softmax(np.where(past, scores, ____)) @ values, keys, values\n```",
    ),
    parsons=("new_keys_in_front", "top_left_causal"),
    why=r"""
    The cache changes nothing about the result, only what is computed again. The mask needs the true positions, which begin at $c$.

    **The two most common mistakes.** A causal mask aligned at the top left: a single new query then sees key 0 and nothing else.
    Forgetting to append before attending, so that the new token cannot see itself.

    **Cost.** $O(c \cdot d)$ for one new token instead of $O(c^2 d)$ for the whole text again, paid for with a cache of $c (d_k + d_v)$ numbers.
    """,
    verified="output and both caches equal to the uncached computation for 1, 3 and 5 new tokens, an empty cache, a batch, and scores of 1000.",
    next_thought="which of the three results would change if the new tokens were fed one by one?",
    reference=_reference,
)

_rng = np.random.default_rng(7)


def _case(new, old, batch=()):
    shapes = (new, 5), (new, 5), (new, 3), (old, 5), (old, 3)
    return tuple(_rng.normal(size=(*batch, *shape)) for shape in shapes)


EXERCISE.probe("3 new tokens, 7 in the cache", *_case(3, 7))
EXERCISE.probe("1 new token, 7 in the cache", *_case(1, 7))
EXERCISE.probe("5 new tokens, an empty cache", *_case(5, 0))
EXERCISE.probe("a batch of 2 with 3 new tokens", *_case(3, 11, (2,)))
_late = np.array([[-1000.0, -1001.0, -3000.0, 1000.0, 2000.0], [1000.0, 1001.0, 0.0, 999.5, 3000.0], [0.0, 1.0, -1.0, 0.5, 2.0]])
_q_wide, _k_wide = with_scores(_late)
EXERCISE.probe("scores from -3000 to 3000, the largest still to come", _q_wide, _k_wide[2:], np.eye(5)[2:], _k_wide[:2], np.eye(5)[:2], extreme=True)


@EXERCISE.solve
def cached_step_solution(q, k_new, v_new, k_cache, v_cache):
    keys = np.concatenate([k_cache, k_new], axis=-2)
    values = np.concatenate([v_cache, v_new], axis=-2)
    n_queries, n_keys = q.shape[-2], keys.shape[-2]
    past = np.arange(n_keys) <= np.arange(n_keys - n_queries, n_keys)[:, None]
    scores = q @ keys.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(np.where(past, scores, -np.inf)) @ values, keys, values


@EXERCISE.mutant
def top_left_causal(q, k_new, v_new, k_cache, v_cache):
    keys = np.concatenate([k_cache, k_new], axis=-2)
    values = np.concatenate([v_cache, v_new], axis=-2)
    n_queries, n_keys = q.shape[-2], keys.shape[-2]
    past = np.arange(n_keys) <= np.arange(n_queries)[:, None]
    scores = q @ keys.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(np.where(past, scores, -np.inf)) @ values, keys, values


@EXERCISE.mutant
def new_keys_in_front(q, k_new, v_new, k_cache, v_cache):
    keys = np.concatenate([k_new, k_cache], axis=-2)
    values = np.concatenate([v_new, v_cache], axis=-2)
    n_queries, n_keys = q.shape[-2], keys.shape[-2]
    past = np.arange(n_keys) <= np.arange(n_keys - n_queries, n_keys)[:, None]
    scores = q @ keys.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(np.where(past, scores, -np.inf)) @ values, keys, values


@EXERCISE.mutant(same_as="new_keys_in_front")
def new_keys_in_front_but_seen(q, k_new, v_new, k_cache, v_cache):
    output = _reference(q, k_new, v_new, k_cache, v_cache)[0]
    return output, np.concatenate([k_new, k_cache], axis=-2), np.concatenate([v_new, v_cache], axis=-2)


@EXERCISE.mutant(evidence=text.values)
def new_keys_not_appended(q, k_new, v_new, k_cache, v_cache):
    return reference.attention(q, k_cache, v_cache), k_cache, v_cache


@EXERCISE.mutant
def appended_after_attending(q, k_new, v_new, k_cache, v_cache):
    keys = np.concatenate([k_cache, k_new], axis=-2)
    return reference.attention(q, k_cache, v_cache), keys, np.concatenate([v_cache, v_new], axis=-2)


@EXERCISE.mutant
def cache_not_returned(q, k_new, v_new, k_cache, v_cache):
    return _reference(q, k_new, v_new, k_cache, v_cache)[0], k_cache, v_cache


@EXERCISE.mutant
def cache_not_read(q, k_new, v_new, k_cache, v_cache):
    _, keys, values = _reference(q, k_new, v_new, k_cache, v_cache)
    return _attend(q, k_new, v_new), keys, values


@EXERCISE.mutant
def no_mask(q, k_new, v_new, k_cache, v_cache):
    _, keys, values = _reference(q, k_new, v_new, k_cache, v_cache)
    return reference.attention(q, keys, values), keys, values


@EXERCISE.mutant
def self_excluded(q, k_new, v_new, k_cache, v_cache):
    _, keys, values = _reference(q, k_new, v_new, k_cache, v_cache)
    q_pos, k_pos = masks.positions(q.shape[-2], keys.shape[-2])
    return reference.attention(q, keys, values, mask=masks.causal(q_pos - 1, k_pos)), keys, values


@EXERCISE.mutant
def sees_the_next_token(q, k_new, v_new, k_cache, v_cache):
    _, keys, values = _reference(q, k_new, v_new, k_cache, v_cache)
    q_pos, k_pos = masks.positions(q.shape[-2], keys.shape[-2])
    return reference.attention(q, keys, values, mask=masks.causal(q_pos + 1, k_pos)), keys, values


@EXERCISE.mutant
def filled_with_a_modest_number(q, k_new, v_new, k_cache, v_cache):
    _, keys, values = _reference(q, k_new, v_new, k_cache, v_cache)
    past = masks.causal(*masks.positions(q.shape[-2], keys.shape[-2]))
    return softmax(np.where(past, q @ keys.swapaxes(-1, -2) / np.sqrt(q.shape[-1]), -100.0)) @ values, keys, values


@EXERCISE.mutant
def positions_restart(q, k_new, v_new, k_cache, v_cache):
    _, keys, values = _reference(q, k_new, v_new, k_cache, v_cache)
    k_pos = np.concatenate([np.arange(k_cache.shape[-2]), np.arange(q.shape[-2])])
    mask = masks.causal(np.arange(q.shape[-2]), k_pos)
    return reference.attention(q, keys, values, mask=mask), keys, values


@EXERCISE.mutant
def no_scale(q, k_new, v_new, k_cache, v_cache):
    return _reference(q * np.sqrt(q.shape[-1]), k_new, v_new, k_cache, v_cache)


_text = _case(7, 0)


def _in_two_pieces(call):
    q, k, v, no_keys, no_values = _text
    first, keys, values = call(q[:5], k[:5], v[:5], no_keys, no_values)
    second, keys, values = call(q[5:], k[5:], v[5:], keys, values)
    return first, second, keys, values


@EXERCISE.holds("the caches grow by the new tokens")
def caches_grow(call):
    keys, values = _in_two_pieces(call)[2:]
    good = keys.shape == (7, 5) and values.shape == (7, 3)
    return None if good else f"after 5 and 2 new tokens they are {text.shape(keys)} and {text.shape(values)}"


@EXERCISE.holds("old entries of the cache stay where they are")
def old_entries_stay(call):
    keys = _in_two_pieces(call)[2]
    return None if np.allclose(keys[:5], _text[1][:5], atol=1e-4) else "the first keys have moved"


@EXERCISE.holds("a text in two pieces gives what the whole text gives")
def two_pieces(call):
    whole = call(*_text)[0]
    gap = np.abs(_in_two_pieces(call)[1] - whole[5:]).max()
    return None if gap < 1e-4 else f"the last two outputs differ by {text.number(gap)}"


@EXERCISE.holds("the newest token sees itself")
def sees_itself(call):
    q, k, v, no_keys, no_values = _text
    out = call(q[:1], k[:1], v[:1], no_keys, no_values)[0]
    return None if np.allclose(out, v[:1], atol=1e-4) else f"alone, it gets {text.numbers(out, 3)}, not its own value"


@EXERCISE.holds("an output does not move when a later token changes")
def no_future(call):
    q, k, v, no_keys, no_values = _text
    other_k, other_v = k.copy(), v.copy()
    other_k[5:], other_v[5:] = 3 * k[5:], v[5:] + 10
    gap = np.abs(call(q, other_k, other_v, no_keys, no_values)[0][:5] - call(*_text)[0][:5]).max()
    return None if gap < 1e-4 else f"outputs 0 to 4 move by {text.number(gap)} when tokens 5 and 6 change"


@EXERCISE.holds("a score higher by the logarithm of 3 makes a weight three times as large")
def by_hand(call):
    q, k = with_scores(np.array([[0.0, np.log(3)]]))
    out = call(q, k[1:], np.eye(2)[1:], k[:1], np.eye(2)[:1])[0][0]
    return None if np.allclose(out, [0.25, 0.75], atol=1e-4) else f"with the scores 0 and log 3 the weights are {text.numbers(out)}"


@EXERCISE.holds("scores of 1000 and -1000 do no harm, and one still to come may be the largest")
def large_scores(call):
    out = call(_q_wide, _k_wide[2:], np.eye(5)[2:], _k_wide[:2], np.eye(5)[:2])[0]
    good = np.allclose(out[0], [0.731, 0.269, 0, 0, 0], atol=1e-3) and np.isfinite(out).all()
    return None if good else f"with the scores -1000, -1001 and -3000 so far the weights are {text.numbers(out[0], 5)}"


@EXERCISE.holds("each text of a batch is answered by itself")
def texts_are_independent(call):
    batch = EXERCISE.probes[3].arguments
    gap = np.abs(call(*(part[1] for part in batch))[0] - call(*batch)[0][1]).max()
    return None if gap < 1e-4 else f"text 1 alone gets an answer that differs by {text.number(gap)}"
