"""Label smoothing as divergence: the right word gets its share, the other words the rest, padding nothing."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _log_p(logits):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _wanted(targets, words, smoothing, pad):
    """The distribution wanted at each place: none of it at the padding."""
    targets = np.asarray(targets)
    q = np.where(np.arange(words) == targets[..., None], 1 - smoothing, smoothing / (words - 2))
    q[..., pad] = 0
    return q


def _divergence(q, log_p):
    log_q = np.log(np.where(q > 0, q, 1.0))
    return (np.where(q > 0, q * (log_q - log_p), 0.0)).sum(axis=-1)


def _reference(logits, targets, smoothing, pad):
    targets = np.asarray(targets)
    q = _wanted(targets, np.shape(logits)[-1], smoothing, pad)
    return _divergence(q, _log_p(logits))[targets != pad].mean()


EXERCISE = Exercise(
    id="architecture.smoothed_divergence",
    title="Label smoothing, the other recipe",
    level="apply",
    minutes=20,
    difficulty=3,
    page="architecture/training",
    headings=("The loss, padding and label smoothing",),
    statement=r"""
    The page smooths as PyTorch does: a share $\epsilon$ is spread over *all* words, padding and target included. Older translation code does it differently, and you will meet both. There the wanted distribution at a place with target $y$ over $W$ words is

    $$q_y = 1 - \epsilon, \qquad q_{\text{pad}} = 0, \qquad q_k = \frac{\epsilon}{W - 2} \text{ for every other word } k,$$

    and the loss is not the cross-entropy but the **divergence** $\sum_k q_k \ln (q_k / p_k)$ with $p = \operatorname{softmax}(\text{logits})$, where a term with $q_k = 0$ is 0. It is 0 where $p = q$, with any $\epsilon$. Return its mean over all places **whose target is not `pad`**.

    It must come out right for logits of thousands too. Every batch has a place that counts; $0 \le \epsilon < 1$ and $W \ge 3$.

    A tiny example: logits `[[0, 0, 0, 0]]`, targets `[2]`, `smoothing = 0` and `pad = 0` give $\ln 4 = 1.386$.
    """,
    slot='''
    def smoothed_divergence(logits, targets, smoothing, pad):
        """Mean over the places that count of sum q ln(q / p), in nats.

        logits: (texts, n, words); targets: (texts, n) whole numbers; smoothing: a number; pad: an id
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        r"Each $q$ adds up to 1: one target, no padding, and $W - 2$ others. If $p = q$ the loss is 0.",
        r"Build $q$ with `np.full`, then write the targets in and the column `pad` out. For $0 \ln 0$, take the logarithm only where $q > 0$. Use $\ln p = z - \ln \sum e^z$ after subtracting the largest logit.",
        "```python\nz = logits - logits.max(axis=-1, keepdims=True)\nlog_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))\nq = np.full(z.shape, ____)\n"
        "np.put_along_axis(q, targets[..., None], ____, axis=-1)\nq[..., pad] = ____\nterms = np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - log_p), 0)\nreturn terms.sum(axis=-1)[____].mean()\n```",
    ),
    parsons=("smoothing_over_all_words", "padded_places_in_the_mean"),
    why=r"""
    The two recipes want the same logits only if their $q$ are the same. A loss of 0.7 in one codebase may be a loss of 1.0 in another for the very same model: the cross-entropy of a smoothed target cannot fall below the entropy of $q$, the divergence can fall to 0. Compare models by the plain loss.

    **The two most common mistakes.** Giving padding a share, so that the model is taught to expect it. Counting the padded places: then the loss depends on how much padding a batch has.

    **Cost.** The smoothed targets are as large as the logits. A fused loss never builds them: it needs the target's logit and the mean of all.
    """,
    verified="eight batches, with and without padding and smoothing, padding with several ids, logits of size one and of thousands.",
    next_thought="what is the smallest value that the page's smoothed cross-entropy can have with 10,000 words and a smoothing of 0.1?",
    reference=_reference,
)

_rng = np.random.default_rng(11)
_targets = np.array([[1, 5, 0, 0], [6, 2, 3, 4], [3, 0, 0, 0]])
_logits = 1.5 * _rng.normal(size=(3, 4, 7))
EXERCISE.probe("3 texts of 2, 4 and 1 tokens, 7 words", _logits, _targets, 0.1, 0)
EXERCISE.probe("smoothing 0.4, padding has the id 5", 1.5 * _rng.normal(size=(2, 3, 6)), np.array([[1, 5, 5], [0, 2, 4]]), 0.4, 5)
EXERCISE.probe("no smoothing", 1.5 * _rng.normal(size=(2, 5, 3)), np.array([[1, 2, 0, 0, 0], [2, 2, 1, 0, 0]]), 0.0, 0)
EXERCISE.probe("no padding", 1.5 * _rng.normal(size=(1, 5, 11)), np.array([[4, 2, 9, 9, 1]]), 0.2, 0)
EXERCISE.probe("one place, 5 words", 1.5 * _rng.normal(size=(1, 1, 5)), np.array([[4]]), 0.3, 2)
EXERCISE.probe("three words", 1.5 * _rng.normal(size=(2, 2, 3)), np.array([[1, 0], [2, 1]]), 0.25, 0)
EXERCISE.probe("whole numbers", np.array([[[3, 0, 1, 2], [0, 2, 1, 0]]]), np.array([[1, 3]]), 0.5, 0)
EXERCISE.probe("logits of 1000", np.array([[[1000.0, 998.0, 999.0, 997.0], [-1000.0, -1002.0, -1001.0, -1000.0]]]), np.array([[1, 2]]), 0.1, 0, extreme=True)
EXERCISE.probe("logits from -2000 to 2000", np.array([[[2000.0, 1999.0, -2000.0, 1998.0]]]), np.array([[2]]), 0.1, 0, extreme=True)


