"""Speculative decoding: how many tokens of a draft stand, and from what the next one is drawn."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(p, q, draft, u):
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    for i, token in enumerate(draft):
        if u[i] * q[i, token] >= p[i, token]:
            rest = np.clip(p[i] - q[i], 0, None)
            return i, rest / rest.sum()
    return len(draft), p[len(draft)]


EXERCISE = Exercise(
    id="architecture.verify_draft",
    title="How much of the draft stands",
    level="analyse",
    minutes=25,
    difficulty=3,
    page="architecture/decoding",
    headings=("Several tokens ahead",),
    statement=r"""
    A small model has proposed $g \ge 0$ tokens, `draft`, drawn from the rows of `q`. The large model has read them all in one pass: row `i` of `p` is *its* distribution at the place of `draft[i]`, and the last row, $p_g$, that of the token after the whole draft.

    Go through the draft from the front. Token $i$ stands if

    $$u_i < \min\!\left(1, \frac{p_i(\text{draft}_i)}{q_i(\text{draft}_i)}\right),$$

    where the numbers $u_i$ are uniform in $[0, 1)$. At the **first** token that does not stand, stop: the next token is drawn from $\max(0, p_i - q_i)$, divided by its sum. If all stand, it is drawn from $p_g$. Return how many tokens stand, and the distribution of the next one.

    A tiny example: `p = [[0.5, 0.5], [0.9, 0.1]]`, `q = [[0.8, 0.2]]`, `draft = [0]`: with `u = [0.6]` one token stands and the next comes from `[0.9, 0.1]`; with `u = [0.7]` none does, and it comes from `[0, 1]`.
    """,
    slot='''
    def verify_draft(p, q, draft, u):
        """How many tokens of the draft stand, and from what the next token is drawn.

        p: (g + 1, vocabulary), q: (g, vocabulary), draft: (g,) ids with q above 0, u: (g,) numbers in [0, 1)
        result: a whole number, (vocabulary,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If p and q are equal, every draft stands, whatever the numbers u.",
        r"$\min(1, \cdot)$ needs no code: $u_i < 1$ anyway, so the test is $u_i\, q_i < p_i$ at the drafted token. What is missing to $p_i$ where the draft proposes too little is $\max(0, p_i - q_i)$.",
        "```python\nfor i, token in enumerate(draft):\n    if u[i] >= ____ / ____:\n        rest = np.maximum(0, ____)\n        return i, ____\nreturn len(draft), ____\n```",
    ),
    parsons=("draft_ratio_upside_down", "refused_draft_draws_from_the_target"),
    why=r"""
    Tokens that the small model proposes too often are refused just often enough, and what is missing elsewhere is made up for by the rest. So each token comes out with the large model's probability, and one pass of the large model yields between 1 and $g + 1$ tokens.

    **The two most common mistakes.** Drawing from $p_i$ after a refusal: tokens that were proposed too often are then drawn a second time. Going on after a refusal: what follows was proposed for a text that no longer exists.

    **Cost.** A pass of the large model over $g + 1$ tokens, the last of the text and the draft, which costs little more than over one as long as the time goes into reading its parameters.
    """,
    verified="equal to the definition for drafts of zero to seven tokens, refused first, in the middle, last and nowhere, and with probabilities of 0 and 1.",
    next_thought="the small model proposes its likeliest token, without a draw. What is q then, and how often does a token stand?",
    parts=("tokens that stand", "distribution of the next"),
    reference=_reference,
)


def _case(seed, g, vocabulary, u=None):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(vocabulary), size=g + 1), rng.dirichlet(2 * np.ones(vocabulary), size=g)
    draft = np.array([rng.choice(vocabulary, p=row) for row in q], dtype=int)
    return p, q, draft, rng.random(g) if u is None else np.array(u)


_likely = _case(3, 4, 5)
EXERCISE.probe("5 tokens proposed, vocabulary of 7", *_case(1, 5, 7))
EXERCISE.probe("all stand", *_case(2, 3, 5, u=[0.0, 0.0, 0.0]))
EXERCISE.probe("the first is refused", np.array([[0.1, 0.6, 0.3], [0.2, 0.3, 0.5], [0.25, 0.5, 0.25]]), np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]]),
               np.array([0, 2]), np.array([0.9, 0.1]))
EXERCISE.probe("the second is refused, the third would stand",
               np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.3, 0.3, 0.4]]), np.array([[0.4, 0.4, 0.2], [0.5, 0.3, 0.2], [0.2, 0.5, 0.3]]),
               np.array([0, 0, 0]), np.array([0.8, 0.7, 0.3]))
EXERCISE.probe("the last is refused", np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.3, 0.6, 0.1]]), np.array([[0.4, 0.4, 0.2], [0.5, 0.3, 0.2]]),
               np.array([2, 1]), np.array([0.99, 0.8]))
EXERCISE.probe("less likely for the large model, and still accepted", np.array([[0.3, 0.7], [0.6, 0.4]]), np.array([[0.5, 0.5]]), np.array([0]), np.array([0.55]))
EXERCISE.probe("each token has its own number u", np.array([[0.5, 0.3, 0.2], [0.3, 0.3, 0.4], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]]),
               np.array([[0.4, 0.4, 0.2], [0.6, 0.2, 0.2], [0.5, 0.2, 0.3]]), np.array([0, 0, 0]), np.array([0.95, 0.3, 0.7]))
