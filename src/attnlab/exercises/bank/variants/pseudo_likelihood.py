"""A score for a text from a model that fills gaps: each token hidden in its turn."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import left_alone


def _scores(guess, ids, hide, places=None):
    """ln p of the token at each place, with what `hide(ids, i)` shows."""
    ids = np.asarray(ids)
    places = range(1, len(ids) - 1) if places is None else places
    return [float(np.log(reference.softmax(np.asarray(guess(hide(ids, i)), dtype=float)[i]))[ids[i]]) for i in places]


def _one(ids, i, mask):
    hidden = ids.copy()
    hidden[i] = mask
    return hidden


def _log_softmax(z):
    z = z - z.max()
    return z - np.log(np.exp(z).sum())


def _reference(guess, ids, mask):
    ids, total = np.asarray(ids), 0.0
    for i in range(1, len(ids) - 1):
        total += _log_softmax(np.asarray(guess(_one(ids, i, mask)), dtype=float)[i])[ids[i]]
    return total


EXERCISE = Exercise(
    id="variants.pseudo_likelihood",
    title="Score a text with a model that fills gaps",
    level="create",
    minutes=20,
    difficulty=3,
    page="variants/bert",
    headings=("The idea in 60 seconds", "A model that fills gaps"),
    statement=r"""
    BERT gives no probability of a text. But one can ask it for each token, **hidden alone**, given all others, and add up the logarithms:

    $$\operatorname{PLL}(t_1, \dots, t_n) = \sum_{i} \ln p(t_i \mid t_1, \dots, t_{i-1}, \texttt{[MASK]}, t_{i+1}, \dots, t_n) .$$

    That is the *pseudo-log-likelihood* of Salazar and others (2020). It is good for comparing texts, and no logarithm of a probability of the whole text.

    `guess(ids)` gives the logits of all places, $n \times V$, for the ids it is given. The first and the last id are `[CLS]` and `[SEP]`: they are never hidden and **not scored**. Return the sum. A text without anything between the two has the score 0; logits of thousands must do no harm; `ids` must stay as they are.

    A tiny example: if `guess` gives logits of 0 for four words at each place, `ids = [2, 1, 3, 3]` has the score $-2 \ln 4 = -2.773$.
    """,
    slot='''
    def pseudo_likelihood(guess, ids, mask):
        """Sum of ln p(token | all others), each token between the first and the last hidden in its turn.

        guess: a function of ids (n,) that gives logits (n, words); ids: (n,) whole numbers; mask: an id
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A text of $n$ ids needs $n - 2$ calls of `guess`, each with one place hidden and all others as they are. What is asked for at place $i$ is in row $i$.",
        r"$\ln p(t_i \mid \dots) = z_{t_i} - \ln \sum_k e^{z_k}$ with $z$ the row of the hidden place; subtract the largest logit first.",
        "```python\ntotal = 0.0\nfor i in range(____, ____):\n    hidden = ____\n    hidden[i] = mask\n    z = guess(hidden)[____]\n    z = z - z.max()\n    total += z[____] - ____\nreturn total\n```",
    ),
    parsons=("pseudo_all_hidden_at_once", "pseudo_nothing_hidden"),
    why=r"""
    Each factor is a proper probability, but their product is not one of the text: the conditions overlap, and over all texts the products need not add up to 1. For comparing candidates (which of two sentences is better English?) it does well.

    **The two most common mistakes.** Hiding nothing: a model trained with "10 % stay" then sees the answer, and every text looks likely. Hiding everything at once: one call in place of $n - 2$, and a gap knows nothing of its neighbours.

    **Cost.** $n - 2$ passes over $n$ tokens; a left-to-right model scores all its tokens in one.
    """,
    verified="equal for texts of 2 to 13 ids and four models, one that looks at its neighbours, one at all tokens, one with logits of thousands.",
    next_thought="of two texts the longer has more terms, all negative. When is that fair, and what would you divide by?",
    reference=_reference,
)


def _neighbours(seed, n_words, size=1.0):
    """A model whose logits depend on the token itself, its neighbours and the mean of all."""
    left, own, right, whole = size * np.random.default_rng(seed).normal(size=(4, n_words, n_words))

    def guess(ids):
        ids = np.asarray(ids)
        before, after = np.roll(ids, 1), np.roll(ids, -1)
        return left[before] + 1.5 * own[ids] + right[after] + whole[ids].mean(axis=0)

    return guess


def _flat(ids):
    return np.zeros((len(ids), 4))


