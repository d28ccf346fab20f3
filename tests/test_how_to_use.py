"""The plan of "How to use this course": its pages exist, and its times are those of the pages. Its routes: test_modes.py."""

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
WEEK = re.compile(r"^(\d)\. \*\*.+?\*\*, ([\d.]+) h\. (.*)$", re.MULTILINE)
PARTS = ("fundamentals", "self_attention", "multi_head", "positions")
OPTIONAL = re.compile(r"start/(refresher_\w+|how_to_use)")


def page(link: str) -> Path:
    return (START / f"{link}.md").resolve()


def source(link: str) -> str:
    return page(link).read_text(encoding="utf8")


def minutes(link: str) -> int:
    """As the page itself says; ten where it says nothing."""
    return yaml.safe_load(source(link).split("---\n", 2)[1]).get("attnlab", {}).get("minutes", 10)


def exercises(link: str) -> int:
    """The minutes of its exercises; a page of problems counts them as its own."""
    from attnlab.exercises import EXERCISES

    named = set() if link.endswith("/problems") else set(re.findall(r"^% exercise: (\S+)", source(link), re.MULTILINE))
    return sum(EXERCISES[name].minutes for name in named)


def work(link: str) -> int:
    return minutes(link) + exercises(link)


def test_there_are_eight_weeks():
    assert [number for number, _, _ in WEEK.findall(TEXT)] == list("12345678")


def test_the_weeks_hold_every_page_of_start_and_of_the_first_four_parts_once_in_order():
    links = [link for _, _, pages in WEEK.findall(TEXT) for link in LINK.findall(pages)]
    weeks = [link.removeprefix("../") if "/" in link else f"start/{link}" for link in links]
    ordered = re.findall(r"file: book/((?:start|%s)/\w+)$" % "|".join(PARTS), TOC, re.MULTILINE)
    expected = [page for page in ordered if not OPTIONAL.fullmatch(page)]
    assert [link for link in weeks if link.split("/")[0] in (*PARTS, "start")] == expected


def test_the_road_of_start_is_the_order_of_the_pages():
    """From the landing page on, each page of the road is the next one in the table of contents."""
    road = """why_transformers what_is_a_transformer prerequisites tokens_and_embeddings what_training_is pytorch_in_ten_minutes""".split()
    assert re.findall(r"file: book/start/(\w+)$", TOC, re.MULTILINE)[: len(road)] == road
    first = re.search(r"\]\(start/(\w+)\.ipynb\)", (ROOT / "book" / "index.md").read_text(encoding="utf8"))
    assert first[1] == road[0]


@pytest.mark.parametrize(("number", "hours", "pages"), WEEK.findall(TEXT))
def test_a_week_takes_about_the_time_it_says(number, hours, pages):
    assert sum(map(work, LINK.findall(pages))) / 60 == pytest.approx(float(hours), rel=0.2, abs=0.3)


def test_every_page_named_is_in_the_table_of_contents():
    named = {page(link).relative_to(ROOT).with_suffix("").as_posix() for link in LINK.findall(TEXT)}
    assert [name for name in sorted(named) if f"file: {name}\n" not in TOC] == []
