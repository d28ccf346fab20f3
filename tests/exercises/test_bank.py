"""The gates every exercise has to pass before a learner meets it."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

from attnlab.exercises import EXERCISES, MISCONCEPTIONS, cells, diagnose, hint, solution, solved
from attnlab.exercises import _verdict as verdict
from attnlab.exercises._exercise import LEVELS, body_of
from attnlab.exercises._judge import known
from attnlab.exercises._outcome import alike, call, group

IDS = sorted(EXERCISES)
MUTANTS = [(exercise_id, name) for exercise_id in IDS for name in EXERCISES[exercise_id].mutants]
every_exercise = pytest.mark.parametrize("exercise_id", IDS)
every_mutant = pytest.mark.parametrize(("exercise_id", "name"), MUTANTS)
pytestmark = pytest.mark.usefixtures("as_readers_run_it")


def test_every_page_that_teaches_has_exercises_enough():
    """An overview, and a page around one explorable, ask quiz questions, whose wrong choices are misconceptions, and have no exercises."""
    taught = {mistake.page for mistake in MISCONCEPTIONS.values() if not mistake.page.endswith(("/overview", "/live"))}
    pages = taught | {e.page for e in EXERCISES.values()}
    assert min(sum(e.page == page for e in EXERCISES.values()) for page in pages) >= 3 and len(MUTANTS) >= 80


@every_exercise
def test_reference_and_solution_pass(exercise_id):
    exercise = EXERCISES[exercise_id]
    for function in (exercise.reference, exercise.solution):
        found = diagnose(exercise_id, function)
        assert found.passed and found.attempted and found.mistake is None
        assert found.text.startswith("passed\nVerified: ")


@every_exercise
def test_reference_and_solution_give_a_value_on_every_probe(exercise_id):
    """A reference that raises makes every answer right that raises there, too."""
    exercise = EXERCISES[exercise_id]
    for function in (exercise.reference, exercise.solution):
        with np.errstate(all="ignore"):
            outcomes = [call(exercise, function, probe.arguments) for probe in exercise.probes]
        assert [(probe.name, out.detail) for probe, out in zip(exercise.probes, outcomes) if out.kind != "value"] == []


@every_mutant
def test_mutant_is_rejected_and_named_in_words_without_code_address_or_long_number(exercise_id, name):
    exercise = EXERCISES[exercise_id]
    found = diagnose(exercise_id, exercise.mutants[name])
    assert found.attempted and not found.passed
    assert found.mistake == exercise.same_as.get(name, name)
    mistake = MISCONCEPTIONS[found.mistake]
    flat = " ".join(found.text.split())
    assert flat.startswith(f"not yet: {mistake.what} Evidence") and mistake.tempting in flat
    assert flat.endswith(mistake.read)
    assert not re.search(r"\d\.\d{4}", found.text) and "0x" not in found.text
    assert max(map(len, found.text.splitlines())) <= 88
    for line in body_of(exercise.solution):
        assert line.strip() not in found.text
    assert not re.search(r"np\.|return |def |lambda|\.mT|keepdims", found.text)


@every_exercise
def test_a_check_says_the_same_twice(exercise_id):
    mutant = next(iter(EXERCISES[exercise_id].mutants.values()))
    assert diagnose(exercise_id, mutant).text == diagnose(exercise_id, mutant).text


@every_mutant
def test_named_mutant_fails_a_property_or_differs_far_beyond_rounding(exercise_id, name):
    right, wrong = known(exercise_id)
    gaps = [_gap(a, b) for mine, its in zip(wrong[name], right) for a, b in _pairs(mine, its)]
    assert max(gaps) > 0.01


def _pairs(mine, its):
    """The parts of two outcomes, or a pair that differs utterly where one of them raised."""
    return list(zip(mine.parts, its.parts)) if mine.kind == its.kind == "value" else [(np.array(0.0), np.array(9.0))]


def _gap(a, b):
    if a.shape != b.shape or group(a) != group(b):
        return np.inf
    if group(a) != "numbers":
        return float(not np.array_equal(a, b))
    with np.errstate(invalid="ignore"):  # equal infinities are equal
        gap = np.where(a == b, 0.0, np.abs(np.subtract(a, b)))
    return float(np.max(np.where(np.isnan(gap), np.inf, gap), initial=0.0))


@every_exercise
def test_different_mutants_are_told_apart(exercise_id):
    exercise, (_, wrong) = EXERCISES[exercise_id], known(exercise_id)
    names = [name for name in wrong if name not in exercise.same_as]
    for i, one in enumerate(names):
        for other in names[i + 1:]:
            gaps = [_gap(a, b) for x, y in zip(wrong[one], wrong[other]) for a, b in _pairs(x, y)
                    if x.kind == y.kind == "value" or x.kind != y.kind]
            assert max(gaps) > 0.01, (one, other)


@every_exercise
def test_properties_hold_for_the_reference_and_kill_every_mutant_of_an_open_task(exercise_id):
    exercise = EXERCISES[exercise_id]
    assert len(exercise.properties) >= 2

    def fails(function):
        def ask(*arguments):
            out = function(*arguments)
            return out if isinstance(out, tuple) else np.asarray(out)
        return [prop.name for prop in exercise.properties if _test(prop, ask)]

    assert fails(exercise.reference) == []
    if exercise.judged_by == "properties":
        assert all(fails(mutant) for mutant in exercise.mutants.values())


def _test(prop, ask):
    try:
        return prop.test(ask)
    except Exception as error:
        return str(error) or "raised"


@every_exercise
def test_it_is_complete(exercise_id):
    exercise = EXERCISES[exercise_id]
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", exercise_id) and exercise.id == exercise_id
    assert exercise.level in LEVELS and 5 <= exercise.minutes <= 30 and exercise.difficulty in (1, 2, 3)
    assert len(exercise.hints) == 3 and len(exercise.mutants) >= 6 and exercise.statement and exercise.why
    assert "most common mistakes" in exercise.why and "**Cost.**" in exercise.why
    assert list(inspect.signature(exercise.reference).parameters) == _slot_parameters(exercise)
    assert list(inspect.signature(exercise.solution).parameters) == _slot_parameters(exercise)
    assert exercise.solution.__name__ == f"{exercise.name}_solution"


def _slot_parameters(exercise):
    space = {}
    exec("import numpy as np\n" + exercise.slot, space)
    return list(inspect.signature(space[exercise.name]).parameters)


@every_exercise
def test_an_empty_slot_is_not_attempted_and_leaks_nothing(exercise_id):
    exercise, space = EXERCISES[exercise_id], {}
    exec("\n".join(exercise.imports) + "\n" + exercise.slot, space)
    found = diagnose(exercise_id, space[exercise.name])
    assert (found.attempted, found.passed, found.mistake, found.text) == (False, False, None, "not attempted yet")
    assert "# YOUR CODE HERE" in exercise.slot and '"""' in exercise.slot
    for line in body_of(exercise.solution):
        assert line.strip() not in exercise.slot


