"""Perplexity of a text under a table of counted pairs."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _pairs(train, vocab):
    counts = np.zeros((vocab, vocab))
    np.add.at(counts, (train[:-1], train[1:]), 1)
    return counts


def _surprises(train, text, vocab, extra=1.0, total=None):
    counts = _pairs(train, vocab) + extra
    totals = counts.sum(axis=1, keepdims=True) if total is None else counts.sum(axis=1, keepdims=True) + total
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.log((counts / totals)[text[:-1], text[1:]])


def _reference(train, text, vocab):
    return np.exp(_surprises(train, text, vocab).mean())


EXERCISE = Exercise(
    id="fundamentals.bigram_perplexity",
    title="How many symbols does it hesitate between?",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/problems",
    statement=r"""
    A model of pairs predicts a symbol from the one before it. From the array `train` (whole numbers below `vocab`) count how often each symbol follows each; add 1 to every one of the `vocab`$^2$ counts, so that nothing is impossible; divide each row by its sum. Return the **perplexity** of another array, `text`: the exponential of the average surprise of its symbols, each given the one before. The first symbol has none before it and is not predicted. Texts have two symbols or more, and 2,000 of them must do no harm.

    A tiny example: with `train = [0, 1, 0, 1]` and `vocab = 2` the counts become $\begin{pmatrix} 1 & 3 \\ 2 & 1 \end{pmatrix}$; the text `[0, 1, 1]` has the probabilities $3/4$ and $1/3$, and the perplexity $2$.
    """,
    slot='''
    def bigram_perplexity(train, text, vocab):
        """Perplexity of a text under counted pairs, one added to each count.

        train, text: whole numbers from 0 to vocab - 1, (any length >= 2)
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A model that knows nothing gives every symbol the same probability, and its perplexity is `vocab`.",
        r"$\exp\bigl(-\tfrac{1}{L - 1} \sum_{t \ge 2} \ln P(x_t \mid x_{t-1})\bigr)$ for a text of $L$ symbols; rows of $P$ belong to the symbol *before*.",
        "```python\ncounts = np.ones((vocab, vocab))\nfor before, after in zip(train, ____):\n    counts[before, after] += 1\n"
        "p = counts / counts.sum(axis=____, keepdims=True)\nreturn np.exp(-np.log(p[____, ____]).mean())\n```",
    ),
    parsons=("pairs_read_backwards", "surprise_not_exponentiated"),
    why=r"""
    The average surprise is a cross-entropy, and its exponential the number of equally likely symbols that would be as hard to guess.

    **The two most common mistakes.** Averaging probabilities instead of their logarithms, which forgives the disasters. Leaving the added ones out of the row's sum, so that the probabilities add up to more than one and the perplexity looks better than it is.

    **Cost.** One pass over each text, and `vocab`$^2$ numbers: the price that made longer contexts impossible to count.
    """,
    verified="six pairs of texts, with vocabularies of 1 to 5, of 2 to 2,000 symbols, some never counted.",
    next_thought="which perplexity does the text used for counting have, and why is it no evidence?",
    reference=_reference,
)

_rng = np.random.default_rng(51)
EXERCISE.probe("40 symbols counted, 12 predicted, 5 kinds", _rng.integers(0, 4, 40) % 5, _rng.integers(0, 5, 13), 5)
EXERCISE.probe("11 symbols counted, 6 predicted, 3 kinds", np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0]),
               np.array([0, 1, 2, 2, 0, 1, 2]), 3)
EXERCISE.probe("the example", np.array([0, 1, 0, 1]), np.array([0, 1, 1]), 2)
EXERCISE.probe("2 symbols counted, 2 predicted, 4 kinds", np.array([1, 3]), np.array([1, 3]), 4)
EXERCISE.probe("9 symbols counted, of which the last two kinds are none", np.array([0, 0, 1, 0, 0, 1, 1, 0, 0]), np.array([0, 4, 3, 0, 1]), 5)
EXERCISE.probe("one kind of symbol", np.zeros(3, dtype=int), np.zeros(5, dtype=int), 1)
EXERCISE.probe("2,000 symbols predicted", _rng.integers(0, 4, 30), _rng.integers(0, 5, 2000), 5, extreme=True)


@EXERCISE.solve
def bigram_perplexity_solution(train, text, vocab):
    counts = np.ones((vocab, vocab))
    for before, after in zip(train[:-1], train[1:]):
        counts[before, after] += 1
    p = counts / counts.sum(axis=1, keepdims=True)
    return np.exp(-np.log(p[text[:-1], text[1:]]).mean())


