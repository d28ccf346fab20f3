"""Perplexity of a text that is longer than the model's table of positions: windows that overlap, each token judged once."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _judged(log_p, ids, window, stride):
    """For each window: the surprises of all its tokens but the first, and the place of each."""
    n = len(ids)
    for begin in range(0, n, stride):
        end = min(begin + window, n)
        rows = np.asarray(log_p(ids[begin:end]))
        yield -rows[np.arange(end - begin - 1), ids[begin + 1 : end]], np.arange(begin + 1, end)
        if end == n:
            return


def _first_judgement(log_p, ids, window, stride):
    """The surprise of every token but the first, from the first window that judges it; one array a window."""
    done, parts = 1, []
    for surprises, places in _judged(log_p, ids, window, stride):
        parts.append(surprises[places >= done])
        done = places[-1] + 1 if len(places) else done
    return parts


def _reference(log_p, ids, window, stride):
    return np.exp(np.concatenate(_first_judgement(log_p, ids, window, stride)).mean())


EXERCISE = Exercise(
    id="variants.strided_perplexity",
    title="A text longer than the table",
    level="apply",
    minutes=20,
    difficulty=3,
    page="variants/gpt",
    headings=("A text longer than the table of positions",),
    statement=r"""
    A model with `window` places judges a longer text in pieces. Piece 0 begins at token 0, the next at token `stride`, then at 2 `stride`, and so on; each holds `window` tokens, the last perhaps fewer. Stop after the first piece that reaches the end of the text.

    `log_p(piece)` returns one row for each token of the piece: row $t$ holds the logarithms of the probabilities of what *follows* token $t$. So a piece judges all its tokens but its first. As $1 \le$ `stride` $<$ `window`, pieces overlap. **Every token but the first of the text counts once**, with the judgement of the *first* piece that judges it. Return the perplexity: $e$ to the power of the mean surprise $-\ln p$ of these tokens. The text has two tokens or more; it may be shorter than `window`.

    A tiny example: a model that gives each of 5 tokens the same probability has the perplexity 5, whatever the text, `window` and `stride`.
    """,
    slot='''
    def strided_perplexity(log_p, ids, window, stride):
        """Perplexity of a long text, read in pieces that overlap.

        log_p: a function; log_p(array of n ids), n <= window, is (n, vocabulary)
        ids: (tokens,) whole numbers; window: from 2; stride: from 1, below window
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With a stride of `window - 1`, each piece begins with the last token of the one before: it judges all its other tokens, and none twice.",
        r"Keep the number of the next token to be judged. A piece from `begin` to `end` gives new judgements of the tokens `done` to `end - 1`; the row that judges token $i$ is row $i - 1 -$ `begin` of the piece.",
        "```python\nsurprises, done = [], 1\nfor begin in range(0, len(ids), ____):\n    end = min(____, len(ids))\n    rows = log_p(ids[begin:end])\n    for i in range(done, end):\n"
        "        surprises.append(-rows[____, ids[i]])\n    done = ____\n    if end == len(ids):\n        break\nreturn np.exp(____)\n```",
    ),
    parsons=("overlap_counted_again", "row_of_the_token_itself"),
    why=r"""
    The first tokens of a piece have little before them and are judged worse than they would be in the middle. A small stride gives more context to each token that counts, for more runs of the model.

    **The two most common mistakes.** Counting the overlap again: tokens in the middle then weigh more than those at the ends. Averaging over pieces instead of tokens: the last piece, with few new tokens, then weighs as much as a full one.

    **Cost.** About tokens / stride runs of the model.
    """,
    verified="equal to the definition for texts of 2 to 60 tokens, shorter than the window, as long, and longer; strides from 1 to window - 1; models whose answer depends on every token of the piece.",
    next_thought="a model with a cache and positions that do not end could judge the text in one go. What would it cost?",
    reference=_reference,
)


def _by_the_past(vocab, seed):
    """Log-probabilities that depend on every earlier token of the piece, on their order and on how many there are."""
    table = np.random.default_rng(seed).normal(size=(vocab, vocab))

    def log_p(ids):
        state, rows = np.zeros(vocab), []
        for n, i in enumerate(np.asarray(ids, dtype=int), start=1):
            state = 0.8 * state + table[i]
            rows.append(state + 0.3 * np.sin(n * np.arange(vocab)))
        z = np.array(rows)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    return log_p


def _even(vocab):
    return lambda ids: np.full((len(ids), vocab), -np.log(vocab))


