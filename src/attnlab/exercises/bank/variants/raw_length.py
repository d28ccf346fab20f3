"""How many raw tokens fill a corrupted source of a given length."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _lengths(n, rate, mean):
    lost = min(max(round(n * rate), 1), n - 1)
    spans = min(max(round(lost / mean), 1), n - lost)
    return n - lost + spans + 1, lost + spans + 2


def _largest(room, rate, mean, lengths=_lengths):
    n = 2
    while lengths(n + 1, rate, mean)[0] <= room:
        n += 1
    return n


def _reference(room, rate, mean):
    n = _largest(room, rate, mean)
    return n, _lengths(n, rate, mean)[1]


EXERCISE = Exercise(
    id="variants.raw_length",
    title="How much text fits?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="variants/t5",
    headings=("How long are the two texts?",),
    statement=r"""
    A corrupted source is shorter than its text, so more than 512 tokens of text fill an encoder of 512 places. Of $n$ tokens, $c = \operatorname{round}(n \cdot \text{rate})$ are corrupted, at least 1 and at most $n - 1$, in $s = \operatorname{round}(c / \text{mean})$ spans, at least 1 and at most $n - c$ (Python's `round`). The source holds the tokens that stay, a mark for each span, **and an end mark**. The target holds the corrupted tokens, a mark for each span, one mark more, **and an end mark**.

    Return two numbers: the largest $n$, reached by going up from $n = 2$ one at a time **as long as the source of the next $n$ fits** into `room` places, and the length of the target of this $n$. `room` is at least 4, the rate lies between 0 and 1, the mean is at least 1.

    A tiny example: with `room = 8`, `rate = 0.25` and `mean = 2`, eight tokens make a source of 6 + 1 + 1 = 8 places, and nine one of 9; so the answer is `(8, 5)`.
    """,
    slot='''
    def raw_length(room, rate, mean):
        """The most tokens of text whose corrupted source fits into `room` places, and the length of its target.

        room: a whole number, at least 4; rate: between 0 and 1; mean: at least 1; result: two whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Source and target together hold each token once and each span's mark twice, and three places more: the last mark and two ends.",
        r"The source has $n - c + s + 1$ places, the target $c + s + 2$. Write the first as a function of $n$, and go up from 2 while the *next* one fits.",
        "```python\ndef sizes(n):\n    c = min(max(round(____), 1), n - 1)\n    s = min(max(round(____), 1), ____)\n    return ____, ____\n\nn = 2\nwhile sizes(____)[0] <= room:\n    n += 1\nreturn n, sizes(n)[1]\n```",
    ),
    parsons=("lengths_without_end_marks", "lengths_target_without_the_last_mark"),
    why=r"""
    A batch of corrupted texts needs no padding if each is cut to this length first: every source has the same length, and so has every target. With T5's settings and 512 places it is 568 tokens of text and a target of 115. (T5's own code has 114: its masks end with a corrupted span, and the last mark is left out.)

    **The two most common mistakes.** Forgetting the end marks, by which the last token is pushed out of the room. Dividing instead of counting, $512 / 0.85 = 602$: the marks need places as well.

    **Cost.** A few hundred roundings, once.
    """,
    verified="rates from 0.05 to 0.9, means from 1 to 12, rooms from 4 to 1,031.",
    next_thought="for which rate and mean would source and target be equally long?",
    reference=_reference,
    parts=("the number of tokens", "the length of the target"),
)

for _room, _rate, _mean in ((512, 0.15, 3), (114, 0.15, 3), (8, 0.25, 2), (4, 0.15, 3), (5, 0.5, 1), (101, 0.5, 1), (257, 0.3, 2), (64, 0.9, 4), (1031, 0.05, 12),
                            (37, 0.7, 1), (23, 0.1, 1), (6, 0.9, 3), (71, 0.35, 5), (200, 0.3, 2.5), (333, 0.4, 1.75), (4096, 0.15, 3), (50, 0.97, 20), (60, 0.98, 2), (300, 0.02, 3),
                            (1500, 0.5, 30), (11, 0.95, 1), (9, 0.75, 1)):  # fmt: skip
    EXERCISE.probe(f"room for {_room}, rate {_rate}, mean {_mean}", _room, _rate, _mean)


