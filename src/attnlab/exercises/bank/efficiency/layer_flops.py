"""Operations of one transformer layer, by part."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.kernels import cost


def _reference(n, d_model):
    return tuple(cost.layer_flops(n, d_model).values())


EXERCISE = Exercise(
    id="efficiency.layer_flops",
    title="Count a layer's operations",
    level="apply",
    minutes=10,
    difficulty=1,
    page="efficiency/overview",
    headings=("Operations",),
    statement=r"""
    Count the operations of one transformer layer of width $d$ (`d_model`) on $n$ tokens, a multiplication and an addition being **two** operations:

    1. the projections: queries, keys, values and output, each a product with a $d \times d$ matrix;
    2. scores and mix, over all pairs of tokens and all heads together;
    3. the feed-forward part, from $d$ to $4d$ and back.

    A tiny example: for `n = 1` and `d_model = 1` the three are 8, 4 and 16.
    """,
    slot='''
    def layer_flops(n, d_model):
        """Operations of a layer's projections, of its scores and mix, and of its feed-forward part.

        result: three whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("projections", "scores and mix", "feed-forward"),
    hints=(
        "Doubling the length doubles two of the three numbers and quadruples the other.",
        r"A product of an $a \times b$ with a $b \times c$ matrix takes $2abc$ operations. The layer has four products for the projections, two for the attention, two for the feed-forward part.",
        "```python\nprojections = ____ * n * d_model**2\nscores_and_mix = ____ * n**____ * d_model\nfeed_forward = ____ * n * d_model**2\n"
        "return projections, scores_and_mix, feed_forward\n```",
    ),
    parsons=("output_projection_forgotten", "mix_forgotten"),
    why=r"""
    Each product of an $n \times d$ with a $d \times d$ matrix takes $2nd^2$; there are four. $QK^\top$ and $AV$ take $2n^2d$ each, whatever the number of heads, because $H$ heads of width $d/H$ cost
    $H \cdot 2n^2 d/H$. The feed-forward part has two products with matrices of $4d^2$ entries.

    **The two most common mistakes.** Counting a multiply-add once, which halves everything. Forgetting the mix, which costs as much as the scores.

    **Cost.** The attention part overtakes the two others together at $n = 6d$.
    """,
    verified="three numbers for six sizes, among them a length of 1 and one beyond six widths.",
    next_thought="what changes in your three numbers when the heads share their keys and values?",
    reference=_reference,
)

for _n, _d in ((7, 5), (1, 3), (11, 2), (101, 13), (2048, 768), (3, 1)):
    EXERCISE.probe(f"n = {_n}, d_model = {_d}", _n, _d)


@EXERCISE.solve
def layer_flops_solution(n, d_model):
    projections = 4 * 2 * n * d_model**2
    scores_and_mix = 2 * 2 * n**2 * d_model
    feed_forward = 2 * 2 * n * d_model * 4 * d_model
    return projections, scores_and_mix, feed_forward


@EXERCISE.mutant
def multiply_adds_counted_once(n, d_model):
    return 4 * n * d_model**2, 2 * n**2 * d_model, 8 * n * d_model**2


@EXERCISE.mutant
def output_projection_forgotten(n, d_model):
    projections = 3 * 2 * n * d_model**2
    scores_and_mix = 2 * 2 * n**2 * d_model
    feed_forward = 2 * 2 * n * d_model * 4 * d_model
    return projections, scores_and_mix, feed_forward


@EXERCISE.mutant
def mix_forgotten(n, d_model):
    projections = 4 * 2 * n * d_model**2
    scores_and_mix = 2 * n**2 * d_model
    feed_forward = 2 * 2 * n * d_model * 4 * d_model
    return projections, scores_and_mix, feed_forward


@EXERCISE.mutant
def scores_linear_in_length(n, d_model):
    return 8 * n * d_model**2, 4 * n * d_model**2, 16 * n * d_model**2


@EXERCISE.mutant(same_as="scores_linear_in_length")
def scores_linear_in_length_and_width(n, d_model):
    return 8 * n * d_model**2, 4 * n * d_model, 16 * n * d_model**2


@EXERCISE.mutant
def feed_forward_one_product(n, d_model):
    return 8 * n * d_model**2, 4 * n**2 * d_model, 8 * n * d_model**2


@EXERCISE.mutant
def feed_forward_width_ignored(n, d_model):
    return 8 * n * d_model**2, 4 * n**2 * d_model, 4 * n * d_model**2


@EXERCISE.holds("doubling the length doubles the projections and quadruples scores and mix")
def grows_as_it_should(call):
    once, twice = call(7, 5), call(14, 5)
    if twice[0] != 2 * once[0] or twice[1] != 4 * once[1]:
        return f"they grow by factors of {float(twice[0] / once[0]):.1f} and {float(twice[1] / once[1]):.1f}"


@EXERCISE.holds("the feed-forward part costs twice as much as the projections")
def feed_forward_is_two_thirds(call):
    projections, _, feed_forward = call(11, 3)
    if feed_forward != 2 * projections:
        return f"they are {float(feed_forward):.0f} and {float(projections):.0f}"


@EXERCISE.holds("scores and mix are two products of n by n and d")
def two_products(call):
    found = [float(call(n, d)[1]) for n, d in ((10, 1), (10, 3), (20, 3))]
    if found != [400, 1200, 4800]:
        return f"for n = 10, 10, 20 and d = 1, 3, 3 they are {found[0]:.0f}, {found[1]:.0f} and {found[2]:.0f}"


@EXERCISE.holds("the projections are four products with a d by d matrix")
def four_products(call):
    found = [float(call(n, d)[0]) for n, d in ((10, 1), (10, 3), (20, 3))]
    if found != [80, 720, 1440]:
        return f"for n = 10, 10, 20 and d = 1, 3, 3 they are {found[0]:.0f}, {found[1]:.0f} and {found[2]:.0f}"


@EXERCISE.holds("the feed-forward part is two products with a matrix of d by 4 d")
def wide_products(call):
    found = [float(call(n, d)[2]) for n, d in ((10, 1), (10, 3), (20, 3))]
    if found != [160, 1440, 2880]:
        return f"for n = 10, 10, 20 and d = 1, 3, 3 it is {found[0]:.0f}, {found[1]:.0f} and {found[2]:.0f}"
