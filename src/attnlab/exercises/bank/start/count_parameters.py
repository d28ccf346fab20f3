"""How many numbers a GPT-2 learns: table, places, blocks, the last normalisation."""

from __future__ import annotations

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(vocab, places, d, d_ff, blocks):
    attention = 4 * (d * d + d)
    feed_forward = d * d_ff + d_ff + d_ff * d + d
    return vocab * d + places * d + blocks * (attention + feed_forward + 2 * 2 * d) + 2 * d


EXERCISE = Exercise(
    id="start.count_parameters",
    title="124 million, counted",
    level="apply",
    minutes=12,
    difficulty=2,
    page="start/what_is_a_transformer",
    headings=("A transformer small enough to print", "One block: look, then think"),
    statement=r"""
    Count the parameters of a decoder like GPT-2 from five sizes: `vocab` tokens, `places`, width `d`, hidden width `d_ff` of the feed-forward network, and the number of `blocks`. It differs from the small model of this page in three things:

    - all four matrices of the attention and both of the feed-forward network have a **bias**, a number for each of their *outputs*;
    - every normalisation has a learned **gain and bias**, each of `d` numbers. There are two in each block and one after the last block;
    - it is larger.

    As on this page the table serves twice, at the entrance and at the exit, and counts once. The four matrices of the attention are `d` by `d`, however many heads share them.

    A tiny example: all five sizes 1 give 1 + 1 + (8 + 4 + 4) + 2 = 20.
    """,
    slot='''
    def count_parameters(vocab, places, d, d_ff, blocks):
        """How many numbers such a model learns; all five are whole numbers >= 1."""
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "GPT-2, the smallest, has the sizes 50257, 1024, 768, 3072 and 12, and 124,439,808 parameters.",
        r"A matrix from $a$ to $b$ numbers has $ab$ entries and its bias $b$. A block has four from $d$ to $d$, one from $d$ to $d_\text{ff}$, one back, and two normalisations of $2d$.",
        "```python\nattention = 4 * (____)\nfeed_forward = d * d_ff + ____ + d_ff * d + ____\nnorms = ____\n"
        "return vocab * d + ____ + blocks * (attention + feed_forward + norms) + ____\n```",
    ),
    parsons=("last_norm_forgotten", "places_not_counted"),
    why=r"""
    With $d_\text{ff} = 4d$ a block has about $12 d^2$ parameters, a third of them in attention and two thirds in the feed-forward network. In a small model the table is a large share: 38.6 of GPT-2's 124.4 million.

    **The two most common mistakes.** Counting the table twice although it is shared. Letting the number of heads multiply the attention's matrices: heads divide the width among them.

    **Cost.** None of the counts depends on the length of the text, except the table of places.
    """,
    verified="seven sets of sizes, among them those of GPT-2 and all ones.",
    next_thought="which share of the parameters is the table if the width is doubled, and which if the number of blocks is?",
    reference=_reference,
)

EXERCISE.probe("11 words, 7 places, width 5, hidden 13, 3 blocks", 11, 7, 5, 13, 3)
EXERCISE.probe("GPT-2, the smallest", 50257, 1024, 768, 3072, 12)
EXERCISE.probe("all ones", 1, 1, 1, 1, 1)
EXERCISE.probe("10 words, 16 places, width 8, hidden 16, 2 blocks", 10, 16, 8, 16, 2)
EXERCISE.probe("one block, hidden narrower than the width", 17, 3, 11, 2, 1)
EXERCISE.probe("one word", 1, 5, 2, 3, 7)
EXERCISE.probe("GPT-2, the largest", 50257, 1024, 1600, 6400, 48)


@EXERCISE.solve
def count_parameters_solution(vocab, places, d, d_ff, blocks):
    attention = 4 * (d * d + d)
    feed_forward = d * d_ff + d_ff + d_ff * d + d
    norms = 2 * 2 * d
    tables = vocab * d + places * d
    return tables + blocks * (attention + feed_forward + norms) + 2 * d


@EXERCISE.mutant
def last_norm_forgotten(vocab, places, d, d_ff, blocks):
    attention = 4 * (d * d + d)
    feed_forward = d * d_ff + d_ff + d_ff * d + d
    norms = 2 * 2 * d
    tables = vocab * d + places * d
    return tables + blocks * (attention + feed_forward + norms)


@EXERCISE.mutant
def places_not_counted(vocab, places, d, d_ff, blocks):
    attention = 4 * (d * d + d)
    feed_forward = d * d_ff + d_ff + d_ff * d + d
    norms = 2 * 2 * d
    return vocab * d + blocks * (attention + feed_forward + norms) + 2 * d


@EXERCISE.mutant
def table_counted_twice(vocab, places, d, d_ff, blocks):
    return _reference(2 * vocab, places, d, d_ff, blocks)


@EXERCISE.mutant
def biases_not_counted(vocab, places, d, d_ff, blocks):
    return _reference(vocab, places, d, d_ff, blocks) - blocks * (5 * d + d_ff)


@EXERCISE.mutant
def one_block_counted(vocab, places, d, d_ff, blocks):
    return _reference(vocab, places, d, d_ff, 1)


@EXERCISE.mutant
def output_matrix_forgotten(vocab, places, d, d_ff, blocks):
    return _reference(vocab, places, d, d_ff, blocks) - blocks * (d * d + d)


@EXERCISE.mutant
def feed_forward_one_matrix(vocab, places, d, d_ff, blocks):
    return _reference(vocab, places, d, d_ff, blocks) - blocks * (d_ff * d + d)


@EXERCISE.mutant
def norms_not_counted(vocab, places, d, d_ff, blocks):
    return _reference(vocab, places, d, d_ff, blocks) - blocks * 4 * d - 2 * d


@EXERCISE.mutant
def one_norm_a_block(vocab, places, d, d_ff, blocks):
    return _reference(vocab, places, d, d_ff, blocks) - blocks * 2 * d


@EXERCISE.mutant
def hidden_width_taken_as_four_times(vocab, places, d, d_ff, blocks):
    return _reference(vocab, places, d, 4 * d, blocks)


@EXERCISE.holds("a block more adds what a block holds, whatever the vocabulary")
def one_block_more(call):
    few, many = (float(call(v, 7, 5, 13, 4)) - float(call(v, 7, 5, 13, 3)) for v in (11, 1000))
    return None if few == many == 288 else f"it adds {text.number(few)} with 11 words and {text.number(many)} with 1000, expected 288"


@EXERCISE.holds("a word more adds d")
def one_word_more(call):
    more = float(call(12, 7, 5, 13, 3)) - float(call(11, 7, 5, 13, 3))
    return None if more == 5 else f"with d = 5 it adds {text.number(more)}"


EXERCISE.holds("all sizes 1 give 20")(comes_out(20, 1, 1, 1, 1, 1))
EXERCISE.holds("GPT-2's sizes give 124,439,808")(comes_out(124_439_808, 50257, 1024, 768, 3072, 12))
