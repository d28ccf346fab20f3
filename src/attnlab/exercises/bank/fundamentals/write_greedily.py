"""A decoder that writes by itself: the likeliest word, fed back, until the end mark."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _walk(step, state, start, end, longest):
    """The words of a decoder that writes by itself, the end mark among them if it was written."""
    words, word = [], start
    while len(words) < longest and (not words or word != end):
        scores, state = step(state, word)
        word = int(np.argmax(scores))
        words.append(word)
    return words


def _reference(step, state, start, end, longest):
    return np.array([word for word in _walk(step, state, start, end, longest) if word != end], dtype=int)


EXERCISE = Exercise(
    id="fundamentals.write_greedily",
    title="Let it write by itself",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/looking_back",
    headings=("What goes wrong",),
    statement=r"""
    A decoder is given as a function: `step(state, word)` reads one word and returns the pair `(scores, new_state)`, a score for each word of the vocabulary and its state afterwards. Let it write
    **greedily**: begin with the word `start`, take the word with the highest score, hand *that word* to the next step, and stop at the word `end` or after `longest` words. Some models use one mark for both, so `start` may equal `end`. Return the words
    written, without `start` and without `end`.

    A tiny example: a decoder whose scores are highest for the word after the one it has read, with `start` 0, `end` 3 and room for 5 words, writes `[1, 2]`.
    """,
    slot='''
    def write_greedily(step, state, start, end, longest):
        """The words a decoder writes by itself, likeliest first.

        step: (state, word) -> (scores, state); start, end: numbers of words; longest: a whole number
        result: a row of at most `longest` words, without start and end
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If the first word it writes is the end mark, nothing comes back. No right answer is ever asked for: that is what makes it a fair examination.",
        "Keep three things from step to step: the words so far, the last word, and the state. The first word read is `start`.",
        "```python\nwords, word = [], ____\nwhile len(words) < ____:\n    scores, state = step(state, ____)\n    word = int(np.argmax(____))\n    if word == ____:\n        break\n    words.append(word)\nreturn np.array(words, dtype=int)\n```",
    ),
    parsons=("greedy_start_read_again", "greedy_state_forgotten"),
    why=r"""
    While it is *trained*, the decoder reads the right word before each step (teacher forcing). When it is *judged*, it must read what it has written itself: only then can one mistake lead to the next.

    **The two most common mistakes.** Handing on the first word or the right one in place of the one just written. Losing the state, so that every step is the first.

    **Cost.** One step for each word, one after the other.
    """,
    verified="equal to reading and writing word by word, for decoders with and without memory, with the end mark first, late, never and equal to the start.",
    next_thought="the second best first word may lead to a better text. What would you have to keep to find it?",
    reference=_reference,
)


def chain(state, word):
    """A decoder whose next word follows from the last word alone."""
    return np.roll(np.eye(7), 1, axis=1)[word % 7] * 2.0, state


def counter(state, word):
    """A decoder whose next word depends on how many steps it has made and on the last word."""
    scores = np.cos(np.arange(7) * (state + 1) + 0.7 * word)
    return scores, state + 1


def dreamer(state, word):
    """A decoder with a state of two numbers."""
    state = np.tanh(np.array([0.9 * state[0] - 0.8 * state[1] + 0.3 * word, 0.7 * state[0] + 0.5 * state[1] - 0.2 * word]))
    return np.sin(np.arange(11) * (1.7 + 2 * state[0]) + 3 * state[1]), state


_two = np.array([0.5, -0.2])
EXERCISE.probe("a chain of words, the end after 4", chain, 0, 1, 5, 9)
EXERCISE.probe("a chain, no room to reach the end", chain, 0, 2, 1, 3)
EXERCISE.probe("a decoder that counts its steps", counter, 0, 2, 6, 8)
EXERCISE.probe("a decoder that counts, from another state", counter, 3, 1, 5, 11)
EXERCISE.probe("a decoder with a state of two numbers", dreamer, _two, 1, 10, 9)
EXERCISE.probe("the end at once", chain, 0, 4, 5, 6)
EXERCISE.probe("one mark for start and end", chain, 0, 0, 0, 9)
EXERCISE.probe("one mark for both, and no room to reach it", dreamer, _two, 10, 10, 6)
EXERCISE.probe("room for one word", counter, 1, 3, 6, 1)


