"""What closes each part runs on the reader's pieces and gives the course's numbers; a piece that does not fit is named."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab import mine
from attnlab.exercises import EXERCISES
from attnlab.mine import answers, milestones, models
from attnlab.reference import namer

pytestmark = pytest.mark.usefixtures("as_readers_run_it")
NOWHERE = "nowhere"


@pytest.fixture(scope="module")
def full():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "SECONDS", 120.0)  # many tests at once, and every shape checked
        yield mine.assemble(*(EXERCISES[piece.exercise].solution for piece in mine.PIECES.values()), folder=NOWHERE)


@pytest.mark.parametrize("part", mine.MILESTONES)
def test_solutions_give_the_course_s_numbers_and_its_texts(part, full):
    reached, course = mine.milestone(part, full), mine.MILESTONES[part].see(models.COURSE)
    assert reached.apart < 1e-9 and reached.texts == course.texts and len(course.numbers) > 5
    assert set(reached.milestone.pieces) <= set(reached.own.yours)
    assert f"{len(reached.milestone.pieces)} of {len(reached.milestone.pieces)} pieces are yours" in repr(reached)


@pytest.mark.parametrize("part", mine.MILESTONES)
def test_every_piece_of_a_milestone_is_at_work_in_it(part, full):
    """Each piece, exchanged for one that gives zeros, changes what is seen."""
    goal = mine.MILESTONES[part]
    right = goal.see(models.COURSE)
    for name in goal.pieces:
        real = getattr(models.COURSE, name)

        def zeros(*arguments, real=real):
            result = real(*arguments)
            whole = result if isinstance(result, tuple) else (result,)
            blank = tuple(np.zeros_like(np.asarray(one)) for one in whole)
            return blank if isinstance(result, tuple) else blank[0]

        own = mine.Own({name: mine.State(name, zeros, True)})
        seen = milestones._tried(goal, own)
        assert isinstance(seen, str) or seen.texts != right.texts or not milestones._gap(seen.numbers, right.numbers) < milestones.CLOSE, name


def test_every_piece_has_its_milestone():
    assert {name for goal in mine.MILESTONES.values() for name in goal.pieces} == set(mine.PIECES)


def test_whose_each_piece_is_stands_in_the_report():
    own = mine.assemble(EXERCISES["self_attention.causal_mask"].solution, folder=NOWHERE)
    said = repr(mine.milestone("self_attention", own))
    assert "  causal_mask           yours\n  padding_mask          the course's: not solved yet" in said
    assert "1 of 6 pieces are yours. Every number is the course's own." in said and "In mary: m looks most at the edge mark" in said
    with pytest.raises(KeyError, match="there is no milestone 'theory'; there are start"):
        mine.milestone("theory", own)


def test_a_softmax_stands_in_the_course_s_attention():
    own = mine.assemble(EXERCISES["self_attention.softmax"].solution, folder=NOWHERE)
    reached = mine.milestone("variants", own)
    assert "masked_attention      the course's, around your softmax" in repr(reached) and reached.apart < 1e-9
    dead = np.array([[True, False], [False, False]])
    q = np.ones((2, 3))
    np.testing.assert_allclose(models.around(own.softmax)(q, q, q, dead), [[1, 1, 1], [0, 0, 0]])


def with_piece(name: str, function) -> mine.Own:
    """A piece as if it had passed its check."""
    return mine.assemble(folder=NOWHERE).__class__({**mine.assemble(folder=NOWHERE).states, name: mine.State(name, function, True)})


def low(x):
    return mine.course("merge_heads")(x).astype(np.float16)


def stops(x):
    raise ValueError("no table like this one")


def forever(x):
    while True:
        pass


@pytest.mark.parametrize("function, why", [
    (low, "yours passes its check but does not fit here: the numbers are off by"),
    (stops, "yours passes its check but does not fit here: ValueError: no table like this one"),
    (lambda x: "text", "yours passes its check but does not fit here: "),
    (forever, "yours passes its check but does not fit here: it does not end"),
])  # fmt: skip
def test_a_piece_that_passes_and_does_not_fit_is_named_and_left_out(function, why, monkeypatch):
    monkeypatch.setattr(milestones, "SECONDS", 2.0)
    reached = mine.milestone("variants", with_piece("merge_heads", function))
    assert reached.apart == 0 and why in reached.own.states["merge_heads"].told and len(reached.texts) == 6


def test_only_the_piece_that_does_not_fit_is_left_out(full):
    own = mine.Own(full.states | {"merge_heads": mine.State("merge_heads", low, True)})
    reached = mine.milestone("multi_head", own)
    assert set(reached.own.yours) & set(reached.milestone.pieces) == {"split_heads", "masked_attention", "multi_head"}


def test_two_pieces_that_are_wrong_together_are_both_left_out(full):
    """Each alone changes no number that is looked at; both do."""
    def one(own):
        return milestones.Seen([], [float(own.softmax(0) and own.merge_heads(0))])

    goal = milestones.Milestone("A pair", ("softmax", "merge_heads"), one, "")
    pair = {name: mine.State(name, lambda *_: 1, True) for name in goal.pieces}
    blank = {name: mine.State(name, lambda *_: 0, False) for name in goal.pieces}
    own = mine.Own(pair)
    milestones._expected.cache_clear()
    course, models.COURSE = models.COURSE, mine.Own(blank)
    real, mine.Own.without = mine.Own.without, lambda self, *names, why: mine.Own(self.states | {name: mine.State(name, blank[name].function, False, why) for name in names})
    try:
        reached = milestones.reach(goal, own)
    finally:
        models.COURSE, mine.Own.without = course, real
        milestones._expected.cache_clear()
    assert all("does not go together with your other pieces" in reached.own.states[name].why for name in goal.pieces) and reached.apart == 0


def test_the_same_names_by_blocks_and_step_by_step(full):
    model, ids = models.names_model(), namer.batch(["martha", "jo"])
    right = namer.logits(model, ids)
    np.testing.assert_allclose(namer.logits(model, ids, mine.for_names(full, tiles=True)), right, atol=1e-12)
    np.testing.assert_allclose(mine.step_by_step(full, ids[0]), right[0], atol=1e-12)
    assert models.same_names(3, mine.for_names(full)) == models.same_names(3, namer.COURSE)
    np.testing.assert_allclose(models.tile_by_tile(full, 4, 2)(*np.random.default_rng(0).normal(size=(3, 2, 7, 5)), None),
                               namer.COURSE.masked_attention(*np.random.default_rng(0).normal(size=(3, 2, 7, 5)), np.tri(7, dtype=bool)), atol=1e-12)  # fmt: skip
    assert mine.for_translator(full).layer_norm is not None and models.number_translator().n_heads == 2
    assert list(models.courses("rotary")) == ["rotary"] and callable(models.look(full))
