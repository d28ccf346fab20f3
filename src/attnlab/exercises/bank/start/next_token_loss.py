"""The loss of a language model on a batch of texts: shifted by one, padding left out."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _surprise(logits, targets):
    """-ln softmax(logits)[target] at each place."""
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(z, np.asarray(targets)[..., None], axis=-1)[..., 0]
    return np.log(np.exp(z).sum(axis=-1)) - chosen


def _reference(logits, ids, pad):
    targets = np.asarray(ids)[:, 1:]
    return _surprise(np.asarray(logits)[:, :-1], targets)[targets != pad].mean()


EXERCISE = Exercise(
    id="start.next_token_loss",
    title="One text, many predictions",
    level="apply",
    minutes=15,
    difficulty=2,
    page="start/tokens_and_embeddings",
    headings=("The other end: logits and the loss",),
    statement=r"""
    The loss of a language model on a **batch**. `logits[b, t]` are the scores of all tokens for what comes after place `t` of text `b`; `ids[b]` is the text, filled up at its end with the id `pad`. Return the mean of
    $-\ln \operatorname{softmax}(\text{logits}[b, t])$ at the right next token, `ids[b, t + 1]`, over **all places of all texts whose next token is not padding**.

    It must come out right for logits of thousands too, of either sign, also where the right token has the smaller one. Every batch has at least one prediction that counts.

    A tiny example: one text `[0, 1, 2]` with `pad = 2`, two equal logits and a very small third one at each place. The only prediction that counts is that of the 1 after the 0, and the loss is $\ln 2 = 0.693$.
    """,
    slot='''
    def next_token_loss(logits, ids, pad):
        """The mean surprise at the next token, padding left out, in nats.

        logits: (texts, n, words); ids: (texts, n) whole numbers; pad: an id
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With equal logits everywhere the loss is the logarithm of the number of words, whatever the texts and their padding.",
        "The logits of the last place predict something that is not in the array: leave them out. The first token is predicted by nobody: leave it out of the targets. The two then fit.",
        "```python\ntargets = ids[:, ____]\nz = logits[:, ____]\nz = z - z.max(axis=-1, keepdims=True)\nlog_p = z - np.log(np.exp(z).sum(axis=____, keepdims=True))\n"
        "surprise = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]\nreturn surprise[____].mean()\n```",
    ),
    parsons=("labels_not_shifted", "padding_counted_in_the_loss"),
    why=r"""
    One pass over a text gives a prediction at every place, so a text of $n$ tokens teaches $n - 1$ times. That only works because no place can see the token it has to predict.

    **The two most common mistakes.** Not shifting: the model learns to repeat its input, and its loss looks splendid. Counting padding: the model is praised for predicting filler.

    **Cost.** One softmax over the vocabulary at each place; with a large vocabulary that is a good part of the whole model's work.
    """,
    verified="nine batches of one to three texts, padded and not, with logits of size one and of thousands, of either sign.",
    next_thought="what loss does a model have that knows nothing, and what loss one that repeats its input?",
    reference=_reference,
)

_rng = np.random.default_rng(5)
_ids = np.array([[3, 1, 0, 6, 6], [2, 5, 1, 4, 0], [4, 6, 6, 6, 6]])
_ids2 = np.array([[3, 1, 0, 6, 6], [2, 5, 1, 4, 0]])
_logits = _rng.normal(size=(3, 5, 7)) * 1.5
EXERCISE.probe("3 texts, 5 places, 7 words; one text has a single token", _logits, _ids, 6)
EXERCISE.probe("2 texts of 5 and 3 tokens", _rng.normal(size=(2, 5, 7)), _ids2, 6)
EXERCISE.probe("one text without padding", _rng.normal(size=(1, 4, 3)), np.array([[0, 2, 1, 1]]), 9)
EXERCISE.probe("two tokens", _rng.normal(size=(1, 2, 5)), np.array([[4, 2]]), 0)
EXERCISE.probe("padding has the id 0", _rng.normal(size=(2, 4, 3)), np.array([[1, 2, 1, 0], [2, 1, 0, 0]]), 0)
EXERCISE.probe("whole numbers", np.array([[[3, 0, 1], [0, 2, 1], [5, 5, 0]]]), np.array([[0, 1, 0]]), 2)
EXERCISE.probe("logits of 1000", np.array([[[1000.0, 999.0], [-1000.0, -1002.0], [0.0, 1.0]]]), np.array([[0, 1, 0]]), 5, extreme=True)
EXERCISE.probe("logits from -2000 to 2000 at one place", np.array([[[2000.0, 1999.0, -2000.0, -1500.0], [0.0, -2000.0, -1900.0, -1899.0]] * 2]), np.array([[0, 1, 0, 2]]), 5, extreme=True)
EXERCISE.probe("the right token 1000 below", np.array([[[1000.0, 0.0], [0.0, 0.0]]]), np.array([[0, 1]]), 5, extreme=True)


