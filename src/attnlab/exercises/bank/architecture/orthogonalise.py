"""Newton-Schulz steps with coefficients of their own, as the successors of Muon take them."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _through_values(matrix, coefficients, size=lambda s: np.sqrt((s**2).sum()), each=lambda s, abc: abc[0] * s + abc[1] * s**3 + abc[2] * s**5):
    """The same by singular values: each one goes through the polynomials, the vectors stay."""
    u, s, v = np.linalg.svd(np.asarray(matrix, dtype=float), full_matrices=False)
    s = s / size(s) if size(s) else s
    for abc in np.asarray(coefficients, dtype=float):
        s = each(s, abc)
    return (u * s) @ v


def _reference(matrix, coefficients):
    return _through_values(matrix, coefficients)


EXERCISE = Exercise(
    id="architecture.orthogonalise",
    title="A polynomial for every singular value",
    level="apply",
    minutes=20,
    difficulty=3,
    page="architecture/training",
    headings=("Adam beside Muon",),
    statement=r"""
    Muon takes five steps with one triple of numbers. Its successors give every step a triple of its own, steep ones first, exact ones last. Row $i$ of `coefficients` is $(a_i, b_i, c_i)$. Start with $X = M / \lVert M \rVert$, the matrix divided by the root of the sum of its squared numbers, and take one step for each row, in order:

    $$X \leftarrow a_i X + b_i\, X X^\top X + c_i\, X X^\top X X^\top X .$$

    So every singular value $s$ becomes $a_i s + b_i s^3 + c_i s^5$, and the singular vectors stay. Return the last $X$. Do not use a singular value decomposition: the point is that products of matrices do it.

    `matrix` may be wide, tall or square, and all zeros, which stay zeros. `coefficients` may have no row. A tiny example: `matrix = [[3, 0], [0, 4]]`, `coefficients = [[2, -1, 0]]` give `[[0.984, 0], [0, 1.088]]`, from 0.6 and 0.8.
    """,
    slot='''
    def orthogonalise(matrix, coefficients):
        """The matrix after one step for each row of the coefficients.

        matrix: (rows, columns), coefficients: (steps, 3); result: (rows, columns)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Multiplying the matrix by 7 first changes nothing. Transposing it first transposes the result.",
        "Compute the square matrix $G = X X^\\top$ once in each step. Then $X X^\\top X = G X$, and the next term is $G$ times that.",
        "```python\nsize = np.sqrt(____)\nx = matrix / size if size else matrix * 1.0\nfor a, b, c in coefficients:\n    gram = ____\n    cube = gram @ x\n    x = a * x + b * cube + c * ____\nreturn x\n```",
    ),
    parsons=("matrix_not_divided_first", "powers_number_by_number"),
    why=r"""
    A matrix $U S R^\top$ goes through an odd polynomial as $U\, p(S)\, R^\top$, since each $X X^\top$ adds $U S^2 U^\top$ on the left. With values between 0 and 1 to begin with, a polynomial that pushes them towards 1 makes the matrix nearly orthogonal, by products alone, which is what a GPU does best.

    **The two most common mistakes.** Leaving out the division: with Muon's triple a singular value above 1.27 grows without end. Powers of the single numbers instead of products of matrices; for a diagonal matrix the two are the same, so a diagonal test shows nothing.

    **Cost.** Three products a step, the largest of them along the longer side twice. Transposing a tall matrix first makes $G$ the small square.
    """,
    verified="nine matrices, wide, tall and square, with none to four steps, a matrix of zeros, one row, very small numbers, and whole numbers.",
    next_thought="which triple sends the values 0, 1 to themselves with slope 0 at 1? (The classical iteration is the cubic one.)",
    reference=_reference,
)

_rng = np.random.default_rng(19)
_two = np.array([[3.4445, -4.775, 2.0315], [1.875, -1.25, 0.375]])
EXERCISE.probe("3 x 5, two triples", _rng.normal(size=(3, 5)), _two)
EXERCISE.probe("5 x 2, three triples", _rng.normal(size=(5, 2)), np.array([[4.0, -6.0, 2.5], [3.0, -3.0, 1.0], [1.5, -0.5, 0.0]]))
EXERCISE.probe("4 x 4, one triple", _rng.normal(size=(4, 4)), np.array([[2.0, -1.5, 0.5]]))
EXERCISE.probe("2 x 3 ten times as large, four triples", 10 * _rng.normal(size=(2, 3)), np.array([[3.0, -3.2, 1.2], [2.5, -2.4, 0.9], [2.0, -1.5, 0.5], [1.8, -1.1, 0.3]]))
EXERCISE.probe("no step", _rng.normal(size=(2, 3)), np.zeros((0, 3)))
EXERCISE.probe("zeros", np.zeros((3, 2)), _two)
EXERCISE.probe("one row", _rng.normal(size=(1, 7)), _two)
EXERCISE.probe("whole numbers", np.array([[1, 2], [0, -1], [2, 2]]), np.array([[2, -1, 0], [3, -3, 1]]))
EXERCISE.probe("numbers of a millionth", 1e-6 * _rng.normal(size=(3, 4)), _two)


