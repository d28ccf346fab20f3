"""Scores to contexts: what a decoder sees at each step when it may look back at the words of its own text."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(scores, states, lengths):
    hidden = np.arange(states.shape[1]) >= np.asarray(lengths)[:, None]
    weights = reference.softmax(np.where(hidden[:, None, :], -np.inf, scores))
    return np.einsum("btm,bmd->btd", weights, states), weights


EXERCISE = Exercise(
    id="fundamentals.look_again",
    title="Look again for every word",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/intuition",
    headings=("Looking back",),
    statement=r"""
    A decoder has compared its state at every step with every word's state $h_i$, and the scores $e_{ti}$ are given. Return the **contexts** and the **weights**:

    $$\alpha_{ti} = \frac{e^{e_{ti}}}{\sum_j e^{e_{tj}}}, \qquad c_t = \sum_i \alpha_{ti}\, h_i ,$$

    for several texts at once. Text $b$ has `lengths[b]` real words; what stands behind them is padding, gets weight 0, and counts in no sum. Every text has a word at least. Scores of 1000 and of -1000 must come out right, in real words and in padding, in one text or in several.

    A tiny example: one text of length 2, padded to 3, one step with the scores `[0, 0, 9]` and the states `[[2], [4], [7]]` give the context `[3]` and the weights `[0.5, 0.5, 0]`.
    """,
    slot='''
    def look_again(scores, states, lengths):
        """Contexts and weights of each step, padding left out.

        scores: (texts, steps, words), states: (texts, words, d), lengths: (texts,) real words
        result: a pair, contexts (texts, steps, d) and weights (texts, steps, words)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The weights of every step add up to one, over the real words alone. Changing a score in the padding changes nothing.",
        r"A score of $-\infty$ has the weight $e^{-\infty} = 0$. Put it there *before* the softmax, and the sum below the fraction is right by itself.",
        "```python\npadding = np.arange(states.shape[1]) >= lengths[:, None]\nscores = np.where(padding[:, None, :], ____, scores)\n"
        "powers = np.exp(scores - scores.max(axis=-1, keepdims=True))\nweights = powers / ____\nreturn weights @ ____, weights\n```",
    ),
    parsons=("look_at_padding_too", "look_mask_after_softmax"),
    why=r"""
    The two lines of the formula are a softmax and a matrix product; the mask is one line more. Each step has a context of its own. That is the whole difference from
    a decoder that gets one vector.

    **The two most common mistakes.** Forgetting the padding, which still trains. Setting the padding's *weights* to zero after the softmax, so that the rest adds up to less than one.

    **Cost.** For each step one score and one product with every word: steps times words, where the fixed vector costs nothing.
    """,
    verified="equal to each text computed alone, weights that add up to one, scores of 1000, steps 2,000 apart, and the largest score in the padding.",
    next_thought="which scores would make the contexts the same at every step?",
    reference=_reference,
    parts=("contexts", "weights"),
)

_rng = np.random.default_rng(32)


def _case(lengths, steps, words, d, size=1.5):
    return [_rng.normal(size=(len(lengths), steps, words)) * size, _rng.normal(size=(len(lengths), words, d)), np.array(lengths)]


_first = _case([5, 2, 3], 4, 5, 7)
EXERCISE.probe("3 texts of 5, 2 and 3 words, 4 steps", *_first)
EXERCISE.probe("one text of 1 word, padded to 3, 2 steps", *_case([1], 2, 3, 5))
EXERCISE.probe("2 texts of 3 words, 3 steps, width 3", *_case([3, 2], 3, 3, 3))
EXERCISE.probe("scores up to 700", *_case([3, 2], 2, 5, 3, size=400.0), extreme=True)
_far = np.array([[[1000.0, 1001.0, 0.0], [-1000.0, -1001.0, -1500.0], [0.0, 1.0, 2000.0], [-1000.0, -1000.5, 1000.0]]])
_far_states = np.array([[[1.0, 0.0], [0.0, 1.0], [50.0, 70.0]]])
EXERCISE.probe("a padded text, no words look alike", *_case([2, 4, 1], 1, 7, 2))
EXERCISE.probe("scores of 1000 and of -1000 in one text", _far[:, :2], _far_states, np.array([3]), extreme=True)
EXERCISE.probe("a step's scores from -3000 to 2000", np.array([[[2000.0, 0.0, -3000.0], [-1.0, 2000.0, 1999.0]]]), _far_states, np.array([3]), extreme=True)
EXERCISE.probe("steps of 1000 and of 0", np.array([[[1000.0, 1001.0, 999.0], [0.0, 1.0, -1.0]]]), _far_states, np.array([3]), extreme=True)
EXERCISE.probe("the largest score in the padding", _far[:, 2:], _far_states, np.array([2]), extreme=True)
EXERCISE.probe("scores of 1000 in one text, of -1000 in the other", _far[0, :2, None], np.repeat(_far_states, 2, axis=0),
               np.array([2, 3]), extreme=True)


