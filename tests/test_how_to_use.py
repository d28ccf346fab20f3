"""Routes and plan of "How to use this course": their pages exist, and their times are those of the pages."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
START = ROOT / "book" / "start"
TEXT = (START / "how_to_use.md").read_text(encoding="utf8")
TOC = (ROOT / "_toc.yml").read_text(encoding="utf8")
LINK = re.compile(r"\]\(((?:\.\./)?[\w/]+)\.(?:ipynb|md)\)")
ROUTE = re.compile(r"^### (\w+)\n(.*?)^\| \*\*Together\*\* \| \*\*(\d+)\*\* \|$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| \[.*\]\((\S+)\.\w+\) \| (\d+) \|$", re.MULTILINE)
WEEK = re.compile(r"^(\d)\. \*\*.+?\*\*, ([\d.]+) h\. (.*)$", re.MULTILINE)
PARTS = ("fundamentals", "self_attention", "multi_head", "positions")
ROUTES = {name: (ROW.findall(body), int(total)) for name, body, total in ROUTE.findall(TEXT)}


def page(link: str) -> Path:
    return (START / f"{link}.md").resolve()


def source(link: str) -> str:
    return page(link).read_text(encoding="utf8")


def minutes(link: str) -> int:
    """As the page itself says; ten where it says nothing."""
    return yaml.safe_load(source(link).split("---\n", 2)[1]).get("attnlab", {}).get("minutes", 10)


def work(link: str) -> int:
    """Reading and exercises; a page of problems counts its exercises already."""
    from attnlab.exercises import EXERCISES

    named = set() if link.endswith("/problems") else set(re.findall(r"^% exercise: (\S+)", source(link), re.MULTILINE))
    return minutes(link) + sum(EXERCISES[name].minutes for name in named)


def test_there_are_four_routes_and_eight_weeks():
    assert list(ROUTES) == ["Fast", "Builder", "Vision", "Theory"]
    assert [number for number, _, _ in WEEK.findall(TEXT)] == list("12345678")


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_adds_up_and_takes_its_minutes_from_the_pages(name):
    rows, total = ROUTES[name]
    assert len(rows) >= 5 and total == sum(int(time) for _, time in rows)
    assert {link: int(time) for link, time in rows} == {link: minutes(link) for link, _ in rows}


def test_the_weeks_hold_every_page_of_the_first_four_parts_once_in_order():
    weeks = [link.removeprefix("../") for _, _, pages in WEEK.findall(TEXT) for link in LINK.findall(pages)]
    ordered = re.findall(r"file: book/((?:%s)/\w+)$" % "|".join(PARTS), TOC, re.MULTILINE)
    assert [link for link in weeks if link.split("/")[0] in PARTS] == ordered


@pytest.mark.parametrize(("number", "hours", "pages"), WEEK.findall(TEXT))
def test_a_week_takes_about_the_time_it_says(number, hours, pages):
    assert sum(map(work, LINK.findall(pages))) / 60 == pytest.approx(float(hours), rel=0.2, abs=0.3)


def test_every_page_named_is_in_the_table_of_contents():
    named = {page(link).relative_to(ROOT).with_suffix("").as_posix() for link in LINK.findall(TEXT)}
    assert [name for name in sorted(named) if f"file: {name}\n" not in TOC] == []
