"""What a language model makes of k examples in its prompt, for every k at once, and of examples whose answers were dealt out anew.

One text of n lines "question -> answer" asks n questions: before the answer of line k stand k examples, and a causal model
predicts every token of a text in one pass. An answer counts as right if, among all answers of the task, its first token is
the likeliest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from attnlab._shapes import Array, Bool

TASKS: dict[str, dict[str, str]] = {
    "capital": dict(zip(
        "France Spain Italy Germany Japan Egypt Greece Russia Poland Portugal Austria Norway".split(),
        "Paris Madrid Rome Berlin Tokyo Cairo Athens Moscow Warsaw Lisbon Vienna Oslo".split())),
    "opposite": dict(zip(
        "hot big up good fast day old open wet hard rich early".split(),
        "cold small down bad slow night young closed dry soft poor late".split())),
    "made up": dict(zip("zop blick dax wug".split(), "red green blue black".split())),
}


def lines(task: Mapping[str, str], n: int, rng: np.random.Generator, dealt: bool = False) -> list[tuple[str, str, str]]:
    """n random lines of a task: question, answer as written, and the true one; `dealt`: the answers are dealt out anew among the lines.

    A task of fewer than n questions asks some of them again.
    """
    questions = [str(one) for one in rng.choice(list(task), n, replace=len(task) < n)]
    true = [task[one] for one in questions]
    written = [true[i] for i in rng.permutation(n)] if dealt else true
    return list(zip(questions, written, true))


def text_of(shown: Sequence[tuple[str, str, str]]) -> str:
    """The prompt, a line an example."""
    return "".join(f"{question} -> {answer}\n" for question, answer, _ in shown)


@torch.no_grad()
def judged(
    logits_of: Callable[[Tensor], Tensor], encode: Callable[[str], list[int]], shown: Sequence[tuple[str, str, str]], answers: Sequence[str]
) -> Bool[Array, "lines"]:
    """For every line whether its true answer is the likeliest of `answers`, all lines before it being its examples.

    logits_of: ids (1, tokens) -> logits (1, tokens, vocabulary).
    """
    first = [encode(f" {answer}")[0] for answer in answers]
    ids: list[int] = []
    asked = []
    for question, answer, _ in shown:
        ids += encode(f"{question} ->")
        asked.append(len(ids) - 1)
        ids += encode(f" {answer}\n")
    best = logits_of(torch.tensor([ids]))[0, asked][:, first].argmax(dim=-1)
    return np.array([answers[choice] == true for choice, (_, _, true) in zip(best.tolist(), shown)])


def curve(
    logits_of: Callable[[Tensor], Tensor], encode: Callable[[str], list[int]], task: Mapping[str, str], draws: int, dealt: bool = False
) -> Bool[Array, "draws lines"]:
    """Right or wrong after 0, 1, ..., 8 examples, in so many random prompts; the same questions whether `dealt` or not."""
    answers = sorted(set(task.values()))
    shown = [lines(task, 9, np.random.default_rng(draw), dealt) for draw in range(draws)]
    return np.array([judged(logits_of, encode, one, answers) for one in shown])