_rng = np.random.default_rng(61)
_text_of = lambda n, vocab: _rng.integers(0, vocab, n)
EXERCISE.probe("23 tokens, window 8, stride 3", _by_the_past(7, 0), _text_of(23, 7), 8, 3)
EXERCISE.probe("60 tokens, window 11, stride 5", _by_the_past(5, 1), _text_of(60, 5), 11, 5)
EXERCISE.probe("17 tokens, window 5, stride 4", _by_the_past(3, 2), _text_of(17, 3), 5, 4)
EXERCISE.probe("19 tokens, window 6, stride 1", _by_the_past(4, 3), _text_of(19, 4), 6, 1)
EXERCISE.probe("shorter than the window", _by_the_past(6, 4), _text_of(7, 6), 13, 5)
EXERCISE.probe("as long as the window", _by_the_past(6, 5), _text_of(11, 6), 11, 4)
EXERCISE.probe("two tokens, window 2", _by_the_past(5, 6), np.array([3, 1]), 2, 1)
EXERCISE.probe("one new token in the last piece", _by_the_past(5, 7), _text_of(14, 5), 5, 3)
EXERCISE.probe("window 2, 9 tokens", _by_the_past(5, 8), _text_of(9, 5), 2, 1)
EXERCISE.probe("700 tokens, window 64, stride 50", _by_the_past(7, 9), np.random.default_rng(62).integers(0, 7, 700), 64, 50)
EXERCISE.probe("a token of probability 1e-30", lambda ids: np.tile([0.0, np.log(1e-30)], (len(ids), 1)), np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 5, 2)


@EXERCISE.solve
def strided_perplexity_solution(log_p, ids, window, stride):
    surprises, done = [], 1
    for begin in range(0, len(ids), stride):
        end = min(begin + window, len(ids))
        rows = log_p(ids[begin:end])
        for i in range(done, end):
            surprises.append(-rows[i - 1 - begin, ids[i]])
        done = end
        if end == len(ids):
            break
    return np.exp(np.mean(surprises))


@EXERCISE.mutant
def overlap_counted_again(log_p, ids, window, stride):
    surprises, done = [], 1
    for begin in range(0, len(ids), stride):
        end = min(begin + window, len(ids))
        rows = log_p(ids[begin:end])
        for i in range(begin + 1, end):
            surprises.append(-rows[i - 1 - begin, ids[i]])
        done = end
        if end == len(ids):
            break
    return np.exp(np.mean(surprises))


@EXERCISE.mutant
def row_of_the_token_itself(log_p, ids, window, stride):
    surprises, done = [], 1
    for begin in range(0, len(ids), stride):
        end = min(begin + window, len(ids))
        rows = log_p(ids[begin:end])
        for i in range(done, end):
            surprises.append(-rows[i - begin, ids[i]])
        done = end
        if end == len(ids):
            break
    return np.exp(np.mean(surprises))


@EXERCISE.mutant
def pieces_weigh_the_same(log_p, ids, window, stride):
    return np.exp(np.mean([part.mean() for part in _first_judgement(log_p, ids, window, stride)]))


@EXERCISE.mutant
def perplexities_of_pieces_averaged(log_p, ids, window, stride):
    return np.mean([np.exp(part.mean()) for part in _first_judgement(log_p, ids, window, stride)])


@EXERCISE.mutant
def last_short_piece_left_out(log_p, ids, window, stride):
    parts = _first_judgement(log_p, ids, window, stride)
    if len(parts) > 1 and (len(ids) - window) % stride:
        parts = parts[:-1]
    return np.exp(np.concatenate(parts).mean())


@EXERCISE.mutant
def first_token_in_the_divisor(log_p, ids, window, stride):
    return np.exp(np.concatenate(_first_judgement(log_p, ids, window, stride)).sum() / len(ids))


@EXERCISE.mutant
def mean_surprise_for_perplexity(log_p, ids, window, stride):
    return np.concatenate(_first_judgement(log_p, ids, window, stride)).mean()


@EXERCISE.mutant
def nats_as_a_power_of_two(log_p, ids, window, stride):
    return 2 ** np.concatenate(_first_judgement(log_p, ids, window, stride)).mean()


@EXERCISE.mutant
def whole_text_in_one_piece(log_p, ids, window, stride):
    return _reference(log_p, ids, len(ids), len(ids) - 1)


@EXERCISE.mutant
def pieces_side_by_side(log_p, ids, window, stride):
    starts = range(0, len(ids), window)
    parts = [(ids[b : b + window], np.asarray(log_p(ids[b : b + window]))) for b in starts]
    return np.exp(np.concatenate([-rows[np.arange(len(piece) - 1), piece[1:]] for piece, rows in parts]).mean())


@EXERCISE.mutant
def latest_judgement_taken(log_p, ids, window, stride):
    found = np.zeros(len(ids))
    for surprises, places in _judged(log_p, ids, window, stride):
        found[places] = surprises
    return np.exp(found[1:].mean())


@EXERCISE.holds("a model that cannot tell 5 tokens apart has the perplexity 5, in one piece and in many")
def even_model(call):
    for window, stride in ((4, 1), (4, 3), (99, 7)):
        out = float(call(_even(5), np.array([0, 3, 2, 4, 1, 1, 0, 3, 2, 2, 4]), window, stride))
        if abs(out - 5) > 1e-3:
            return f"with a window of {window} and a stride of {stride} it is {text.number(out)}"
    return None


@EXERCISE.holds("the model is never given more than `window` tokens")
def window_kept(call):
    longest = []

    def log_p(ids):
        longest.append(len(ids))
        return np.full((len(ids), 3), -np.log(3))

    call(log_p, np.array([0, 1, 2] * 5), 4, 2)
    return None if max(longest, default=0) <= 4 else f"with a window of 4 it was given {max(longest)} tokens"


EXERCISE.holds("the example of the statement has the perplexity 5")(
    comes_out(5.0, _even(5), np.array([4, 0, 2, 2, 1, 3, 0]), 3, 2))