EXERCISE.probe("a text of 7 ids, 11 words", _neighbours(0, 11), np.array([2, 7, 5, 9, 5, 10, 3]), 4)
EXERCISE.probe("a text of 13 ids, 17 words", _neighbours(1, 17), np.array([2, 16, 5, 9, 5, 12, 8, 8, 15, 6, 11, 14, 3]), 4)
EXERCISE.probe("one token between the marks", _neighbours(2, 7), np.array([2, 6, 3]), 4)
EXERCISE.probe("two tokens", _neighbours(3, 7), np.array([2, 5, 6, 3]), 0)
EXERCISE.probe("nothing between the marks", _neighbours(4, 7), np.array([2, 3]), 4)
EXERCISE.probe("the same token again and again", _neighbours(5, 11), np.array([1, 8, 8, 8, 8, 1]), 4)
EXERCISE.probe("all words equally likely", _flat, np.array([2, 1, 3, 1, 3]), 0)
EXERCISE.probe("logits of thousands", _neighbours(6, 7, 900.0), np.array([2, 5, 6, 5, 3]), 4, extreme=True)
EXERCISE.probe("marks and the mask inside the text", _neighbours(7, 11), np.array([2, 7, 2, 4, 9, 3, 0, 4, 3]), 4)
EXERCISE.probe("a text of 31 ids", _neighbours(8, 13), np.random.default_rng(9).integers(0, 13, 31), 12)


@EXERCISE.solve
def pseudo_likelihood_solution(guess, ids, mask):
    total = 0.0
    for i in range(1, len(ids) - 1):
        hidden = np.array(ids)
        hidden[i] = mask
        z = guess(hidden)[i]
        z = z - z.max()
        total += z[ids[i]] - np.log(np.exp(z).sum())
    return total


@EXERCISE.mutant
def pseudo_all_hidden_at_once(guess, ids, mask):
    total = 0.0
    hidden = np.array(ids)
    hidden[1:-1] = mask
    for i in range(1, len(ids) - 1):
        z = guess(hidden)[i]
        z = z - z.max()
        total += z[ids[i]] - np.log(np.exp(z).sum())
    return total


@EXERCISE.mutant
def pseudo_nothing_hidden(guess, ids, mask):
    total = 0.0
    for i in range(1, len(ids) - 1):
        z = guess(np.array(ids))[i]
        z = z - z.max()
        total += z[ids[i]] - np.log(np.exp(z).sum())
    return total


@EXERCISE.mutant
def pseudo_hidden_for_good(guess, ids, mask):
    ids = np.asarray(ids)
    return sum(_scores(guess, ids, lambda ids, i: np.where((np.arange(len(ids)) >= 1) & (np.arange(len(ids)) <= i), mask, ids)))


@EXERCISE.mutant
def pseudo_from_the_left_alone(guess, ids, mask):
    ids = np.asarray(ids)
    return sum(_scores(guess, ids, lambda ids, i: np.where((np.arange(len(ids)) >= i) & (np.arange(len(ids)) < len(ids) - 1), mask, ids)))


@EXERCISE.mutant
def pseudo_marks_scored(guess, ids, mask):
    ids = np.asarray(ids)
    return sum(_scores(guess, ids, lambda ids, i: _one(ids, i, mask), range(len(ids))))


@EXERCISE.mutant
def pseudo_mean_of_the_terms(guess, ids, mask):
    return _reference(guess, ids, mask) / max(len(ids) - 2, 1)


@EXERCISE.mutant
def pseudo_in_bits(guess, ids, mask):
    return _reference(guess, ids, mask) / np.log(2)


@EXERCISE.mutant
def pseudo_logits_added(guess, ids, mask):
    ids = np.asarray(ids)
    return float(sum(guess(_one(ids, i, mask))[i][ids[i]] for i in range(1, len(ids) - 1)))


@EXERCISE.mutant
def pseudo_probabilities_added(guess, ids, mask):
    ids = np.asarray(ids)
    return float(sum(np.exp(_scores(guess, ids, lambda ids, i: _one(ids, i, mask)))))


@EXERCISE.mutant
def pseudo_positive(guess, ids, mask):
    return -_reference(guess, ids, mask)


@EXERCISE.holds("a text that the model expects has the higher score")
def expected(call):
    def guess(ids):
        z = np.zeros((len(ids), 6))
        z[np.arange(1, len(ids)), (np.asarray(ids)[:-1] + 1) % 6] = 3.0
        return z

    up, down = float(call(guess, np.array([0, 1, 2, 3, 4, 5]), 0)), float(call(guess, np.array([0, 4, 3, 2, 1, 5]), 0))
    return None if up > down else f"counting up has {text.number(up)} and counting down {text.number(down)}, though each word is expected after the one before"


@EXERCISE.holds("the example of the statement comes out")
def example(call):
    out = float(call(_flat, np.array([2, 1, 3, 3]), 0))
    return None if abs(out + 2 * np.log(4)) < 1e-3 else f"it is {text.number(out)}"


EXERCISE.holds("the given ids stay as they are")(left_alone(_flat, np.array([2, 1, 3, 1, 3]), 0))
