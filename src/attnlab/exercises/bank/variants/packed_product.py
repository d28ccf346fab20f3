"""A product with a matrix that stays in its blocks of four bits."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(scale, least, codes, x):
    scale, least, codes, x = np.asarray(scale, dtype=float), np.asarray(least, dtype=float), np.asarray(codes), np.asarray(x, dtype=float)
    out = np.zeros(len(scale))
    for row, block in np.ndindex(scale.shape):
        for i in range(32):
            byte = int(codes[row, block, i % 16])
            code = byte % 16 if i < 16 else byte // 16
            out[row] += (scale[row, block] * code + least[row, block]) * x[32 * block + i]
    return out


def _unpacked(codes, low=lambda c: c & 15, high=lambda c: c >> 4):
    codes = np.asarray(codes)
    return np.concatenate([low(codes), high(codes)], axis=-1).astype(float)


def _product(weights, x):
    return weights.reshape(len(weights), -1) @ np.asarray(x, dtype=float)


def _weights(scale, least, codes):
    return np.asarray(scale, dtype=float)[..., None] * codes + np.asarray(least, dtype=float)[..., None]


EXERCISE = Exercise(
    id="variants.packed_product",
    title="A product that leaves the weights in their blocks",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/a_real_language_model",
    headings=("Bits and blocks",),
    statement=r"""
    A program that runs a model of four bits need not unpack its weights first. Compute $y = W x$ from the blocks of Q4_1: 32 neighbours of a row share a scale $s$ and a least value $m$, and each weight is $s c + m$, where the code $c$ is one of 0 to 15. Two codes share a byte: in a block of 16 bytes, byte $i$ holds the code of weight $i$ in its **low** four bits and that of weight $i + 16$ in its **high** four bits.

    Leave the arguments as they are.

    A tiny example: one row of one block, $s = 2$, $m = -1$, all bytes `0x10`. The low codes are 0, the high ones 1; so the first 16 weights are $-1$, the others 1. With $x$ all ones the product is 0, with $x$ zero in its first half and one in its second it is 16.
    """,
    slot='''
    def packed_product(scale, least, codes, x):
        """W x, with each row of W in blocks of 32 weights.

        scale, least: (rows, blocks); codes: (rows, blocks, 16), bytes (dtype uint8); x: (32 * blocks,)
        result: (rows,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If $x$ is zero but for one entry, the product is a column of $W$: entry 16 asks for the *high* half of byte 0, entry 1 for the *low* half of byte 1.",
        r"A block adds $\sum_i (s c_i + m)\, x_i = s \sum_i c_i x_i + m \sum_i x_i$. The second sum does not depend on the row: it is there once a block.",
        "```python\nx = np.reshape(x, (-1, ____))\nc = np.concatenate([codes & ____, codes >> ____], axis=____)\nsums = (c * x).sum(axis=-1)\nreturn (scale * sums + least * ____).sum(axis=-1)\n```",
    ),
    parsons=("packed_neighbours_share_a_byte", "packed_least_without_the_sum"),
    why=r"""
    Scale and least value leave the inner sum, so the long part of the work is a sum of small whole numbers times $x$. Programs for small machines also make $x$ whole numbers, and then it is arithmetic of integers.

    **The two most common mistakes.** Taking the two halves of a byte for neighbours: every weight has a plausible size, and nearly all stand in the wrong place. Adding $m$ once a block: it belongs to each weight, and so it is multiplied by $\sum_i x_i$.

    **Cost.** 20 bytes are read for 32 weights, 5 bits each, where single precision reads 128.
    """,
    verified="one row and eleven, one block and five, all codes and each alone, negative scales, entries of x alone, scales of 0.",
    next_thought="what would the product need if each block kept no least value, but the code of zero?",
    reference=_reference,
)

_rng = np.random.default_rng(81)


def _drawn(rows, blocks):
    scale, least = _rng.normal(size=(rows, blocks)), _rng.normal(size=(rows, blocks))
    return scale, least, _rng.integers(0, 256, (rows, blocks, 16)).astype(np.uint8)


for _rows, _blocks in ((3, 2), (11, 1), (1, 5), (7, 3), (2, 2)):
    EXERCISE.probe(f"{_rows} row{'s' * (_rows > 1)} of {_blocks} block{'s' * (_blocks > 1)}", *_drawn(_rows, _blocks), _rng.normal(size=32 * _blocks))
for _one in (0, 1, 15, 16, 17, 31, 40):
    EXERCISE.probe(f"x is zero but for entry {_one}", *_drawn(3, 2), np.eye(64)[_one])
