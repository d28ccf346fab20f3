"""Guesses against what came true: the arithmetic of predictions, in node."""
from __future__ import annotations

from pathlib import Path

import pytest

from in_node import run

PRACTICE = Path(__file__).resolve().parents[1] / "book" / "_static" / "practice"


def number(guess: float, truth: float, right: bool = False) -> dict:
    return {"guess": guess, "truth": truth, "right": right}


@pytest.mark.parametrize("guess, truth, factor, side", [(2, 50, 25, "low"), (50, 2, 25, "high"), (0.5, 0.5, 1, ""), (0.1 + 0.2, 0.3, 1, "")])
def test_a_guess_is_off_by_a_factor_to_one_side(guess, truth, factor, side):
    [found] = run(PRACTICE / "summary.js", ["off", guess, truth])
    assert found["factor"] == pytest.approx(factor) and found["side"] == side


@pytest.mark.parametrize("text, truth, unit, value", [
    ("1,000", 900, "", 1000), ("1,000", 1.2, "", 1), ("50 times", 50, "times", 50), ("50Times", 50, "times", 50), ("15 %", 18, "%", 15),
    ("50 %", 0.5, "", 0.5), ("1/4", 0.3, "", 0.25), ("0", 5, "", None), ("-3", 5, "", None), ("many", 5, "", None), ("", 5, "times", None)])
def test_a_typed_guess_is_a_number_above_zero_in_the_unit_asked_for(text, truth, unit, value):
    assert run(PRACTICE / "guess.js", ["meant", text, truth, unit]) in ([value], ["NaN"] if value is None else [])


def test_the_summary_counts_choices_numbers_factors_and_sides():
    chosen = [{"guess": "a", "right": right} for right in (True, True, False)]
    numbers = [number(2, 50), number(45, 50, True), number(300, 50), number(50, 50, True)]
    [none, choices, both, one] = run(PRACTICE / "summary.js", ["summary", [], 45], ["summary", chosen, 45],
                                     ["summary", chosen + numbers, 45], ["summary", numbers[:1], 45])
    assert none == ["You have made none of the 45 predictions in this browser yet."]
    head = "The first guess of each counts."
    assert choices == [f"You have made 3 of the 45 predictions. {head}", "Choices: 2 of 3 right."]
    assert both == [f"You have made 7 of the 45 predictions. {head}", "Choices: 2 of 3 right.",
                    "Numbers: 2 of 4 near; half of them are off by no more than a factor of 3.6; 2 were too low, 1 too high."]
    assert one[1] == "Numbers: 0 of 1 near; half of them are off by no more than a factor of 25; 1 was too low, 0 too high."
