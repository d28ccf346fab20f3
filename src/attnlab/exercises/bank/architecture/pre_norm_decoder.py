"""A stack of decoder blocks, normalised first, that is given the rows of every encoder block and must read the right ones."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import attention


def _decode(x, encoder_rows, real, blocks, norm, *, own=None, cross=None, last=True, memory=None, order=(0, 1, 2)):
    """The right one, with one ingredient exchanged: own(z) and cross(z, memory, l) give (queries, context, mask)."""
    n, m, past = len(x), len(real), np.tri(len(x), dtype=bool)
    source = np.broadcast_to(real, (n, m))
    own = own or (lambda z: (z, z, past))
    cross = cross or (lambda z, y: (z, y, source))
    for number, block in enumerate(blocks):
        rows = encoder_rows[-1] if memory is None else memory(number)
        parts = [lambda z, f=block[0]: f(*own(z)), lambda z, f=block[1], y=rows: f(*cross(z, y)), block[2]]
        for which in order:
            x = x + parts[which](norm(x))
    return norm(x) if last else x


def _reference(x, encoder_rows, real, blocks, norm):
    return _decode(x, encoder_rows, real, blocks, norm)


EXERCISE = Exercise(
    id="architecture.pre_norm_decoder",
    title="A decoder, normalised first",
    level="apply",
    minutes=20,
    difficulty=3,
    page="architecture/decoder",
    headings=("The block in formulas", "In NumPy"),
    statement=r"""
    Write a whole decoder in the order that most models use today: **normalise what goes in, add what comes out, normalise once more at the end**. Every block has three sublayers, in this order:

    1. `own(queries, context, mask)`: causal self-attention, in which queries and context are the same normalised rows;
    2. `cross(queries, context, mask)`: the queries are the normalised rows, the context is the **memory**, taken as it is; the padding of the source is hidden;
    3. `feed(rows)`.

    `encoder_rows`, (encoder blocks, m, width), holds the rows after *each* encoder block, the first block first; the memory is what the encoder gives in the end. `real` is true for the real tokens of the source. A mask has the shape (queries, context) and true means: may look. `norm` is a function of rows.

    A tiny example: with sublayers that all return zeros the result is `norm(x)`.
    """,
    slot='''
    def pre_norm_decoder(x, encoder_rows, real, blocks, norm):
        """The rows after all decoder blocks and a last norm.

        x: (n, width); encoder_rows: (encoder blocks, m, width); real: (m,) booleans
        blocks: a list of (own, cross, feed); own and cross take (queries, context, mask); norm: a function of rows
        result: (n, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With n tokens and m source tokens, the first mask is n × n and a triangle, the second n × m with equal rows.",
        "There is one memory for all blocks. It is not normalised here: that was the encoder's business.",
        "```python\nmemory = ____\npast = np.tri(____, dtype=bool)\nsource = np.broadcast_to(____, (____, ____))\nfor own, cross, feed in blocks:\n"
        "    z = norm(x)\n    x = x + own(____)\n    x = x + cross(____)\n    x = x + feed(____)\nreturn ____\n```",
    ),
    parsons=("memory_of_the_same_number", "triangle_on_the_memory"),
    why=r"""
    All blocks of the decoder read the same memory, the encoder's last rows. Their own rows change from block to block.

    **The two most common mistakes.** Block number i reads encoder block number i: it runs when both stacks are equally tall, and reads half-finished rows. The causal mask of the self-attention is used for the memory as well: then the first word that is written has seen one word of the source.

    **Cost.** For n tokens, m source tokens: scores of n² and nm pairs a block.
    """,
    verified="for none to three blocks, two norms, fewer and more tokens than the source has, padding, encoders of another height, one token.",
    next_thought="which of the numbers in here are the same for every token that is written, and could be kept?",
    reference=_reference,
)

_rng = np.random.default_rng(41)
_w = _rng.normal(size=(9, 3, 5, 5)) / 1.5


