"""When was each word said? A path through a table of cross-attention weights."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _total(weights, starts):
    ends = [*starts[1:], weights.shape[1]]
    return sum(row[a:b].sum() for row, a, b in zip(weights, starts, ends))


def _reference(weights):
    """From behind: the best sum of all that is still to come, then forwards along it."""
    weights = np.asarray(weights, dtype=float)
    n, m = weights.shape
    rest = np.full((n + 1, m + 1), -np.inf)
    rest[n, m] = 0
    for j in reversed(range(m)):
        rest[:n, j] = weights[:, j] + np.maximum(rest[:n, j + 1], rest[1:, j + 1])
    starts, i = [0], 0
    for j in range(1, m):
        if i + 1 < n and rest[i + 1, j] > rest[i, j]:
            i += 1
            starts.append(j)
    return np.array(starts)


EXERCISE = Exercise(
    id="architecture.word_times",
    title="When was each word said?",
    level="analyse",
    minutes=25,
    difficulty=3,
    page="architecture/cross_attention",
    headings=("What the weights are good for",),
    statement=r"""
    A model wrote down a recording. Its source tokens are the $m$ **frames** of the sound, in the order of time, and `weights` ($n \times m$, $n \le m$) are the cross-attention weights of the $n$ words it wrote, in that order. Find out when each word was said.

    Words were said one after the other: each word gets a run of **one or more** neighbouring frames, the runs follow each other in the order of the words, and together they cover **all** frames. Among all ways to do this, take the one whose weights add up to the most (the sum, over the words, of the word's weights at its own frames). Return the first frame of every word. In the tests no two ways are equally good, and there may be 60 words and 200 frames: too many ways to try them all.

    A tiny example: `[[.6, .3, .1], [.2, .1, .7]]` gives `[0, 2]`: with frames 0 and 1 for the first word and 2 for the second the sum is 1.6, with frame 0 alone for the first it is 1.4.
    """,
    slot='''
    def word_times(weights):
        """The first frame of each word.

        weights: (n, m), a row a word, a column a frame, n at most m
        result: (n,) whole numbers, the first of them 0
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The answer begins with 0 and rises strictly. The frame at which a row is largest does neither of itself.",
        r"Let $b_{ij}$ be the best sum if frame $j$ belongs to word $i$, frames up to $j$ counted. Frame $j - 1$ belonged either to the same word or to the one before: $b_{ij} = a_{ij} + \max(b_{i,j-1},\, b_{i-1,j-1})$. Afterwards walk back from the last word at the last frame.",
        "```python\nn, m = weights.shape\nbest = np.full((n + 1, m + 1), -np.inf)\nbest[0, 0] = ____\nfor i in range(n):\n    for j in range(m):\n        best[i + 1, j + 1] = weights[i, j] + max(____, ____)\n"
        "starts, i = np.zeros(n, dtype=int), n\nfor j in range(m, 0, -1):\n    if best[i - 1, j - 1] > ____:\n        starts[i - 1], i = ____, i - 1\nreturn starts\n```",
    ),
    parsons=("starts_at_the_peak", "runs_may_be_empty"),
    why=r"""
    One table of weights says where each word looked; that time runs forwards is something that *we* know and the weights do not. The table of best sums brings the two together: each entry needs its two neighbours alone, so $n\,m$ steps do what $\binom{m-1}{n-1}$ trials would.

    **The two most common mistakes.** Taking the largest weight of each row: one stray weight puts a word before its predecessor. Deciding frame by frame without looking ahead: a run once ended cannot be taken back.

    **Cost.** $n\,m$ additions and comparisons, and a walk of $m$ steps back.
    """,
    verified="the best way on sixteen small tables, with stray weights and a word that nobody looks at, and for longer ones, of 60 words and 200 frames too.",
    next_thought="a pause between two words is given to one of them here. How would you let frames belong to nobody?",
    reference=_reference,
)

_rng = np.random.default_rng(83)


def _spoken(n, m, noise):
    """Weights around a path that is hidden in them, not always visible in the largest of a row."""
    starts = np.array([0, *np.sort(_rng.choice(np.arange(1, m), n - 1, replace=False))])
    word = np.searchsorted(starts, np.arange(m), side="right") - 1
    scores = 2.0 * (word == np.arange(n)[:, None]) + noise * _rng.normal(size=(n, m))
    powers = np.exp(scores)
    return (powers / powers.sum(axis=1, keepdims=True)).round(4)


for _n, _m, _noise in ((3, 7, 0.5), (5, 11, 1.0), (2, 5, 1.0), (4, 9, 1.5), (3, 8, 2.0), (5, 9, 2.0)):
    EXERCISE.probe(f"{_n} words, {_m} frames", _spoken(_n, _m, _noise))
