"""A test to write: it has to accept exact kernels and to see through wrong ones."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises._exercise import Exercise

BLOCK = 4


def _kernel(q, k, v, causal=False, tail=True, rescale=True, start=-np.inf, top_left=False, scale=None, mean=False):
    """Blocked attention with switches, each of which breaks it in one way."""
    (n, d), m = q.shape, len(k)
    q_pos = np.arange(n) + (0 if top_left else m - n)
    last = m if tail or m <= BLOCK else m - m % BLOCK
    total, mix, peak = np.zeros((n, 1)), np.zeros((n, v.shape[1])), np.full((n, 1), start)
    for j in range(0, last, BLOCK):
        keys = slice(j, min(j + BLOCK, last))
        s = q @ k[keys].T * (d**-0.5 if scale is None else scale)
        if causal:
            s = np.where(np.arange(m)[keys] <= q_pos[:, None], s, -np.inf)
        high = np.maximum(peak, s.max(axis=-1, keepdims=True))
        level = np.where(np.isinf(high), 0, high)
        p, factor = np.exp(s - level), np.exp(peak - level) if rescale else 1.0
        if mean:
            p, factor = p / np.maximum(p.sum(axis=-1, keepdims=True), 1e-300), 1.0
        total, mix, peak = factor * total + p.sum(axis=-1, keepdims=True), factor * mix + p @ v[keys], high
    return mix / np.where(total == 0, 1 if start == -np.inf else 0, total)


def _exact(q, k, v, causal=False):
    return _kernel(q, k, v, causal)


def _plain(q, k, v, causal=False):
    n, m = len(q), len(k)
    return reference.attention(q, k, v, masks.causal(*masks.positions(n, m)) if causal else None)


def _single(q, k, v, causal=False):
    return _kernel(*(x.astype(np.float32) for x in (q, k, v)), causal).astype(np.float32)


def _tail(q, k, v, causal=False):
    return _kernel(q, k, v, causal, tail=False)


def _unrescaled(q, k, v, causal=False):
    return _kernel(q, k, v, causal, rescale=False)


def _zero(q, k, v, causal=False):
    return _kernel(q, k, v, causal, start=0.0)


def _aligned(q, k, v, causal=False):
    return _kernel(q, k, v, causal, top_left=True)


def _uncausal(q, k, v, causal=False):
    return _kernel(q, k, v)


def _unscaled(q, k, v, causal=False):
    return _kernel(q, k, v, causal, scale=1.0)


def _averaged(q, k, v, causal=False):
    return _kernel(q, k, v, causal, mean=True)


def _always(q, k, v, causal=False):
    return _kernel(q, k, v, True)


def _sharper(q, k, v, causal=False):
    return _kernel(q, k, v, causal, scale=1.05 * q.shape[1] ** -0.5)


def _first_feature(q, k, v, causal=False):
    return _kernel(q, k, v, causal)[:, :1]


def _last_query_alone(q, k, v, causal=False):
    return np.concatenate([_uncausal(q, k, v)[:-1], _kernel(q, k, v, causal)[-1:]])


def _features_reversed(q, k, v, causal=False):
    return _kernel(q, k, v, causal)[:, ::-1]


def _last_query_left_out(q, k, v, causal=False):
    return np.concatenate([_kernel(q, k, v, causal)[:-1], np.zeros((1, v.shape[1]))])


KERNELS = {
    "an exact blocked kernel": _exact,
    "an exact kernel without blocks": _plain,
    "an exact kernel in single precision": _single,
    "a kernel that drops a last, shorter block": _tail,
    "a kernel that does not rescale": _unrescaled,
    "a kernel whose maximum starts at 0": _zero,
    "a kernel that aligns the first query with the first key": _aligned,
    "a kernel that ignores the mask": _uncausal,
    "a kernel that forgets the scale": _unscaled,
    "a kernel that averages its blocks": _averaged,
    "a kernel that masks even where it should not": _always,
    "a kernel whose scale is 5 percent too large": _sharper,
    "a kernel that returns the first feature alone": _first_feature,
    "a kernel that masks the last query alone": _last_query_alone,
    "a kernel that returns the features in reverse order": _features_reversed,
    "a kernel that leaves the last query at zero": _last_query_left_out,
}
RIGHT = (_exact, _plain, _single)


def _close(kernel, n, m, d=5, size=1.0, causal=False, atol=1e-4, seed=0, lower=0.0):
    """Whether a kernel agrees with the definition on random inputs of one kind."""
    rng = np.random.default_rng(seed)
    q, k, v = rng.normal(size=(n, d)) * size, rng.normal(size=(m, d)), rng.normal(size=(m, 3))
    q, k = np.c_[q, np.full(n, -lower)], np.c_[k, np.ones(m)]
    with np.errstate(all="ignore"):
        return bool(np.allclose(kernel(q, k, v, causal), _plain(q, k, v, causal), rtol=0, atol=atol))


def _cases(kernel, sizes=((7, 7), (3, 11)), sorts=(False, True), lowers=(0.0, 5000.0), atol=1e-4):
    return all(_close(kernel, n, m, causal=c, lower=low, atol=atol) for n, m in sizes for c in sorts for low in lowers)


def _reference(kernel):
    return _cases(kernel)


EXERCISE = Exercise(
    id="efficiency.judge_a_kernel",
    title="Trust, but test",
    level="evaluate",
    minutes=25,
    difficulty=3,
    page="efficiency/problems",
    statement=r"""
    Kernels are sent to you, functions `kernel(q, k, v, causal)` that claim to be exact blocked attention: `q` ($n \times d_k$), `k` ($m \times d_k$), `v` ($m \times d_v$), with the last query beside the last key when `causal` is True. You do not know their block size, only that it is at most 4. Some are right, in double or in single precision. Others have mistakes that you know from this part and from the chapter on masks.

    Write the test: return True for the right ones and False for all others. The definition is at hand as `reference.attention(q, k, v, mask)`, and the mask as `masks.causal(*masks.positions(n, m))`.

    The inputs on which you try a kernel decide everything. For example, a kernel that drops a last, shorter block is right for 4, 8 and 12 keys.
    """,
    slot='''
    def is_exact(kernel):
        """Whether a kernel can be trusted.

        kernel: function of q (n, d_k), k (m, d_k), v (m, d_v) and causal
        result: True or False
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab import masks, reference"),
    returns="masks",
    hints=(
        "For each mistake you can think of, ask: on which inputs would it show? One kind of input is not enough.",
        r"Try several block's worth of keys and a number that 4 does not divide; as many queries as keys, and fewer; with and without the mask; scores around 0, and scores all *far below* 0 (give every key the same large feature, and every query its negative).",
        "```python\nrng = np.random.default_rng(0)\nfor n, m, low, causal in [(7, 7, 0, False), ____]:\n    q, k, v = (rng.normal(size=(rows, 5)) for rows in (n, m, m))\n"
        "    q[:, 0], k[:, 0] = -low, 1\n    right = reference.attention(q, k, v, ____)\n    if not np.allclose(kernel(q, k, v, causal), right, atol=____):\n        return False\nreturn True\n```",
    ),
    parsons=("one_kind_of_input",),
    why=r"""
    Four sorts of inputs do it: a ragged number of keys in more than one block, fewer queries than keys under the mask, no mask, and scores far below zero.

    **The two most common mistakes.** Convenient sizes: square, a power of two, one block. A tolerance of zero, which rejects honest rounding, or one so wide that an average of blocks slips through.

    **Cost.** Milliseconds. Mistakes of these kinds have been found in published code; the pages of this part link to some.
    """,
    verified="three right kernels accepted, thirteen wrong ones rejected.",
    next_thought="which mistake in a backward pass would your test not see?",
    reference=_reference,
)

