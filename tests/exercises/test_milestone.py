"""A model put together from the learner's answers: whose each piece is, which one breaks it, and what a hostile one can do."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.exercises import EXERCISES, assemble, assemble_gpt, milestone, milestone_gpt
from attnlab.exercises._milestone import GPT_PIECES, MILESTONES, PIECES
from attnlab.reference import namer
from attnlab.reference.translator import COURSE, Pieces

SOLUTIONS = {name: EXERCISES[exercise].solution for name, exercise in PIECES.items()}


def merge_heads(x):
    *batch, n_heads, n, d_head = x.shape
    return x.reshape(*batch, n, n_heads * d_head)


def padding_mask(lengths, n_keys):
    return np.ones((len(lengths), 1, n_keys), dtype=bool)


def test_every_piece_is_the_slot_of_its_exercise():
    assert set(PIECES) <= set(Pieces._fields)
    assert all(EXERCISES[exercise].name == name for name, exercise in PIECES.items())


def test_without_answers_everything_is_the_course_s(capsys):
    assert assemble() == COURSE
    milestone()
    told = capsys.readouterr().out
    assert told.count("the course's") == len(Pieces._fields) + 1 and "9 pieces is still the course's" in told


def test_what_passes_is_used_and_what_does_not_is_not(capsys):
    pieces = assemble(SOLUTIONS["split_heads"], merge_heads)
    assert pieces.split_heads is SOLUTIONS["split_heads"] and pieces.merge_heads is COURSE.merge_heads
    told = capsys.readouterr().out.splitlines()
    assert "split_heads       yours" in told and "merge_heads       the course's, yours does not pass yet" in told


def test_nine_right_answers_are_nine_pieces(capsys):
    milestone(*SOLUTIONS.values())
    told = capsys.readouterr().out
    assert told.count("passes its check; 8 of 8 translations unchanged, the same numbers") == 9
    assert "9 of 9 pieces are yours, and the model cannot tell." in told


def test_the_piece_that_breaks_it_is_named_and_the_silent_one_too(capsys):
    milestone(merge_heads, padding_mask, SOLUTIONS["sinusoidal"])
    told = capsys.readouterr().out
    assert "Look at merge_heads: check('multi_head.merge_heads', merge_heads) says more." in told
    assert "Look at padding_mask" in told and "Look at sinusoidal" not in told
    assert "padding_mask      does not pass its check; 8 of 8 translations unchanged, numbers off by" in told
    assert "Mind: with padding_mask no translation changes" in told


def test_a_piece_that_raises_does_not_end_the_milestone(capsys):
    def sinusoidal(n, width):
        raise RuntimeError("no")

    milestone(sinusoidal)
    assert "does not pass its check; the model stops: RuntimeError" in capsys.readouterr().out


def test_names_are_checked_at_the_door():
    def translate(x):
        return x

    with pytest.raises(ValueError, match="'translate' is no piece of the model; the pieces are sinusoidal, add_positions"):
        assemble(translate)
    with pytest.raises(ValueError, match="merge_heads is given twice"):
        milestone(merge_heads, SOLUTIONS["merge_heads"])


GPT = {name: EXERCISES[exercise].solution for name, exercise in GPT_PIECES.items()}


def rotary(x, p):
    a, b = np.split(x, 2, axis=-1)
    angle = p[:, None] * 10000.0 ** -(np.arange(a.shape[1]) / a.shape[1])
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], axis=-1)


def next_token_loss(logits, ids, pad):
    return namer.COURSE.next_token_loss(logits, ids, -1)


def test_every_piece_of_the_gpt_is_the_slot_of_its_exercise():
    assert set(GPT_PIECES) == set(namer.Pieces._fields)
    assert all(EXERCISES[exercise].name == name for name, exercise in GPT_PIECES.items())


def test_without_answers_the_gpt_is_the_course_s(capsys):
    assert assemble_gpt() == namer.COURSE
    milestone_gpt()
    told = capsys.readouterr().out
    assert told.count("the course's") == 10 and "9 pieces is still the course's. Name your functions: milestone_gpt(" in told


def test_nine_right_answers_are_nine_pieces_of_the_gpt(capsys):
    assert assemble_gpt(*GPT.values()) == namer.Pieces(**GPT)
    milestone_gpt(*GPT.values())
    told = capsys.readouterr().out
    assert told.count("passes its check; 8 of 8 names unchanged, the same numbers") == 9
    assert "9 of 9 pieces are yours, and the model cannot tell." in told


def test_the_gpt_names_the_piece_that_breaks_it_and_the_silent_one(capsys):
    milestone_gpt(rotary, next_token_loss, GPT["rms_norm"])
    told = capsys.readouterr().out
    assert "Look at rotary: check('positions.rotary', rotary) says more." in told
    assert "Look at next_token_loss" in told and "Look at rms_norm" not in told
    assert "Mind: with next_token_loss no name changes" in told


@pytest.mark.parametrize("name", GPT_PIECES)
def test_the_gpt_notices_each_registered_mistake_in_a_piece(name, capsys):
    """More than half of the known wrong answers move the model's numbers, or stop it."""
    exercise = EXERCISES[GPT_PIECES[name]]
    gpt = MILESTONES["milestone_gpt"]
    tried = [gpt.attempt(name, mutant) for mutant in exercise.mutants.values()]
    assert not any(one.passed for one in tried)
    assert sum(one.breaks for one in tried) > len(tried) / 2


def test_a_piece_of_the_gpt_that_raises_or_returns_nothing_is_told(capsys):
    def rms_norm(x, gain, epsilon):
        return None

    milestone_gpt(rms_norm)
    assert "does not pass its check; the model stops:" in capsys.readouterr().out
    with pytest.raises(ValueError, match="'sinusoidal' is no piece of the model; the pieces are causal_mask, split_heads"):
        milestone_gpt(SOLUTIONS["sinusoidal"])
