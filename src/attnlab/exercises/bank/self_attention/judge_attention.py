"""A test to write: it has to accept causal attention in every right writing and to see through the wrong ones."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises._exercise import Exercise
from attnlab.reference import softmax


def _past(n):
    return masks.causal(*masks.positions(n, n))


def _right(q, k, v):
    return reference.attention(q, k, v, _past(len(q)))


def _single(q, k, v):
    return _right(*(x.astype(np.float32) for x in (q, k, v))).astype(np.float32)


def _by_rows(q, k, v):
    return np.stack([softmax(k[:i + 1] @ q[i] / np.sqrt(q.shape[1])) @ v[:i + 1] for i in range(len(q))])


def _open(q, k, v):
    return reference.attention(q, k, v)


def _next(q, k, v):
    return reference.attention(q, k, v, np.tri(len(q), k=1, dtype=bool))


def _late(q, k, v):
    return (reference.attention_weights(q, k) * _past(len(q))) @ v


def _columns(q, k, v):
    scores = np.where(_past(len(q)), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    return softmax(scores, axis=0) @ v


def _unscaled(q, k, v):
    return reference.attention(q, k, v, _past(len(q)), scale=1.0)


def _exchanged(q, k, v):
    return reference.attention(q, v, k, _past(len(q))) if v.shape == k.shape else _right(q, k, v)


def _crossed(q, k, v):
    return reference.attention(k, q, v, _past(len(q)))


def _leaky(q, k, v):
    scores = np.where(_past(len(q)), q @ k.T / np.sqrt(q.shape[1]), -5.0)
    return softmax(scores) @ v


def _by_length(q, k, v):
    return reference.attention(q, k, v, _past(len(q)), scale=len(q) ** -0.5)


ATTENTIONS = {
    "a causal attention": _right,
    "a causal attention in single precision": _single,
    "a causal attention row by row": _by_rows,
    "an attention without a mask": _open,
    "a mask one token too far": _next,
    "a mask after the softmax": _late,
    "a softmax over the queries": _columns,
    "an attention without the scale": _unscaled,
    "keys and values exchanged where they have one shape": _exchanged,
    "queries and keys exchanged": _crossed,
    "a mask filled with -5": _leaky,
    "scores divided by the root of the number of tokens": _by_length,
}
RIGHT = (_right, _single, _by_rows)


def _case(n=7, d=5, d_v=5, size=1.0, same=False, seed=0):
    rng = np.random.default_rng(seed)
    q, k, v = rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.normal(size=(n, d_v))
    return (size * q, size * (q if same else k), v)


def _close(attend, atol=1e-4, rows=slice(None), **how):
    q, k, v = _case(**how)
    return bool(np.allclose(attend(q, k, v)[rows], _right(q, k, v)[rows], atol=atol, rtol=0))


def _reference(attend):
    return _close(attend) and _close(attend, d_v=3)


EXERCISE = Exercise(
    id="self_attention.judge_attention",
    title="Write the test",
    level="evaluate",
    minutes=20,
    difficulty=3,
    page="self_attention/the_loss_fell",
    headings=("Short tests",),
    statement=r"""
    You are sent functions `attend(q, k, v)` that claim to be causal scaled dot-product attention, `q` and `k` ($n \times d_k$), `v` ($n \times d_v$). Some are right, in double or single precision, with a table or row by row. Others have one of this chapter's mistakes.

    Write the test: return True for the right ones and False for all others. You have the definition, `reference.attention(q, k, v, mask)` with `masks.causal`, and you may test properties instead.

    What decides is the inputs that you choose. For example, with all queries and keys zero every right attention returns averages, and so do some wrong ones.
    """,
    slot='''
    def is_causal_attention(attend):
        """Whether an attention can be trusted.

        attend: function of q (n, d_k), k (n, d_k) and v (n, d_v) that gives (n, d_v)
        result: True or False
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab import masks, reference"),
    returns="masks",
    hints=(
        "For each mistake ask: on which inputs does it make *no* difference? Avoid all of these at once.",
        r"Random queries, keys and values, all different; $d_v = d_k$, so that an exchange runs; every row compared; a tolerance that forgives single precision and nothing else.",
        "```python\nrng = np.random.default_rng(0)\nq, k, v = rng.normal(size=(____, ____, ____))\n"
        "mask = masks.causal(*masks.positions(____, ____))\nright = reference.attention(q, k, v, mask)\n"
        "return bool(np.allclose(attend(q, k, v), right, atol=____))\n```",
    ),
    parsons=("one_tensor_for_all", "judged_to_the_last_bit"),
    why=r"""
    One comparison finds all nine, *because* its inputs are awkward: three different random tables, of one shape, and every row.

    **The two most common mistakes.** Passing one table three times, `attend(x, x, x)`: queries and keys, or keys and values, may then change places unseen. Comparing the last row only, where a causal mask hides nothing.

    **Cost.** Two small calls. Properties are worth having beside it: they say which mistake it is, and they work where no second writing exists.
    """,
    verified="three right attentions accepted, nine wrong ones rejected.",
    next_thought="which of the nine would a test with one single token find?",
    reference=_reference,
)

