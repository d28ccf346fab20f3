"""How wide a gated feed-forward network may be for the parameters of a plain one."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _plain(d_model, d_ff, biases):
    return 2 * d_model * d_ff + biases * (d_ff + d_model)


def _gated(d_model, width, biases):
    return 3 * d_model * width + biases * (2 * width + d_model)


def _reference(d_model, d_ff, multiple, biases):
    width = 0
    while _gated(d_model, width + multiple, bool(biases)) <= _plain(d_model, d_ff, bool(biases)):
        width += multiple
    return width


EXERCISE = Exercise(
    id="architecture.gated_width",
    title="As wide as the parameters allow",
    level="apply",
    minutes=10,
    difficulty=2,
    page="architecture/feed_forward",
    headings=("A gate", "Two thirds of a block"),
    statement=r"""
    You replace a plain feed-forward network ($d \times d_{\text{ff}}$ and $d_{\text{ff}} \times d$) by a gated one (gate and expansion $d \times m$ each, contraction $m \times d$). It must have **at most as many parameters**, and the hardware wants $m$ to be a multiple of `multiple`.

    If `biases` is true, *every* matrix of both networks comes with a bias, one number for each of its outputs.

    Return the largest such $m$, as a whole number; 0 if not even one multiple fits.

    A tiny example: `gated_width(4, 16, 2, False)` is `10`: a plain network of 128 parameters, a gated one of 120.
    """,
    slot='''
    def gated_width(d_model, d_ff, multiple, biases):
        """The largest width of a gated network that needs no more parameters than the plain one.

        d_model, d_ff, multiple: whole numbers above 0; biases: True or False
        result: a whole number, a multiple of `multiple`
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Without biases the result is at most two thirds of the plain width, and less than one multiple below that.",
        r"Count both networks as functions of their widths. With biases the plain one has $d_{\text{ff}} + d$ more, the gated one $2m + d$ more: the $d$ is the same on both sides.",
        "```python\nplain = 2 * d_model * d_ff + biases * (____)\nper_neuron = 3 * d_model + ____\nlargest = (plain - biases * d_model) // per_neuron\nreturn largest // multiple * ____\n```",
    ),
    parsons=("width_rounded_up", "width_without_the_gates_bias"),
    why=r"""
    Each neuron of the gated network costs three columns or rows of $d$ numbers, and two biases. Divide what the plain network has by that, and round down twice, to a whole neuron and to a multiple.

    **The two most common mistakes.** Rounding up, as Llama does (there the network may have a few parameters more). Starting from $\tfrac83 d$ whatever $d_{\text{ff}}$ is.

    **Cost.** A few operations.
    """,
    verified="the largest width that fits for seventeen networks, with and without biases, among them one in which nothing fits.",
    next_thought="how many parameters more than the plain network does Llama's 11,008 have for a width of 4,096?",
    reference=_reference,
)

for _given in ((4, 16, 2, False), (5, 20, 1, True), (5, 31, 1, True), (3, 7, 1, False), (3, 7, 1, True), (6, 18, 4, False), (7, 40, 3, True),
               (2, 11, 5, True), (64, 256, 16, True), (4, 16, 11, False), (1, 9, 1, True), (768, 3072, 256, False), (4096, 16384, 256, False),
               (1, 30, 1, True), (2, 30, 1, True), (100, 300, 1, True), (7, 900, 1, True)):
    EXERCISE.probe(f"d_model {_given[0]}, d_ff {_given[1]}, multiples of {_given[2]}, {'with' if _given[3] else 'no'} biases", *_given)


@EXERCISE.solve
def gated_width_solution(d_model, d_ff, multiple, biases):
    plain = 2 * d_model * d_ff + biases * (d_ff + d_model)
    per_neuron = 3 * d_model + 2 * biases
    largest = (plain - biases * d_model) // per_neuron
    return int(largest // multiple * multiple)


@EXERCISE.mutant
def width_rounded_up(d_model, d_ff, multiple, biases):
    plain = 2 * d_model * d_ff + biases * (d_ff + d_model)
    per_neuron = 3 * d_model + 2 * biases
    largest = (plain - biases * d_model) // per_neuron
    return int(-(-largest // multiple) * multiple)


@EXERCISE.mutant
def width_without_the_gates_bias(d_model, d_ff, multiple, biases):
    plain = 2 * d_model * d_ff + biases * (d_ff + d_model)
    per_neuron = 3 * d_model + biases
    largest = (plain - biases * d_model) // per_neuron
    return int(largest // multiple * multiple)


@EXERCISE.mutant
def width_rounded_to_the_nearest(d_model, d_ff, multiple, biases):
    largest = (2 * d_model * d_ff + biases * d_ff) / (3 * d_model + 2 * biases)
    return int(largest / multiple + 0.5) * multiple


@EXERCISE.mutant
def width_eight_thirds_whatever_the_plain_one_is(d_model, d_ff, multiple, biases):
    return 8 * d_model // 3 // multiple * multiple


@EXERCISE.mutant
def width_of_networks_without_biases(d_model, d_ff, multiple, biases):
    return 2 * d_ff // 3 // multiple * multiple


@EXERCISE.mutant
def width_halved_for_the_second_matrix(d_model, d_ff, multiple, biases):
    return d_ff // 2 // multiple * multiple


@EXERCISE.mutant
def width_multiple_forgotten(d_model, d_ff, multiple, biases):
    return (2 * d_model * d_ff + biases * d_ff) // (3 * d_model + 2 * biases)


@EXERCISE.mutant
def width_of_the_plain_network_kept(d_model, d_ff, multiple, biases):
    return d_ff // multiple * multiple


EXERCISE.holds("10 comes out for 4, 16 and multiples of 2")(comes_out(10, 4, 16, 2, False))


@EXERCISE.holds("the gated network has no more parameters, and with one multiple more it would have")
def fits(call):
    for given in ((8, 33, 3, True), (8, 33, 3, False)):
        width = int(call(*given))
        least, most = _gated(8, width, given[3]), _gated(8, width + 3, given[3])
        if not least <= _plain(8, 33, given[3]) < most:
            return f"a width of {width} has {least} parameters, the plain network {_plain(8, 33, given[3])}; one step wider {most}"
    return None


@EXERCISE.holds("the result is a multiple")
def multiple_of(call):
    width = int(call(10, 50, 8, True))
    return None if width % 8 == 0 else f"{width} is no multiple of 8"