@EXERCISE.mutant
def pairs_read_backwards(train, text, vocab):
    counts = np.ones((vocab, vocab))
    for before, after in zip(train[:-1], train[1:]):
        counts[before, after] += 1
    p = counts / counts.sum(axis=0, keepdims=True)
    return np.exp(-np.log(p[text[:-1], text[1:]]).mean())


@EXERCISE.mutant
def surprise_not_exponentiated(train, text, vocab):
    counts = np.ones((vocab, vocab))
    for before, after in zip(train[:-1], train[1:]):
        counts[before, after] += 1
    p = counts / counts.sum(axis=1, keepdims=True)
    return -np.log(p[text[:-1], text[1:]]).mean()


@EXERCISE.mutant
def probabilities_averaged(train, text, vocab):
    return 1 / np.exp(-_surprises(train, text, vocab)).mean()


@EXERCISE.mutant
def nothing_added_to_the_counts(train, text, vocab):
    return np.exp(_surprises(train, text, vocab, extra=0.0).mean())


@EXERCISE.mutant
def added_ones_not_in_the_sum(train, text, vocab):
    return np.exp(_surprises(train, text, vocab, total=-vocab + 1e-9).mean())


@EXERCISE.mutant
def first_sign_counted(train, text, vocab):
    return np.exp(_surprises(train, text, vocab).sum() / len(text))


@EXERCISE.mutant
def own_text_counted(train, text, vocab):
    return np.exp(_surprises(text, text, vocab).mean())


@EXERCISE.mutant
def base_of_the_logarithm_mixed(train, text, vocab):
    return 2 ** _surprises(train, text, vocab).mean()


@EXERCISE.mutant
def signs_counted_alone(train, text, vocab):
    counts = np.bincount(train, minlength=vocab) + 1
    return np.exp(-np.log((counts / counts.sum())[text[1:]]).mean())


@EXERCISE.mutant
def repeated_pairs_counted_once(train, text, vocab):
    counts = np.ones((vocab, vocab))
    counts[train[:-1], train[1:]] += 1
    return np.exp(-np.log((counts / counts.sum(axis=1, keepdims=True))[text[:-1], text[1:]]).mean())


@EXERCISE.mutant
def perplexity_by_multiplying(train, text, vocab):
    p = np.exp(-_surprises(train, text, vocab))
    with np.errstate(divide="ignore"):
        return np.divide(1.0, p.prod()) ** (1 / len(p))


@EXERCISE.mutant
def joint_for_conditional(train, text, vocab):
    counts = _pairs(train, vocab) + 1
    return np.exp(-np.log((counts / counts.sum())[text[:-1], text[1:]]).mean())


@EXERCISE.mutant
def kinds_seen_for_vocabulary(train, text, vocab):
    counts = _pairs(train, vocab)
    p = (counts + 1) / (counts.sum(axis=1, keepdims=True) + len(np.unique(train)))
    return np.exp(-np.log(p[text[:-1], text[1:]]).mean())


@EXERCISE.holds("without evidence it hesitates between all symbols")
def no_evidence(call):
    out = float(call(np.array([6, 6]), np.array([0, 3, 5, 1, 2]), 7))
    if abs(out - 7) > 1e-9:
        return f"of 7 symbols it says {out:.3f}"


@EXERCISE.holds("a perplexity is at least 1")
def at_least_one(call):
    out = float(call(np.array([0, 1] * 40), np.array([0, 1, 0, 1]), 2))
    if not out >= 1:
        return f"it is {out:.3f}"


EXERCISE.holds("the example of the statement has the perplexity 2")(
    comes_out(2.0, np.array([0, 1, 0, 1]), np.array([0, 1, 1]), 2))
EXERCISE.holds("a pair that was counted three times counts three times")(
    comes_out(5 / 4, np.array([0, 1, 0, 1, 0, 1]), np.array([0, 1]), 2))
EXERCISE.holds("after the text 0, 0, 1 the symbols 0 and 1 are equally likely behind a 0")(
    comes_out(2.0, np.array([0, 0, 1]), np.array([0, 1]), 2))


@EXERCISE.holds("a text that goes round 200 times has the perplexity of one round")
def long_text(call):
    short, train = np.array([0, 1, 2, 0, 2] * 2 + [0]), np.array([0, 1, 2, 0, 1])
    one, many = float(call(train, short, 3)), float(call(train, np.append(np.tile(short[:-1], 200), 0), 3))
    return None if abs(one - many) < 1e-3 else f"11 symbols have {one:.3f}, 2,001 symbols {many:.3f}"
