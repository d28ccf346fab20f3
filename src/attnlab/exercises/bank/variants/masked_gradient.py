"""The gradient of the masked-word loss: nothing where nothing was asked."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _errors(logits, targets):
    """softmax - one-hot at every place."""
    z = np.asarray(logits, dtype=float)
    return reference.softmax(z) - (np.arange(z.shape[-1]) == np.asarray(targets)[..., None])


def _reference(logits, targets):
    asked = np.asarray(targets) != 0
    return _errors(logits, targets) * asked[..., None] / max(asked.sum(), 1)


EXERCISE = Exercise(
    id="variants.masked_gradient",
    title="The gradient of a masked-word loss",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="variants/bert",
    headings=("The mathematics", "A model that fills gaps"),
    statement=r"""
    The loss of a masked language model is $L = -\frac{1}{|\mathcal C|} \sum_{i \in \mathcal C} \log \operatorname{softmax}(z_i)_{t_i}$, the mean over **all chosen places of the batch**. Return its gradient with respect to the logits, $\partial L / \partial z$, by hand and without a loop over the words.

    `targets` holds the id $t_i$ where a token was chosen, and 0 where nothing is asked. Where no place of the batch was chosen there is no loss, and the gradient is 0 everywhere. It must come out right for logits of thousands.

    A tiny example: logits `[[[0, 0, 0], [5, 1, 1]]]` and targets `[[2, 0]]` give `[[[0.333, 0.333, -0.667], [0, 0, 0]]]`.
    """,
    slot='''
    def masked_gradient(logits, targets):
        """Derivative of the mean loss at the chosen places with respect to each logit.

        logits: (texts, n, words); targets: (texts, n) whole numbers, 0 where nothing is asked
        result: (texts, n, words)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "At a place where nothing is asked, any change of the logits leaves the loss alone. At each other place the derivatives with respect to its logits add up to 0.",
        r"For one place, $\partial(-\log p_t) / \partial z_k = p_k - [k = t]$. The mean divides by $|\mathcal C|$, the number of targets that are not 0, in all texts together.",
        "```python\nz = logits - ____\np = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)\nasked = targets != 0\n"
        "wanted = np.arange(logits.shape[-1]) == ____\nreturn (p - wanted) * ____ / max(____, 1)\n```",
    ),
    parsons=("masked_gradient_at_every_place", "masked_gradient_over_all_places"),
    why=r"""
    At a chosen place the gradient is *what the model believes* minus *what stood there*. Everywhere else it is 0, and so is all that would flow back from there; what reaches the other tokens does so through attention.

    **The two most common mistakes.** Taking 0 for an ordinary word, so that each visible token is taught to be padding. Dividing by all places: the gradient is then some seven times too small and depends on how much padding the batch has.

    **Cost.** The head needs to be computed at the chosen places alone, 15 % of them; BERT's own code gathers these rows first.
    """,
    verified="equal to differences of the loss, for batches with one, several, all and no chosen places, 3 to 11 words, and logits of thousands.",
    next_thought="which rows of the table of pieces get a gradient from the head, and which from the entrance?",
    reference=_reference,
)

_rng = np.random.default_rng(5)
_logits, _targets = 1.5 * _rng.normal(size=(3, 5, 7)), np.array([[0, 4, 0, 0, 6], [0, 0, 1, 0, 0], [2, 0, 0, 3, 3]])
EXERCISE.probe("3 texts of 5 tokens, 6 of them chosen", _logits, _targets)
EXERCISE.probe("one place of 14 chosen", 1.5 * _rng.normal(size=(2, 7, 11)), np.array([[0] * 7, [0, 0, 0, 10, 0, 0, 0]]))
EXERCISE.probe("every place chosen, 3 words", 1.5 * _rng.normal(size=(2, 3, 3)), np.array([[1, 2, 1], [2, 2, 1]]))
EXERCISE.probe("no place chosen", 1.5 * _rng.normal(size=(2, 3, 5)), np.zeros((2, 3), dtype=int))
EXERCISE.probe("texts with one and with four chosen places", 1.5 * _rng.normal(size=(2, 5, 5)), np.array([[0, 3, 0, 0, 0], [4, 1, 2, 0, 4]]))
EXERCISE.probe("whole numbers", np.array([[[1, 0, 2], [3, 1, 1]]]), np.array([[1, 0]]))
EXERCISE.probe("single precision", _logits.astype(np.float32), _targets)
EXERCISE.probe("as many texts, tokens and words", 1.5 * _rng.normal(size=(4, 4, 4)), np.array([[0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 2, 0], [1, 0, 0, 3]]))
EXERCISE.probe("logits of 1000", np.array([[[1000.0, 998.0, 999.0], [-1000.0, -1001.0, -1002.0]]]), np.array([[1, 2]]), extreme=True)
_rng = np.random.default_rng(6)
EXERCISE.probe("logits of thousands that lie far apart", np.array([[[3000.0, -3000.0, 2999.0, 0.0], [-2000.0, 2000.0, 1.0, 2001.0], [0.0, 4000.0, 4001.0, -9.0]]]),
               np.array([[2, 1, 1]]), extreme=True)
