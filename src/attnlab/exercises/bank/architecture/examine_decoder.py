"""A test to write: what does a decoder's answer depend on?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise

WORDS = 7
_rng = np.random.default_rng(53)
_own, _src = _rng.normal(size=(2, WORDS, 5)), _rng.normal(size=(2, WORDS, 5))
_out, _places = _rng.normal(size=(5, WORDS)), _rng.normal(size=(11, 5))


def _decoder(may, reads, size=1.0):
    """A decoder: row t is a mean over the target tokens with may(t, u) and the source tokens with reads(t, j)."""
    def decode(source, target):
        rows = np.zeros((len(target), 5))
        for t in range(len(target)):
            for u in range(len(target)):
                if may(t, u):
                    rows[t] += np.tanh(_own[0][target[u]] * _places[u]) / (1 + abs(t - u))
            for j in range(len(source)):
                if reads(t, j, len(source)):
                    rows[t] += size * np.tanh(_src[0][source[j]] + _places[j]) / (1 + j)
        return np.tanh(rows) @ _out
    return decode


def _every(*_):
    return True


def _none(*_):
    return False


def _past(t, u):
    return u <= t


DECODERS = {
    "a right one": _decoder(_past, _every),
    "it sees one token ahead": _decoder(lambda t, u: u <= t + 1, _every),
    "only the first row sees the last token": _decoder(lambda t, u: u <= t or (t == 0 and u == 4), _every),
    "only the second last row sees the last token": _decoder(lambda t, u: u <= t or (t == 3 and u == 4), _every),
    "only the first row sees the second token": _decoder(lambda t, u: u <= t or (t == 0 and u == 1), _every),
    "it never reads the source": _decoder(_past, _none),
    "it reads the first source token": _decoder(_past, lambda t, j, m: j == 0),
    "it reads the last source token": _decoder(_past, lambda t, j, m: j == m - 1),
    "it reads the middle of the source": _decoder(_past, lambda t, j, m: 0 < j < m - 1),
    "only its last row reads the source": _decoder(_past, lambda t, j, m: t == 4),
    "only its first row reads the source": _decoder(_past, lambda t, j, m: t == 0),
    "it reads the source faintly": _decoder(_past, _every, size=1e-3),
    "each row sees its own token alone": _decoder(lambda t, u: u == t, _every),
    "each row sees itself and the start": _decoder(lambda t, u: u in (0, t), _every),
    "each row sees itself and the one before": _decoder(lambda t, u: t - 1 <= u <= t, _every),
    "each row sees itself and the one two before": _decoder(lambda t, u: u in (t, t - 2), _every),
    "only the last row reads the past": _decoder(lambda t, u: u == t or (t == 4 and u == 1), _every),
    "only the second row reads the past": _decoder(lambda t, u: u == t or (t == 1 and u == 0), _every),
    "only the third row reads the past": _decoder(lambda t, u: u == t or (t == 2 and u == 1), _every),
    "only the fourth row reads the past": _decoder(lambda t, u: u == t or (t == 3 and u == 0), _every),
    "nothing but the own token": _decoder(lambda t, u: u == t, _none),
    "the future and no past": _decoder(lambda t, u: u >= t, _every),
    "nothing at all": _decoder(_none, _none),
}


def _examine(decode, source, target, n_words, *, moved=lambda a, b: np.abs(a - b).max(axis=-1) > 1e-9, target_at=None, source_at=None,
             after=lambda t, u: u > t, before=lambda t, u: u < t, rows=None, steps=None):
    """Every token exchanged in turn, and which rows move."""
    base, n, m = np.asarray(decode(source, target)), len(target), len(source)
    rows, steps = range(n) if rows is None else rows, steps or range(1, n_words)
    found = np.zeros(3, bool)
    for u in range(n) if target_at is None else target_at:
        for step in steps:
            other = list(target)
            other[u] = (other[u] + step) % n_words
            gone = moved(np.asarray(decode(source, other)), base)
            found[0] |= any(gone[t] and after(t, u) for t in rows)
            found[2] |= any(gone[t] and before(t, u) for t in rows)
    for j in range(m) if source_at is None else source_at:
        for step in steps:
            other = list(source)
            other[j] = (other[j] + step) % n_words
            found[1] |= any(moved(np.asarray(decode(other, target)), base)[t] for t in rows)
    return found


def _reference(decode, source, target, n_words):
    return _examine(decode, source, target, n_words)


EXERCISE = Exercise(
    id="architecture.examine_decoder",
    title="What does its answer depend on?",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="architecture/decoder",
    headings=("Who may know what",),
    statement=r"""
    `decode(source, target)` is somebody's decoder: from two lists of ids it makes one row of scores for each target token, (tokens, words). You cannot look inside. Find out by **exchanging one token at a time** for another id and comparing all rows with those from before (a number has moved if it differs by more than $10^{-9}$). Return three truth values:

    1. *it sees the future*: some row $t$ moves when a token **after** place $t$ is exchanged;
    2. *it reads the source*: some row moves when some source token is exchanged;
    3. *it reads its past*: some row $t$ moves when a token **before** place $t$ is exchanged. The token at place $t$ itself is neither past nor future.

    Ids run from 0 to `n_words` − 1. A tiny example: for `decode = lambda source, target: np.eye(7)[target]`, every row shows its own token and nothing else, so all three are false.
    """,
    slot='''
    def examine_decoder(decode, source, target, n_words):
        """[it sees the future, it reads the source, it reads its past].

        decode: a function of two lists of ids, result (len(target), n_words); source, target: lists of ids
        result: three truth values
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If only the last token of the target is exchanged, no row can tell you about the past of a later one.",
        "For each place u of the target: exchange it, and see which rows moved. Rows before u tell of the future, rows after u of the past. For each place of the source: see whether any row moved.",
        "```python\nbefore = np.asarray(decode(source, target))\nfuture = past = reads = False\nfor u in range(len(target)):\n    other = list(target)\n    other[u] = ____\n"
        "    moved = np.abs(np.asarray(decode(source, other)) - before).max(axis=-1) > 1e-9\n    future |= moved[____].any()\n    past |= moved[____].any()\n# the source likewise\n...\nreturn [future, reads, past]\n```",
    ),
    parsons=("future_sought_at_the_end_alone", "own_token_taken_for_past"),
    why=r"""
    A loss cannot tell a decoder that sees the future from a good one: its loss is *better*. A test that exchanges tokens needs no right answer to compare with, and finds three of the usual faults.

    **The two most common mistakes.** Exchanging the last token alone, or looking at the last row alone: a leak may be elsewhere. Comparing the most probable words: scores can move without changing the winner.

    **Cost.** One call of the decoder for each token of source and target.
    """,
    verified="right on thirty-five decoders: with leaks in one row alone, with sources read in one place, faintly, by one row or one score, and with every kind of past.",
    next_thought="which mistake in a decoder would none of the three values show?",
    reference=_reference,
    returns="masks",
)