for _name, _function in ATTENTIONS.items():
    EXERCISE.probe(_name, _function)


@EXERCISE.solve
def is_causal_attention_solution(attend):
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 7, 5))
    mask = masks.causal(*masks.positions(7, 7))
    right = reference.attention(q, k, v, mask)
    return bool(np.allclose(attend(q, k, v), right, atol=1e-4))


@EXERCISE.mutant
def one_tensor_for_all(attend):
    rng = np.random.default_rng(0)
    q = k = v = rng.normal(size=(7, 5))
    mask = masks.causal(*masks.positions(7, 7))
    right = reference.attention(q, k, v, mask)
    return bool(np.allclose(attend(q, k, v), right, atol=1e-4))


@EXERCISE.mutant
def judged_to_the_last_bit(attend):
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 7, 5))
    mask = masks.causal(*masks.positions(7, 7))
    right = reference.attention(q, k, v, mask)
    return bool(np.array_equal(attend(q, k, v), right))


@EXERCISE.mutant
def shape_tested_alone(attend):
    q, k, v = _case(d_v=3)
    return attend(q, k, v).shape == (7, 3)


@EXERCISE.mutant
def last_row_compared_alone(attend):
    return _close(attend, rows=slice(-1, None))


@EXERCISE.mutant
def leak_tested_alone(attend):
    q, k, v = _case()
    late = np.arange(7)[:, None] >= 4
    gap = attend(q, k + late, v + late)[:4] - attend(q, k, v)[:4]
    return bool(np.abs(gap).max() < 1e-5)


@EXERCISE.mutant
def future_values_alone_tested(attend):
    q, k, v = _case()
    late = np.arange(7)[:, None] >= 4
    return bool(np.abs(attend(q, k, v + late)[:4] - attend(q, k, v)[:4]).max() < 1e-5)


@EXERCISE.mutant
def averages_tested_alone(attend):
    q, k, v = _case()
    return bool(np.allclose(attend(0 * q, 0 * k, v), _right(0 * q, 0 * k, v), atol=1e-4))


@EXERCISE.mutant
def constant_values_tested_alone(attend):
    q, k, v = _case(d_v=3)
    return bool(np.allclose(attend(q, k, np.ones_like(v)), 1, atol=1e-4))


@EXERCISE.mutant
def unequal_widths_only(attend):
    return _close(attend, d_v=3)


@EXERCISE.holds("a right attention is accepted")
def accepts(call):
    refused = [name for name, attend in ATTENTIONS.items() if attend in RIGHT and not call(attend)]
    if refused:
        return f"rejected: {refused[0]}"


@EXERCISE.holds("a function that returns only zeros is rejected")
def rejects_zeros(call):
    if call(lambda q, k, v: np.zeros((len(q), v.shape[1]))):
        return "it is accepted"


@EXERCISE.impostor
def a_tolerance_of_a_third(attend):
    return _close(attend, atol=0.3)


@EXERCISE.impostor
def one_token_alone(attend):
    return _close(attend, n=1)


@EXERCISE.impostor
def as_many_features_as_tokens(attend):
    return _close(attend, n=5)


@EXERCISE.impostor
def always_false(attend):
    return False
