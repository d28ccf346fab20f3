"""The gradients of attention when the loss looks at the log-sum-exp, too."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _forward(q, k, v):
    """(output, log-sum-exp) of plain attention."""
    s = q @ k.T / np.sqrt(q.shape[-1])
    top = s.max(axis=-1, keepdims=True)
    total = np.exp(s - top).sum(axis=-1, keepdims=True)
    return np.exp(s - top) @ v / total, (top + np.log(total))[:, 0]


def _weights(q, k, lse):
    return np.exp(q @ k.T / np.sqrt(q.shape[-1]) - lse[:, None])


def _drift(out, d_out):
    return (d_out * out).sum(axis=-1, keepdims=True)


def _shares(q, k, d_s, p, d_out, scale=None):
    scale = 1 / np.sqrt(q.shape[-1]) if scale is None else scale
    return scale * d_s @ k, scale * d_s.T @ q, p.T @ d_out


def _reference(q, k, v, out, lse, d_out, d_lse):
    p = _weights(q, k, lse)
    d_s = p * (d_out @ v.T - _drift(out, d_out) + d_lse[:, None])
    return _shares(q, k, d_s, p, d_out)


EXERCISE = Exercise(
    id="efficiency.lse_gradient",
    title="The log-sum-exp has a gradient, too",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="efficiency/blocked_backward",
    headings=("Backward: compute it again",),
    statement=r"""
    A blocked kernel returns two things, the output and the log-sum-exp of each row. When results over different keys are merged, the loss depends on **both**: beside `d_out`, the gradient of the output, there is `d_lse`, one number a row.

    Return `dq`, `dk` and `dv`. The scores are $QK^\top / \sqrt{d_k}$, without a mask; `out` and `lse` come from the forward pass. Use them: no softmax has to be computed.

    A tiny example: if `d_out` is zero, `q` and `k` are `[[1]]` and `d_lse` is `[3]`, then `dq` and `dk` are `[[3]]`, because the log-sum-exp of one score is the score itself.
    """,
    slot='''
    def lse_gradient(q, k, v, out, lse, d_out, d_lse):
        """Gradients when the loss depends on the output and on the log-sum-exp.

        q: (n, d_k), k: (m, d_k), v: (m, d_v), out, d_out: (n, d_v)
        lse, d_lse: (n,)
        result: dq (n, d_k), dk (m, d_k), dv (m, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("dq", "dk", "dv"),
    hints=(
        "With `d_lse` zero it is the gradient of the chapter, and the values never see `d_lse`: the log-sum-exp does not depend on them.",
        r"What is the derivative of $\lambda_i = \ln \sum_j e^{s_{ij}}$ with respect to $s_{ij}$? It is one of the tables that you have already. Add its part to $\bar S = P \odot (\bar P - D)$.",
        "```python\nscale = ____\np = ____\nd_p = d_out @ v.T\nd = ____\nd_s = p * (d_p - d + ____)\nreturn scale * d_s @ k, scale * d_s.T @ q, ____\n```",
    ),
    parsons=("lse_gradient_subtracted", "lse_gradient_not_weighted"),
    why=r"""
    The derivative of the log-sum-exp with respect to its scores is the softmax, $\partial \lambda_i / \partial s_{ij} = P_{ij}$. So $\bar S = P \odot (\bar P - D + \bar\lambda)$: a kernel that can differentiate its output can differentiate its log-sum-exp at the price of one addition a row. Several implementations subtract $\bar\lambda$ from $D$ before the loop begins, and the loop does not change at all.

    **The two most common mistakes.** Leaving $\bar\lambda$ out: then a merged result has gradients that are wrong, though its output is right. Adding it without the weights, so that every score is raised alike.

    **Cost.** $n$ additions beside five products.
    """,
    verified="against the plain gradients with d_lse zero, against finite differences of a merged result, and with scores near 1000.",
    next_thought="which number would you subtract from D before the loop, so that the loop itself stays as it is?",
    reference=_reference,
)

_rng = np.random.default_rng(61)


def _draw(n, m, d, d_v, rise=0.0):
    q, k, v = 1.5 * _rng.normal(size=(n, d)), _rng.normal(size=(m, d)), _rng.normal(size=(m, d_v))
    q[:, 0], k[:, 0] = rise or q[:, 0], np.sqrt(d) if rise else k[:, 0]
    return q, k, v, *_forward(q, k, v), _rng.normal(size=(n, d_v)), _rng.normal(size=n)


EXERCISE.probe("5 queries, 7 keys of width 3, values of width 2", *_draw(5, 7, 3, 2))
EXERCISE.probe("3 queries, 11 keys of width 2, values of width 5", *_draw(3, 11, 2, 5))
EXERCISE.probe("4 queries, 4 keys, all widths 4", *_draw(4, 4, 4, 4))
EXERCISE.probe("1 query, 2 keys of width 5", *_draw(1, 2, 5, 3))
EXERCISE.probe("3 queries, 5 keys, scores near 1000", *_draw(3, 5, 4, 2, rise=1000.0), extreme=True)


