"""How to compare two language models that cut text into different tokens."""

from __future__ import annotations

import math

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(log_p, pieces):
    return -np.sum(log_p) / math.log(2) / sum(len(piece) for piece in pieces)


EXERCISE = Exercise(
    id="variants.bits_per_byte",
    title="Two vocabularies, one measure",
    level="analyse",
    minutes=12,
    difficulty=2,
    page="variants/gpt",
    headings=("Which is better?",),
    statement=r"""
    Perplexities of models with different tokens cannot be compared: a model of letters makes many small guesses, one of words few large ones. What both must pay for is the same text. Return its **bits per byte**: the surprise of the whole text in bits, divided by the number of bytes of the text in UTF-8.

    `log_p[i]` is the natural logarithm of the probability that the model gave token $i$, and `pieces[i]` the bytes that this token spells. A mark such as the end of a text spells no byte; its surprise counts all the same, since the model must also say where to stop. A character of several bytes may be cut across tokens. At least one piece is not empty.

    A tiny example: the pieces `[b"na", b"\xc3\xaf", b"ve"]` spell *naïve*, six bytes; with the probabilities $\tfrac12$, $\tfrac1{16}$ and $\tfrac12$ the text costs $1 + 4 + 1 = 6$ bits, so the result is 1.
    """,
    slot='''
    def bits_per_byte(log_p, pieces):
        """Surprise of a text in bits, divided by its length in bytes.

        log_p: (tokens,), natural logarithms; pieces: a list of as many bytes objects
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Cut the same text into other tokens that cost as much together: the result must stay the same.",
        r"$\dfrac{-\sum_i \ln p_i}{\ln 2 \cdot \text{bytes}}$. The sum runs over all tokens, marks included.",
        "```python\nbits = ____ / np.log(2)\nreturn bits / sum(____ for piece in pieces)\n```",
    ),
    parsons=("nats_per_byte", "characters_for_bytes"),
    why=r"""
    Bits per byte is the size to which the model could compress the text: a model of 2 bits per byte squeezes it to a quarter.

    **The two most common mistakes.** Dividing by tokens, which rewards a coarse vocabulary for nothing: it has fewer of them. Counting characters, which differ from bytes as soon as a text leaves the English alphabet.

    **Cost.** Next to nothing beside the model's own run.
    """,
    verified="for one token and for 40, accents, Chinese and emoji, characters cut across tokens, marks that spell nothing, probabilities of 1 and of 1e-9, float32 and lists.",
    next_thought="which value does a model have that gives each of the 256 bytes the same probability?",
    reference=_reference,
)

_rng = np.random.default_rng(71)


def _cut(whole, *lengths):
    """The text's bytes in pieces of these lengths, and the rest."""
    data, out = whole.encode(), []
    for n in lengths:
        out.append(data[:n])
        data = data[n:]
    return [*out, data]


_SURPRISE = -_rng.gamma(2.0, 1.2, size=40)
EXERCISE.probe("English, 5 tokens and an end mark", _SURPRISE[:6], [*_cut("the last of the letters", 3, 5, 3, 4), b""])
EXERCISE.probe("accents, a character cut in two", _SURPRISE[6:10], _cut("déjà vu", 2, 3, 1))
EXERCISE.probe("Chinese, 3 bytes a character", _SURPRISE[10:13], _cut("注意力机制", 6, 3))
EXERCISE.probe("an emoji in four tokens", _SURPRISE[13:18], [*_cut("ok 🙂", 3, 1, 1, 1)])
EXERCISE.probe("a mark in front and two behind", _SURPRISE[18:23], [b"", *_cut("niño", 4), b"", b""])
EXERCISE.probe("one token", np.array([-2.5]), [b"attention"])
EXERCISE.probe("40 tokens of one byte", _SURPRISE, [bytes([65 + i % 26]) for i in range(40)])
EXERCISE.probe("certain and nearly impossible", np.array([0.0, np.log(1e-9), 0.0]), _cut("øre", 2, 1))
EXERCISE.probe("single precision", _SURPRISE[:4].astype(np.float32), _cut("schön gut", 3, 3, 2))
EXERCISE.probe("500 tokens", -np.random.default_rng(72).gamma(2.0, 1.2, size=500), [bytes([97 + i % 26]) * (1 + i % 3) for i in range(500)])
EXERCISE.probe("a token of probability e^-900", np.array([-0.5, -900.0]), [b"at", b"ten"])
EXERCISE.probe("spaces and line ends at both ends", -np.array([1.5, 0.5, 2.5, 0.25]), [b"  \n", b"one\n", b"two", b" \n\n"])
EXERCISE.probe("an accent that is a character of its own", -np.array([1.5, 0.5]), _cut("cafe\u0301s", 3))


@EXERCISE.solve
def bits_per_byte_solution(log_p, pieces):
    bits = -np.sum(log_p) / np.log(2)
    return bits / sum(len(piece) for piece in pieces)


@EXERCISE.mutant
def nats_per_byte(log_p, pieces):
    bits = -np.sum(log_p)
    return bits / sum(len(piece) for piece in pieces)


@EXERCISE.mutant
def characters_for_bytes(log_p, pieces):
    bits = -np.sum(log_p) / np.log(2)
    return bits / len(b"".join(pieces).decode())


@EXERCISE.mutant
def bits_per_token(log_p, pieces):
    return -np.mean(log_p) / np.log(2)


@EXERCISE.mutant
def bits_a_piece_averaged(log_p, pieces):
    return np.mean([-s / np.log(2) / len(piece) for s, piece in zip(log_p, pieces) if len(piece)])


@EXERCISE.mutant
def marks_cost_nothing(log_p, pieces):
    return _reference([s for s, piece in zip(log_p, pieces) if len(piece)], pieces)


@EXERCISE.mutant
def marks_counted_as_a_byte(log_p, pieces):
    return _reference(log_p, [piece or b"." for piece in pieces])


@EXERCISE.mutant
def bits_times_the_logarithm(log_p, pieces):
    return -np.sum(log_p) * np.log(2) / sum(map(len, pieces))


@EXERCISE.mutant
def sign_of_the_surprise(log_p, pieces):
    return np.sum(log_p) / np.log(2) / sum(map(len, pieces))


@EXERCISE.mutant
def perplexity_a_byte(log_p, pieces):
    return np.exp(-np.sum(log_p) / sum(map(len, pieces)))


@EXERCISE.mutant
def bytes_a_bit(log_p, pieces):
    return sum(map(len, pieces)) / max(-float(np.sum(log_p)) / math.log(2), 1e-9)


@EXERCISE.holds("joined tokens that cost as much together leave it as it is")
def cut_otherwise(call):
    one = float(call(np.log([0.5, 0.125, 0.25]), [b"at", b"ten", b"d"]))
    other = float(call(np.log([0.5 * 0.125, 0.25]), [b"atten", b"d"]))
    return None if abs(one - other) < 1e-4 else f"in three tokens {text.number(one)}, in two {text.number(other)}"


@EXERCISE.holds("a text twice as long that costs twice as much has the same")
def twice(call):
    costs, pieces = np.log([0.5, 0.0625]), [b"\xc3\xa9", b"te"]
    one, two = float(call(costs, pieces)), float(call(np.concatenate([costs, costs]), pieces * 2))
    return None if abs(one - two) < 1e-4 else f"once {text.number(one)}, twice {text.number(two)}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out(1.0, np.log([0.5, 0.0625, 0.5]), [b"na", b"\xc3\xaf", b"ve"]))
