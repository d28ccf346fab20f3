"""One token through one block of the Llama kind, with a cache."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _norm(x):
    """RMSNorm with a gain and a large epsilon, so that doing it twice, or not at all, shows."""
    x = np.asarray(x, dtype=float)
    return np.linspace(0.6, 1.5, x.shape[-1]) * x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 0.1)


def _rotate(x, place):
    """Pairs (i, i + half), turned by the angle place times 100^(-2i / width)."""
    x = np.asarray(x, dtype=float)
    half = x.shape[-1] // 2
    angle = place * 100.0 ** (-np.arange(half) / half)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * np.cos(angle) - second * np.sin(angle), second * np.cos(angle) + first * np.sin(angle)], axis=-1)


def _think(x):
    """A gated network without learned numbers."""
    x = np.asarray(x, dtype=float)
    gate = 1.5 * np.roll(x, 1, axis=-1) + 0.25
    return gate / (1 + np.exp(-gate)) * (x - 0.5)


def _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, *, place=None, turn_values=False, turn_again=False, tile=False,
          from_normed=False, think_reads=None, in_front=False, scale=None, turn_query=True, mix_first=False):  # fmt: skip
    """The step, with the slips that people make."""
    x, keys, values = (np.asarray(one, dtype=float) for one in (x, keys, values))
    groups, past, d_head = keys.shape
    place = past if place is None else place
    q, k, v = ((norm(x) @ w).reshape(-1, 1, d_head) for w in (w_q, w_k, w_v))
    n_heads = len(q)
    q, k, v = (rotate(q, place) if turn_query else q), rotate(k, place), (rotate(v, place) if turn_values else v)
    new_keys = np.concatenate([k, keys] if in_front else [keys, k], axis=1)
    new_values = np.concatenate([v, values] if in_front else [values, v], axis=1)
    seen = np.concatenate([rotate(new_keys[:, [t]], t) for t in range(past)] + [k], axis=1) if turn_again else new_keys
    order = np.arange(n_heads) % groups if tile else np.arange(n_heads) // (n_heads // groups)
    scores = q @ seen[order].transpose(0, 2, 1) / (np.sqrt(d_head) if scale is None else scale)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    looked = (weights / weights.sum(axis=-1, keepdims=True) @ new_values[order]).reshape(-1) @ w_o
    y = (norm(x) if from_normed else x) + looked
    return y + think({None: norm(y), "raw": y, "old": norm(x)}[think_reads]), new_keys, new_values


def _reference(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think)


EXERCISE = Exercise(
    id="variants.llama_step",
    title="One token, one block, one cache",
    level="apply",
    minutes=25,
    difficulty=3,
    page="variants/modern_decoders",
    headings=("The mathematics", "By hand, then in NumPy"),
    statement=r"""
    The block of this page takes a whole text. Write the step of a decoder that has the past in its cache: **one** new token, a row `x` of $d$ numbers, goes through one block.

    $$z = x + \operatorname{heads}(\operatorname{norm}(x))\, W_O, \qquad y = z + \operatorname{think}(\operatorname{norm}(z))$$

    The cache holds `keys` and `values`, both (`n_kv_heads`, `past`, `d_head`). The keys in it are **turned already**, token $t$ by its place $t$; the new token stands at place `past`. `past` may be 0.

    - `norm(rows)`, `think(rows)` and `rotate(rows, place)`, which turns each row (its last axis) for one place, are given. Queries and keys are turned, values are not.
    - The four matrices are used from the right, $x W$, without biases. Head $h$ has the run of `d_head` features from `h * d_head` on; the width of `w_q` tells how many query heads $H$ there are.
    - With $G$ key-value heads, query head $h$ looks at key-value head $h // (H / G)$. Scores are divided by $\sqrt{d_{\text{head}}}$.

    Return the row $y$, and keys and values with those of the new token behind the old ones.

    A tiny example: with four matrices of zeros, and a `norm` and `think` that return zeros, `y` is `x`, and zeros are appended to keys and values.
    """,
    slot='''
    def llama_step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
        """One new token through one block.

        x: (d,); keys, values: (n_kv_heads, past, d_head)
        w_q: (d, n_heads * d_head); w_k, w_v: (d, n_kv_heads * d_head); w_o: (n_heads * d_head, d)
        result: y (d,), and keys and values, both (n_kv_heads, past + 1, d_head)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("y", "keys", "values"),
    hints=(
        "With an empty cache the new token sees itself alone: all weights are 1, and it is turned for place 0.",
        r"Turn the new query and the new key for the place `past`, and leave the old keys alone. Append first, then score against everything: no mask is needed, for nothing later is in the cache. The second norm reads $z$.",
        "```python\nq, k, v = ((norm(x) @ w).reshape(-1, 1, ____) for w in (w_q, w_k, w_v))\nkeys = np.concatenate([____, rotate(k, ____)], axis=1)\n"
        "scores = rotate(q, ____) @ np.repeat(keys, ____, axis=0).transpose(0, 2, 1) / ____\nz = x + ____\nreturn z + think(____), keys, values\n```",
    ),
    parsons=("step_starts_again_at_zero", "step_groups_tiled"),
    why=r"""
    Nothing in a block knows that there is a past except attention, so a step is the block on one row. Keys are kept *after* they were turned: the angle depends on their own place alone, so they need not be turned again.

    **The two most common mistakes.** Giving each new token the place 0, as if every call began a text: right for the first token, wrong from the second on. Repeating the groups as 0, 1, 0, 1 instead of 0, 0, 1, 1: all shapes fit.

    **Cost.** Each matrix once, about two operations a parameter, and $4 H d_{\text{head}}$ operations for each token of the past.
    """,
    verified="seven caches, from an empty one to 23 tokens, with 1 to 6 heads and as many or fewer of keys; and a text written token by token.",
    next_thought="which lines would change if the cache kept its keys before they are turned, and why might somebody want that?",
    reference=_reference,
)