def _attend(number):
    q, k, v = _w[number]

    def attend(queries, context, mask):
        queries, context = np.asarray(queries), np.asarray(context)
        return attention(queries @ q, context @ k, context @ v, np.broadcast_to(mask, (len(queries), len(context))))
    return attend


def _feed(number):
    one, two, _ = _w[number]
    return lambda rows: np.maximum(0, rows @ one + 0.2) @ two


def _norm(rows):
    centred = rows - np.mean(rows, axis=-1, keepdims=True)
    return 1.3 * centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 0.1) + 0.4


def _zeros(rows, *rest):
    return 0 * rows


def _rows(count, length):
    return _rng.normal(size=(count, length, 5))


_blocks = [(_attend(0), _attend(1), _feed(2)), (_attend(3), _attend(4), _feed(5)), (_attend(6), _attend(7), _feed(8))]
_all = np.array([True] * 7)
EXERCISE.probe("3 tokens, a source of 7 with 2 of padding, two blocks", _rng.normal(size=(3, 5)), _rows(2, 7), np.arange(7) < 5, _blocks[:2], _norm)
EXERCISE.probe("5 tokens, a source of 2, three blocks, an encoder of one", _rng.normal(size=(5, 5)), _rows(1, 2), np.array([True, True]), _blocks, _norm)
EXERCISE.probe("4 tokens, a source of 4, three blocks and three", _rng.normal(size=(4, 5)), _rows(3, 4), np.arange(4) < 3, _blocks, _norm)
EXERCISE.probe("one token, one block", _rng.normal(size=(1, 5)), _rows(2, 3), np.arange(3) < 2, _blocks[1:2], _norm)
EXERCISE.probe("padding in the middle of the source", _rng.normal(size=(3, 5)), _rows(4, 7), np.array([1, 1, 0, 1, 0, 1, 1], bool), _blocks[:1], _norm)
EXERCISE.probe("sublayers that return zeros", _rng.normal(size=(3, 5)), _rows(2, 2), np.array([True, False]), [(_zeros, _zeros, _zeros)], _norm)
def _root(rows):
    return 0.8 * rows / np.sqrt(np.mean(np.square(rows), axis=-1, keepdims=True) + 0.1)


EXERCISE.probe("another norm", _rng.normal(size=(3, 5)), _rows(2, 4), np.arange(4) < 3, _blocks[:2], _root)
EXERCISE.probe("no block", _rng.normal(size=(3, 5)), _rows(2, 4), np.arange(4) < 3, [], _norm)


@EXERCISE.solve
def pre_norm_decoder_solution(x, encoder_rows, real, blocks, norm):
    memory = encoder_rows[-1]
    past = np.tri(len(x), dtype=bool)
    source = np.broadcast_to(real, (len(x), len(memory)))
    for own, cross, feed in blocks:
        z = norm(x)
        x = x + own(z, z, past)
        x = x + cross(norm(x), memory, source)
        x = x + feed(norm(x))
    return norm(x)


@EXERCISE.mutant
def memory_of_the_same_number(x, encoder_rows, real, blocks, norm):
    past = np.tri(len(x), dtype=bool)
    source = np.broadcast_to(real, (len(x), len(real)))
    for (own, cross, feed), memory in zip(blocks, encoder_rows):
        z = norm(x)
        x = x + own(z, z, past)
        x = x + cross(norm(x), memory, source)
        x = x + feed(norm(x))
    return norm(x)


@EXERCISE.mutant
def triangle_on_the_memory(x, encoder_rows, real, blocks, norm):
    memory = encoder_rows[-1]
    past = np.tri(len(x), dtype=bool)
    source = np.tri(len(x), len(memory), dtype=bool) & real
    for own, cross, feed in blocks:
        z = norm(x)
        x = x + own(z, z, past)
        x = x + cross(norm(x), memory, source)
        x = x + feed(norm(x))
    return norm(x)