for _name, _function in KERNELS.items():
    EXERCISE.probe(_name, _function)


@EXERCISE.solve
def is_exact_solution(kernel):
    rng = np.random.default_rng(0)
    for n, m, low in [(7, 7, 0), (3, 11, 0), (3, 11, 5000)]:
        q, k, v = (rng.normal(size=(rows, 5)) for rows in (n, m, m))
        q[:, 0], k[:, 0] = -low, 1
        for causal in (False, True):
            mask = masks.causal(*masks.positions(n, m)) if causal else None
            right = reference.attention(q, k, v, mask)
            with np.errstate(all="ignore"):
                if not np.allclose(kernel(q, k, v, causal), right, atol=1e-3):
                    return False
    return True


@EXERCISE.mutant
def one_kind_of_input(kernel):
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(rows, 5)) for rows in (3, 4, 4))
    right = reference.attention(q, k, v, None)
    return np.allclose(kernel(q, k, v, False), right, atol=1e-3)


@EXERCISE.mutant
def shapes_only(kernel):
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        return kernel(rng.normal(size=(3, 5)), rng.normal(size=(11, 5)), rng.normal(size=(11, 2)), True).shape == (3, 2)


@EXERCISE.mutant
def square_inputs_only(kernel):
    return _cases(kernel, sizes=((7, 7), (11, 11)))


@EXERCISE.mutant
def sizes_that_divide(kernel):
    return _cases(kernel, sizes=((8, 8), (4, 12)))


@EXERCISE.mutant
def ordinary_scores_only(kernel):
    return _cases(kernel, lowers=(0.0,))


@EXERCISE.mutant
def mask_not_tested(kernel):
    return _cases(kernel, sorts=(False,))


@EXERCISE.mutant
def bit_for_bit(kernel):
    return _cases(kernel, atol=0.0)


@EXERCISE.mutant
def tolerance_too_wide(kernel):
    return _cases(kernel, atol=20.0)


@EXERCISE.holds("an exact kernel is accepted")
def accepts(call):
    refused = [name for name, kernel in KERNELS.items() if kernel in RIGHT and not call(kernel)]
    if refused:
        return f"rejected: {refused[0]}"


@EXERCISE.holds("a kernel that returns nothing but zeros is rejected")
def rejects_zeros(call):
    if call(lambda q, k, v, causal=False: np.zeros((len(q), v.shape[1]))):
        return "it is accepted"


@EXERCISE.impostor
def causal_alone(kernel):
    return _cases(kernel, sorts=(True,))


@EXERCISE.impostor
def a_tolerance_of_a_tenth(kernel):
    return _cases(kernel, atol=0.1)


@EXERCISE.impostor
def one_key(kernel):
    return _cases(kernel, sizes=((3, 1),))


@EXERCISE.impostor
def always_false(kernel):
    return False


@EXERCISE.impostor
def always_true(kernel):
    return True


@EXERCISE.impostor
def one_query(kernel):
    return _cases(kernel, sizes=((1, 11),))