EXERCISE.probe("1 word, 4 frames", _spoken(1, 4, 1.0))
EXERCISE.probe("5 words, 5 frames", _spoken(5, 5, 1.0))
EXERCISE.probe("a stray weight far behind", np.array([[0.2, 0.2, 0.05, 0.05, 0.5], [0.1, 0.1, 0.5, 0.2, 0.1], [0.05, 0.15, 0.1, 0.3, 0.4]]))
EXERCISE.probe("a word that nobody looks at", np.array([[0.6, 0.3, 0.05, 0.05], [0.3, 0.02, 0.03, 0.65], [0.01, 0.04, 0.9, 0.05]]))
EXERCISE.probe("whole numbers", np.array([[5, 3, 0, 1], [0, 4, 9, 2]]))
for _n, _m, _noise in ((4, 10, 2.5), (3, 12, 3.0), (6, 14, 2.5), (9, 31, 2.0)):
    EXERCISE.probe(f"{_n} words, {_m} frames, much noise", _spoken(_n, _m, _noise))
EXERCISE.probe("1 word, its largest weight last", np.array([[0.1, 0.2, 0.7]]))


@EXERCISE.solve
def word_times_solution(weights):
    n, m = weights.shape
    best = np.full((n + 1, m + 1), -np.inf)
    best[0, 0] = 0
    for i in range(n):
        for j in range(m):
            best[i + 1, j + 1] = weights[i, j] + max(best[i + 1, j], best[i, j])
    starts, i = np.zeros(n, dtype=int), n
    for j in range(m, 0, -1):
        if best[i - 1, j - 1] > best[i, j - 1]:
            starts[i - 1], i = j - 1, i - 1
    return starts


@EXERCISE.mutant
def starts_at_the_peak(weights):
    return np.argmax(weights, axis=1)


@EXERCISE.mutant
def peaks_made_to_rise(weights):
    return np.maximum.accumulate(np.argmax(weights, axis=1))


@EXERCISE.mutant
def each_frame_to_its_best_word(weights):
    owner = np.argmax(weights, axis=0)
    return np.array([np.argmax(owner == i) for i in range(len(weights))])


@EXERCISE.mutant
def runs_may_be_empty(weights):
    n, m = weights.shape
    best = np.full((n + 1, m + 1), -np.inf)
    best[:, 0] = 0
    for i in range(n):
        for j in range(m):
            best[i + 1, j + 1] = max(best[i + 1, j] + weights[i, j], best[i, j + 1])
    starts, j = np.zeros(n, dtype=int), m
    for i in range(n, 0, -1):
        while j > 0 and best[i, j] > best[i - 1, j]:
            j = j - 1
        starts[i - 1] = j
    return starts


@EXERCISE.mutant
def least_weight_taken(weights):
    return _reference(-np.asarray(weights))


@EXERCISE.mutant
def ends_given_for_starts(weights):
    return np.array([*(_reference(weights)[1:] - 1), weights.shape[1] - 1])


@EXERCISE.mutant
def frames_counted_from_one(weights):
    return _reference(weights) + 1


@EXERCISE.mutant
def next_word_as_soon_as_it_is_better(weights):
    n, m = weights.shape
    starts, i = [0], 0
    for j in range(1, m):
        if i + 1 < n and (weights[i + 1, j] > weights[i, j] or m - j == n - i - 1):
            i += 1
            starts.append(j)
    return np.array(starts)


@EXERCISE.mutant
def length_of_each_run(weights):
    return np.diff([*_reference(weights), weights.shape[1]])


@EXERCISE.holds("the first word begins at frame 0 and the others behind each other")
def rises(call):
    for probe in EXERCISE.probes[:6]:
        starts = np.asarray(call(*probe.arguments))
        if starts[0] != 0 or not (np.diff(starts) > 0).all():
            return f"for {probe.name} the starts are {text.numbers(starts)}"
    return None


@EXERCISE.holds("no single boundary can be moved to give a larger sum")
def no_better_neighbour(call):
    weights = EXERCISE.probes[3].arguments[0]
    starts = np.asarray(call(weights)).astype(int)
    for place in range(1, len(starts)):
        for step in (-1, 1):
            moved = starts.copy()
            moved[place] += step
            rising = moved[0] == 0 and (np.diff([*moved, weights.shape[1]]) > 0).all()
            if rising and _total(weights, moved) > _total(weights, starts) + 1e-9:
                return f"with the starts {text.numbers(starts)} the sum is {text.number(_total(weights, starts))}, with {text.numbers(moved)} it is larger"
    return None


@EXERCISE.holds("60 words and 200 frames are found")
def many(call):
    rng = np.random.default_rng(2)
    starts = np.array([0, *np.sort(rng.choice(np.arange(1, 200), 59, replace=False))])
    word = np.searchsorted(starts, np.arange(200), side="right") - 1
    weights = 0.9 * (word == np.arange(60)[:, None]) + 0.1 * rng.random((60, 200))
    found = np.asarray(call(weights))
    if found.shape != starts.shape:
        return f"the shape is {text.shape(found)}, expected {text.shape(starts)}"
    return None if (found == starts).all() else f"{int((found != starts).sum())} of 60 starts are wrong"


EXERCISE.holds("the tiny example gives 0 and 2")(comes_out([0, 2], np.array([[0.6, 0.3, 0.1], [0.2, 0.1, 0.7]])))