_rng = np.random.default_rng(71)


def _weights(rng, d, n_heads, groups, d_head, size=0.7):
    shapes = {"q": (d, n_heads * d_head), "k": (d, groups * d_head), "v": (d, groups * d_head), "o": (n_heads * d_head, d)}
    return [size * rng.normal(size=shape) for shape in shapes.values()]


for _d, _heads, _groups, _width, _past in ((7, 4, 2, 6, 5), (5, 6, 3, 2, 23), (3, 3, 1, 4, 11), (8, 2, 2, 4, 1), (7, 4, 2, 6, 0), (4, 1, 1, 4, 4)):
    EXERCISE.probe(f"{_heads} heads, {_groups} of keys, {_past} tokens before", _rng.normal(size=_d), _rng.normal(size=(_groups, _past, _width)),
                   _rng.normal(size=(_groups, _past, _width)), *_weights(_rng, _d, _heads, _groups, _width), _norm, _rotate, _think)  # fmt: skip
EXERCISE.probe("scores far apart", _rng.normal(size=5), 900 * _rng.normal(size=(2, 7, 4)), _rng.normal(size=(2, 7, 4)), *_weights(_rng, 5, 4, 2, 4),
               _norm, _rotate, _think, extreme=True)  # fmt: skip
_rng = np.random.default_rng(72)
EXERCISE.probe("8 heads, 4 of keys, 90 tokens before", _rng.normal(size=5), _rng.normal(size=(4, 90, 4)), _rng.normal(size=(4, 90, 4)), *_weights(_rng, 5, 8, 4, 4), _norm, _rotate, _think)


