"""The ways through the course: their pages are pages of it, in an order that can be read, and what they leave out is said."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import course  # noqa: E402

modes = pytest.importorskip("modes")

PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
TOC = [one["file"].removeprefix("book/") for part in PARTS for one in part["chapters"]]
ALL = {mode.name: mode for mode in modes.modes()}
LED = [mode for mode in ALL.values() if mode.steps]
HOW = (ROOT / "book" / "start" / "how_to_use.md").read_text("utf-8")


def needs(page: str) -> list[str]:
    return [need.removeprefix("book/") for need in course.chapter(ROOT, f"book/{page}", "").before]


@pytest.mark.parametrize("mode", ALL.values(), ids=ALL)
def test_every_page_is_in_the_table_of_contents_once(mode):
    files = [page.partition("#")[0] for page in mode.pages]
    assert [page for page in files if page not in TOC] == [] and len(set(mode.pages)) == len(mode.pages) >= 5


@pytest.mark.parametrize("mode", LED, ids=[mode.name for mode in LED])
def test_a_page_comes_after_those_of_its_way_that_it_needs(mode):
    late = [(page, need) for at, page in enumerate(mode.pages) for need in needs(page) if need in mode.pages[at + 1:]]
    assert late == []


@pytest.mark.parametrize("mode", LED, ids=[mode.name for mode in LED])
def test_what_a_way_leaves_out_is_what_its_pages_need_and_it_does_not_hold(mode):
    found = modes.taken(ROOT, mode)
    assert {(other, page) for other, pages in found.items() for page in pages} == {
        (need, page) for page in mode.pages for need in needs(page) if need not in mode.pages}


def test_what_is_left_out_is_said_in_words():
    route = modes.Route.__new__(modes.Route)
    route.link = lambda page, title: title
    route.state = type("state", (), {"document": type("document", (), {"settings": type("settings", (), {"env": type("env", (), {"srcdir": ROOT})})})})
    said = route.left_out(ALL["fast"])[0]
    assert said.startswith("Not on this route, and taken as known: Notation (for Softmax and temperature, Scaled dot-product attention); ")
    assert all(modes.TITLES[page] in said for page in modes.taken(ROOT, ALL["fast"]))
    assert "as known" in route.left_out(ALL["revision"])[0] and route.left_out(ALL["look"]) == []


def test_revision_leads_to_every_set_of_problems_in_the_order_of_the_course():
    assert list(ALL["revision"].pages) == [page for page in TOC if page.endswith("/problems")]
    for page in ALL["revision"].pages:
        assert {TOC.index(need) < TOC.index(page) for need in needs(page)} <= {True}


def test_the_way_of_a_beginner_is_the_plan_of_eight_weeks():
    plan = HOW[HOW.index("(use-plan)="):HOW.index("Refreshers belong")]
    links = re.findall(r"\]\((?:\.\./)?([\w/]+)\.(?:ipynb|md)\)", plan)
    assert [link if "/" in link else f"start/{link}" for link in links] == list(ALL["new"].pages)


def test_minutes_are_those_of_the_pages():
    masks = modes.step(ROOT, ALL["fast"], "self_attention/masks")
    source = (ROOT / "book" / "self_attention" / "masks.md").read_text("utf-8")
    assert masks.minutes == int(re.search(r"minutes: (\d+)", source)[1]) and masks.exercises > 20
    assert modes.step(ROOT, ALL["revision"], "self_attention/problems").exercises == 0  # they are its minutes
    assert modes.step(ROOT, ALL["new"], "start/notation").minutes == modes.UNSAID


@pytest.mark.parametrize("minutes, said", [(295, "5 h"), (275, "4½ h"), (20, "½ h"), (61, "1 h")])
def test_hours_are_told_in_halves(minutes, said):
    assert modes.hours(minutes) == said


def test_every_way_has_its_section_under_its_own_title_on_the_page_on_use():
    sections = re.findall(r"^\(mode-(\w+)\)=\n### (.+)\n\n```\{route\} (\w+)$", HOW, re.M)
    assert sections == [(mode.name, mode.title, mode.name) for mode in ALL.values()]
    assert "{mode-cards}" in HOW and "{mode-cards}" in (ROOT / "book" / "index.md").read_text("utf-8")


def test_what_the_scripts_are_told_has_an_address_for_every_page():
    told = modes.told(ROOT)
    assert [one["name"] for one in told] == list(ALL)
    pages = {page["page"] for one in told for page in one["pages"]}
    assert "book/start/notation.html#masks-in-other-libraries" in pages and all(page.startswith("book/") and ".html" in page for page in pages)
