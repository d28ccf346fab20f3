"""How far the past moves when the future is changed."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import softmax


def _mask(n):
    return masks.causal(*masks.positions(n, n))


def _right(q, k, v):
    return reference.attention(q, k, v, _mask(len(q)))


def _open(q, k, v):
    return reference.attention(q, k, v)


def _next(q, k, v):
    return reference.attention(q, k, v, np.tri(len(q), k=1, dtype=bool))


def _late(q, k, v):
    return (reference.attention_weights(q, k) * _mask(len(q))) @ v


def _columns(q, k, v):
    scores = np.where(_mask(len(q)), q @ k.T / np.sqrt(q.shape[-1]), -np.inf)
    return softmax(scores, axis=0) @ v


def _peeking_values(q, k, v):
    return _right(q, k, v) + v[-1]


LAYERS = {
    "a causal attention": _right,
    "an attention without a mask": _open,
    "a mask one token too far": _next,
    "a mask after the softmax": _late,
    "a softmax over the queries": _columns,
    "an attention that adds the last value": _peeking_values,
}


def _changed(x, t, by):
    return np.concatenate([x[:t], x[t:] + by[t:]])


def _moves(attend, q, k, v, t, noise):
    after = attend(q, _changed(k, t, noise), _changed(v, t, noise))
    return after - attend(q, k, v)


def _reference(attend, q, k, v, t, noise):
    return np.abs(_moves(attend, q, k, v, t, noise)[:t]).max()


EXERCISE = Exercise(
    id="self_attention.future_leak",
    title="Does the past move?",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/the_loss_fell",
    headings=("Short tests",),
    statement=r"""
    Measure how much an attention leaks. `attend(q, k, v)` claims to be causal; `q`, `k` and `v` are ($n \times d$). Add `noise` ($n \times d$) to the keys **and** to the values of token `t` and all later ones, and return the largest change, in absolute value, of any output *before* token `t`.

    A tiny example: for an attention that looks at itself only, the answer is 0; for one that returns the last value everywhere, it is the largest entry of $|$`noise[-1]`$|$.

    `q`, `k` and `v` must be as before when you are done.
    """,
    slot='''
    def future_leak(attend, q, k, v, t, noise):
        """Largest change of the outputs before token t when the future is changed.

        attend: function of q, k, v, each (n, d), that gives (n, d)
        t: a token, 0 < t < n, noise: (n, d)
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A layer that leaks nothing gives exactly 0, and one that leaks through the weights alone, or through the values alone, does not.",
        r"Copy the keys and the values, add the noise from row $t$ on, and compare the first $t$ rows of two calls.",
        "```python\nk_new, v_new = np.array(k, dtype=float), ____\nk_new[____] += noise[____]\nv_new[____] += ____\n"
        "gap = attend(q, k_new, v_new) - attend(q, k, v)\nreturn np.abs(gap[____]).max()\n```",
    ),
    parsons=("token_itself_counted_as_past", "leak_measured_everywhere"),
    why=r"""
    The definition of *causal* is that the past does not move, so this is no sign of a leak but the leak itself, and it needs no second implementation.

    **The two most common mistakes.** Changing the values alone: a mask applied after the softmax and a softmax over the queries leak through the *keys*, and pass. Changing only the last token: a leak from the next token is seen at one place only, which a large tolerance may hide.

    **Cost.** Two calls. Run it on the trained model as well: a mask made of large negative numbers can be right on random parameters and be outgrown in training.
    """,
    verified="seven kinds of attention, three cuts, texts of 7 and 5 tokens; the arguments are as before.",
    next_thought="for which of these layers does the leak get smaller when the text gets longer?",
    reference=_reference,
)

_rng = np.random.default_rng(31)
_q, _k, _v, _noise = _rng.normal(size=(4, 7, 5))
for _name, _layer in LAYERS.items():
    EXERCISE.probe(_name, _layer, _q, _k, _v, 3, _noise)
EXERCISE.probe("a hundredth of the last value added", lambda q, k, v: _right(q, k, v) + 0.01 * v[-1], _q, _k, _v, 3, _noise)
EXERCISE.probe("the last value added, all noise positive", _peeking_values, _q, _k, _v, 3, np.abs(_noise))
EXERCISE.probe("no mask, a cut at the last token", _open, _q, _k, _v, 6, _noise)
EXERCISE.probe("no mask, a cut at token 1", _open, *_rng.normal(size=(3, 5, 3)), 1, -2 * np.ones((5, 3)))


@EXERCISE.solve
def future_leak_solution(attend, q, k, v, t, noise):
    k_new, v_new = np.array(k, dtype=float), np.array(v, dtype=float)
    k_new[t:] += noise[t:]
    v_new[t:] += noise[t:]
    gap = attend(q, k_new, v_new) - attend(q, k, v)
    return np.abs(gap[:t]).max()


