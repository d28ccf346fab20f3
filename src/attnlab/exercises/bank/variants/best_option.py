"""A multiple-choice question put to a language model: which continuation does it find likeliest, token by token?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _chosen(log_p, context, option):
    """Log-probability of each token of the option."""
    ids = [*map(int, context), *map(int, option)]
    rows = np.asarray(log_p(ids))
    return rows[np.arange(len(context) - 1, len(ids) - 1), ids[len(context):]]


def _answer(scores):
    return int(np.argmax(scores)), np.array(scores)


def _reference(log_p, context, options):
    return _answer([_chosen(log_p, context, option).mean() for option in options])


EXERCISE = Exercise(
    id="variants.best_option",
    title="A question, four answers, no training",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/gpt",
    headings=("One model, many tasks",),
    statement=r"""
    A language model can answer a multiple-choice question without being trained on any: it is shown the question and asked how likely each answer is as its continuation. Long answers have small probabilities, so the **mean** log-probability of an option's tokens is compared.

    `log_p(ids)` returns a row for each id: row $t$ holds the logarithms of the probabilities of what *follows* ids 0 to $t$. For each list of ids in `options` (one token or more, of unlike lengths), let the model read the context and then the option, and take the mean log-probability of the option's tokens, each given the context and the option's tokens before it. Return **two** things: the number of the best option (the first of equal ones), and the array of all means.

    A tiny example: a model that gives token 0 the probability $\tfrac12$ and tokens 1 and 2 each $\tfrac14$, whatever came before, gives the options `[1]` and `[0, 0, 0]` the means $\ln\tfrac14 = -1.386$ and $\ln\tfrac12 = -0.693$: the answer is `(1, [-1.386, -0.693])`.
    """,
    slot='''
    def best_option(log_p, context, options):
        """Which option continues the context best, and the mean log-probability of each.

        log_p: a function; log_p(list of n ids) is (n, vocabulary)
        context: (tokens,) ids, one or more; options: a list of lists of ids
        best: a whole number; means: (options,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The first token of an option is predicted by the row of the *last token of the context*.",
        r"With $c$ ids in the context, token $j$ of an option stands at place $c + j$ of the whole and is judged by row $c + j - 1$.",
        "```python\nmeans = []\nfor option in options:\n    ids = [*context, *option]\n    rows = log_p(____)\n    places = range(len(context), ____)\n    means.append(np.mean([rows[____, ids[i]] for i in places]))\n"
        "return int(____), np.array(means)\n```",
    ),
    parsons=("option_judged_a_row_late", "sum_favours_short_options"),
    why=r"""
    This is how language models are tested on questions they were not trained for: nothing is generated, four numbers are compared.

    **The two most common mistakes.** Adding up instead of averaging: the shortest option then wins too often. Using the row of a token to judge that very token: the row speaks of the next one.

    **Cost.** A run for every option; with a cache the context is read once.
    """,
    verified="equal to the definition for contexts of 1 to 9 ids, 1 to 5 options of 1 to 7 ids, ties, and models whose answer depends on every id before.",
    next_thought="an option made of common words has a high mean whatever the question. What could be subtracted?",
    reference=_reference,
    parts=("best", "means"),
)


def _by_the_past(vocab, seed):
    """Log-probabilities that depend on every id so far, on their order and on how many there are."""
    table = np.random.default_rng(seed).normal(size=(vocab, vocab))

    def log_p(ids):
        state, rows = np.zeros(vocab), []
        for n, i in enumerate(np.asarray(ids, dtype=int), start=1):
            state = 0.8 * state + table[i]
            rows.append(state + 0.5 * np.cos(n * np.arange(vocab)))
        z = np.array(rows)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    return log_p


def _steady(*probabilities):
    return lambda ids: np.tile(np.log(probabilities), (len(ids), 1))


EXERCISE.probe("context of 5, options of 3, 1 and 4", _by_the_past(7, 0), np.array([3, 1, 4, 1, 5]), [[2, 6, 5], [3], [0, 2, 4, 4]])
EXERCISE.probe("context of 1, two options", _by_the_past(5, 1), np.array([2]), [[1, 1], [4, 0, 3]])
EXERCISE.probe("context of 9, five options", _by_the_past(6, 2), np.array([5, 0, 1, 1, 4, 2, 3, 3, 0]), [[1], [2, 2], [3, 0, 5], [4], [5, 1, 0, 2, 3, 4, 1]])
EXERCISE.probe("options of one token", _by_the_past(11, 3), np.array([7, 10, 2]), [[4], [9], [0]])
EXERCISE.probe("one option", _by_the_past(4, 4), np.array([0, 3]), [[2, 1, 3]])
EXERCISE.probe("two equal options", _by_the_past(5, 5), np.array([1, 4, 2]), [[3, 3, 3], [0, 1], [0, 1]])
EXERCISE.probe("the longest is the best", _steady(0.5, 0.25, 0.25), np.array([2, 0, 1]), [[1], [2, 0], [0, 0, 0, 0, 0]])
EXERCISE.probe("options that begin alike", _by_the_past(5, 6), np.array([1, 2, 3, 4]), [[2, 2, 0], [2, 2, 4], [2]])
EXERCISE.probe("context of 19, seven options, one of 13", _by_the_past(6, 9), np.array([5, 0, 1, 1, 4, 2, 3, 3, 0, 2, 2, 5, 1, 0, 4, 4, 3, 1, 2]),
               [[1], [2, 2], [3, 0, 5], [4], [5, 1, 0, 2, 3, 4, 1, 1, 1, 1, 0, 0, 2], [0, 0], [2, 5, 4]])
