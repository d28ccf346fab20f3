"""One step of beam search: the best continuations of all beams, and the cache that follows them."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(scores, log_p, cache):
    pairs = [(float(scores[b]) + float(log_p[b, w]), b, w) for b in range(len(scores)) for w in range(log_p.shape[1])]
    best = sorted(pairs, key=lambda one: -one[0])[: len(scores)]
    return np.array([s for s, _, _ in best]), np.array([w for _, _, w in best]), np.stack([cache[b] for _, b, _ in best])


EXERCISE = Exercise(
    id="architecture.beam_step",
    title="One step of a beam, with its cache",
    level="apply",
    minutes=20,
    difficulty=2,
    page="architecture/decoding",
    headings=("Beam search", "The cache: each token is read once"),
    statement=r"""
    Beam search keeps `width` beginnings of one text. `scores[b]` is the log probability of beginning `b`, `log_p[b, w]` that of token `w` after it, and `cache[b]` holds the keys of its tokens.

    Write one step: of **all** `width * vocabulary` continuations take the `width` likeliest, the likeliest first. Return their scores, their new tokens, and the cache in the order of the new beams: row `i` is the cache of the beginning from which new beam `i` comes (without the new token, whose key has not been made). A beginning may have several continuations among them, or none.
    No two continuations are equally likely. A score of $-\infty$ marks a beam that is not in use.

    A tiny example: `scores = [-1, -2]`, `log_p = [[-3, -1, -5], [-0.5, -4, -9]]` and `cache = [[[7]], [[8]]]` give the scores `[-2, -2.5]`, the tokens `[1, 0]` and the cache `[[[7]], [[8]]]`; with `scores = [-1, -9]` they are `[-2, -4]`, `[1, 0]` and `[[[7]], [[7]]]`.
    """,
    slot='''
    def beam_step(scores, log_p, cache):
        """The best continuations, best first: their scores, their tokens, and the cache of their beginnings.

        scores: (width,), log_p: (width, vocabulary), cache: (width, tokens, d_k)
        result: (width,), (width,) whole numbers, (width, tokens, d_k)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If one beginning is far likelier than the others, all new beams come from it, and all rows of the new cache are its row.",
        r"The score of a continuation is the *sum* of two log probabilities. In the flattened table, entry $i$ belongs to beam $\lfloor i / V \rfloor$ and token $i \bmod V$, with a vocabulary of $V$.",
        "```python\nwidth, vocabulary = log_p.shape\ntotal = (____ + log_p).reshape(-1)\nbest = np.argsort(____)[:width]\nparents, words = ____, ____\nreturn total[best], words, cache[____]\n```",
    ),
    parsons=("beam_cache_left_in_place", "beam_scores_forgotten"),
    why=r"""
    The table of scores is `width` times `vocabulary`, and it is searched as a whole: that is what makes it one search and not `width` greedy ones.

    **The two most common mistakes.** Leaving the cache where it is: each beam then goes on with the keys of another text, without any error. Taking the best token of each beam, which never drops a beginning.

    **Cost.** A sort (or a partial one) of `width * vocabulary` numbers, and a copy of the cache.
    """,
    verified="equal to the definition for widths from 1 to 13 and vocabularies from 2 to 31, with unused beams, when all beams come from one, and with whole numbers.",
    next_thought="which rows of the cache could stay where they are, so that less is copied?",
    parts=("scores", "tokens", "cache"),
    reference=_reference,
)


def _case(seed, width, vocabulary, tokens=4, d_k=3, spread=1.5):
    rng = np.random.default_rng(seed)
    z = spread * rng.normal(size=(width, vocabulary))
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -2 + rng.normal(size=width), log_p, rng.normal(size=(width, tokens, d_k))


EXERCISE.probe("3 beams, 7 tokens", *_case(1, 3, 7))
EXERCISE.probe("5 beams, 11 tokens", *_case(2, 5, 11, tokens=6, d_k=2))
EXERCISE.probe("4 beams, 2 tokens", *_case(3, 4, 2, tokens=3, d_k=5))
EXERCISE.probe("one beam", *_case(4, 1, 5))
_alone = _case(5, 3, 5, tokens=2)
EXERCISE.probe("the first step, one beam in use", np.array([0.0, -np.inf, -np.inf]), *_alone[1:])
EXERCISE.probe("one beginning is far ahead, and not the first", np.array([-30.0, -40.0, -1.0]), *_alone[1:])
EXERCISE.probe("one token in the cache", *_case(6, 3, 7, tokens=1, d_k=2))
EXERCISE.probe("whole numbers", np.array([-4, -1, -7]), np.array([[-2, -12, -20], [-10, -3, -30], [-1, -40, -50]]), np.arange(12).reshape(3, 2, 2))
EXERCISE.probe("3 beams, 3 tokens", *_case(7, 3, 3, tokens=3, d_k=3))
EXERCISE.probe("single precision", *(part.astype(np.float32) for part in _case(8, 2, 5)))