_source, _target = [2, 5, 0, 3], [1, 4, 6, 2, 3]
for _name, _one in DECODERS.items():
    EXERCISE.probe(_name, _one, _source, _target, WORDS)
EXERCISE.probe("one token and one source token", _decoder(_past, _every), [3], [1], WORDS)
EXERCISE.probe("two tokens, the future is seen", _decoder(_every, _none), [3, 1], [1, 6], WORDS)


def _one_word(may, reads, word):
    """A decoder of which only one word's score depends on anything."""
    whole = _decoder(may, reads)
    return lambda source, target: whole(source, target) * (np.arange(WORDS) == word)


def _few_words(source, target):
    """A right decoder of three words, which knows no other id."""
    table = np.array([[1.0, 0.3, -2.0], [0.5, 1.5, 0.25], [-1.0, 2.0, 0.75]])
    return np.cumsum(table[list(target)], axis=0) + table[list(source)].sum(axis=0)


EXERCISE.probe("only the last word's score moves", _one_word(_past, _every, WORDS - 1), _source, _target, WORDS)
EXERCISE.probe("the fourth word's score alone sees the future", _one_word(_every, _none, 3), _source, _target, WORDS)
EXERCISE.probe("it reads the third source token, whose id is 0", _decoder(_past, lambda t, j, m: j == 2), _source, _target, WORDS)
EXERCISE.probe("it reads the first source token, whose id is the last", _decoder(_past, lambda t, j, m: j == 0), [6, 5, 1], [4, 1, 2], WORDS)
EXERCISE.probe("the id 0 is seen ahead", _decoder(lambda t, u: u in (t, 2), _none), _source, [1, 4, 0], WORDS)
EXERCISE.probe("it reads the fifth source token", _decoder(_past, lambda t, j, m: j == 4), [4, 4, 1, 1, 6], _target, WORDS)
EXERCISE.probe("three words", _few_words, [2, 0], [1, 2, 0, 2], 3)
EXERCISE.probe("a source of one token, read faintly", _decoder(_none, _every, size=1e-3), [0], [0, 6], WORDS)
EXERCISE.probe("it reads the source very faintly, among large scores", lambda source, target: 4096 + _decoder(_past, _every, size=2e-8)(source, target), _source, _target, WORDS)
EXERCISE.probe("it reads its past very faintly", lambda source, target: _decoder(_none, _every)(source, target) + 2e-8 * _decoder(_past, _none)(source, target), _source, _target, WORDS)
EXERCISE.probe("it sees the future very faintly", lambda source, target: _decoder(_past, _every)(source, target) + 2e-8 * _decoder(_every, _none)(source, target), _source, _target, WORDS)
EXERCISE.probe("what moves by less than a billionth has not moved", lambda source, target: _decoder(_past, _none)(source, target) + 1e-12 * _decoder(_every, _every)(source, target), _source, _target, WORDS)


