"""Few-shot prompts: what is written, what is asked where, and a reader that is known."""

from __future__ import annotations

import numpy as np
import torch

from attnlab.studies import few_shot

TASK = {"a": "x", "b": "y", "c": "x"}
WORDS = [" ->", "\n", "a", "b", "c", " x", " y"]


def encode(text: str) -> list[int]:
    ids = []
    while text:
        word = next(one for one in WORDS if text.startswith(one))
        ids.append(WORDS.index(word))
        text = text[len(word):]
    return ids


def copies(ids: torch.Tensor) -> torch.Tensor:
    """Logits of a reader that answers as the present question was answered last, and else likes x a little."""
    out = torch.zeros(1, ids.shape[1], len(WORDS))
    row = ids[0].tolist()
    for t in range(1, len(row)):
        out[0, t, WORDS.index(" x")] = 0.5
        earlier = [s for s in range(1, t - 1) if row[s] == row[t] == WORDS.index(" ->") and row[s - 1] == row[t - 1]]
        if earlier:
            out[0, t, row[earlier[-1] + 1]] = 1.0
    return out


def test_lines_hold_the_answers_of_the_task():
    shown = few_shot.lines(few_shot.TASKS["capital"], 9, np.random.default_rng(0))
    assert len({question for question, _, _ in shown}) == 9
    assert all(written == true == few_shot.TASKS["capital"][question] for question, written, true in shown)


def test_dealt_out_anew_the_same_questions_have_the_same_answers_in_another_order():
    task = few_shot.TASKS["opposite"]
    plain, dealt = (few_shot.lines(task, 9, np.random.default_rng(3), one) for one in (False, True))
    assert [one[0] for one in plain] == [one[0] for one in dealt] and [one[2] for one in plain] == [one[2] for one in dealt]
    assert sorted(one[1] for one in dealt) == sorted(one[1] for one in plain) and dealt != plain


def test_a_small_task_asks_again():
    shown = few_shot.lines(TASK, 9, np.random.default_rng(1))
    assert len(shown) == 9 and {question for question, _, _ in shown} <= set(TASK)


def test_the_prompt_is_a_line_an_example():
    assert few_shot.text_of([("a", "x", "x"), ("b", "x", "y")]) == "a -> x\nb -> x\n"


def test_a_line_is_judged_by_its_true_answer_after_the_lines_before_it():
    shown = [("b", "y", "y"), ("a", "x", "x"), ("b", "x", "y"), ("b", "y", "y"), ("c", "y", "x")]
    #  b unseen: says x, wrong; a: x, right; b as before: y, right; b as written last: x, wrong; c: x, right
    assert few_shot.judged(copies, encode, shown, ["x", "y"]).tolist() == [False, True, True, False, True]


def test_a_curve_has_a_row_a_draw_and_the_same_questions_in_both():
    right, dealt = (few_shot.curve(copies, encode, TASK, 4, one) for one in (False, True))
    assert right.shape == dealt.shape == (4, 9) and right.dtype == bool
    assert (right[:, 0] == dealt[:, 0]).all() and right[:, 4:].mean() > dealt[:, 4:].mean()
    seen = few_shot.lines(TASK, 9, np.random.default_rng(2))
    repeated = [n for n, one in enumerate(seen) if one[0] in [other[0] for other in seen[:n]]]
    assert right[2, repeated].all()