@EXERCISE.solve
def next_token_loss_solution(logits, ids, pad):
    targets = ids[:, 1:]
    z = logits[:, :-1]
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    surprise = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return surprise[targets != pad].mean()


@EXERCISE.mutant
def labels_not_shifted(logits, ids, pad):
    targets = ids
    z = logits
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    surprise = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return surprise[targets != pad].mean()


@EXERCISE.mutant
def padding_counted_in_the_loss(logits, ids, pad):
    targets = ids[:, 1:]
    z = logits[:, :-1]
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    surprise = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return surprise.mean()


@EXERCISE.mutant
def labels_shifted_the_wrong_way(logits, ids, pad):
    targets = np.asarray(ids)[:, :-1]
    kept = np.asarray(ids)[:, 1:] != pad
    return _surprise(np.asarray(logits)[:, 1:], targets)[kept].mean()


@EXERCISE.mutant
def labels_wrap_round(logits, ids, pad):
    targets = np.roll(ids, -1, axis=1)
    return _surprise(logits, targets)[targets != pad].mean()


@EXERCISE.mutant
def padding_divided_by_too(logits, ids, pad):
    targets = np.asarray(ids)[:, 1:]
    return (_surprise(np.asarray(logits)[:, :-1], targets) * (targets != pad)).mean()


@EXERCISE.mutant
def padding_looked_for_in_the_input(logits, ids, pad):
    targets = np.asarray(ids)[:, 1:]
    return _surprise(np.asarray(logits)[:, :-1], targets)[np.asarray(ids)[:, :-1] != pad].mean()


@EXERCISE.mutant
def loss_averaged_text_by_text(logits, ids, pad):
    targets = np.asarray(ids)[:, 1:]
    surprise = _surprise(np.asarray(logits)[:, :-1], targets)
    return np.mean([row[kept].mean() for row, kept in zip(surprise, targets != pad) if kept.any()])


@EXERCISE.mutant
def softmax_before_the_loss(logits, ids, pad):
    z = np.asarray(logits, dtype=float)
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return _reference(powers / powers.sum(axis=-1, keepdims=True), ids, pad)


@EXERCISE.mutant
def loss_summed_over_tokens(logits, ids, pad):
    targets = np.asarray(ids)[:, 1:]
    return _surprise(np.asarray(logits)[:, :-1], targets)[targets != pad].sum()


@EXERCISE.mutant
def loss_in_bits(logits, ids, pad):
    return _reference(logits, ids, pad) / np.log(2)


@EXERCISE.mutant
def loss_with_its_sign_lost(logits, ids, pad):
    return -_reference(logits, ids, pad)


@EXERCISE.mutant
def one_minus_the_probability(logits, ids, pad):
    targets = np.asarray(ids)[:, 1:]
    return 1 - np.exp(-_surprise(np.asarray(logits)[:, :-1], targets))[targets != pad].mean()


@EXERCISE.mutant(evidence=text.not_finite)
def loss_without_the_maximum(logits, ids, pad):
    targets, z = np.asarray(ids)[:, 1:], np.asarray(logits)[:, :-1]
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return -np.log(np.take_along_axis(p, targets[..., None], axis=-1)[..., 0])[targets != pad].mean()


@EXERCISE.holds("equal logits cost the logarithm of the number of words")
def nothing_known(call):
    cost = float(call(np.zeros((3, 5, 7)), _ids, 6))
    return None if abs(cost - np.log(7)) < 1e-4 else f"with 7 words it costs {text.number(cost)}"


@EXERCISE.holds("what stands in the padding does not matter")
def padding_does_not_matter(call):
    other = _logits.copy()
    other[0, 2:] += np.arange(21.0).reshape(3, 7) % 5
    other[2] += 5 * np.eye(7)[3]
    gap = abs(float(call(other, _ids, 6)) - float(call(_logits, _ids, 6)))
    return None if gap < 1e-5 else f"the loss moves by {text.number(gap)}"


EXERCISE.holds("two equal logits and a very small third one cost 0.693")(
    comes_out(0.693, np.array([[[0.0, 0.0, -500.0]] * 3]), np.array([[0, 1, 2]]), 2))