@EXERCISE.solve
def examine_decoder_solution(decode, source, target, n_words):
    def moved(a, b):
        return np.abs(np.asarray(decode(a, b)) - decode(source, target)).max(axis=-1) > 1e-9

    def exchanged(ids, place):
        return [(i + 1) % n_words if at == place else i for at, i in enumerate(ids)]

    rows = [moved(source, exchanged(target, u)) for u in range(len(target))]
    reads = any(moved(exchanged(source, j), target).any() for j in range(len(source)))
    future = any(row[:u].any() for u, row in enumerate(rows))
    return [future, reads, any(row[u + 1:].any() for u, row in enumerate(rows))]


@EXERCISE.mutant
def future_sought_at_the_end_alone(decode, source, target, n_words):
    def moved(a, b):
        return np.abs(np.asarray(decode(a, b)) - decode(source, target)).max(axis=-1) > 1e-9

    def exchanged(ids, place):
        return [(i + 1) % n_words if at == place else i for at, i in enumerate(ids)]

    rows = [moved(source, exchanged(target, u)) for u in range(len(target))]
    reads = any(moved(exchanged(source, j), target).any() for j in range(len(source)))
    future = rows[-1][:-1].any()
    return [future, reads, any(row[u + 1:].any() for u, row in enumerate(rows))]


@EXERCISE.mutant
def own_token_taken_for_past(decode, source, target, n_words):
    def moved(a, b):
        return np.abs(np.asarray(decode(a, b)) - decode(source, target)).max(axis=-1) > 1e-9

    def exchanged(ids, place):
        return [(i + 1) % n_words if at == place else i for at, i in enumerate(ids)]

    rows = [moved(source, exchanged(target, u)) for u in range(len(target))]
    reads = any(moved(exchanged(source, j), target).any() for j in range(len(source)))
    future = any(row[:u].any() for u, row in enumerate(rows))
    return [future, reads, any(row[u:].any() for u, row in enumerate(rows))]


@EXERCISE.mutant
def own_token_taken_for_future(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, after=lambda t, u: u >= t)


@EXERCISE.mutant
def past_and_future_exchanged(decode, source, target, n_words):
    return _examine(decode, source, target, n_words)[::-1]


@EXERCISE.mutant
def first_row_examined_alone(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, rows=[0])


@EXERCISE.mutant
def last_row_examined_alone(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, rows=[len(target) - 1])


@EXERCISE.mutant
def winners_compared(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, moved=lambda a, b: a.argmax(axis=-1) != b.argmax(axis=-1), steps=[1])


@EXERCISE.mutant
def first_source_token_exchanged_alone(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, source_at=[0])


@EXERCISE.mutant
def last_source_token_exchanged_alone(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, source_at=[len(source) - 1])


@EXERCISE.mutant
def past_of_one_token_alone(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, before=lambda t, u: u == t - 1)


@EXERCISE.mutant
def start_exchanged_alone(decode, source, target, n_words):
    found = _examine(decode, source, target, n_words)
    found[2] = _examine(decode, source, target, n_words, target_at=[0])[2]
    return found


@EXERCISE.impostor
def always_well(decode, source, target, n_words):
    return [False, True, True]


@EXERCISE.impostor
def a_coarse_look(decode, source, target, n_words):
    return _examine(decode, source, target, n_words, moved=lambda a, b: np.abs(a - b).max(axis=-1) > 0.05)


@EXERCISE.impostor
def the_source_seen_in_the_last_row(decode, source, target, n_words):
    found = _examine(decode, source, target, n_words)
    found[1] = _examine(decode, source, target, n_words, rows=[len(target) - 1])[1]
    return found


def _said(found):
    return ", ".join("true" if x else "false" for x in np.asarray(found, dtype=bool).ravel().tolist())


@EXERCISE.holds("a decoder whose rows show their own token alone gets three times false")
def own_alone(call):
    found = call(lambda source, target: np.eye(7)[list(target)], [1, 2], [3, 0, 4], 7)
    return None if not np.asarray(found, dtype=bool).any() else f"it gets {_said(found)}"


@EXERCISE.holds("a right decoder gets false, true, true")
def right_one(call):
    found = call(DECODERS["a right one"], _source, _target, WORDS)
    return None if np.array_equal(np.asarray(found, dtype=bool).ravel(), [False, True, True]) else f"it gets {_said(found)}"
