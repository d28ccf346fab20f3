"""Hard attention: each step draws one word, with the weights as probabilities, and takes its state."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(weights, states, draws):
    place = (draws[..., None] >= np.cumsum(weights, axis=-1)).sum(axis=-1)
    return states[np.minimum(place, len(states) - 1)]


EXERCISE = Exercise(
    id="fundamentals.hard_attention",
    title="Look at one word only",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/intuition",
    headings=("A soft look-up",),
    statement=r"""
    **Hard** attention does not mix: each step looks at *one* word, drawn at random with the weights as probabilities. A draw is a number $r$ between 0 and 1. The word drawn is the first one whose weight,
    added to the weights of all words before it, is *above* $r$. (Rounded, all weights together may fall a hair short of 1; if the draw lies above that, it is the last word.) Return for every sample and every step the state of the word drawn.

    A tiny example: the weights `[[0.25, 0.75]]`, the states `[[1], [2]]` and the draws `[[0.1], [0.5]]`, two samples of one step, give `[[[1]], [[2]]]`.
    """,
    slot='''
    def hard_attention(weights, states, draws):
        """The state of the word that each sample draws at each step.

        weights: (steps, words), every row with sum 1; states: (words, d); draws: (samples, steps), from 0 to below 1
        result: (samples, steps, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A word of weight 0 is never drawn. Over many samples, each word comes up as often as its weight says.",
        "`np.cumsum` adds the weights up from the left. The place of the word drawn is the number of sums that the draw has reached or passed.",
        "```python\nsums = np.cumsum(weights, axis=____)\nplace = (draws[..., None] >= ____).sum(axis=____)\nreturn states[____]\n```",
    ),
    parsons=("hard_without_the_sum", "hard_best_word"),
    why=r"""
    The mean over many draws is the soft context, $\sum_i \alpha_i h_i$: that is what a mean weighted by chances is. A single draw is a choice, and a choice has no slope: a slightly different weight
    nearly always gives the same word. So hard attention cannot be trained by the gradient alone, and soft attention can.

    **The two most common mistakes.** Comparing the draw with each weight by itself and not with their sums. Taking the heaviest word every time.

    **Cost.** One sum for every word; but only one state is read in each step.
    """,
    verified="equal to drawing word by word, for one step and several, weights of 0 and 1, sums that fall short of 1, as many words as steps, and in thousands of draws on average.",
    next_thought="with a hundred times the temperature, which words would be drawn?",
    reference=_reference,
)

_rng = np.random.default_rng(41)


def _case(steps, words, d, samples):
    powers = np.exp(_rng.normal(size=(steps, words)) * 1.5)
    return [powers / powers.sum(axis=-1, keepdims=True), _rng.normal(size=(words, d)), _rng.uniform(0, 0.999, size=(samples, steps))]


_first = _case(3, 5, 2, 7)
EXERCISE.probe("3 steps, 5 words, 7 samples", *_first)
EXERCISE.probe("one step, 7 words, 5 samples", *_case(1, 7, 3, 5))
EXERCISE.probe("5 steps, 5 words, 5 samples, states of 5 numbers", *_case(5, 5, 5, 5))
EXERCISE.probe("words of weight 0 and 1", np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]]), np.array([[1.0], [2.0], [4.0]]), np.array([[0.0, 0.0], [0.3, 0.3], [0.9, 0.9]]))
EXERCISE.probe("a draw that equals a sum", np.array([[0.25, 0.5, 0.25]]), np.array([[1.0], [2.0], [4.0]]), np.array([[0.25], [0.75]]))
EXERCISE.probe("ten weights whose rounded sum falls short of 1, a draw just below 1", np.full((1, 10), 0.1), np.arange(10.0)[:, None] - 3, np.array([[np.nextafter(1, 0)], [0.05], [0.95]]))
EXERCISE.probe("whole numbers as states", np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[1, 0], [0, 2], [3, 3], [5, 0]]), np.array([[0.05], [0.2], [0.5], [0.95]]))


def _pick(states, place):
    return states[np.clip(place, 0, len(states) - 1)]


@EXERCISE.solve
def hard_attention_solution(weights, states, draws):
    sums = np.cumsum(weights, axis=-1)
    place = (draws[..., None] >= sums).sum(axis=-1)
    return states[np.minimum(place, len(states) - 1)]


@EXERCISE.mutant
def hard_without_the_sum(weights, states, draws):
    sums = weights
    place = (draws[..., None] >= sums).sum(axis=-1)
    return states[np.minimum(place, len(states) - 1)]


@EXERCISE.mutant
def hard_best_word(weights, states, draws):
    place = np.repeat(weights.argmax(axis=-1)[None], len(draws), axis=0)
    return states[place]


@EXERCISE.mutant
def look_softly(weights, states, draws):
    return np.repeat((weights @ states)[None], len(draws), axis=0)


@EXERCISE.mutant
def hard_one_word_too_far(weights, states, draws):
    return _pick(states, (draws[..., None] >= np.cumsum(weights, axis=-1)).sum(axis=-1) + 1)


@EXERCISE.mutant
def hard_from_the_end(weights, states, draws):
    return _reference(weights[:, ::-1], states[::-1], draws)


@EXERCISE.mutant
def hard_one_draw_for_all_steps(weights, states, draws):
    return _reference(weights, states, np.repeat(draws[:, :1], draws.shape[1], axis=1))


@EXERCISE.mutant
def hard_all_words_alike(weights, states, draws):
    return _pick(states, (draws * len(states)).astype(int))


@EXERCISE.mutant
def hard_summed_over_the_steps(weights, states, draws):
    return _pick(states, (draws[..., None] >= np.cumsum(weights, axis=0)).sum(axis=-1))


@EXERCISE.mutant(evidence=text.shapes)
def hard_averaged_over_the_samples(weights, states, draws):
    return _reference(weights, states, draws).mean(axis=0)


@EXERCISE.holds("what comes back is the state of one of the words")
def one_of_the_states(call):
    weights, states, draws = _first
    gaps = np.abs(np.asarray(call(weights, states, draws))[..., None, :] - states).max(axis=-1).min(axis=-1)
    return None if gaps.max() < 1e-4 else f"an entry is {text.number(gaps.max())} away from every state"


@EXERCISE.holds("a word comes up as often as its weight says")
def as_often(call):
    weights, evenly = np.array([[0.1, 0.6, 0.3]]), (np.arange(1000)[:, None] + 0.5) / 1000
    shares = np.asarray(call(weights, np.eye(3), evenly)).mean(axis=0)[0]
    return None if np.abs(shares - weights[0]).max() < 5e-3 else f"weights of 0.1, 0.6 and 0.3 come up in shares of {text.numbers(shares)}"


EXERCISE.holds("the draws 0.1 and 0.5 take the first and the second of two words with the weights 0.25 and 0.75")(
    comes_out([[[1]], [[2]]], np.array([[0.25, 0.75]]), np.array([[1], [2]]), np.array([[0.1], [0.5]])))


@EXERCISE.holds("each step uses its own draw")
def own_draw(call):
    weights, states, draws = _first
    changed = draws.copy()
    changed[:, 1:] = 0.999
    gap = np.abs(np.asarray(call(weights, states, changed))[:, 0] - np.asarray(call(weights, states, draws))[:, 0]).max()
    return None if gap < 1e-6 else f"other draws in later steps change the first by {text.number(gap)}"