def _variant(step, state, start, end, longest, read=lambda words: words[-1], keep=True, choose=np.argmax):
    words, seen = [], [start]
    while len(words) < longest:
        scores, after = step(state, read(seen))
        state = after if keep else state
        word = int(choose(scores))
        if word == end:
            break
        words.append(word)
        seen.append(word)
    return np.array(words, dtype=int)


@EXERCISE.solve
def write_greedily_solution(step, state, start, end, longest):
    words, word = [], start
    while len(words) < longest:
        scores, state = step(state, word)
        word = int(np.argmax(scores))
        if word == end:
            break
        words.append(word)
    return np.array(words, dtype=int)


@EXERCISE.mutant
def greedy_start_read_again(step, state, start, end, longest):
    words, word = [], start
    while len(words) < longest:
        scores, state = step(state, start)
        word = int(np.argmax(scores))
        if word == end:
            break
        words.append(word)
    return np.array(words, dtype=int)


@EXERCISE.mutant
def greedy_state_forgotten(step, state, start, end, longest):
    words, word = [], start
    while len(words) < longest:
        scores, _ = step(state, word)
        word = int(np.argmax(scores))
        if word == end:
            break
        words.append(word)
    return np.array(words, dtype=int)


@EXERCISE.mutant
def greedy_lowest_score(step, state, start, end, longest):
    return _variant(step, state, start, end, longest, choose=np.argmin)


@EXERCISE.mutant
def greedy_one_word_late(step, state, start, end, longest):
    return _variant(step, state, start, end, longest, read=lambda seen: seen[max(len(seen) - 2, 0)])


@EXERCISE.mutant(evidence=text.shapes)
def greedy_end_kept(step, state, start, end, longest):
    return np.array(_walk(step, state, start, end, longest), dtype=int)


@EXERCISE.mutant(evidence=text.shapes)
def greedy_start_kept(step, state, start, end, longest):
    return np.array([start, *_reference(step, state, start, end, longest)], dtype=int)


@EXERCISE.mutant(evidence=text.shapes)
def greedy_does_not_stop(step, state, start, end, longest):
    return np.array(_walk(step, state, start, -1, longest), dtype=int)


@EXERCISE.mutant(evidence=text.shapes)
def greedy_one_word_too_many(step, state, start, end, longest):
    return _reference(step, state, start, end, longest + 1)


@EXERCISE.mutant(evidence=text.shapes)
def greedy_one_word_short(step, state, start, end, longest):
    return _reference(step, state, start, end, longest - 1)


EXERCISE.holds("a decoder that always prefers the next number writes 1, 2 from 0 to 3")(
    comes_out([1, 2], chain, 0, 0, 3, 5))
EXERCISE.holds("with room for 2 words, it stops after 2")(comes_out([1, 2], chain, 0, 0, 6, 2))


@EXERCISE.holds("each step reads the word that was written before it")
def feeds_back(call):
    read = []

    def spy(state, word):
        read.append(int(word))
        return chain(state, word)
    out = [int(word) for word in np.ravel(call(spy, 0, 0, 5, 9))]
    wanted = [0, 1, 2, 3, 4]
    return None if out == [1, 2, 3, 4] and read[:5] == wanted else f"the words read were {text.numbers(read, 6)}, expected {text.numbers(wanted, 6)}"


@EXERCISE.holds("each step begins with the state that the step before left")
def hands_on_the_state(call):
    states = []

    def spy(state, word):
        states.append(int(state))
        return np.eye(3)[1], state + 1
    call(spy, 4, 0, 2, 3)
    return None if states[:3] == [4, 5, 6] else f"the states were {text.numbers(states)}, expected 4, 5, 6"