@EXERCISE.solve
def smoothed_divergence_solution(logits, targets, smoothing, pad):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    q = np.full(z.shape, smoothing / (z.shape[-1] - 2))
    np.put_along_axis(q, targets[..., None], 1 - smoothing, axis=-1)
    q[..., pad] = 0
    terms = np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - log_p), 0)
    return terms.sum(axis=-1)[targets != pad].mean()


@EXERCISE.mutant
def smoothing_over_all_words(logits, targets, smoothing, pad):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    q = np.full(z.shape, smoothing / z.shape[-1])
    np.put_along_axis(q, targets[..., None], 1 - smoothing + smoothing / z.shape[-1], axis=-1)
    terms = np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - log_p), 0)
    return terms.sum(axis=-1)[targets != pad].mean()


@EXERCISE.mutant
def padded_places_in_the_mean(logits, targets, smoothing, pad):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    q = np.full(z.shape, smoothing / (z.shape[-1] - 2))
    np.put_along_axis(q, targets[..., None], 1 - smoothing, axis=-1)
    q[..., pad] = 0
    terms = np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - log_p), 0)
    return terms.sum(axis=-1).mean()


@EXERCISE.mutant
def padding_gets_a_share(logits, targets, smoothing, pad):
    words, targets = np.shape(logits)[-1], np.asarray(targets)
    q = np.where(np.arange(words) == targets[..., None], 1 - smoothing, smoothing / (words - 1))
    return _divergence(q, _log_p(logits))[targets != pad].mean()


@EXERCISE.mutant
def pads_left_out_but_divided_by(logits, targets, smoothing, pad):
    targets = np.asarray(targets)
    each = _divergence(_wanted(targets, np.shape(logits)[-1], smoothing, pad), _log_p(logits))
    return (each * (targets != pad)).sum() / targets.size


@EXERCISE.mutant
def entropy_not_subtracted(logits, targets, smoothing, pad):
    targets = np.asarray(targets)
    q = _wanted(targets, np.shape(logits)[-1], smoothing, pad)
    return -np.where(q > 0, q * _log_p(logits), 0.0).sum(axis=-1)[targets != pad].mean()


@EXERCISE.mutant
def softmax_taken_twice(logits, targets, smoothing, pad):
    return _reference(np.exp(_log_p(logits)), targets, smoothing, pad)


@EXERCISE.mutant
def probabilities_without_logarithm(logits, targets, smoothing, pad):
    targets = np.asarray(targets)
    q = _wanted(targets, np.shape(logits)[-1], smoothing, pad)
    log_q = np.log(np.where(q > 0, q, 1.0))
    return np.where(q > 0, q * (log_q - np.exp(_log_p(logits))), 0.0).sum(axis=-1)[targets != pad].mean()


@EXERCISE.mutant
def divergence_the_wrong_way(logits, targets, smoothing, pad):
    targets, p = np.asarray(targets), np.exp(_log_p(logits))
    q = _wanted(targets, np.shape(logits)[-1], smoothing, pad)
    return np.where(q > 0, p * (np.log(np.maximum(p, 1e-300)) - np.log(np.where(q > 0, q, 1.0))), 0.0).sum(axis=-1)[targets != pad].mean()


@EXERCISE.mutant
def smoothing_left_out(logits, targets, smoothing, pad):
    return _reference(logits, targets, 0.0, pad)


@EXERCISE.mutant
def divergence_averaged_text_by_text(logits, targets, smoothing, pad):
    targets = np.asarray(targets)
    each = _divergence(_wanted(targets, np.shape(logits)[-1], smoothing, pad), _log_p(logits))
    return np.mean([row[kept].mean() for row, kept in zip(each, targets != pad) if kept.any()])


@EXERCISE.mutant(evidence=text.not_finite)
def zero_times_its_logarithm(logits, targets, smoothing, pad):
    targets = np.asarray(targets)
    q = _wanted(targets, np.shape(logits)[-1], smoothing, pad)
    with np.errstate(all="ignore"):
        return (q * (np.log(q) - _log_p(logits))).sum(axis=-1)[targets != pad].mean()


EXERCISE.holds("the example of the statement comes out")(comes_out(np.log(4), np.array([[[0, 0, 0, 0]]]), np.array([[2]]), 0.0, 0))


@EXERCISE.holds("it is 0 where the model says what is wanted")
def zero_at_the_optimum(call):
    q = np.full((1, 1, 6), 0.3 / 4)
    q[..., 3], q[..., 0] = 0.7, 1e-30
    loss = float(call(np.log(q), np.array([[3]]), 0.3, 0))
    return None if abs(loss) < 1e-4 else f"it is {text.number(loss)}"


@EXERCISE.holds("what stands at a padded place does not matter")
def pads_do_not_matter(call):
    other = _logits.copy()
    other[0, 2:] += np.arange(14.0).reshape(2, 7) % 5
    other[2, 1:] *= -2
    gap = abs(float(call(other, _targets, 0.1, 0)) - float(call(_logits, _targets, 0.1, 0)))
    return None if gap < 1e-5 else f"the loss moves by {text.number(gap)}"