@EXERCISE.mutant
def memory_of_the_first_encoder_block(x, encoder_rows, real, blocks, norm):
    return _decode(x, encoder_rows, real, blocks, norm, memory=lambda number: encoder_rows[0])


@EXERCISE.mutant
def decoder_deaf_to_the_source(x, encoder_rows, real, blocks, norm):
    past = np.tri(len(x), dtype=bool)
    return _decode(x, encoder_rows, real, blocks, norm, cross=lambda z, y: (z, z, past))


@EXERCISE.mutant
def source_padding_read(x, encoder_rows, real, blocks, norm):
    return _decode(x, encoder_rows, np.ones(len(real), bool), blocks, norm)


@EXERCISE.mutant
def decoder_sees_its_future(x, encoder_rows, real, blocks, norm):
    return _decode(x, encoder_rows, real, blocks, norm, own=lambda z: (z, z, np.ones((len(z), len(z)), bool)))


@EXERCISE.mutant
def decoder_blind_to_its_own_token(x, encoder_rows, real, blocks, norm):
    return _decode(x, encoder_rows, real, blocks, norm, own=lambda z: (z, z, np.tri(len(z), k=-1, dtype=bool)))


@EXERCISE.mutant
def source_before_the_own_text(x, encoder_rows, real, blocks, norm):
    return _decode(x, encoder_rows, real, blocks, norm, order=(1, 0, 2))


@EXERCISE.mutant
def memory_normed_again(x, encoder_rows, real, blocks, norm):
    return _decode(x, norm(encoder_rows), real, blocks, norm)


@EXERCISE.mutant
def decoder_without_its_last_norm(x, encoder_rows, real, blocks, norm):
    return _decode(x, encoder_rows, real, blocks, norm, last=False)


@EXERCISE.mutant
def own_text_not_normed_as_context(x, encoder_rows, real, blocks, norm):
    past, source = np.tri(len(x), dtype=bool), np.broadcast_to(real, (len(x), len(real)))
    for own, cross, feed in blocks:
        x = x + own(norm(x), x, past)
        x = x + cross(norm(x), encoder_rows[-1], source)
        x = x + feed(norm(x))
    return norm(x)


@EXERCISE.mutant
def cross_result_not_added(x, encoder_rows, real, blocks, norm):
    past, source = np.tri(len(x), dtype=bool), np.broadcast_to(real, (len(x), len(real)))
    for own, cross, feed in blocks:
        z = norm(x)
        x = x + own(z, z, past)
        x = cross(norm(x), encoder_rows[-1], source)
        x = x + feed(norm(x))
    return norm(x)


_x, _source = EXERCISE.probes[0].arguments[:2]


@EXERCISE.holds("a later token does not change an earlier row")
def no_leak(call):
    moved = _x.copy()
    moved[-1] += 2
    gap = np.abs(np.asarray(call(moved, _source, _all, _blocks[:2], _norm))[:-1] - np.asarray(call(_x, _source, _all, _blocks[:2], _norm))[:-1]).max()
    return None if gap < 1e-5 else f"an earlier row moves by {text.number(gap)}"


@EXERCISE.holds("the first row has read the last real token of the source")
def reads_all(call):
    moved = _source.copy()
    moved[-1, -1] += 2
    gap = np.abs(np.asarray(call(_x, moved, _all, _blocks[:2], _norm))[0] - np.asarray(call(_x, _source, _all, _blocks[:2], _norm))[0]).max()
    return None if gap > 1e-4 else "it stays as it is when that token changes"


@EXERCISE.holds("only the encoder's last rows are read")
def last_rows(call):
    moved = np.concatenate([_source[:-1] + 1, _source[-1:]])
    gap = np.abs(np.asarray(call(_x, moved, _all, _blocks[:2], _norm)) - np.asarray(call(_x, _source, _all, _blocks[:2], _norm))).max()
    return None if gap < 1e-5 else f"an entry moves by {text.number(gap)} when the rows of an earlier encoder block change"
