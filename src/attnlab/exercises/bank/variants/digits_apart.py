"""A text cut in two passes: first at its digits, then in between."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out

WORD = re.compile(r" ?[^\W\d_]+| ?\d+| ?[^\w\s]+|\s+(?!\S)|\s+|.", re.S)


def words(text):
    """Cut about as GPT-2 does: a space leads its word, and of several spaces the last one only where something follows."""
    return WORD.findall(text)


def _category(c):
    return unicodedata.category(c)[0] == "N"


def _groups(run, most, right=False):
    first = len(run) % most if right else 0
    return [one for one in (run[:first], *(run[i : i + most] for i in range(first, len(run), most))) if one]


def _two_passes(text, cut, most, is_digit=_category, right=False):
    found = []
    for digits, run in groupby(text, key=is_digit):
        run = "".join(run)
        found += _groups(run, most, right) if digits else cut(run)
    return found


def _lengths(found):
    return np.array([len(word) for word in found], dtype=int)


def _reference(text, cut, most):
    return _lengths(_two_passes(text, cut, most))


EXERCISE = Exercise(
    id="variants.digits_apart",
    title="Digits first, then words",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/a_real_language_model",
    headings=("From text to ids",),
    statement=r"""
    Before its merges a tokenizer cuts a text into words, over whose edges no token reaches. Cut it in **two passes**: first each run of digits stands by itself, in groups of at most `most` digits counted **from the left**; then every stretch *between* digits is cut by the function `cut`, each stretch as if it were a text of its own. (With `most = 1` that is SmolLM2's rule.)

    A digit is any character whose Unicode category begins with N, such as `7`, `½`, `Ⅷ` and `٣`. `cut` takes a text and returns its words, which joined are the text. Return the **lengths** of all words, in order; an empty text has none.

    A tiny example: with GPT-2's rule as `cut`, `"a  1234"` and `most = 3` give the words `a`, two spaces, `123`, `4`, so the lengths `[1, 2, 3, 1]`.
    """,
    slot='''
    def digits_apart(text, cut, most):
        """Lengths of the words of a text, digits first.

        text: a string; cut: a function from a string to a list of strings; most: a whole number above 0
        result: (words,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import unicodedata", "from itertools import groupby", "import numpy as np"),
    hints=(
        "The lengths add up to that of the text. And `cut` never meets a digit: what it would do with one must not matter.",
        "`groupby(text, key=...)` gives the runs, those of digits and the others in turn. A run of digits of length $n$ has groups that begin at $0, m, 2m, \\dots$ with $m$ = `most`.",
        "```python\nfound = []\nfor digits, run in groupby(text, key=lambda c: ____):\n    run = \"\".join(run)\n    if digits:\n        found += [run[i:____] for i in range(0, len(run), ____)]\n    else:\n        found += ____\nreturn np.array([len(word) for word in found], dtype=int)\n```",
    ),
    parsons=("digits_in_one_pass", "digits_that_are_decimal_only"),
    why=r"""
    The order of the passes is visible only where white space meets a digit: in the stretch *a* and two spaces nothing follows, so both spaces stay one word. A single rule that knows digits as well gives one of the spaces away.

    **The two most common mistakes.** One pass: cut first, then take the digits out. Almost every text is cut alike, and a model never tells that its ids are not those it was trained on. And `str.isdigit`, which knows neither `½` nor `Ⅷ`.

    **Cost.** One look at each character.
    """,
    verified="the lengths for letters, white space, digits of several scripts and signs, groups of one to five, digits at both ends, and no text at all.",
    next_thought="in groups of three from the left, 12345 becomes 123 and 45: why might a model that adds numbers prefer groups from the right, 12 and 345?",
    reference=_reference,
)

for _name, _text, _most in (
    ("two spaces before a digit", "a  1", 1), ("letters alone", "call me ishmael", 3), ("a date", "in 1851, on 18 October", 1),
    ("groups of three", "1234567 and 89", 3), ("groups of two", "98765", 2), ("the largest group fits exactly", "x123456", 3),
    ("a group longer than the run", "a 12 b", 5), ("fractions and Roman numerals", "½ cup, Louis Ⅷ and x²", 2),
    ("digits of other scripts", "at ٣٤٥ and 七 and ๑๒", 2), ("white space all around", "  1  2  ", 1), ("a digit at both ends", "7 is not 8", 4),
    ("digits alone", "2718281828", 4), ("an empty text", "", 3), ("tabs and line ends", "a\n\n 1\t\t2\n", 1),
    ("signs and digits", "(3.14), -2!", 1), ("no spaces", "b2b4u", 1), ("Chinese numerals are letters", "一二三 12", 1), ("one digit", "5", 1),
    ("twelve digits in groups of five", "n 123456789012", 5), ("spaces before a group", "pay    1000000", 3),
    ("circled numbers", "①② or ⑳", 1), ("a long text", "the 3 bears met 12 wolves in 1999,  or was it 2001? " * 3, 2),
):
    EXERCISE.probe(_name, _text, words, _most)


@EXERCISE.solve
def digits_apart_solution(text, cut, most):
    found = []
    for digits, run in groupby(text, key=lambda c: unicodedata.category(c)[0] == "N"):
        run = "".join(run)
        if digits:
            found += [run[i : i + most] for i in range(0, len(run), most)]
        else:
            found += cut(run)
    return np.array([len(word) for word in found], dtype=int)


@EXERCISE.mutant
def digits_in_one_pass(text, cut, most):
    found = []
    for word in cut(text):
        for digits, run in groupby(word, key=lambda c: unicodedata.category(c)[0] == "N"):
            run = "".join(run)
            found += [run[i : i + most] for i in range(0, len(run), most)] if digits else [run]
    return np.array([len(word) for word in found], dtype=int)


@EXERCISE.mutant
def digits_that_are_decimal_only(text, cut, most):
    found = []
    for digits, run in groupby(text, key=lambda c: c.isdecimal()):
        run = "".join(run)
        if digits:
            found += [run[i : i + most] for i in range(0, len(run), most)]
        else:
            found += cut(run)
    return np.array([len(word) for word in found], dtype=int)


@EXERCISE.mutant
def digits_by_what_counts(text, cut, most):
    return _lengths(_two_passes(text, cut, most, str.isnumeric))


@EXERCISE.mutant
def digits_by_isdigit(text, cut, most):
    return _lengths(_two_passes(text, cut, most, str.isdigit))


@EXERCISE.mutant
def digits_of_english_alone(text, cut, most):
    return _lengths(_two_passes(text, cut, most, lambda c: c in "0123456789"))


@EXERCISE.mutant
def digits_grouped_from_the_right(text, cut, most):
    return _lengths(_two_passes(text, cut, most, right=True))


@EXERCISE.mutant
def digits_each_alone(text, cut, most):
    return _lengths(_two_passes(text, cut, 1))


@EXERCISE.mutant
def digits_as_one_number(text, cut, most):
    return _lengths(_two_passes(text, cut, max(len(text), 1)))


@EXERCISE.mutant
def digits_with_the_text_between_uncut(text, cut, most):
    return _lengths(_two_passes(text, lambda run: [run], most))


@EXERCISE.mutant
def digits_without_white_space(text, cut, most):
    return _lengths([word.strip() for word in _two_passes(text, cut, most) if word.strip()])


@EXERCISE.holds("the lengths add up to that of the text")
def adds_up(call):
    told = "1 and  22 or 333 "
    found = np.asarray(call(told, words, 2))
    return None if int(found.sum()) == len(told) else f"they add up to {int(found.sum())}, and the text has {len(told)} characters"


@EXERCISE.holds("the function `cut` is never given a digit")
def no_digit_is_cut(call):
    given = []

    def cut(stretch):
        given.append(stretch)
        return words(stretch)

    call("a 1 b ½ c", cut, 1)
    with_digits = sum(any(map(_category, stretch)) for stretch in given)
    return f"{with_digits} of the {len(given)} stretches that it was given hold one" if with_digits else None


EXERCISE.holds("the example of the statement gives 1, 2, 3 and 1")(comes_out(np.array([1, 2, 3, 1]), "a  1234", words, 3))