@EXERCISE.solve
def llama_step_solution(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    groups, past, d_head = keys.shape
    q, k, v = ((norm(x) @ w).reshape(-1, 1, d_head) for w in (w_q, w_k, w_v))
    keys = np.concatenate([keys, rotate(k, past)], axis=1)
    values = np.concatenate([values, v], axis=1)
    k, v = (np.repeat(kept, len(q) // groups, axis=0) for kept in (keys, values))
    scores = rotate(q, past) @ k.transpose(0, 2, 1) / np.sqrt(d_head)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    looked = weights / weights.sum(axis=-1, keepdims=True) @ v
    z = x + looked.reshape(-1) @ w_o
    return z + think(norm(z)), keys, values


@EXERCISE.mutant
def step_starts_again_at_zero(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    groups, past, d_head = keys.shape
    q, k, v = ((norm(x) @ w).reshape(-1, 1, d_head) for w in (w_q, w_k, w_v))
    keys = np.concatenate([keys, rotate(k, 0)], axis=1)
    values = np.concatenate([values, v], axis=1)
    k, v = (np.repeat(kept, len(q) // groups, axis=0) for kept in (keys, values))
    scores = rotate(q, 0) @ k.transpose(0, 2, 1) / np.sqrt(d_head)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    looked = weights / weights.sum(axis=-1, keepdims=True) @ v
    z = x + looked.reshape(-1) @ w_o
    return z + think(norm(z)), keys, values


@EXERCISE.mutant
def step_groups_tiled(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    groups, past, d_head = keys.shape
    q, k, v = ((norm(x) @ w).reshape(-1, 1, d_head) for w in (w_q, w_k, w_v))
    keys = np.concatenate([keys, rotate(k, past)], axis=1)
    values = np.concatenate([values, v], axis=1)
    k, v = (np.tile(kept, (len(q) // groups, 1, 1)) for kept in (keys, values))
    scores = rotate(q, past) @ k.transpose(0, 2, 1) / np.sqrt(d_head)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    looked = weights / weights.sum(axis=-1, keepdims=True) @ v
    z = x + looked.reshape(-1) @ w_o
    return z + think(norm(z)), keys, values


@EXERCISE.mutant
def step_one_place_too_far(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, place=np.asarray(keys).shape[1] + 1)


@EXERCISE.mutant
def step_turns_the_cache_again(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, turn_again=True)


@EXERCISE.mutant
def step_turns_the_values(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, turn_values=True)


@EXERCISE.mutant
def step_leaves_the_query_unturned(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, turn_query=False)


@EXERCISE.mutant
def step_added_to_the_normed(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, from_normed=True)


@EXERCISE.mutant
def step_second_norm_reads_the_old_row(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, think_reads="old")


@EXERCISE.mutant
def step_without_the_second_norm(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, think_reads="raw")


@EXERCISE.mutant
def step_new_token_in_front(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, in_front=True)


@EXERCISE.mutant
def step_scores_not_scaled(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    return _step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, scale=1.0)


@EXERCISE.holds("token by token, a text comes out as it should")
def whole_text(call):
    rng = np.random.default_rng(5)
    w, rows, keys = _weights(rng, 6, 4, 2, 4), rng.normal(size=(5, 6)), np.zeros((2, 0, 4))
    values = keys
    for at, row in enumerate(rows):
        wanted = _step(row, keys, values, *w, _norm, _rotate, _think)
        y = np.asarray(call(row, keys, values, *w, _norm, _rotate, _think)[0], dtype=float)
        if y.shape != (6,) or not np.allclose(y, wanted[0], atol=1e-3):
            return f"the row of token {at} begins with {text.numbers(y, 2)}, expected {text.numbers(wanted[0], 2)}"
        keys, values = wanted[1:]
    return None


@EXERCISE.holds("the old rows of the cache stay as they are, and stay in front")
def cache_kept(call):
    rng = np.random.default_rng(6)
    keys, values = rng.normal(size=(2, 1, 3, 2))
    _, new_keys, new_values = call(rng.normal(size=3), keys, values, *_weights(rng, 3, 1, 1, 2), _norm, _rotate, _think)
    for name, old, new in (("keys", keys, new_keys), ("values", values, new_values)):
        if np.shape(new) != (1, 4, 2):
            return f"the {name} have the shape {text.shape(np.asarray(new))}, expected (1, 4, 2)"
        if not np.allclose(np.asarray(new)[:, :3], old, atol=1e-3):
            return f"the old {name} have changed"
    return None


@EXERCISE.holds("where all matrices are zeros, the row stays")
def zeros_change_nothing(call):
    w = [np.zeros(shape) for shape in ((2, 4), (2, 2), (2, 2), (4, 2))]
    still = lambda x: 0 * np.asarray(x)  # noqa: E731
    y, _, _ = call(np.array([3.0, -1.0]), np.ones((1, 1, 2)), np.ones((1, 1, 2)), *w, still, _rotate, still)
    return None if np.shape(y) == (2,) and np.allclose(y, [3, -1], atol=1e-3) else f"the row 3, -1 becomes {text.numbers(y)}"
