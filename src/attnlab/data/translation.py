"""Arithmetic in two writings: signs between the numbers, and signs behind them. To translate is to reorder.

"2 * ( 3 + 4 )" becomes "2 3 4 + *". The numbers keep their order; every sign moves behind all that it joins, however
much that is, and the brackets go, since the order alone says what they said. No corpus and no package is needed.
"""

from __future__ import annotations

from math import comb

import numpy as np

from attnlab._counts import counts

Text = tuple[str, ...]
Formula = str | tuple  # a digit, or (sign, left, right)
STRENGTH = {"+": 1, "-": 1, "*": 2}
DIGITS = "0123456789"


def infix(formula: Formula) -> Text:
    """The formula with its signs between the numbers, and with brackets only where leaving them out would change it.

    `*` joins before `+` and `-`; of equal signs the left one joins first: ("-", "5", ("-", "2", "1")) is 5 - ( 2 - 1 ).
    """
    if isinstance(formula, str):
        return (formula,)
    sign, left, right = formula
    return (*_side(left, STRENGTH[sign]), sign, *_side(right, STRENGTH[sign] + 1))


def postfix(formula: Formula) -> Text:
    """Left side, right side, sign: ("*", "2", ("+", "3", "4")) is 2 3 4 + *. Also called reverse Polish notation."""
    if isinstance(formula, str):
        return (formula,)
    sign, left, right = formula
    return (*postfix(left), *postfix(right), sign)


@counts("n", "most", "seed")
def formula_pairs(n: int, most: int = 5, seed: int = 0) -> list[tuple[Text, Text]]:
    """`n` different formulas of 1 to `most` digits, each as (signs between, signs behind).

    How many digits a formula has is drawn first, each count equally often as far as there are enough formulas; then where
    its outermost sign stands, and so on inwards. Errors: ValueError if there are not as many formulas.
    """
    there_are = sum(_how_many(digits) for digits in range(1, most + 1))
    if not 1 <= n <= there_are:
        raise ValueError(f"there are {there_are:,} formulas of 1 to {most} digits, not {n:,}")
    rng, found = np.random.default_rng(seed), {}
    while len(found) < n:
        formula = _drawn(int(rng.integers(1, most + 1)), rng)
        found[infix(formula)] = postfix(formula)
    return list(found.items())


def _side(formula: Formula, least: int) -> Text:
    """One side of a sign, in brackets if its own sign joins less strongly than `least`."""
    words = infix(formula)
    weak = not isinstance(formula, str) and STRENGTH[formula[0]] < least
    return ("(", *words, ")") if weak else words


def _drawn(digits: int, rng: np.random.Generator) -> Formula:
    if digits == 1:
        return DIGITS[rng.integers(len(DIGITS))]
    left = int(rng.integers(1, digits))
    return tuple(STRENGTH)[rng.integers(len(STRENGTH))], _drawn(left, rng), _drawn(digits - left, rng)


def _how_many(digits: int) -> int:
    """Formulas of so many digits: ways to place the brackets (a Catalan number) times digits times signs."""
    ways = comb(2 * digits - 2, digits - 1) // digits
    return ways * len(DIGITS) ** digits * len(STRENGTH) ** (digits - 1)
