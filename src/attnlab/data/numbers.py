"""Numbers in words: a translation task that needs no corpus, with one real change of order.

English says forty-three, German three-and-forty. Words come from the package num2words.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable

import numpy as np

from attnlab._counts import counts
from attnlab.weights.packages import missing

Text = tuple[str, ...]
UNITS = "null ein eins zwei drei vier fünf sechs sieben acht neun".split()
TEENS = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
PARTS = [*UNITS, *TEENS, *TENS, "und", "hundert", "tausend"]
LONGEST_FIRST = re.compile("|".join(sorted(PARTS, key=len, reverse=True)))
LARGEST = 999_999


def english(number: int) -> Text:
    """The number in English words: 43 is ("forty", "three")."""
    return tuple(re.findall("[a-z]+", _said(number, "en")))


def german(number: int) -> Text:
    """The number in the parts a German number word is made of: 43 is ("drei", "und", "vierzig").

    German writes a number below a million as one word, dreiundvierzig. Tens and teens stay whole.
    Errors: ValueError for a number that is negative or not below a million; ImportError without num2words.
    """
    word = _said(number, "de").replace("einstausend", "eintausend")  # num2words: 101,000 is einhunderteinstausend
    parts = LONGEST_FIRST.findall(word)
    if "".join(parts) != word:
        raise ValueError(f"{word} is made of other parts than {' '.join(PARTS)}")
    return tuple(parts)


def digits(number: int) -> Text:
    """The number's digits, the largest place first: 43 is ("4", "3")."""
    _check(number)
    return tuple(str(number))


@counts("n", "largest", "seed")
def number_pairs(
    n: int,
    largest: int,
    source: Callable[[int], Text] = english,
    target: Callable[[int], Text] = german,
    seed: int = 0,
) -> list[tuple[Text, Text]]:
    """`n` different numbers from 1 to `largest`, each as a text in two languages.

    Numbers of one, two, three ... digits come equally often as far as there are enough, so that short ones are not
    lost among the long. Errors: ValueError if there are not as many numbers; ImportError without num2words.
    """
    if not 1 <= n <= largest:
        raise ValueError(f"there are {largest} numbers from 1 to {largest}, not {n}")
    every = np.arange(1, largest + 1)
    n_digits = np.char.str_len(every.astype(str))
    chance = 1 / np.bincount(n_digits)[n_digits]
    drawn = np.random.default_rng(seed).choice(every, size=n, replace=False, p=chance / chance.sum())
    return [(source(int(number)), target(int(number))) for number in drawn]


def _said(number: int, language: str) -> str:
    _check(number)
    try:
        words = importlib.import_module("num2words")
    except ImportError:
        raise ImportError(missing("num2words")) from None
    return words.num2words(int(number), lang=language)


def _check(number: int) -> None:
    if not 0 <= number <= LARGEST:
        raise ValueError(f"the number must be between 0 and {LARGEST:,} but is {number:,}")
