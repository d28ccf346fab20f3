"""The balancing loss of a model: layer by layer, without the padding, from the logits."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone
from attnlab.reference import softmax


def _parts(logits, k, real, score=softmax):
    """For each layer the share of the choices and the mean scores, of the real tokens."""
    rows = np.asarray(logits, dtype=float).reshape(len(logits), -1, np.shape(logits)[-1])[:, np.ravel(real)]
    scores = score(rows)
    chosen = np.argsort(-rows, axis=-1, kind="stable")[..., :k]
    hot = np.zeros_like(rows)
    np.put_along_axis(hot, chosen, 1.0, axis=-1)
    return hot, scores


def _loss(logits, k, real, score=softmax, mix=lambda hot, scores: (hot, scores), divide=True):
    hot, scores = mix(*_parts(logits, k, real, score))
    f, p = hot.mean(axis=1) / (k if divide else 1), scores.mean(axis=1)
    return float((hot.shape[-1] * (f * p).sum(axis=-1)).mean())


def _reference(logits, k, real):
    return _loss(logits, k, real)


EXERCISE = Exercise(
    id="variants.balance_of_layers",
    title="A balancing loss for several layers and padded texts",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="variants/mixture_of_experts",
    headings=("Balance by a loss", "What goes wrong"),
    statement=r"""
    A model has several layers with $E$ experts each. `logits[l, b, t]` are the router's logits of layer $l$ for token $t$ of text $b$; each token goes to the $k$ experts of largest logit. Texts are padded: `real[b, t]` says where there is a token.

    Return the balancing loss of the model: for **each layer** $E \sum_e f_e P_e$, where only **real** tokens count, and of these losses the mean over the layers. $f_e$ is the share of the choices that fell on expert $e$ (the shares of a layer add up to 1), $P_e$ the mean of its softmax score over **all** real tokens, whether they chose it or not.

    There is at least one real token, and no two logits of a token are equal.

    A tiny example: one layer, one text of two tokens, the second of them padding, with the logits `[[[[0, 1.0986], [5, 0]]]]` (0 and the logarithm of 3), $k = 1$ and `real = [[True, False]]`. The scores are 1/4 and 3/4, the choice is expert 1, and the loss is $2 \cdot 3/4 =$ `1.5`.
    """,
    slot='''
    def balance_of_layers(logits, k, real):
        """Mean over the layers of E times the sum of f times P, real tokens alone.

        logits: (layers, texts, tokens, experts); k: a whole number; real: (texts, tokens), True where there is a token
        result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If every layer sends all tokens to one expert, each to another one, every layer is as unbalanced as can be, and so is the mean.",
        r"For one layer: take the rows of the real tokens, softmax over the experts, $P$ is their mean. Count how often each expert is among the $k$ best and divide by (real tokens) $\cdot k$: that is $f$.",
        "```python\nrows = logits[:, real]                      # (layers, real tokens, experts)\n"
        "scores = np.exp(rows - rows.max(axis=-1, keepdims=True))\nscores /= ____\nchosen = np.argsort(-rows, axis=-1)[..., :k]\n"
        "hot = np.zeros_like(scores)\nnp.put_along_axis(hot, chosen, 1, axis=-1)\nf, p = hot.sum(axis=1) / ____, scores.mean(axis=____)\n"
        "return float((____ * (f * p).sum(axis=-1)).mean())\n```",
    ),
    parsons=("balance_layers_in_one_heap", "balance_counts_padding"),
    why=r"""
    The product $f_e P_e$ is not linear: what two layers do must not be averaged before it is multiplied. If layer 1 sends everything to expert 0 and layer 2 everything to expert 1, one heap of both looks half balanced.

    **The two most common mistakes.** All layers in one heap, as a public library had it at first. Padding in the counts: padded tokens all have much the same row, so they choose the same experts, and the loss pushes the router away from them for no reason.

    **Cost.** Small beside the layer; but all logits must be kept until the end.
    """,
    verified="equal to loops for 1 to 4 layers, 2 to 11 experts, one choice to all of them, with and without padding, logits of 800, whole numbers and float32.",
    next_thought="if every token is sent to all experts, what is the loss, and what does its gradient do?",
    reference=_reference,
)

_rng = np.random.default_rng(41)


def _case(seed, layers, texts, tokens, n, k, lengths=None, lean=0.8):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(layers, texts, tokens, n)) + lean * rng.normal(size=(layers, 1, 1, n))
    real = np.arange(tokens) < np.array([tokens] * texts if lengths is None else lengths)[:, None]
    logits = np.where(real[None, ..., None], logits, logits[:, :1, :1] + 3 * np.eye(n)[-1])
    return logits, k, real


