"""A pattern of window and full layers to invent, for a cache that must not grow too large."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise


def _rows(pattern, window, tokens):
    return sum(tokens if one == "G" else min(window, tokens) for one in pattern)


def _sees(pattern, window, tokens):
    """Whether the last token depends on the first one, through the layers in their order."""
    back = 0
    for one in pattern:
        back = tokens if one == "G" else back + window - 1
    return back >= tokens - 1


def _possible(n_layers, window, tokens, budget):
    return any(_rows(p, window, tokens) <= budget and _sees(p, window, tokens) for p in ("L" * n_layers, "L" * (n_layers - 1) + "G"))


def _reference(n_layers, window, tokens, budget):
    for pattern in ("L" * n_layers, "G" + "L" * (n_layers - 1)):
        if _rows(pattern, window, tokens) <= budget and _sees(pattern, window, tokens):
            return pattern
    return "none"


EXERCISE = Exercise(
    id="variants.pattern_for_a_budget",
    title="A pattern that sees everything and keeps little",
    level="create",
    minutes=20,
    difficulty=3,
    page="variants/problems",
    statement=r"""
    A causal decoder has `n_layers` layers. Each is either full (`G`: a token sees all tokens before it and itself) or local (`L`: it sees the last `window` tokens, its own included). A full layer keeps keys and values of all `tokens` tokens, a local one of the last `window` (of all, if there are fewer).

    Invent a pattern, a string of `n_layers` letters from the first layer to the last, such that

    1. the **last** token's output can depend on the **first** token, through all layers together;
    2. all layers together keep at most `budget` rows for a text of `tokens` tokens.

    If there is no such pattern, return the string `"none"`. Where several fit, any of them is right.

    A tiny example: with 2 layers, a window of 3, 5 tokens and a budget of 6, `"LL"` is right: each layer reaches back by 2, and keeps 3 rows. With a budget of 5 the answer is `"none"`.
    """,
    slot='''
    def pattern_for_a_budget(n_layers, window, tokens, budget):
        """A pattern of G and L, as a string.

        all four: whole numbers above 0
        result: a string of n_layers letters, or "none"
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="labels",
    hints=(
        "A pattern that fits still fits if two of its letters change places: what counts is how many layers are full, not which.",
        "With one full layer the last token sees the first; sometimes none is needed. Local layers add up: each reaches back by window - 1. So all-local patterns reach back by n_layers * (window - 1), and have to reach tokens - 1. They are also the cheapest.",
        "```python\nkept = min(____, ____)\nif n_layers * (window - 1) >= ____ and n_layers * kept <= budget:\n    return \"L\" * n_layers\nif ____ + (n_layers - 1) * kept <= budget:\n"
        "    return \"G\" + ____\nreturn \"none\"\n```",
    ),
    parsons=("pattern_window_without_itself", "pattern_two_full_layers_never_fewer"),
    why=r"""
    What a token sees after all layers is found by adding up: a local layer reaches $w - 1$ further back than its input did, a full one reaches everything. So all-local is tried first, since it is cheapest, and then a single full layer.

    **The two most common mistakes.** Letting a window of $w$ reach back by $w$ instead of $w - 1$. Believing that a full layer must be the last one (or the first): the rest of the way is open on either side.

    **Cost.** None. That information *can* pass is not that a trained model passes it.
    """,
    verified="what the two conditions demand, for 28 cases, nine of which have no solution.",
    next_thought="what changes if the first eight tokens are kept by every local layer, as sinks?",
    reference=_reference,
    judged_by="properties",
)

_CASES = ((2, 3, 5, 6), (2, 3, 5, 5), (4, 3, 9, 12), (4, 3, 10, 19), (4, 3, 10, 18), (6, 5, 100, 125), (6, 5, 100, 124), (6, 5, 100, 600), (1, 7, 7, 7), (1, 7, 8, 7),
          (1, 7, 8, 8), (3, 1, 4, 6), (3, 1, 4, 5), (5, 11, 4, 20), (5, 11, 4, 19), (3, 4, 10, 12), (3, 4, 11, 19), (3, 1, 1, 3), (2, 4, 1, 1), (1, 1, 1, 1), (1, 1, 5, 5), (40, 9, 300, 360), (40, 9, 321, 360), (40, 9, 322, 672),
          (40, 9, 322, 673), (28, 512, 8192, 22_016), (28, 128, 8192, 11_648), (28, 128, 8192, 11_647))  # fmt: skip
for _layers, _window, _tokens, _budget in _CASES:
    EXERCISE.probe(f"{_layers} layers, a window of {_window}, {_tokens} tokens, a budget of {_budget}", _layers, _window, _tokens, _budget)


