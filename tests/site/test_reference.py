"""Pages that are looked up: the filter leaves what holds every word, and the timeline is drawn where there is room."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
SHOWN = "section.reference-entry:visible"


def test_the_filter_leaves_what_holds_every_word_and_hides_empty_groups(page, site_url):
    conftest.visit(page, f"{site_url}/book/reference/symptoms.html")
    field, said = page.get_by_label("Filter the symptoms"), page.locator(".look-up output")
    every = page.locator(SHOWN).count()
    assert every >= 100 and said.inner_text() == ""
    field.fill("NaN 300")
    assert page.locator(SHOWN).count() == 1 and page.locator("#symptom-nan-after-300-steps").is_visible()
    assert said.inner_text() == f"1 of {every}" and page.locator("#symptom-group-heads").is_hidden()
    field.fill("no such thing at all")
    assert page.locator(SHOWN).count() == 0 and page.get_by_role("heading", name="By symptom").is_visible()
    field.fill("")
    assert page.locator(SHOWN).count() == every and page.errors == []


def test_the_timeline_is_drawn_where_there_is_room_and_its_steps_are_links(page, site_url):
    conftest.visit(page, f"{site_url}/book/reference/timeline.html")
    drawn = page.locator("svg.timeline")
    assert drawn.is_visible()
    drawn.get_by_text("Additive attention").click()
    assert page.url.endswith("#step-bahdanau-2014") and page.locator("#step-bahdanau-2014").is_visible()
    page.set_viewport_size({"width": 360, "height": 740})
    assert drawn.is_hidden()