EXERCISE.probe("3 layers, 4 padded texts, 7 experts", *_case(1, 3, 4, 11, 7, 2, (3, 11, 5, 8)))
EXERCISE.probe("2 layers, 3 padded texts, 5 experts, one choice", *_case(2, 2, 3, 7, 5, 1, (2, 7, 4)))
EXERCISE.probe("one layer, 11 experts, 3 choices", *_case(3, 1, 2, 13, 11, 3, (4, 13)))
EXERCISE.probe("no padding", *_case(4, 4, 2, 5, 7, 2))
EXERCISE.probe("one text has no token", *_case(5, 2, 3, 5, 4, 2, (0, 5, 3)))
EXERCISE.probe("one token in all", *_case(6, 2, 2, 3, 5, 2, (1, 0)))
EXERCISE.probe("all experts chosen", *_case(7, 2, 2, 5, 3, 3, (5, 2)))
EXERCISE.probe("two experts", *_case(8, 3, 2, 7, 2, 1, (6, 3)))
EXERCISE.probe("whole numbers", np.array([[[[3, 0, 1], [0, 2, 5]]], [[[1, 4, 0], [9, 0, 1]]]]), 2, np.array([[True, False]]))
EXERCISE.probe("logits of hundreds", 400 * _case(9, 2, 2, 5, 4, 1, (5, 3))[0], 1, _case(9, 2, 2, 5, 4, 1, (5, 3))[2], extreme=True)
_single = _case(10, 2, 3, 7, 5, 2, (7, 2, 4))
EXERCISE.probe("single precision", _single[0].astype(np.float32), 2, _single[2])
EXERCISE.probe("as many layers, texts, tokens and experts", *_case(11, 4, 4, 4, 4, 2, (1, 4, 3, 2)))
EXERCISE.probe("padding in front and between", _case(12, 3, 3, 6, 5, 2)[0], 2,
               np.array([[False, False, True, True, True, True], [True, False, True, False, False, True], [True, True, True, False, False, False]]))
EXERCISE.probe("6 layers, 19 tokens, 16 experts, 5 choices", *_case(13, 6, 2, 19, 16, 5, (19, 13)))
EXERCISE.probe("logits of thousands, all of them large", np.array([[[[3001.0, 3000.0, 2999.0], [-4000.0, -4001.0, -4003.0], [1000.0, 1001.0, -500.0]]]]), 1,
               np.array([[True, True, True]]), extreme=True)


@EXERCISE.solve
def balance_of_layers_solution(logits, k, real):
    rows = logits[:, real]
    scores = np.exp(rows - rows.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    chosen = np.argsort(-rows, axis=-1)[..., :k]
    hot = np.zeros_like(scores)
    np.put_along_axis(hot, chosen, 1, axis=-1)
    f, p = hot.sum(axis=1) / (rows.shape[1] * k), scores.mean(axis=1)
    return float((rows.shape[-1] * (f * p).sum(axis=-1)).mean())


@EXERCISE.mutant
def balance_layers_in_one_heap(logits, k, real):
    rows = logits[:, real].reshape(1, -1, logits.shape[-1])
    scores = np.exp(rows - rows.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    chosen = np.argsort(-rows, axis=-1)[..., :k]
    hot = np.zeros_like(scores)
    np.put_along_axis(hot, chosen, 1, axis=-1)
    f, p = hot.sum(axis=1) / (rows.shape[1] * k), scores.mean(axis=1)
    return float((rows.shape[-1] * (f * p).sum(axis=-1)).mean())


@EXERCISE.mutant
def balance_counts_padding(logits, k, real):
    rows = logits.reshape(len(logits), -1, logits.shape[-1])
    scores = np.exp(rows - rows.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    chosen = np.argsort(-rows, axis=-1)[..., :k]
    hot = np.zeros_like(scores)
    np.put_along_axis(hot, chosen, 1, axis=-1)
    f, p = hot.sum(axis=1) / (rows.shape[1] * k), scores.mean(axis=1)
    return float((rows.shape[-1] * (f * p).sum(axis=-1)).mean())
@EXERCISE.mutant
def balance_padding_taken_to_be_behind(logits, k, real):
    return _loss(logits, k, np.arange(real.shape[1]) < real.sum(axis=1)[:, None])


@EXERCISE.mutant
def balance_mean_of_the_chosen_scores_alone(logits, k, real):
    return _loss(logits, k, real, mix=lambda hot, scores: (hot, hot * scores))


@EXERCISE.mutant
def balance_chosen_scores_shared_out(logits, k, real):
    return _loss(logits, k, real, mix=lambda hot, scores: (hot, hot * scores / (hot * scores).sum(axis=-1, keepdims=True)))


@EXERCISE.mutant
def balance_softmax_twice(logits, k, real):
    return _loss(logits, k, real, score=lambda z: softmax(softmax(z)))


@EXERCISE.mutant
def balance_counts_not_divided_by_k(logits, k, real):
    return _loss(logits, k, real, divide=False)


@EXERCISE.mutant
def balance_without_the_number_of_experts(logits, k, real):
    return _loss(logits, k, real) / logits.shape[-1]


@EXERCISE.mutant
def balance_scores_squared(logits, k, real):
    return _loss(logits, k, real, mix=lambda hot, scores: (k * scores, scores))


@EXERCISE.mutant
def balance_layers_added(logits, k, real):
    return _loss(logits, k, real) * len(logits)


EXERCISE.holds("the example of the statement comes out")(
    comes_out(1.5, np.array([[[[0.0, 1.0986], [5.0, 0.0]]]]), 1, np.array([[True, False]])))


@EXERCISE.holds("two layers with one favourite each, not the same one, are as unbalanced as they can be")
def favourites(call):
    logits = np.stack([np.tile([60.0, 0.0, 1.0, 2.0], (1, 5, 1)), np.tile([0.0, 60.0, 1.0, 2.0], (1, 5, 1))])
    out = float(call(logits, 1, np.ones((1, 5), dtype=bool)))
    return None if abs(out - 4) < 1e-3 else f"yours is {text.number(out)}, expected 4, the number of experts"


@EXERCISE.holds("what stands in the padding does not matter")
def padding(call):
    logits, k, real = _case(1, 3, 4, 11, 7, 2, (3, 11, 5, 8))
    other = np.where(real[None, ..., None], logits, -logits)
    gap = abs(float(call(other, k, real)) - float(call(logits, k, real)))
    return None if gap < 1e-4 else f"with other numbers in the padding the loss moves by {text.number(gap)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(2, 2, 3, 7, 5, 1, (2, 7, 4))))
