"""How much a stack of mixing matrices can enlarge what passes through, forward and backward."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _gains(product):
    return np.abs(product).sum(axis=1).max(), np.abs(product).sum(axis=0).max()


def _reference(mixes):
    product = np.eye(np.shape(mixes)[-1])
    for mix in mixes:
        product = np.asarray(mix, dtype=float) @ product
    return _gains(product)


EXERCISE = Exercise(
    id="architecture.composite_gain",
    title="How loud can it get?",
    level="analyse",
    minutes=12,
    difficulty=2,
    page="architecture/residual_stream",
    headings=("Several streams",),
    statement=r"""
    With several residual streams, layer $l$ mixes them by a matrix, $X \leftarrow M_l X$, so that the first streams reach the end through the product $P = M_L \cdots M_2 M_1$. `mixes` holds $M_1, \dots, M_L$ in this order ($L \times n \times n$).

    Return two numbers that say how much the stack can enlarge things:

    - **forward**: if no stream holds a number beyond $\pm 1$ at the start, how large can a number get? That is the largest sum of absolute values in a *row* of $P$;
    - **backward**: the same for gradients, which pass through $P^\top$: the largest sum of absolute values in a *column* of $P$.

    A tiny example: `mixes = [[[1, 2], [0, 1]], [[1, 0], [-1, 1]]]` gives `(3, 3)`: $P$ is $\begin{pmatrix} 1 & 2 \\ -1 & -1 \end{pmatrix}$.
    """,
    slot='''
    def composite_gain(mixes):
        """The largest factor by which a stack of mixing matrices enlarges streams, and gradients.

        mixes: (layers, n, n), the first layer's matrix first
        result: two numbers, forward and backward
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If all matrices are doubly stochastic, both numbers are 1, however many layers there are.",
        r"Multiply first, then measure: the layers' own gains multiplied are a bound, not the answer. Each new layer's matrix stands on the left.",
        "```python\nproduct = np.eye(mixes.shape[-1])\nfor mix in mixes:\n    product = ____\nsizes = np.abs(product)\nreturn sizes.sum(axis=____).max(), sizes.sum(axis=____).max()\n```",
    ),
    parsons=("gain_of_the_reversed_product", "gain_with_signs_that_cancel"),
    why=r"""
    A row of $P$ says of what a stream at the end is made, a column where a stream of the start went. The worst case picks the sign of every entry, hence the absolute values. The paper on doubly stochastic mixing (mHC) reports these two numbers.

    **The two most common mistakes.** The product in the wrong order. Adding up without absolute values: large entries of both signs then look harmless.

    **Cost.** $L\, n^3$ products, with $n$ about 4.
    """,
    verified="equal to the definition for one to nine layers of two to five streams, with entries of both signs, and for stacks that make everything smaller.",
    next_thought="every row of every matrix sums to 1 and no entry is below 0, but columns may sum to anything. Which of the two numbers is still 1?",
    reference=_reference,
    parts=("forward", "backward"),
)

_rng = np.random.default_rng(316)
_mixes = np.eye(3) + 0.5 * _rng.normal(size=(5, 3, 3))
EXERCISE.probe("5 layers, 3 streams", _mixes)
EXERCISE.probe("one layer, 4 streams", _rng.normal(size=(1, 4, 4)))
EXERCISE.probe("2 layers, 2 streams", np.array([[[1.0, 2.0], [0.0, 1.0]], [[1.0, 0.0], [-3.0, 1.0]]]))
EXERCISE.probe("9 layers, 5 streams", np.eye(5) + 0.3 * _rng.normal(size=(9, 5, 5)))
EXERCISE.probe("whole numbers", np.array([[[1, 2], [0, 1]], [[1, 0], [-1, 1]], [[2, 1], [1, 1]]]))
EXERCISE.probe("entries that cancel", np.array([[[5.0, -5.0], [-4.0, 5.0]], [[1.0, 0.5], [0.0, 1.0]]]))
EXERCISE.probe("everything becomes smaller", 0.3 * _rng.normal(size=(4, 3, 3)))


@EXERCISE.solve
def composite_gain_solution(mixes):
    product = np.eye(mixes.shape[-1])
    for mix in mixes:
        product = mix @ product
    sizes = np.abs(product)
    return sizes.sum(axis=1).max(), sizes.sum(axis=0).max()


@EXERCISE.mutant
def gain_of_the_reversed_product(mixes):
    product = np.eye(mixes.shape[-1])
    for mix in mixes:
        product = product @ mix
    sizes = np.abs(product)
    return sizes.sum(axis=1).max(), sizes.sum(axis=0).max()


@EXERCISE.mutant
def gain_with_signs_that_cancel(mixes):
    product = np.eye(mixes.shape[-1])
    for mix in mixes:
        product = mix @ product
    return product.sum(axis=1).max(), product.sum(axis=0).max()


@EXERCISE.mutant
def gain_rows_and_columns_exchanged(mixes):
    return _reference(mixes)[::-1]


@EXERCISE.mutant
def gain_as_a_product_of_gains(mixes):
    gains = np.array([_gains(np.asarray(mix, dtype=float)) for mix in mixes])
    return tuple(gains.prod(axis=0))


@EXERCISE.mutant
def gain_of_the_last_layer_alone(mixes):
    return _gains(np.asarray(mixes[-1], dtype=float))


@EXERCISE.mutant
def gain_of_a_product_number_by_number(mixes):
    return _gains(np.prod(np.asarray(mixes, dtype=float), axis=0))


@EXERCISE.mutant
def gain_as_the_largest_stretch(mixes):
    stretch = np.linalg.norm(np.linalg.multi_dot([*np.asarray(mixes, dtype=float)[::-1], np.eye(len(mixes[0]))]), 2)
    return stretch, stretch


@EXERCISE.mutant
def gain_averaged_over_the_streams(mixes):
    product = np.eye(np.shape(mixes)[-1])
    for mix in mixes:
        product = np.asarray(mix, dtype=float) @ product
    return np.abs(product).sum(axis=1).mean(), np.abs(product).max(axis=0).mean()


@EXERCISE.mutant
def gain_as_the_largest_entry(mixes):
    product = np.eye(np.shape(mixes)[-1])
    for mix in mixes:
        product = np.asarray(mix, dtype=float) @ product
    return np.abs(product).max(), np.abs(product).max()


EXERCISE.holds("3 and 3 come out for the example of the statement")(comes_out((3, 3), np.array([[[1, 2], [0, 1]], [[1, 0], [-1, 1]]])))


@EXERCISE.holds("permutations have a gain of 1, both ways")
def permutations(call):
    forward, backward = call(np.stack([np.eye(3)[[1, 2, 0]], np.eye(3)[[0, 2, 1]]]))
    return None if abs(forward - 1) + abs(backward - 1) < 1e-6 else f"they come out as {text.number(float(forward))} and {text.number(float(backward))}"


@EXERCISE.holds("going backward is going forward through the transposed matrices in reverse")
def there_and_back(call):
    forward, backward = (float(x) for x in call(_mixes))
    other = float(call(np.ascontiguousarray(np.swapaxes(_mixes, 1, 2)[::-1]))[0])
    return None if abs(other - backward) < 1e-4 * max(1, abs(backward)) else f"backward is {text.number(backward)}, the other forward {text.number(other)}"
