"""Two writings of one formula: Python reads the first, a stack the second, and both find the same tree."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnlab import data
from attnlab.data import translation
from attnlab.data.translation import infix, postfix

SIGN = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
FORMULAS = st.recursive(
    st.sampled_from("0123456789"), lambda side: st.tuples(st.sampled_from("+-*"), side, side), max_leaves=9
)


def read_by_python(words):
    """The tree that Python's own grammar finds."""
    def tree(node):
        if isinstance(node, ast.Constant):
            return str(node.value)
        return SIGN[type(node.op)], tree(node.left), tree(node.right)
    return tree(ast.parse(" ".join(words), mode="eval").body)


def read_by_stack(words):
    """The tree that is left on a stack."""
    stack = []
    for word in words:
        stack.append(word if word.isdigit() else (word, *[stack.pop() for _ in range(2)][::-1]))
    (formula,) = stack
    return formula


@given(FORMULAS)
def test_both_writings_say_the_same_formula(formula):
    assert read_by_python(infix(formula)) == formula
    assert read_by_stack(postfix(formula)) == formula


@given(FORMULAS)
def test_no_bracket_is_idle_and_the_digits_keep_their_order(formula):
    words = infix(formula)
    assert [word for word in words if word.isdigit()] == [word for word in postfix(formula) if word.isdigit()]
    for opened in (i for i, word in enumerate(words) if word == "("):
        depth, closed = 0, opened
        while True:
            depth += {"(": 1, ")": -1}.get(words[closed], 0)
            if depth == 0:
                break
            closed += 1
        without = [word for i, word in enumerate(words) if i not in (opened, closed)]
        assert read_by_python(without) != formula


def test_known_formulas():
    assert infix(("*", "2", ("+", "3", "4"))) == tuple("2*(3+4)") and postfix(("*", "2", ("+", "3", "4"))) == tuple("234+*")
    assert infix(("-", ("-", "5", "2"), "1")) == tuple("5-2-1") and infix(("-", "5", ("-", "2", "1"))) == tuple("5-(2-1)")
    assert infix("7") == postfix("7") == ("7",)


def test_pairs_differ_and_follow_their_seed():
    pairs = data.formula_pairs(700, most=4, seed=3)
    assert len(set(pairs)) == len({source for source, _ in pairs}) == 700
    assert all(read_by_python(source) == read_by_stack(target) for source, target in pairs)
    assert pairs == data.formula_pairs(700, most=4, seed=3) != data.formula_pairs(700, most=4, seed=4)
    counts = np.bincount([sum(word.isdigit() for word in target) for _, target in pairs], minlength=5)
    assert counts[1] == 10 and counts[2] > 130 and counts[3] > 180 and counts[4] > 180
    signs = {word for source, _ in pairs for word in source}
    assert signs == {*"0123456789", *"+-*()"}


def test_all_formulas_of_one_and_two_digits():
    pairs = data.formula_pairs(310, most=2)
    assert len(pairs) == 310 and ("9", "*", "0") in dict(pairs)


@pytest.mark.parametrize(("n", "most", "there_are"), [(11, 1, "10"), (0, 2, "310"), (311, 2, "310"), (18_311, 3, "18,310")])
def test_as_many_pairs_as_there_are_formulas(n, most, there_are):
    with pytest.raises(ValueError, match=f"there are {there_are} formulas of 1 to {most} digits, not {n:,}"):
        data.formula_pairs(n, most=most)


def test_how_many_there_are_by_listing_them():
    def every(digits):
        if digits == 1:
            return ["d"]
        return [(sign, left, right) for cut in range(1, digits) for left in every(cut) for right in every(digits - cut) for sign in "+-*"]
    assert [translation._how_many(n) for n in (1, 2, 3, 4)] == [len(every(n)) * 10**n for n in (1, 2, 3, 4)]