@every_exercise
def test_solved_slot_runs_alone_and_passes(exercise_id):
    space = {}
    exec(solved(exercise_id), space)
    assert diagnose(exercise_id, space[EXERCISES[exercise_id].name]).passed


@every_exercise
def test_notebook_cells(exercise_id):
    exercise, made = EXERCISES[exercise_id], cells(exercise_id)
    code = [cell for cell in made if cell["type"] == "code"]
    assert [cell["tags"] for cell in code] == [
        ["exercise-slot"], ["exercise-check"], ["exercise-solution"], ["exercise-solution"], ["exercise-use"]]
    assert all(cell["source"].count("\n") < 12 for cell in code), "cells have at most 12 lines"
    assert code[2]["source"] == solution(exercise_id), "the page shows the package's own solution"
    text = "\n".join(cell["source"] for cell in made if cell["type"] == "markdown")
    for gate in ("exercise-start", "exercise-end", "solution-start", "solution-end"):
        assert text.count(f"{{{gate}}}") == 1
    assert f" · {exercise.level.capitalize()} · {exercise.minutes} minutes" in text
    opened, closed = (len(re.findall(box, text, re.MULTILINE)) for box in (r"^:::\{", r"^:::$"))
    assert text.count(":class: hint dropdown") == 4 and opened == closed == 5, "hints, and what is said of the solution"
    assert "_solution(" not in text and not re.search(r"\b_[a-z]\w*\(", text), "no private helper is shown"


@every_exercise
def test_last_hint_holds_the_solution_and_lines_of_real_mistakes(exercise_id):
    exercise = EXERCISES[exercise_id]
    lines = re.search(r"```python\n(.*?)\n```", hint(exercise_id, 4), re.S).group(1).splitlines()
    right = body_of(exercise.solution)
    wrong = {line for name in exercise.parsons for line in body_of(exercise.mutants[name])} - set(right)
    assert sorted(lines) == sorted([*right, *wrong]) and wrong
    assert [line for line in lines if line in right] != right, "the order must not be given away"


def test_every_mutant_has_its_misconception():
    used = {name for e in EXERCISES.values() for name in e.mutants if name not in e.same_as}
    assert used <= set(MISCONCEPTIONS)