def _soft(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _padding(states, lengths):
    return (np.arange(states.shape[1]) >= np.asarray(lengths)[:, None])[:, None, :]


@EXERCISE.solve
def look_again_solution(scores, states, lengths):
    padding = np.arange(states.shape[1]) >= lengths[:, None]
    scores = np.where(padding[:, None, :], -np.inf, scores)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ states, weights


@EXERCISE.mutant
def look_at_padding_too(scores, states, lengths):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ states, weights


@EXERCISE.mutant
def look_mask_after_softmax(scores, states, lengths):
    padding = np.arange(states.shape[1]) >= lengths[:, None]
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    weights = np.where(padding[:, None, :], 0, weights)
    return weights @ states, weights


@EXERCISE.mutant
def look_padding_scores_zero(scores, states, lengths):
    weights = _soft(np.where(_padding(states, lengths), 0.0, scores))
    return weights @ states, weights


@EXERCISE.mutant
def look_softmax_over_steps(scores, states, lengths):
    weights = np.where(_padding(states, lengths), 0.0, _soft(scores, axis=1))
    return weights @ states, weights


@EXERCISE.mutant
def look_at_the_best_only(scores, states, lengths):
    best = np.where(_padding(states, lengths), -np.inf, scores).argmax(axis=-1)
    weights = np.eye(states.shape[1])[best]
    return weights @ states, weights


@EXERCISE.mutant
def look_once_for_all_steps(scores, states, lengths):
    weights = _soft(np.where(_padding(states, lengths), -np.inf, scores.mean(axis=1, keepdims=True)))
    weights = np.repeat(weights, scores.shape[1], axis=1)
    return weights @ states, weights


@EXERCISE.mutant
def look_one_word_too_far(scores, states, lengths):
    weights = _soft(np.where(_padding(states, np.asarray(lengths) + 1), -np.inf, scores))
    return weights @ states, weights


@EXERCISE.mutant
def look_with_equal_weights(scores, states, lengths):
    weights = _soft(np.where(_padding(states, lengths), -np.inf, 0 * scores))
    return weights @ states, weights


def _relative_to(top, scores, states, lengths):
    powers = np.exp(scores - top) * ~_padding(states, lengths)
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ states, weights


@EXERCISE.mutant(evidence=text.not_finite)
def look_without_maximum(scores, states, lengths):
    return _relative_to(0.0, scores, states, lengths)


@EXERCISE.mutant(evidence=text.not_finite, same_as="look_without_maximum")
def look_without_maximum_but_hidden_first(scores, states, lengths):
    return _relative_to(0.0, np.where(_padding(states, lengths), -np.inf, scores), states, lengths)


@EXERCISE.mutant(evidence=text.not_finite)
def look_one_maximum_for_all(scores, states, lengths):
    hidden = np.where(_padding(states, lengths), -np.inf, scores)
    return _relative_to(hidden.max(), hidden, states, lengths)


@EXERCISE.mutant(evidence=text.not_finite, same_as="look_one_maximum_for_all")
def look_one_maximum_for_each_text(scores, states, lengths):
    hidden = np.where(_padding(states, lengths), -np.inf, scores)
    return _relative_to(hidden.max(axis=(1, 2), keepdims=True), hidden, states, lengths)


@EXERCISE.mutant(evidence=text.not_finite)
def look_maximum_over_padding(scores, states, lengths):
    return _relative_to(scores.max(axis=-1, keepdims=True), scores, states, lengths)


@EXERCISE.mutant
def look_padding_scores_low(scores, states, lengths):
    weights = _soft(np.where(_padding(states, lengths), -100.0, scores))
    return weights @ states, weights


@EXERCISE.mutant(same_as="look_padding_scores_low")
def look_padding_scores_rather_low(scores, states, lengths):
    weights = _soft(np.where(_padding(states, lengths), -1000.0, scores))
    return weights @ states, weights


@EXERCISE.mutant
def look_at_the_first_text_s_words(scores, states, lengths):
    return _reference(scores, states, np.full(len(scores), lengths[0]))


@EXERCISE.holds("the weights of every step add up to one")
def adds_up_to_one(call):
    sums = call(*_first)[1].sum(axis=-1)
    off = sums.ravel()[np.abs(sums - 1).argmax()]
    return None if abs(off - 1) < 1e-4 else f"a step's weights add up to {text.number(off)}"


@EXERCISE.holds("padding has weight 0")
def padding_has_none(call):
    scores, states, lengths = _first
    share = np.where(_padding(states, lengths), call(*_first)[1], 0).max()
    return None if share < 1e-6 else f"a padded place has the weight {text.number(share)}"


@EXERCISE.holds("each step looks by its own scores")
def own_scores(call):
    scores, states, lengths = _first
    other = scores.copy()
    other[:, 0] += np.arange(5)
    gap = np.abs(call(other, states, lengths)[0][:, 1:] - call(*_first)[0][:, 1:]).max()
    return None if gap < 1e-4 else f"changing the scores of the first step moves a later context by {text.number(gap)}"


EXERCISE.holds("the example of the statement comes out")(comes_out(
    ([[[3.0]]], [[[0.5, 0.5, 0.0]]]), np.array([[[0.0, 0.0, 9.0]]]), np.array([[[2.0], [4.0], [7.0]]]), np.array([2])))
EXERCISE.holds("scores of 1000 and 1001, and of -1000 and -1001, give what 0 and 1, and 1 and 0, give")(comes_out(
    ([[[0.269, 0.731], [0.731, 0.269]]], [[[0.269, 0.731, 0.0], [0.731, 0.269, 0.0]]]), _far[:, :2], _far_states, np.array([2])))


@EXERCISE.holds("the contexts are the weights times the states")
def contexts_by_weights(call):
    contexts, weights = call(*_first)
    gap = np.abs(contexts - weights @ _first[1]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("each text is looked at as if it were alone")
def alone(call):
    scores, states, lengths = _first
    together = call(*_first)[0]
    for b, length in enumerate(lengths):
        gap = np.abs(call(scores[b : b + 1, :, :length], states[b : b + 1, :length], lengths[b : b + 1])[0][0] - together[b]).max()
        if not gap < 1e-3:
            return f"text {b}, alone and without padding, has contexts that differ by {text.number(gap)}"
    return None