def _with(scores, log_p, cache, total=None, order=None, split=None, rows=None):
    width, vocabulary = log_p.shape
    total = (scores[:, None] + log_p if total is None else total).reshape(-1)
    best = np.argsort(-total if order is None else order(total), kind="stable")[:width]
    parents, words = (best // vocabulary, best % vocabulary) if split is None else split(best, width, vocabulary)
    return total[best], words, cache[parents if rows is None else rows(parents, words, width)]
EXERCISE.probe("13 beams, 31 tokens", *_case(9, 13, 31, tokens=2, d_k=2))


@EXERCISE.solve
def beam_step_solution(scores, log_p, cache):
    width, vocabulary = log_p.shape
    total = (scores[:, None] + log_p).reshape(-1)
    best = np.argsort(-total)[:width]
    parents, words = best // vocabulary, best % vocabulary
    return total[best], words, cache[parents]


@EXERCISE.mutant
def beam_cache_left_in_place(scores, log_p, cache):
    width, vocabulary = log_p.shape
    total = (scores[:, None] + log_p).reshape(-1)
    best = np.argsort(-total)[:width]
    words = best % vocabulary
    return total[best], words, cache


@EXERCISE.mutant
def beam_scores_forgotten(scores, log_p, cache):
    width, vocabulary = log_p.shape
    total = log_p.reshape(-1)
    best = np.argsort(-total)[:width]
    parents, words = best // vocabulary, best % vocabulary
    return total[best], words, cache[parents]


@EXERCISE.mutant
def beam_best_token_of_each(scores, log_p, cache):
    words = log_p.argmax(axis=-1)
    total = scores + log_p.max(axis=-1)
    order = np.argsort(-total, kind="stable")
    return total[order], words[order], cache[order]


@EXERCISE.mutant
def beam_divided_by_the_width(scores, log_p, cache):
    return _with(scores, log_p, cache, split=lambda best, width, vocabulary: (best % width, best // width))


@EXERCISE.mutant
def beam_probability_added_to_a_logarithm(scores, log_p, cache):
    return _with(scores, log_p, cache, total=scores[:, None] + np.exp(log_p))


@EXERCISE.mutant
def beam_keeps_the_least_likely(scores, log_p, cache):
    return _with(scores, log_p, cache, order=lambda total: total)


@EXERCISE.mutant
def beam_cache_ordered_by_tokens(scores, log_p, cache):
    return _with(scores, log_p, cache, rows=lambda parents, words, width: words % width)


@EXERCISE.mutant
def beam_scores_added_by_column(scores, log_p, cache):
    total = log_p + np.resize(scores, log_p.shape[1])[None, :]
    return _with(scores, log_p, cache, total=total)


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([-2, -2.5], [1, 0], [[[7]], [[8]]]), np.array([-1.0, -2.0]), np.array([[-3.0, -1, -5], [-0.5, -4, -9]]), np.array([[[7.0]], [[8.0]]])))
EXERCISE.holds("with one beginning far ahead both new beams come from it")(
    comes_out(([-2, -4], [1, 0], [[[7]], [[7]]]), np.array([-1.0, -9.0]), np.array([[-3.0, -1, -5], [-0.5, -4, -9]]), np.array([[[7.0]], [[8.0]]])))


@EXERCISE.holds("a beam of one takes the likeliest token")
def one_is_greedy(call):
    scores, log_p, cache = _case(4, 1, 5)
    words = np.ravel(call(scores, log_p, cache)[1])
    return None if words.tolist() == [int(log_p.argmax())] else f"it takes token {text.numbers(words)}, the likeliest is {int(log_p.argmax())}"


@EXERCISE.holds("the scores fall from the first new beam to the last")
def best_first(call):
    scores = np.asarray(call(*_case(2, 5, 11))[0], dtype=float)
    return None if (np.diff(scores) <= 1e-6).all() else f"the scores are {text.numbers(scores, 5)}"


@EXERCISE.holds("a row of the cache is that of the beginning whose score it continues")
def follows(call):
    scores, log_p, _ = _case(9, 4, 7)
    cache = np.arange(4.0).reshape(4, 1, 1)
    new, words, rows = call(scores, log_p, cache)
    came = scores[np.ravel(rows).astype(int)] + log_p[np.ravel(rows).astype(int), np.ravel(words).astype(int)]
    return None if np.allclose(came, new, atol=1e-4) else f"scores {text.numbers(new, 4)}, but by cache and token they would be {text.numbers(came, 4)}"