def test_aliases_point_to_mutants_of_the_same_exercise():
    for exercise in EXERCISES.values():
        for name, other in exercise.same_as.items():
            assert name in exercise.mutants and other in exercise.mutants and other not in exercise.same_as


@every_exercise
def test_an_impostor_is_rejected_and_given_no_name(exercise_id):
    exercise = EXERCISES[exercise_id]
    for name, function in exercise.impostors.items():
        found = diagnose(exercise_id, function)
        assert not found.passed and found.mistake is None, (name, found.text)


def test_where_only_a_pattern_of_answers_is_seen_there_are_impostors():
    patterns = {name for name, exercise in EXERCISES.items()
                if exercise.returns != "numbers" and all(part.size == 1 for outcome in known(name)[0] for part in outcome.parts)}
    assert patterns == {name for name in patterns if EXERCISES[name].impostors} and len(patterns) >= 5


def _single(x):
    return x.astype(np.float32) if x.dtype.kind == "f" else x


def _whole(x):
    return x.astype(int) if x.dtype.kind == "f" and np.isfinite(x).all() and (x == np.rint(x)).all() else x


STYLES = {"single precision": _single, "lists": lambda x: x.tolist(), "whole numbers where they are": _whole,
          "objects": lambda x: x.astype(object), "column by column": lambda x: x.copy(order="F")}


@every_exercise
def test_the_right_answer_passes_in_every_style(exercise_id):
    """Values and every property are judged with one tolerance."""
    exercise = EXERCISES[exercise_id]
    if exercise.returns == "labels":
        return
    for style, convert in STYLES.items():
        def answer(*arguments, convert=convert):
            out = exercise.reference(*arguments)
            several = [convert(np.asarray(part)) for part in (out if len(exercise.parts) > 1 else [out])]
            return tuple(several) if len(exercise.parts) > 1 else several[0]
        found = diagnose(exercise_id, answer)
        assert found.passed, (style, found.text)


def test_a_mistake_is_named_only_where_it_is_the_one_that_fits():
    exercise = EXERCISES["self_attention.judge_attention"]
    right, mutants = known(exercise.id)
    one, other = (name for name in list(mutants)[:2])
    assert verdict._match(exercise, mutants[one], right, mutants) == one
    assert verdict._match(exercise, mutants[one], right, {**mutants, other: mutants[one]}) is None


def test_the_score_of_the_judge_counts_every_mutant():
    from attnlab.exercises.__main__ import score

    exercise = EXERCISES["self_attention.softmax"]
    assert score(exercise) == (1, len(exercise.mutants), 0, len(exercise.mutants))


ATTENTION_LIKE = ["self_attention.scaled_dot_product", "self_attention.masked_attention", "self_attention.self_attention"]


@pytest.mark.parametrize("exercise_id", ATTENTION_LIKE)
def test_probes_have_unequal_sizes_a_square_case_and_scores_of_order_one(exercise_id):
    exercise = EXERCISES[exercise_id]
    if exercise_id == "self_attention.self_attention":
        sizes = [(*x.shape[-2:], d_k, w.shape[1] - 2 * d_k) for x, w, d_k in (probe.arguments for probe in exercise.probes)]
        assert any(len({*size}) == 4 for size in sizes) and any(len({*size}) == 1 for size in sizes)
        return
    shapes = [[a.shape[-2:] for a in probe.arguments[:3]] for probe in exercise.probes]
    assert any(q[0] != k[0] and q[1] != v[1] for q, k, v in shapes)
    assert any(q == k == v for q, k, v in shapes)
    q, k = exercise.probes[0].arguments[:2]
    scores = q @ k.T / np.sqrt(q.shape[-1])
    assert 0.5 < scores.std() < 2
    assert any(np.abs(p.arguments[0]).max() > 10 for p in exercise.probes), "one case of large scores"


def test_masked_probes_hold_a_dead_row_and_the_short_text_first():
    masks = [probe.arguments[3] for probe in EXERCISES["self_attention.masked_attention"].probes]
    assert any((~mask.any(axis=-1)).any() and mask.any() for mask in masks)
    batch = next(mask for mask in masks if mask.ndim == 3)
    assert batch[0].sum() < batch[1].sum()
    lengths = [probe.arguments[0] for probe in EXERCISES["self_attention.padding_mask"].probes]
    assert all(several[0] < several.max() for several in lengths if len(several) > 1), "a shorter text comes first"


def test_agreement_is_not_fooled():
    assert alike(np.array([1.0, np.nan]), np.array([1.0, np.nan])) and not alike(np.array([1.0]), np.array([np.nan]))
    assert not alike(np.array([1.0]), np.array([True])) and not alike(np.zeros((1, 3)), np.zeros(3))
