"""A test to write: does a scheme know offsets only?"""

from __future__ import annotations

import numpy as np

from attnlab import masks
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions

_rng = np.random.default_rng(0)
_Q, _K, _TABLE = _rng.normal(size=(12, 8)), _rng.normal(size=(12, 8)), _rng.normal(size=(10, 8))


def _contents(rows, p):
    """One vector a token, whatever its position."""
    return rows[: len(p)]


def _rotary(q_pos, k_pos):
    return positions.rotary(_contents(_Q, q_pos), q_pos) @ positions.rotary(_contents(_K, k_pos), k_pos).T


def _both_backwards(q_pos, k_pos):
    return _rotary(-np.asarray(q_pos), -np.asarray(k_pos))


def _alibi(q_pos, k_pos):
    return _contents(_Q, q_pos) @ _contents(_K, k_pos).T + positions.alibi(1, q_pos, k_pos)[0]


def _bias_alone(q_pos, k_pos):
    return positions.alibi(1, q_pos, k_pos)[0]


def _buckets(q_pos, k_pos):
    return np.sin(positions.t5_buckets(q_pos, k_pos, 8, 20) * 1.0)


def _causal(q_pos, k_pos):
    return np.where(masks.causal(q_pos, k_pos), _contents(_Q, q_pos) @ _contents(_K, k_pos).T, -99.0)


def _added(q_pos, k_pos):
    q = _contents(_Q, q_pos) + positions.sinusoidal(q_pos, 8)
    return q @ (_contents(_K, k_pos) + positions.sinusoidal(k_pos, 8)).T


def _one_backwards(q_pos, k_pos):
    return positions.rotary(_contents(_Q, q_pos), q_pos) @ positions.rotary(_contents(_K, k_pos), -k_pos).T


def _mixed(q_pos, k_pos):
    def turn(x, p):
        angles = np.repeat(positions.angles(p, positions.frequencies(8)), 2, axis=1)
        first, second = np.split(x, 2, axis=1)
        return x * np.cos(angles) + np.hstack([-second, first]) * np.sin(angles)
    return turn(_contents(_Q, q_pos), q_pos) @ turn(_contents(_K, k_pos), k_pos).T


def _clamped(q_pos, k_pos):
    return _rotary(np.clip(q_pos, -64, 64), np.clip(k_pos, -64, 64))