EXERCISE.probe("scales of 0", np.zeros((3, 2)), *_drawn(3, 2)[1:], _rng.normal(size=64))
EXERCISE.probe("least values of 0", _drawn(3, 2)[0], np.zeros((3, 2)), _drawn(3, 2)[2], _rng.normal(size=64))
EXERCISE.probe("all bytes 255", np.array([[0.5, 2.0]]), np.array([[-3.0, 1.0]]), np.full((1, 2, 16), 255, np.uint8), _rng.normal(size=64))
EXERCISE.probe("all bytes 15", np.array([[0.5], [1.5]]), np.array([[-3.0], [0.25]]), np.full((2, 1, 16), 15, np.uint8), _rng.normal(size=32))
EXERCISE.probe("x adds up to 0", *_drawn(5, 1), np.repeat([1.0, -1.0], 16))
EXERCISE.probe("single precision", *(one.astype(np.float32) for one in _drawn(3, 2)[:2]), _drawn(3, 2)[2], _rng.normal(size=64).astype(np.float32))
EXERCISE.probe("x in whole numbers", *_drawn(3, 1), np.arange(32))


@EXERCISE.solve
def packed_product_solution(scale, least, codes, x):
    x = np.reshape(x, (-1, 32))
    c = np.concatenate([codes & 15, codes >> 4], axis=-1)
    sums = (c * x).sum(axis=-1)
    return (scale * sums + least * x.sum(axis=-1)).sum(axis=-1)


@EXERCISE.mutant
def packed_neighbours_share_a_byte(scale, least, codes, x):
    x = np.reshape(x, (-1, 32))
    c = np.stack([codes & 15, codes >> 4], axis=-1).reshape(*codes.shape[:2], 32)
    sums = (c * x).sum(axis=-1)
    return (scale * sums + least * x.sum(axis=-1)).sum(axis=-1)


@EXERCISE.mutant
def packed_least_without_the_sum(scale, least, codes, x):
    x = np.reshape(x, (-1, 32))
    c = np.concatenate([codes & 15, codes >> 4], axis=-1)
    sums = (c * x).sum(axis=-1)
    return (scale * sums + least).sum(axis=-1)


@EXERCISE.mutant
def packed_high_half_first(scale, least, codes, x):
    c = _unpacked(codes)
    return _product(_weights(scale, least, np.concatenate([c[..., 16:], c[..., :16]], axis=-1)), x)


@EXERCISE.mutant
def packed_high_half_not_shifted(scale, least, codes, x):
    return _product(_weights(scale, least, _unpacked(codes, high=lambda c: c & 240)), x)


@EXERCISE.mutant
def packed_least_subtracted(scale, least, codes, x):
    return _product(_weights(scale, -np.asarray(least, dtype=float), _unpacked(codes)), x)


@EXERCISE.mutant
def packed_least_scaled(scale, least, codes, x):
    s, m = (np.asarray(one, dtype=float)[..., None] for one in (scale, least))
    return _product(s * (_unpacked(codes) + m), x)


@EXERCISE.mutant
def packed_codes_around_zero(scale, least, codes, x):
    return _product(_weights(scale, least, _unpacked(codes) - 8), x)


@EXERCISE.mutant
def packed_whole_byte_as_low_half(scale, least, codes, x):
    return _product(_weights(scale, least, _unpacked(codes, low=lambda c: c)), x)


@EXERCISE.mutant
def packed_least_left_out(scale, least, codes, x):
    return _product(_weights(scale, np.zeros_like(np.asarray(least, dtype=float)), _unpacked(codes)), x)


@EXERCISE.holds("with scale 0 each row is its least values times the sums of x")
def least_alone(call):
    x = np.concatenate([np.full(32, 0.5), np.full(32, -0.25)])
    out = np.asarray(call(np.zeros((2, 2)), np.array([[1.0, 2.0], [3.0, 0.0]]), np.full((2, 2, 16), 77, np.uint8), x), dtype=float)
    return None if np.allclose(out, [0.0, 48.0], atol=1e-4) else f"yours is {text.numbers(out)}, expected 0 and 48"


@EXERCISE.holds("twice as large an x gives twice as large a product")
def linear(call):
    scale, least = np.array([[0.5, -1.0]]), np.array([[2.0, 0.75]])
    codes, x = np.arange(32, dtype=np.uint8).reshape(1, 2, 16) * 7, np.linspace(-1, 2, 64)
    one, two = (np.asarray(call(scale, least, codes, k * x), dtype=float) for k in (1, 2))
    return None if np.allclose(two, 2 * one, atol=1e-3) else f"once {text.numbers(one)}, with 2 x {text.numbers(two)}"


EXERCISE.holds("the example of the statement gives 16")(
    comes_out([16.0], np.array([[2.0]]), np.array([[-1.0]]), np.full((1, 1, 16), 0x10, np.uint8), np.repeat([0.0, 1.0], 16)))