@EXERCISE.solve
def pattern_for_a_budget_solution(n_layers, window, tokens, budget):
    kept = min(window, tokens)
    if n_layers * (window - 1) >= tokens - 1 and n_layers * kept <= budget:
        return "L" * n_layers
    if tokens + (n_layers - 1) * kept <= budget:
        return "G" + "L" * (n_layers - 1)
    return "none"


@EXERCISE.impostor
def never_possible(n_layers, window, tokens, budget):
    return "none"


@EXERCISE.impostor
def all_local(n_layers, window, tokens, budget):
    return "L" * n_layers


@EXERCISE.impostor
def local_or_none(n_layers, window, tokens, budget):
    return "L" * n_layers if n_layers * (window - 1) >= tokens - 1 and n_layers * min(window, tokens) <= budget else "none"


@EXERCISE.mutant
def pattern_window_without_itself(n_layers, window, tokens, budget):
    kept = min(window, tokens)
    if n_layers * window >= tokens - 1 and n_layers * kept <= budget:
        return "L" * n_layers
    if tokens + (n_layers - 1) * kept <= budget:
        return "G" + "L" * (n_layers - 1)
    return "none"


@EXERCISE.mutant
def pattern_two_full_layers_never_fewer(n_layers, window, tokens, budget):
    kept = min(window, tokens)
    if n_layers * (window - 1) >= tokens - 1 and n_layers * kept <= budget:
        return "L" * n_layers
    if 2 * tokens + (n_layers - 2) * kept <= budget:
        return "GG" + "L" * (n_layers - 2)
    return "none"


@EXERCISE.mutant
def pattern_always_one_full(n_layers, window, tokens, budget):
    return "G" + "L" * (n_layers - 1) if tokens + (n_layers - 1) * min(window, tokens) <= budget else "none"


@EXERCISE.mutant
def pattern_budget_not_looked_at(n_layers, window, tokens, budget):
    return "G" + "L" * (n_layers - 1)


@EXERCISE.mutant
def pattern_reach_of_one_layer(n_layers, window, tokens, budget):
    kept = min(window, tokens)
    if window >= tokens and n_layers * kept <= budget:
        return "L" * n_layers
    return "G" + "L" * (n_layers - 1) if tokens + (n_layers - 1) * kept <= budget else "none"


@EXERCISE.mutant
def pattern_all_local(n_layers, window, tokens, budget):
    return "L" * n_layers if n_layers * min(window, tokens) <= budget else "none"


@EXERCISE.mutant
def pattern_all_full(n_layers, window, tokens, budget):
    return "G" * n_layers if n_layers * tokens <= budget else "none"


@EXERCISE.mutant
def pattern_windows_filled_up(n_layers, window, tokens, budget):
    if n_layers * (window - 1) >= tokens - 1 and n_layers * window <= budget:
        return "L" * n_layers
    return "G" + "L" * (n_layers - 1) if tokens + (n_layers - 1) * window <= budget else "none"


def _read(call, given):
    return str(call(*given))


@EXERCISE.holds("it is a pattern of n_layers letters, G or L, or none")
def well_formed(call):
    for given in _CASES:
        out = _read(call, given)
        if out != "none" and (len(out) != given[0] or set(out) - {"G", "L"}):
            return f'for {given[0]} layers it is "{out}"'
    return None


@EXERCISE.holds("the last token can depend on the first")
def sees(call):
    for n_layers, window, tokens, budget in _CASES:
        out = _read(call, (n_layers, window, tokens, budget))
        if out != "none" and not _sees(out, window, tokens):
            return f'"{out}" with a window of {window} does not reach the first of {tokens} tokens'
    return None


@EXERCISE.holds("it stays within the budget")
def cheap(call):
    for n_layers, window, tokens, budget in _CASES:
        out = _read(call, (n_layers, window, tokens, budget))
        if out != "none" and _rows(out, window, tokens) > budget:
            return f'"{out}" keeps {_rows(out, window, tokens)} rows of {tokens} tokens, the budget is {budget}'
    return None


@EXERCISE.holds("a pattern is found where there is one")
def found(call):
    for given in _CASES:
        if _read(call, given) == "none" and _possible(*given):
            n_layers, window, tokens, budget = given
            return f"there is one for {n_layers} layers, a window of {window}, {tokens} tokens and a budget of {budget}"
    return None


@EXERCISE.holds("none is said where there is none")
def none(call):
    for given in _CASES:
        out = _read(call, given)
        if not _possible(*given) and out != "none":
            return f'there is none for {given[0]} layers and a budget of {given[3]}, you say "{out}"'
    return None