EXERCISE.probe("nothing proposed", np.array([[0.2, 0.3, 0.5]]), np.zeros((0, 3)), np.zeros(0, dtype=int), np.zeros(0))
EXERCISE.probe("impossible for the large model", np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]]), np.array([[0.5, 0.25, 0.25]]), np.array([0]), np.array([0.0]))
EXERCISE.probe("equal distributions", *(lambda p: (np.vstack([p, p[:1]]), p, np.array([1, 2, 0]), np.array([0.999, 0.5, 0.9])))(_likely[0][:3]))
EXERCISE.probe("whole numbers", np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]]), np.array([[0, 1, 0], [0, 1, 0]]), np.array([1, 1]), np.array([0, 0]))
EXERCISE.probe("single precision", *(part.astype(np.float32) if part.dtype == float else part for part in _case(5, 3, 3, u=[0.2, 0.9, 0.9])))
EXERCISE.probe("another 4 tokens", *_case(11, 4, 3))
EXERCISE.probe("3 tokens, 3 ids", *_case(12, 3, 3))


def _variant(p, q, draft, u, stands=lambda p, q, u: u * q < p, rest=lambda p, q, i: np.clip(p[i] - q[i], 0, None), whole=lambda p, q: p[-1]):
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    for i, token in enumerate(draft):
        if not stands(p[i, token], q[i, token], u[i]):
            left = rest(p, q, i)
            return i, left / left.sum() if left.sum() > 0 else p[i]
    return len(draft), whole(p, q)
EXERCISE.probe("7 tokens, all stand", *_case(13, 7, 5, u=[0.0] * 7))


@EXERCISE.solve
def verify_draft_solution(p, q, draft, u):
    for i, token in enumerate(draft):
        if u[i] >= p[i, token] / q[i, token]:
            rest = np.maximum(0, p[i] - q[i])
            return i, rest / rest.sum()
    return len(draft), p[-1]


@EXERCISE.mutant
def draft_ratio_upside_down(p, q, draft, u):
    for i, token in enumerate(draft):
        if u[i] * p[i, token] >= q[i, token]:
            rest = np.maximum(0, p[i] - q[i])
            return i, rest / rest.sum()
    return len(draft), p[-1]


@EXERCISE.mutant
def refused_draft_draws_from_the_target(p, q, draft, u):
    for i, token in enumerate(draft):
        if u[i] >= p[i, token] / q[i, token]:
            rest = p[i]
            return i, rest / rest.sum()
    return len(draft), p[-1]


@EXERCISE.mutant
def draft_goes_on_after_a_refusal(p, q, draft, u):
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    stands = [u[i] * q[i, token] < p[i, token] for i, token in enumerate(draft)]
    first = stands.index(False) if False in stands else len(stands)
    return sum(stands), _reference(p, q, draft[: first + 1], u)[1] if first < len(stands) else p[-1]


@EXERCISE.mutant
def rest_of_the_draft_for_the_target(p, q, draft, u):
    return _variant(p, q, draft, u, rest=lambda p, q, i: np.clip(q[i] - p[i], 0, None))


@EXERCISE.mutant
def rest_loses_its_sign(p, q, draft, u):
    return _variant(p, q, draft, u, rest=lambda p, q, i: np.abs(p[i] - q[i]))


@EXERCISE.mutant
def rest_not_made_a_distribution(p, q, draft, u):
    n, _ = _reference(p, q, draft, u)
    return (n, np.clip(p[n] - q[n], 0, None)) if n < len(draft) else (n, p[-1])


@EXERCISE.mutant
def rest_of_the_place_after(p, q, draft, u):
    return _variant(p, q, draft, u, rest=lambda p, q, i: np.clip(p[i + 1] - q[i], 0, None))


@EXERCISE.mutant
def whole_draft_draws_from_the_last_place(p, q, draft, u):
    return _variant(p, q, draft, u, whole=lambda p, q: p[max(len(q) - 1, 0)])


@EXERCISE.mutant
def draft_stands_only_where_likelier(p, q, draft, u):
    return _variant(p, q, draft, u, stands=lambda p, q, u: p >= q)


@EXERCISE.mutant
def draft_judged_by_the_target_alone(p, q, draft, u):
    return _variant(p, q, draft, u, stands=lambda p, q, u: u < p)


_two = np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([[0.8, 0.2]]), np.array([0])
EXERCISE.holds("the example of the statement comes out, accepted")(comes_out((1, [0.9, 0.1]), *_two, np.array([0.6])))
EXERCISE.holds("the example of the statement comes out, refused")(comes_out((0, [0, 1]), *_two, np.array([0.7])))


@EXERCISE.holds("averaged over u and over the draft, the first token has the large model's probabilities")
def keeps_the_distribution(call):
    p, q = np.array([[0.2, 0.5, 0.3], [1.0, 0, 0]]), np.array([[0.5, 0.25, 0.25]])
    total = np.zeros(3)
    grid = (np.arange(40) + 0.5) / 40
    for token in range(3):
        for u in grid:
            n, after = call(p, q, np.array([token]), np.array([u]))
            total += q[0, token] / len(grid) * (np.eye(3)[token] if int(n) == 1 else np.asarray(after, dtype=float))
    return None if np.abs(total - p[0]).max() < 1e-3 else f"they are {text.numbers(total)}, the large model's are 0.2, 0.5, 0.3"


@EXERCISE.holds("equal models refuse nothing")
def equal_models(call):
    p = np.array([[0.25, 0.75], [0.5, 0.5], [0.1, 0.9]])
    n = int(call(p, p[:2], np.array([1, 0]), np.array([0.999, 0.999]))[0])
    return None if n == 2 else f"{n} of 2 tokens stand"