@EXERCISE.solve
def raw_length_solution(room, rate, mean):
    def sizes(n):
        c = min(max(round(n * rate), 1), n - 1)
        s = min(max(round(c / mean), 1), n - c)
        return n - c + s + 1, c + s + 2

    n = 2
    while sizes(n + 1)[0] <= room:
        n += 1
    return n, sizes(n)[1]


def _other(lengths):
    def answer(room, rate, mean):
        n = _largest(room, rate, mean, lengths)
        return n, lengths(n, rate, mean)[1]

    return answer


@EXERCISE.mutant
def lengths_without_end_marks(room, rate, mean):
    def sizes(n):
        c = min(max(round(n * rate), 1), n - 1)
        s = min(max(round(c / mean), 1), n - c)
        return n - c + s, c + s + 1

    n = 2
    while sizes(n + 1)[0] <= room:
        n += 1
    return n, sizes(n)[1]


@EXERCISE.mutant
def lengths_target_without_the_last_mark(room, rate, mean):
    def sizes(n):
        c = min(max(round(n * rate), 1), n - 1)
        s = min(max(round(c / mean), 1), n - c)
        return n - c + s + 1, c + s + 1

    n = 2
    while sizes(n + 1)[0] <= room:
        n += 1
    return n, sizes(n)[1]


@EXERCISE.mutant
def lengths_without_marks_in_the_source(*given):
    return _other(lambda n, r, m: (_lengths(n, r, m)[0] - _lengths(n, r, m)[1] + 2 + (min(max(round(n * r), 1), n - 1)), _lengths(n, r, m)[1]))(*given)


@EXERCISE.mutant
def lengths_one_token_too_many(room, rate, mean):
    n = _largest(room, rate, mean) + 1
    return n, _lengths(n, rate, mean)[1]


@EXERCISE.mutant
def lengths_of_whole_text(room, rate, mean):
    n = max(room - 1, 2)
    return n, _lengths(n, rate, mean)[1]


@EXERCISE.mutant
def lengths_target_like_single_masks(room, rate, mean):
    n = _largest(room, rate, mean)
    return n, min(max(round(n * rate), 1), n - 1) * 2 + 2


@EXERCISE.mutant
def lengths_rounded_up(*given):
    def sizes(n, rate, mean):
        c = min(max(int(np.ceil(n * rate)), 1), n - 1)
        s = min(max(int(np.ceil(c / mean)), 1), n - c)
        return n - c + s + 1, c + s + 2

    return _other(sizes)(*given)


@EXERCISE.mutant
def lengths_rounded_down(*given):
    def sizes(n, rate, mean):
        c = min(max(int(n * rate), 1), n - 1)
        s = min(max(int(c / mean), 1), n - c)
        return n - c + s + 1, c + s + 2

    return _other(sizes)(*given)


@EXERCISE.mutant
def lengths_with_rate_for_kept(room, rate, mean):
    return _reference(room, 1 - rate, mean)


@EXERCISE.holds("the example of the statement comes out")
def example(call):
    out = tuple(int(x) for x in call(8, 0.25, 2))
    return None if out == (8, 5) else f"a room of 8 gives {out}"


@EXERCISE.holds("source and target together hold each token once, each mark twice, and three places more")
def together(call):
    for room, rate, mean in ((512, 0.15, 3), (101, 0.5, 1), (257, 0.3, 2)):
        n, target = (int(x) for x in call(room, rate, mean))
        corrupted = round(n * rate)
        if target != corrupted + round(corrupted / mean) + 2:
            return f"with a room of {room}, {n} tokens and a target of {target}"
    return None