@EXERCISE.solve
def orthogonalise_solution(matrix, coefficients):
    size = np.sqrt((matrix.astype(float) ** 2).sum())
    x = matrix / size if size else matrix * 1.0
    for a, b, c in coefficients:
        gram = x @ x.T
        cube = gram @ x
        x = a * x + b * cube + c * gram @ cube
    return x


@EXERCISE.mutant
def matrix_not_divided_first(matrix, coefficients):
    x = matrix * 1.0
    for a, b, c in coefficients:
        gram = x @ x.T
        cube = gram @ x
        x = a * x + b * cube + c * gram @ cube
    return x


@EXERCISE.mutant
def powers_number_by_number(matrix, coefficients):
    size = np.sqrt((matrix.astype(float) ** 2).sum())
    x = matrix / size if size else matrix * 1.0
    for a, b, c in coefficients:
        x = a * x + b * x**3 + c * x**5
    return x


@EXERCISE.mutant
def divided_by_the_largest_singular_value(matrix, coefficients):
    return _through_values(matrix, coefficients, size=lambda s: s.max())


@EXERCISE.mutant
def divided_by_the_largest_number(matrix, coefficients):
    big = np.abs(np.asarray(matrix, dtype=float)).max()
    return _through_values(matrix, coefficients, size=lambda s: big)


@EXERCISE.mutant
def first_triple_for_every_step(matrix, coefficients):
    coefficients = np.asarray(coefficients, dtype=float)
    return _through_values(matrix, np.repeat(coefficients[:1], len(coefficients), axis=0))


@EXERCISE.mutant
def triples_from_the_last(matrix, coefficients):
    return _through_values(matrix, np.asarray(coefficients, dtype=float)[::-1])


@EXERCISE.mutant
def even_powers(matrix, coefficients):
    return _through_values(matrix, coefficients, each=lambda s, abc: abc[0] * s + abc[1] * s**2 + abc[2] * s**4)


@EXERCISE.mutant
def last_power_left_out(matrix, coefficients):
    return _through_values(matrix, coefficients, each=lambda s, abc: abc[0] * s + abc[1] * s**3)


@EXERCISE.mutant
def divided_before_every_step(matrix, coefficients):
    def each(s, abc):
        s = s / np.sqrt((s**2).sum()) if s.any() else s
        return abc[0] * s + abc[1] * s**3 + abc[2] * s**5
    return _through_values(matrix, coefficients, each=each)


@EXERCISE.mutant
def exactly_orthogonal(matrix, coefficients):
    u, s, v = np.linalg.svd(np.asarray(matrix, dtype=float), full_matrices=False)
    return (u * (s > 1e-12)) @ v


@EXERCISE.mutant
def powers_exchanged(matrix, coefficients):
    return _through_values(matrix, coefficients, each=lambda s, abc: abc[0] * s + abc[2] * s**3 + abc[1] * s**5)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[0.984, 0], [0, 1.088]], np.array([[3, 0], [0, 4]]), np.array([[2, -1, 0]])))


@EXERCISE.holds("the matrix may be multiplied by a number first")
def size_does_not_matter(call):
    one = np.asarray(call(_SQUARE, _two), dtype=float)
    gap = np.abs(np.asarray(call(7 * _SQUARE, _two), dtype=float) - one).max()
    return None if gap < 1e-4 else f"times 7 first, an entry moves by {text.number(gap)}"


@EXERCISE.holds("a tall matrix gives the transpose of what the wide one gives")
def transposed(call):
    wide = np.asarray(call(_SQUARE[:2].copy(), _two), dtype=float)
    gap = np.abs(np.asarray(call(_SQUARE[:2].T.copy(), _two), dtype=float) - wide.T).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


_SQUARE = _rng.normal(size=(3, 3))
