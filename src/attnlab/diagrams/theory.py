"""What one token among n can move, and how a prompt with examples is learned from."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Matrix, Shape, chain, join, route

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
CIRCUIT = (
    "The tokens A and B, some others, and A again. A previous-token head of an earlier layer writes into the place of B that A stood before it. "
    "An induction head of a later layer has the last A for its query; the keys it compares are what the earlier head has written, so it finds the "
    "place of B, and it copies B."
)
COPIES = (("# previous-token head", "~ writes at *B*:", "~ \u201c*A* was before me\u201d"), ("# induction head", "~ looks for the place where", "~ *A* has been written"), ("# *B*", "~ copied"))
QUESTIONS = (
    "A sentence goes through a model to an answer, here how similar it is to another sentence. Weights are read off inside the model and know no "
    "question. A gradient goes back from the answer to the words. An intervention removes a word and asks again: it is the yardstick."
)
ASKED = (("# words", "~ one is removed:", "~ an intervention"), ("# layers", "~ weights, rollout:", "~ before the question"), ("# answer", "~ how similar?"))
LEARNS = (("# keys *x*_{i}", "# values *y*_{i} − ŷ_{i}", "~ from the examples"), ("# Σ (*y*_{i} − ŷ_{i}) *x*_{i} · *x*", "~ one layer, one step"), ("# ŷ", "~ after *L* layers"))


def one_vote_in_n() -> Drawing:
    """One changed token among n: a bounded softmax lets little of it through."""
    return Drawing("one_vote_in_n", "One token among n", VOTE, _vote_wide(), _vote_narrow())


def learning_in_context() -> Drawing:
    """Examples in a prompt as keys and values; a layer is a step of gradient descent."""
    return Drawing("learning_in_context", "Learning from a prompt", EXAMPLES, _learn_wide(), _learn_narrow())


def four_answers() -> Drawing:
    """Words, layers, an answer: where weights, gradients and interventions are taken."""
    return Drawing("four_answers", "Where an explanation is taken", QUESTIONS, _asked_wide(), _asked_narrow())


def induction_circuit() -> Drawing:
    """An earlier head writes what stood before; a later one looks for it, and copies."""
    return Drawing("induction_circuit", "Two heads that copy", CIRCUIT, _copy_wide(), _copy_narrow())


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


def _four(x: float, gap: float) -> list[Box]:
    return [Box(x + i * (74 + gap), 26, 74, 40, (line,), kind="q" if i == 3 else "plain") for i, line in enumerate(("*A*", "*B*", "\u2026", "*A*"))]


def _copy_wide() -> tuple[Shape, ...]:
    tokens = _four(24, 26)
    before, look, copy = (Box(x, 112, w, 76, lines, kind=kind) for x, w, lines, kind in zip((24, 290, 550), (196, 206, 88), COPIES, ("k", "weight", "v")))
    reads, writes, asks = join(tokens[0], before, at=61), join(before, tokens[1], at=161, kind="k"), join(tokens[3], look, at=361, kind="q")
    return (*tokens, before, look, copy, reads, writes, asks, *chain(before, look, copy), Label(211, 12, "~ the text"))


def _copy_narrow() -> tuple[Shape, ...]:
    tokens = _four(2, 9)
    before, look, copy = (Box(x, y, w, 76, lines, kind=kind) for x, y, w, lines, kind in
                          zip((2, 60, 112), (106, 222, 338), (190, 246, 106), COPIES, ("k", "weight", "v")))
    reads, writes, asks = join(tokens[0], before, at=39), join(before, tokens[1], at=122, kind="k"), join(tokens[3], look, at=288, kind="q")
    return (*tokens, before, look, copy, reads, writes, asks, join(before, look), join(look, copy), Label(164, 12, "~ the text"))


def _asked_wide() -> tuple[Shape, ...]:
    boxes = [Box(x, 8, 170, 84, lines, kind=kind) for x, lines, kind in zip((2, 232, 462), ASKED, ("plain", "weight", "strong"))]
    words, answer = boxes[0], boxes[2]
    back = route(answer.on("bottom"), (answer.cx, 124), (words.cx, 124), words.on("bottom"))
    return (*boxes, *chain(*boxes), back, Label(317, 144, "~ back: a gradient, from the answer to the words"))


def _asked_narrow() -> tuple[Shape, ...]:
    boxes = [Box(54, 4 + 114 * i, 184, 84, lines, kind=kind) for i, (lines, kind) in enumerate(zip(ASKED, ("plain", "weight", "strong")))]
    words, answer = boxes[0], boxes[2]
    back = route(answer.on("right"), (276, answer.cy), (276, words.cy), words.on("right"))
    return (*boxes, *chain(*boxes), back, Label(164, answer.bottom + 20, "~ back: a gradient"))