@EXERCISE.solve
def lse_gradient_solution(q, k, v, out, lse, d_out, d_lse):
    scale = 1 / np.sqrt(q.shape[-1])
    p = np.exp(scale * q @ k.T - lse[:, None])
    d_p = d_out @ v.T
    d = (d_out * out).sum(axis=-1, keepdims=True)
    d_s = p * (d_p - d + d_lse[:, None])
    return scale * d_s @ k, scale * d_s.T @ q, p.T @ d_out


@EXERCISE.mutant
def lse_gradient_subtracted(q, k, v, out, lse, d_out, d_lse):
    scale = 1 / np.sqrt(q.shape[-1])
    p = np.exp(scale * q @ k.T - lse[:, None])
    d_p = d_out @ v.T
    d = (d_out * out).sum(axis=-1, keepdims=True)
    d_s = p * (d_p - d - d_lse[:, None])
    return scale * d_s @ k, scale * d_s.T @ q, p.T @ d_out


@EXERCISE.mutant
def lse_gradient_not_weighted(q, k, v, out, lse, d_out, d_lse):
    scale = 1 / np.sqrt(q.shape[-1])
    p = np.exp(scale * q @ k.T - lse[:, None])
    d_p = d_out @ v.T
    d = (d_out * out).sum(axis=-1, keepdims=True)
    d_s = p * (d_p - d) + d_lse[:, None]
    return scale * d_s @ k, scale * d_s.T @ q, p.T @ d_out


@EXERCISE.mutant
def lse_gradient_left_out(q, k, v, out, lse, d_out, d_lse):
    p = _weights(q, k, lse)
    return _shares(q, k, p * (d_out @ v.T - _drift(out, d_out)), p, d_out)


@EXERCISE.mutant
def lse_gradient_times_the_lse(q, k, v, out, lse, d_out, d_lse):
    p = _weights(q, k, lse)
    return _shares(q, k, p * (d_out @ v.T - _drift(out, d_out) + (lse * d_lse)[:, None]), p, d_out)


@EXERCISE.mutant
def drift_forgotten(q, k, v, out, lse, d_out, d_lse):
    p = _weights(q, k, lse)
    return _shares(q, k, p * (d_out @ v.T + d_lse[:, None]), p, d_out)


@EXERCISE.mutant
def drift_over_columns(q, k, v, out, lse, d_out, d_lse):
    p = _weights(q, k, lse)
    return _shares(q, k, p * (d_out @ v.T - (d_out * out).sum() + d_lse[:, None]), p, d_out)


@EXERCISE.mutant
def scale_missing_in_gradient(q, k, v, out, lse, d_out, d_lse):
    p = _weights(q, k, lse)
    return _shares(q, k, p * (d_out @ v.T - _drift(out, d_out) + d_lse[:, None]), p, d_out, scale=1.0)


@EXERCISE.mutant
def recomputed_without_scale(q, k, v, out, lse, d_out, d_lse):
    with np.errstate(all="ignore"):
        p = np.exp(q @ k.T - lse[:, None])
        return _shares(q, k, p * (d_out @ v.T - _drift(out, d_out) + d_lse[:, None]), p, d_out)


@EXERCISE.mutant(evidence=text.not_finite)
def no_common_maximum(q, k, v, out, lse, d_out, d_lse):
    with np.errstate(all="ignore"):
        p = np.exp(q @ k.T / np.sqrt(q.shape[-1])) / np.exp(lse)[:, None]
        return _shares(q, k, p * (d_out @ v.T - _drift(out, d_out) + d_lse[:, None]), p, d_out)


_q, _k, _v, _out, _lse, _d_out, _d_lse = _draw(5, 7, 3, 2)


@EXERCISE.holds("with d_lse zero they are the gradients of attention")
def plain_gradients(call):
    found = call(_q, _k, _v, _out, _lse, _d_out, 0 * _d_lse)
    gaps = [float(np.abs(a - b).max()) for a, b in zip(found, reference.attention_gradient(_q, _k, _v, _d_out))]
    return None if max(gaps) < 1e-4 else "largest errors: " + ", ".join(f"{n} {text.number(g)}" for n, g in zip(("dq", "dk", "dv"), gaps))


@EXERCISE.holds("with d_out zero each row of the scores' gradient is the weights times d_lse")
def softmax_again(call):
    dq, _, dv = call(_q, _k, _v, _out, _lse, 0 * _d_out, _d_lse)
    wanted = _d_lse[:, None] * (_weights(_q, _k, _lse) @ _k) / np.sqrt(3)
    if float(np.abs(dq - wanted).max()) > 1e-4 or float(np.abs(dv).max()) > 1e-6:
        return f"dq begins {text.numbers(dq)}, expected {text.numbers(wanted)}; the largest of dv is {text.number(np.abs(dv).max())}"


@EXERCISE.holds("it is the slope of a loss that looks at both")
def slope(call):
    dq = call(_q, _k, _v, _out, _lse, _d_out, _d_lse)[0]
    step = np.zeros_like(_q)
    step[2, 1] = 1e-4
    loss = [(o * _d_out).sum() + (x * _d_lse).sum() for o, x in (_forward(_q + h, _k, _v) for h in (step, -step))]
    wanted = (loss[0] - loss[1]) / 2e-4
    return None if abs(float(dq[2, 1]) - wanted) < 1e-3 else f"moving one entry of q gives {text.number(wanted)}, your dq says {text.number(float(dq[2, 1]))}"
