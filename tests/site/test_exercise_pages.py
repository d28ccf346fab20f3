"""Every exercise on its page of the built site: gate, hints, solution; and the kill table, made while the book was built."""

from __future__ import annotations

import re

import pytest

from attnlab.exercises import EXERCISES

PAGES = sorted({exercise.page for exercise in EXERCISES.values()})


@pytest.mark.parametrize("page", PAGES)
def test_each_exercise_has_its_anchor_its_hints_and_its_solution(site_folder, page):
    text = (site_folder / f"book/{page}.html").read_text(encoding="utf-8")
    here, plain = [one for one in EXERCISES.values() if one.page == page], re.sub(r"<[^>]+>", "", text)
    for exercise in here:
        label = exercise.id.replace(".", "-").replace("_", "-")
        assert f'id="exercise-{label}"' in text and f'id="solution-{label}"' in text
        assert f"def {exercise.name}_solution" in plain
    assert text.count('class="admonition hint"') == 4 * len(here)


def test_the_kill_table_shows_every_exercise_and_catches_all(site_folder):
    text = (site_folder / "book/reference/exercises.html").read_text(encoding="utf-8")
    count = sum(len(exercise.mutants) for exercise in EXERCISES.values())
    assert text.count('<tr class="row-') == count + len(EXERCISES)
    assert text.count("<p>yes</p>") == 2 * count and "<p>no</p>" not in text
    assert "https://github.com/lucidrains/vit-pytorch/issues/65" in text