@EXERCISE.mutant
def future_keys_alone(attend, q, k, v, t, noise):
    return np.abs(attend(q, _changed(k, t, noise), v) - attend(q, k, v))[:t].max()


@EXERCISE.mutant
def future_values_alone(attend, q, k, v, t, noise):
    return np.abs(attend(q, k, _changed(v, t, noise)) - attend(q, k, v))[:t].max()


@EXERCISE.mutant
def token_itself_counted_as_past(attend, q, k, v, t, noise):
    k_new, v_new = np.array(k, dtype=float), np.array(v, dtype=float)
    k_new[t:] += noise[t:]
    v_new[t:] += noise[t:]
    gap = attend(q, k_new, v_new) - attend(q, k, v)
    return np.abs(gap[:t + 1]).max()


@EXERCISE.mutant
def leak_measured_everywhere(attend, q, k, v, t, noise):
    k_new, v_new = np.array(k, dtype=float), np.array(v, dtype=float)
    k_new[t:] += noise[t:]
    v_new[t:] += noise[t:]
    gap = attend(q, k_new, v_new) - attend(q, k, v)
    return np.abs(gap).max()


@EXERCISE.mutant
def last_token_alone_changed(attend, q, k, v, t, noise):
    last = len(q) - 1
    return np.abs(attend(q, _changed(k, last, noise), _changed(v, last, noise)) - attend(q, k, v))[:t].max()


@EXERCISE.mutant
def future_starts_one_late(attend, q, k, v, t, noise):
    return np.abs(attend(q, _changed(k, t + 1, noise), _changed(v, t + 1, noise)) - attend(q, k, v))[:t].max()


@EXERCISE.mutant
def leak_without_absolute_value(attend, q, k, v, t, noise):
    return _moves(attend, q, k, v, t, noise)[:t].max()


@EXERCISE.mutant
def leak_averaged(attend, q, k, v, t, noise):
    return np.abs(_moves(attend, q, k, v, t, noise)[:t]).mean()


@EXERCISE.mutant
def compared_with_itself(attend, q, k, v, t, noise):
    return 0.0


@EXERCISE.holds("a causal attention leaks exactly nothing")
def causal_is_zero(call):
    leak = float(call(_right, _q, _k, _v, 4, _noise))
    if leak != 0:
        return f"its leak comes out as {leak:.3f}"


@EXERCISE.holds("an attention that returns the last value everywhere leaks the largest entry of its noise")
def last_value(call):
    leak = float(call(lambda q, k, v: 0 * q + v[-1], _q, _k, _v, 2, _noise))
    wanted = np.abs(_noise[-1]).max()
    if abs(leak - wanted) > 1e-9:
        return f"it comes out as {leak:.3f}, not {wanted:.3f}"


@EXERCISE.holds("an attention that returns the last key everywhere leaks the largest entry of its noise too")
def last_key(call):
    leak = float(call(lambda q, k, v: 0 * q + k[-1], _q, _k, _v, 2, _noise))
    wanted = np.abs(_noise[-1]).max()
    return None if abs(leak - wanted) < 1e-4 else f"it comes out as {text.number(leak)}, not {text.number(wanted)}"


@EXERCISE.holds("keys and values are changed in one go")
def both_at_once(call):
    leak = float(call(lambda q, k, v: 0 * q + k[3] * v[3], _q, _k, _v, 3, _noise))
    wanted = np.abs((_k[3] + _noise[3]) * (_v[3] + _noise[3]) - _k[3] * _v[3]).max()
    return None if abs(leak - wanted) < 1e-4 else f"it comes out as {text.number(leak)}, not {text.number(wanted)}"


class _Lent(np.ndarray):
    """An array that is handed over itself where others are copied, so that a change of it is seen by its owner."""

    def __deepcopy__(self, memo):
        return self


@EXERCISE.holds("q, k and v are as before")
def arguments_kept(call):
    lent = [x.copy().view(_Lent) for x in (_q, _k, _v)]
    call(_open, *lent, 3, _noise)
    changed = [name for name, mine, x in zip("qkv", lent, (_q, _k, _v)) if not np.array_equal(mine, x)]
    return f"{' and '.join(changed)} comes back changed" if changed else None


@EXERCISE.holds("a leak into a single output before t is found, whichever it is")
def single_output(call):
    wanted = np.abs(_noise[-1]).max()
    for i in range(3):
        leak = float(call(lambda q, k, v: np.eye(7)[:, [i]] * v[-1], _q, _k, _v, 3, _noise))
        if not abs(leak - wanted) < 1e-4:
            return f"where output {i} is the last value it comes out as {text.number(leak)}, not {text.number(wanted)}"
    return None