def _thirds(q_pos, k_pos):
    return _rotary(np.asarray(q_pos) // 3, np.asarray(k_pos) // 3)


def _repeated(q_pos, k_pos):
    return (_contents(_Q, q_pos) + _TABLE[q_pos % 10]) @ (_contents(_K, k_pos) + _TABLE[k_pos % 10]).T


def _repeated_sooner(q_pos, k_pos):
    return (_contents(_Q, q_pos) + _TABLE[q_pos % 7]) @ (_contents(_K, k_pos) + _TABLE[k_pos % 7]).T


def _contents_alone(q_pos, k_pos):
    return _contents(_Q, q_pos) @ _contents(_K, k_pos).T


def _drifting(q_pos, k_pos):
    return _rotary(q_pos, k_pos) + 5e-7 * k_pos


class _KeptCache:
    """Signals added to the tokens, at positions that go on from call to call; every check gets one that was never called."""

    def __init__(self):
        self.seen = 0

    def __call__(self, q_pos, k_pos):
        self.seen += 5
        return _added(np.asarray(q_pos) + self.seen, np.asarray(k_pos) + self.seen)

    def __eq__(self, other):
        return isinstance(other, _KeptCache)

    __hash__ = None


class _Watched:
    """Rotary, which notes the shifts between the positions it is asked for, in every copy of its own."""

    def __init__(self):
        self.starts, self.copies = [], []

    def __call__(self, q_pos, k_pos):
        self.starts.append(int(q_pos[0]))
        return _rotary(q_pos, k_pos)

    def __deepcopy__(self, memo):
        self.copies.append(_Watched())
        return self.copies[-1]

    def period(self) -> int:
        """The largest number that divides every shift of the last copy: a table of so many rows looks the same from all of them."""
        starts = (self.copies or [self])[-1].starts
        return int(np.gcd.reduce(np.subtract(starts, starts[0]))) if starts else 0


SCHEMES = {
    "rotary": _rotary, "rotary, both turned backwards": _both_backwards, "ALiBi": _alibi,
    "the bias of ALiBi alone": _bias_alone, "T5 buckets": _buckets,
    "a causal mask": _causal, "signals added to the tokens": _added, "rotary, only keys turned backwards": _one_backwards,
    "rotary with mixed pairings": _mixed, "rotary with positions cut off at 64": _clamped, "a table of ten rows, repeated": _repeated,
    "a table of seven rows, repeated": _repeated_sooner, "rotary with a slow drift": _drifting,
    "rotary with thirds of positions, rounded down": _thirds,
    "no positions at all": _contents_alone, "signals added, from a cache that is never emptied": _KeptCache(),
}
RIGHT = ("rotary", "rotary, both turned backwards", "ALiBi", "the bias of ALiBi alone", "T5 buckets", "a causal mask", "no positions at all")


def _still(score, shift, atol=1e-9):
    p = np.arange(12)
    return bool(np.allclose(score(p, p), score(p + shift, p + shift), rtol=0, atol=atol))


def _reference(score):
    return all(_still(score, shift) for shift in (1, 3, 997))


EXERCISE = Exercise(
    id="positions.knows_only_offsets",
    title="One sentence, one test",
    level="evaluate",
    minutes=20,
    difficulty=3,
    page="positions/problems",
    statement=r"""
    You are given schemes as functions `score(q_pos, k_pos)`: two arrays of whole positions, at most 12 each, go in, and a table of scores of some fixed queries and keys standing there comes out. Some know nothing but offsets. Others look at where in the text they are, some of them in a way that hides from a careless test.

    Return True for the first kind and False for the second. For example, *rotary* is of the first kind, and *signals added to the tokens* of the second.
    """,
    slot='''
    def knows_only_offsets(score):
        """Whether scores depend on the differences of positions alone.

        score: function of q_pos (n,) and k_pos (m,), n and m at most 12; gives (n, m) numbers
        result: True or False
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "What may you do to all positions at once without changing a single offset?",
        "Compare before and after with a tolerance for rounding. One shift is not enough: think of a scheme with period 10, and of one that is right only up to 64.",
        "```python\np = np.arange(12)\nhere = score(p, p)\nfor shift in (____):\n    there = score(____, ____)\n    if not np.allclose(here, there, rtol=0, atol=____):\n        return False\nreturn True\n```",
    ),
    parsons=("small_shift_only", "keys_moved_alone"),
    why=r"""
    Three shifts: a small one that no short period divides, a large one, and one that is no round number. The property is one sentence; a test of it needs inputs on which a wrong scheme cannot hide.

    **The two most common mistakes.** A single round shift, which everything with period 10 survives. Exact equality: angles at position 1,000 are rounded differently from those at 3, and an honest rotation fails.

    **Cost.** A few small tables. It needs no right answer to compare with, which is why it can be run on any model.
    """,
    verified="seven relative schemes accepted, nine others rejected.",
    next_thought="which mistake in a rotation does this test not see?",
    reference=_reference,
)

for _name, _function in SCHEMES.items():
    EXERCISE.probe(_name, _function)


@EXERCISE.solve
def knows_only_offsets_solution(score):
    p = np.arange(12)
    here = score(p, p)
    for shift in (1, 3, 997):
        there = score(p + shift, p + shift)
        if not np.allclose(here, there, rtol=0, atol=1e-9):
            return False
    return True


@EXERCISE.mutant
def small_shift_only(score):
    p = np.arange(12)
    here = score(p, p)
    there = score(p + 1, p + 1)
    return np.allclose(here, there, rtol=0, atol=1e-9)


@EXERCISE.mutant
def round_shift_only(score):
    return _still(score, 1000)


@EXERCISE.mutant
def never_moved(score):
    return _still(score, 0)


@EXERCISE.mutant
def keys_moved_alone(score):
    p = np.arange(12)
    here = score(p, p)
    there = score(p, p + 3)
    return np.allclose(here, there, rtol=0, atol=1e-9)


@EXERCISE.mutant
def honest_rounding_rejected(score):
    return all(_still(score, shift, 0.0) for shift in (1, 3, 997))


@EXERCISE.mutant
def symmetry_demanded(score):
    here = score(np.arange(12), np.arange(12))
    return np.allclose(here, here.T)


@EXERCISE.mutant
def rows_all_alike(score):
    here = score(np.arange(12), np.arange(12))
    return all(np.ptp(np.diagonal(here, offset)) < 1e-9 for offset in range(-11, 12))


@EXERCISE.holds("a scheme that knows only offsets is accepted")
def accepts(call):
    refused = [name for name in RIGHT if not call(SCHEMES[name])]
    if refused:
        return f"rejected: {refused[0]}"


@EXERCISE.holds("the position itself, given as a score, is rejected")
def rejects(call):
    if call(lambda q_pos, k_pos: np.add.outer(q_pos, 0.0 * k_pos)):
        return "it is accepted"


@EXERCISE.holds("a table that repeats is rejected, however many rows it has")
def any_period(call):
    watched = _Watched()
    call(watched)
    rows = watched.period()
    if rows > 1 and call(lambda q_pos, k_pos: _added(np.asarray(q_pos) % rows, np.asarray(k_pos) % rows)):
        return f"one of {rows} rows is accepted"
    return None


@EXERCISE.impostor
def always_true(score):
    return True


@EXERCISE.impostor
def always_false(score):
    return False


@EXERCISE.impostor
def one_large_shift(score):
    return _still(score, 997)


@EXERCISE.impostor
def a_shift_of_seven(score):
    return _still(score, 7)


@EXERCISE.impostor
def a_wide_tolerance(score):
    return all(_still(score, shift, 0.5) for shift in (1, 3, 997))
