"""How many tokens a pass of the large model gives, where each place of a draft stands with a chance of its own."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _reference(stands):
    total, alive = 1.0, 1.0
    for chance in np.asarray(stands, dtype=float).ravel():
        alive *= chance
        total += alive
    return total


EXERCISE = Exercise(
    id="efficiency.tokens_a_pass",
    title="Tokens a pass",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="efficiency/inference",
    headings=("Several tokens a pass",),
    statement=r"""
    A draft proposes $g \ge 0$ tokens. If all before it stand, token $i$ stands with probability `stands[i]`, whatever else has happened; a draft often gets worse with every token, so these numbers need not be equal. At the first token that does not stand the large model writes one in its place, and the rest of the draft is thrown away. If all stand, it writes one behind them.

    How many tokens does a pass of the large model give on average?

    A tiny example: `stands = [0.5, 0.5]` gives 1.75 tokens.
    """,
    slot='''
    def tokens_a_pass(stands):
        """Mean number of tokens that one pass of the large model gives.

        stands: (drafted,) probabilities
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("tokens",),
    hints=(
        "With probabilities of 1 it is one token more than were drafted; with probabilities of 0 it is one.",
        r"The mean of a count is the sum of the probabilities that it reaches 1, 2, 3 and so on: one token comes for certain, and token $i$ of the draft is there with probability $a_1 a_2 \cdots a_i$.",
        "```python\nalive = np.____(stands)\nreturn ____ + alive.____()\n```",
    ),
    parsons=("chances_summed", "own_token_forgotten"),
    why=r"""
    $1 + a_1 + a_1 a_2 + \dots$: with equal probabilities this is the geometric sum $(1 - a^{g + 1}) / (1 - a)$ of the paper. What the first tokens of a draft are worth is multiplied into all later ones, so a draft should be right early.

    **The two most common mistakes.** Adding the probabilities, as if a token behind a refused one still counted. Forgetting the token that the large model writes itself.

    **Cost.** One pass over the draft. That each probability is $\sum_x \min(p, q)$ is the other half of the story.
    """,
    verified="ten drafts: equal and unequal chances, certain and impossible tokens, one token, none.",
    next_thought="a seventh token is drafted at a cost of 0.1 passes. From which probability does it pay?",
    reference=_reference,
)

for _name, _stands in {
    "equal chances": [0.8, 0.8, 0.8, 0.8],
    "chances that fall": [0.9, 0.7, 0.4],
    "chances that rise": [0.3, 0.6, 0.9, 0.95, 0.99],
    "all stand": [1.0, 1.0, 1.0],
    "none stands": [0.0, 0.0],
    "one cannot stand": [0.9, 0.0, 0.9, 0.9],
    "one token": [0.6],
    "no token": [],
    "a long draft": [0.97] * 12,
    "the first is certain": [1.0, 0.5],
}.items():
    EXERCISE.probe(_name, np.array(_stands, dtype=float))


@EXERCISE.solve
def tokens_a_pass_solution(stands):
    alive = np.cumprod(np.asarray(stands, dtype=float))
    return 1 + alive.sum()


@EXERCISE.mutant
def chances_summed(stands):
    alive = np.asarray(stands, dtype=float)
    return 1 + alive.sum()


@EXERCISE.mutant
def own_token_forgotten(stands):
    alive = np.cumprod(np.asarray(stands, dtype=float))
    return alive.sum()


@EXERCISE.mutant
def whole_draft_or_nothing(stands):
    return 1 + len(stands) * np.prod(stands)


@EXERCISE.mutant
def mean_chance_in_the_formula(stands):
    a = np.mean(stands) if len(stands) else 0.0
    return np.sum(a ** np.arange(len(stands) + 1))


@EXERCISE.mutant
def last_token_only_behind_a_refusal(stands):
    alive = np.cumprod(np.asarray(stands, dtype=float))
    return 1 + alive.sum() - (alive[-1] if len(alive) else 1.0)


@EXERCISE.mutant
def refused_taken_for_stands(stands):
    return 1 + np.cumprod(1 - np.asarray(stands, dtype=float)).sum()


@EXERCISE.mutant
def geometric_series_without_end(stands):
    a = np.mean(stands) if len(stands) else 0.0
    return 1 / (1 - a) if a < 1 else len(stands) + 1.0


@EXERCISE.mutant
def product_without_the_first(stands):
    return 1 + np.cumprod(np.asarray(stands, dtype=float)[1:]).sum() + (len(stands) > 0)


@EXERCISE.holds("a draft that always stands gives one token more than it has")
def certain(call):
    found = float(call(np.ones(5)))
    return None if abs(found - 6) < 1e-9 else f"five certain tokens give {found:.2f}"


@EXERCISE.holds("what stands behind a token that cannot stand does not matter")
def behind_a_refusal(call):
    low, high = float(call(np.array([0.5, 0.0, 0.1]))), float(call(np.array([0.5, 0.0, 0.9])))
    return None if abs(low - high) < 1e-9 else f"it gives {low:.2f} and {high:.2f}"