EXERCISE.probe("an option of 400 tokens", _by_the_past(5, 10), np.array([1, 3]), [[2, 4], [0, 1, 1, 4, 2] * 80])
EXERCISE.probe("tokens that are nearly impossible", _steady(1.0, 1e-200, 1e-15), np.array([0, 0]), [[1, 1, 1], [2, 1], [2, 2, 2, 0]])
EXERCISE.probe("means that differ by less than a millionth", _steady(0.5 - 1.5e-7, 0.5 + 1.5e-7), np.array([0]), [[0, 0], [1], [0]])


@EXERCISE.solve
def best_option_solution(log_p, context, options):
    means = []
    for option in options:
        ids = [*context, *option]
        rows = log_p(ids)
        places = range(len(context), len(ids))
        means.append(np.mean([rows[i - 1, ids[i]] for i in places]))
    return int(np.argmax(means)), np.array(means)


@EXERCISE.mutant
def option_judged_a_row_late(log_p, context, options):
    means = []
    for option in options:
        ids = [*context, *option]
        rows = log_p(ids)
        places = range(len(context), len(ids))
        means.append(np.mean([rows[i, ids[i]] for i in places]))
    return int(np.argmax(means)), np.array(means)


@EXERCISE.mutant
def sum_favours_short_options(log_p, context, options):
    means = []
    for option in options:
        ids = [*context, *option]
        rows = log_p(ids)
        places = range(len(context), len(ids))
        means.append(np.sum([rows[i - 1, ids[i]] for i in places]))
    return int(np.argmax(means)), np.array(means)


@EXERCISE.mutant
def context_judged_too(log_p, context, options):
    means = []
    for option in options:
        ids = [*map(int, context), *option]
        rows = np.asarray(log_p(ids))
        means.append(rows[np.arange(len(ids) - 1), ids[1:]].mean())
    return _answer(means)


@EXERCISE.mutant
def options_without_the_context(log_p, context, options):
    means = []
    for option in options:
        rows = np.asarray(log_p([int(context[-1]), *option]))
        means.append(rows[np.arange(len(option)), option].mean())
    return _answer(means)


@EXERCISE.mutant
def only_the_first_token_of_an_option(log_p, context, options):
    return _answer([_chosen(log_p, context, option)[0] for option in options])


@EXERCISE.mutant
def first_token_of_an_option_free(log_p, context, options):
    return _answer([_chosen(log_p, context, option)[1:].sum() / max(len(option) - 1, 1) for option in options])


@EXERCISE.mutant
def probabilities_of_tokens_averaged(log_p, context, options):
    return _answer([np.log(np.exp(_chosen(log_p, context, option)).mean()) for option in options])


@EXERCISE.mutant
def divided_by_the_whole_length(log_p, context, options):
    return _answer([_chosen(log_p, context, option).sum() / (len(context) + len(option)) for option in options])


@EXERCISE.mutant
def options_read_one_after_the_other(log_p, context, options):
    means, past = [], list(map(int, context))
    for option in options:
        means.append(_chosen(log_p, past, option).mean())
        past += list(option)
    return _answer(means)


@EXERCISE.mutant
def least_likely_option_chosen(log_p, context, options):
    means = [_chosen(log_p, context, option).mean() for option in options]
    return int(np.argmin(means)), np.array(means)


@EXERCISE.mutant
def tokens_judged_by_the_end_of_the_context(log_p, context, options):
    last = np.asarray(log_p([int(i) for i in context]))[-1]
    return _answer([last[list(option)].mean() for option in options])


@EXERCISE.holds("the mean of an option does not depend on the others")
def each_alone(call):
    model, context, options = _by_the_past(7, 8), np.array([3, 1, 4]), [[2, 6], [5, 0, 1], [4]]
    together = np.asarray(call(model, context, options)[1], dtype=float)
    alone = np.array([float(np.asarray(call(model, context, [option])[1])[0]) for option in options])
    return None if np.allclose(together, alone, atol=1e-4) else f"together {text.numbers(together)}, alone {text.numbers(alone)}"


@EXERCISE.holds("of equal options the first is chosen")
def first_of_equals(call):
    best = int(call(_steady(0.5, 0.25, 0.25), np.array([0]), [[1], [0], [0, 0]])[0])
    return None if best == 1 else f"options 1 and 2 are equally good and better than option 0; chosen is {best}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out((1, [np.log(0.25), np.log(0.5)]), _steady(0.5, 0.25, 0.25), np.array([2]), [[1], [0, 0, 0]]))