EXERCISE.probe("11 texts, 19 words", 1.5 * _rng.normal(size=(11, 3, 19)), np.where(_rng.random((11, 3)) < 0.5, _rng.integers(1, 19, (11, 3)), 0))


@EXERCISE.solve
def masked_gradient_solution(logits, targets):
    z = logits - logits.max(axis=-1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    asked = targets != 0
    wanted = np.arange(logits.shape[-1]) == targets[..., None]
    return (p - wanted) * asked[..., None] / max(asked.sum(), 1)


@EXERCISE.mutant
def masked_gradient_at_every_place(logits, targets):
    z = logits - logits.max(axis=-1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    asked = targets != 0
    wanted = np.arange(logits.shape[-1]) == targets[..., None]
    return (p - wanted) / max(asked.sum(), 1)


@EXERCISE.mutant
def masked_gradient_over_all_places(logits, targets):
    z = logits - logits.max(axis=-1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    asked = targets != 0
    wanted = np.arange(logits.shape[-1]) == targets[..., None]
    return (p - wanted) * asked[..., None] / asked.size


@EXERCISE.mutant
def masked_gradient_of_the_sum(logits, targets):
    return _errors(logits, targets) * (np.asarray(targets) != 0)[..., None]


@EXERCISE.mutant
def masked_gradient_upwards(logits, targets):
    return -_reference(logits, targets)


@EXERCISE.mutant
def masked_gradient_without_the_target(logits, targets):
    asked = np.asarray(targets) != 0
    return reference.softmax(np.asarray(logits, dtype=float)) * asked[..., None] / max(asked.sum(), 1)


@EXERCISE.mutant
def masked_gradient_of_the_logits(logits, targets):
    asked = np.asarray(targets) != 0
    wanted = np.arange(np.shape(logits)[-1]) == np.asarray(targets)[..., None]
    return (np.asarray(logits, dtype=float) - wanted) * asked[..., None] / max(asked.sum(), 1)


@EXERCISE.mutant
def masked_gradient_text_by_text(logits, targets):
    asked = np.asarray(targets) != 0
    each = np.maximum(asked.sum(axis=1), 1)[:, None, None] * max(asked.any(axis=1).sum(), 1)
    return _errors(logits, targets) * asked[..., None] / each


@EXERCISE.mutant
def masked_gradient_at_the_other_places(logits, targets):
    asked = np.asarray(targets) == 0
    return _errors(logits, targets) * asked[..., None] / max(asked.sum(), 1)


@EXERCISE.holds("it is the slope of the loss")
def slope(call):
    def loss(z):
        log_p = np.log(reference.softmax(z))
        return -np.take_along_axis(log_p, _targets[..., None], axis=-1)[..., 0][_targets != 0].mean()

    step = np.zeros_like(_logits)
    step[0, 1, 3] = 1e-5
    measured, yours = (loss(_logits + step) - loss(_logits - step)) / 2e-5, float(np.asarray(call(_logits, _targets))[0, 1, 3])
    return None if abs(measured - yours) < 1e-5 else f"at one logit it is {text.number(yours)}, the slope {text.number(measured)}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[[1 / 3, 1 / 3, -2 / 3], [0, 0, 0]]], np.array([[[0.0, 0, 0], [5, 1, 1]]]), np.array([[2, 0]])))
