"""What one token among n can move, and how a prompt with examples is learned from."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Matrix, Shape, chain, join

VOTE = (
    "A row of n tokens, one of which is changed. Each layer averages them, and since scores are bounded no weight is more than a constant over n. So "
    "the vector of another token moves by a constant over n, and so does the score of the answer; what separates yes from no becomes thin."
)
VOTES = (("# average", "~ weights ≤ const / *n*"), ("# vector of", "# another token", "~ moves by O(1 / *n*)"), ("# yes or no", "~ margin O(1 / *n*)"))
EXAMPLES = (
    "A prompt of N examples, pairs of x and y, and one x without its y. The last x is the query; the examples' x are keys, and what is still wrong "
    "with their y are values. One layer of linear attention adds the values, weighted by dot products, which is one step of gradient descent; "
    "L layers make L steps, and the sum is the prediction for the last x."
)
PROMPT = ("*x*_{1} *y*_{1}", "*x*_{2} *y*_{2}", "*x*_{N} *y*_{N}", "*x*  ?")
LEARNS = (("# keys *x*_{i}", "# values *y*_{i} − ŷ_{i}", "~ from the examples"), ("# Σ (*y*_{i} − ŷ_{i}) *x*_{i} · *x*", "~ one layer, one step"), ("# ŷ", "~ after *L* layers"))


def one_vote_in_n() -> Drawing:
    """One changed token among n: a bounded softmax lets little of it through."""
    return Drawing("one_vote_in_n", "One token among n", VOTE, _vote_wide(), _vote_narrow())


def learning_in_context() -> Drawing:
    """Examples in a prompt as keys and values; a layer is a step of gradient descent."""
    return Drawing("learning_in_context", "Learning from a prompt", EXAMPLES, _learn_wide(), _learn_narrow())


def _tokens(x: float, y: float) -> Matrix:
    return Matrix(x, y, 1, 8, 15, cells=(("w1", "w1", "w4", "w1", "w1", "w1", "w1", "w1"),))


def _vote_wide() -> tuple[Shape, ...]:
    tokens = _tokens(2, 48)
    boxes = [Box(x, 18, w, 76, lines, kind=kind) for x, w, lines, kind in zip((152, 344, 512), (162, 138, 126), VOTES, ("weight", "plain", "strong"))]
    return (tokens, *boxes, *chain(tokens, *boxes), Label(62, 28, "~ one of *n* changed"))


def _vote_narrow() -> tuple[Shape, ...]:
    tokens = _tokens(104, 26)
    boxes = [Box(76, 74 + 104 * i, 176, 76, lines, kind=kind) for i, (lines, kind) in enumerate(zip(VOTES, ("weight", "plain", "strong")))]
    return (tokens, *boxes, *chain(tokens, *boxes), Label(164, 12, "~ one of *n* changed"))


def _pairs(x: float, y: float, w: float, gap: float) -> list[Box]:
    return [Box(x + i * (w + gap), y, w, 40, (line,), kind="q" if i == 3 else "plain") for i, line in enumerate(PROMPT)]


def _learn_wide() -> tuple[Shape, ...]:
    pairs = _pairs(24, 26, 74, 10)
    kept, step, guess = (Box(x, 112, w, 76, lines, kind=kind) for x, w, lines, kind in zip((64, 290, 530), (152, 206, 106), LEARNS, ("k", "weight", "v")))
    query = join(pairs[3], step, at=312, kind="q")
    return (*pairs, kept, step, guess, join(pairs[1], kept, kind="k"), query, *chain(kept, step, guess), Label(191, 12, "~ the prompt"))


def _learn_narrow() -> tuple[Shape, ...]:
    pairs = _pairs(2, 26, 74, 9)
    kept, step, guess = (Box(x, y, w, 76, lines, kind=kind) for x, y, w, lines, kind in
                         zip((2, 60, 112), (106, 222, 338), (190, 246, 106), LEARNS, ("k", "weight", "v")))
    return (*pairs, kept, step, guess, join(pairs[1], kept, kind="k"), join(pairs[3], step, at=288, kind="q"), join(kept, step), join(step, guess), Label(164, 12, "~ the prompt"))
