"""How many weights a multi-head layer has."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out

EXERCISE = Exercise(
    id="multi_head.count_weights",
    title="Count the parameters",
    level="analyse",
    minutes=5,
    difficulty=1,
    page="multi_head/mathematics",
    headings=("What the number of heads costs",),
    statement=r"""
    How many numbers are there in the four matrices of a multi-head layer of width `d_model` with `n_heads` heads of queries and `n_kv_heads` shared heads of keys and values? All heads are $d_{\text{model}} / H$ wide; there are no bias vectors.

    A tiny example: width 2, two heads, one shared head: queries 4, keys 2, values 2, output 4, together 12.
    """,
    slot='''
    def count_weights(d_model, n_heads, n_kv_heads):
        """The number of parameters of the layer.

        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("weights",),
    hints=(
        "If there are as many shared heads as heads, the number of heads must not matter.",
        r"$W_Q$ and $W_O$ are $d_{\text{model}} \times d_{\text{model}}$; $W_K$ and $W_V$ are $d_{\text{model}} \times G\, d_{\text{head}}$.",
        "```python\nwidth = ____ // ____\nfull = d_model * ____\nshared = d_model * ____ * width\nreturn 2 * ____ + 2 * ____\n```",
    ),
    parsons=("values_not_shared", "queries_shared_too"),
    why=r"""
    Two matrices belong to the queries' side (queries and output) and are always square; two belong to what is shared.

    **The two most common mistakes.** Multiplying by the number of heads, as if each were as wide as the model. Forgetting the output matrix.

    **Cost.** A layer of Llama 3 8B (width 4096, 32 heads, 8 shared) has 41.9 million parameters in its attention instead of 67.1 million.
    """,
    verified="nine layers, among them those of three published models.",
    next_thought="from how many shared heads on does sharing save less than a quarter of the parameters?",
    reference=lambda d_model, n_heads, n_kv_heads: sum(
        d_model * np.array([n_heads, n_kv_heads, n_kv_heads, n_heads]) * (d_model // n_heads)
    ),
)

for _name, _sizes in {
    "width 30, 6 heads, 3 shared": (30, 6, 3),
    "width 30, 5 heads, none shared": (30, 5, 5),
    "one head": (7, 1, 1),
    "width 2, two heads, one shared": (2, 2, 1),
    "width 1": (1, 1, 1),
    "heads of width 1, all shared": (6, 6, 1),
    "width 512, 8 heads": (512, 8, 8),
    "Llama 3 8B": (4096, 32, 8),
    "Falcon 7B": (4544, 71, 1),
}.items():
    EXERCISE.probe(_name, *_sizes)


@EXERCISE.solve
def count_weights_solution(d_model, n_heads, n_kv_heads):
    width = d_model // n_heads
    full = d_model * d_model
    shared = d_model * n_kv_heads * width
    return 2 * full + 2 * shared


@EXERCISE.mutant
def values_not_shared(d_model, n_heads, n_kv_heads):
    width = d_model // n_heads
    full = d_model * d_model
    shared = d_model * n_kv_heads * width
    return 3 * full + shared


@EXERCISE.mutant
def queries_shared_too(d_model, n_heads, n_kv_heads):
    width = d_model // n_heads
    full = d_model * d_model
    shared = d_model * n_kv_heads * width
    return full + 3 * shared


@EXERCISE.mutant
def weights_times_heads(d_model, n_heads, n_kv_heads):
    return 2 * d_model * d_model * (n_heads + n_kv_heads)


@EXERCISE.mutant
def one_narrow_head(d_model, n_heads, n_kv_heads):
    return 4 * d_model * (d_model // n_heads)


@EXERCISE.mutant
def output_weights_forgotten(d_model, n_heads, n_kv_heads):
    return d_model * (d_model // n_heads) * (n_heads + 2 * n_kv_heads)


@EXERCISE.mutant
def sharing_ignored(d_model, n_heads, n_kv_heads):
    return 4 * d_model * d_model


@EXERCISE.holds("without sharing, the number of heads does not matter")
def heads_do_not_matter(call):
    one, many = call(30, 1, 1), call(30, 10, 10)
    return None if one == many else f"1 head has {int(one)} weights, 10 heads have {int(many)}"


@EXERCISE.holds("half as many shared heads save a quarter of the weights")
def sharing_saves(call):
    full, half = call(30, 6, 6), call(30, 6, 3)
    return None if 4 * half == 3 * full else f"from {int(full)} to {int(half)} weights"


EXERCISE.holds("width 2 with two heads, one shared, has 12 weights")(comes_out(12, 2, 2, 1))
EXERCISE.holds("four square matrices of width 10 have 400 weights")(comes_out(400, 10, 5, 5))
EXERCISE.holds("with one shared head of 10 the keys and values of a model of width 20 have 80 weights, queries and output 800")(
    comes_out(880, 20, 10, 1))
