"""Where the reader is and how far they have come: parts, the line under the title, rings, and on to where they were."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
MASKS = "book/self_attention/masks.html"


def parts() -> list[dict]:
    return yaml.safe_load((conftest.ROOT / "_toc.yml").read_text("utf-8"))["parts"]


def way() -> dict[str, dict]:
    return {one["page"]: one for one in json.loads((conftest.SITE / "_static" / "way.json").read_text("utf-8"))}


def test_the_present_part_alone_is_open_and_parts_are_numbered(shared_page, site_url):
    conftest.visit(shared_page, f"{site_url}/{MASKS}")
    boxes = shared_page.locator("#pst-primary-sidebar .way-part")
    assert boxes.count() == len(parts())
    opened = shared_page.locator("#pst-primary-sidebar .way-part[open] > summary > .caption-text").all_inner_texts()
    assert [text.strip().lower() for text in opened] == ["2 self-attention"]
    height = shared_page.locator("#pst-primary-sidebar nav.bd-links").bounding_box()["height"]
    assert height < 780, height


def test_every_page_says_where_it_stands(site_url):
    for part in parts():
        for number, one in enumerate(part["chapters"], 1):
            html = (conftest.SITE / f"{one['file']}.html").read_text("utf-8")
            line = re.search(r'<p class="way-here">(.*?)</p>', html, re.S)[1]
            assert part["caption"] in line and f"chapter {number} of {len(part['chapters'])}" in line, one


def test_the_foot_of_a_part_names_the_next_one():
    html = (conftest.SITE / "book/self_attention/problems.html").read_text("utf-8")
    assert "next: 3 Multi-head attention" in html
    inside = (conftest.SITE / MASKS).read_text("utf-8")
    assert ">next</p>" in inside and ">previous</p>" in inside


def test_what_a_page_holds_is_what_stands_on_it():
    held = way()[MASKS]
    html = (conftest.SITE / MASKS).read_text("utf-8")
    assert len(held["exercises"]) == html.count("tag_exercise-check") >= 3
    assert len(held["cards"]) == len(set(re.findall(r'item-card" data-item="([^"]+)"', html))) >= 8
    assert len(held["quiz"]) >= 4 and not [item for item in held["quiz"] if item in held["cards"]]


def test_progress_is_seen_and_leads_back(page, site_url):
    conftest.visit(page, f"{site_url}/{MASKS}")
    page.evaluate("document.getElementById('how-to-see-a-leak').scrollIntoView()")
    page.wait_for_function("Object.entries(localStorage).some(([key, text]) => key.includes('page:') && text.includes('leak'))")
    exercise = way()[MASKS]["exercises"][0]
    page.evaluate("""id => document.dispatchEvent(new CustomEvent("attnlab:check", { detail: { exercise: id, state: "passed" } }))""", exercise)
    done = page.locator(".way-here .way-done")
    done.wait_for()
    assert f"1 of {len(way()[MASKS]['exercises'])} exercises" in done.inner_text()
    mark = page.locator('#pst-primary-sidebar li.current > a .way-ring')
    assert 0.1 < float(mark.evaluate("ring => getComputedStyle(ring).getPropertyValue('--done')")) < 1
    assert "exercises" in mark.text_content()
    conftest.visit(page, f"{site_url}/book/index.html")
    onward = page.locator(".hero .way-onward a")
    onward.wait_for()
    assert "Masks" in onward.inner_text() and onward.get_attribute("href").endswith("masks.html#how-to-see-a-leak")
    assert page.locator("#pst-primary-sidebar .way-part > summary .way-ring:not([hidden])").count() == 1
    assert page.errors == []


def test_a_page_whose_end_was_seen_is_read(page, site_url):
    conftest.visit(page, f"{site_url}/book/start/notation.html")
    conftest.scroll_to_end(page)
    page.locator(".way-here .way-done").wait_for()
    assert page.locator(".way-here .way-done").inner_text() == "read"


def test_a_first_visit_shows_no_progress(page, site_url):
    conftest.visit(page, f"{site_url}/book/index.html")
    page.wait_for_timeout(300)
    assert page.locator(".way-ring:visible, .way-onward").count() == 0


@pytest.mark.parametrize("width", [360, 1366])
def test_the_line_and_the_header_fit(browser, site_url, width, axe_in_both_themes):
    with browser.new_context(viewport={"width": width, "height": 780}) as context:
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/{MASKS}")
        crumb = page.locator(".way-crumb a")
        assert crumb.is_visible() and crumb.inner_text() == "2 Self-attention"
        box, toggle = crumb.bounding_box(), page.locator(".primary-toggle").bounding_box()
        assert toggle["y"] < box["y"] + box["height"] / 2 < toggle["y"] + toggle["height"] and box["x"] > toggle["x"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe_in_both_themes(page, ".bd-header-article") == "" and axe_in_both_themes(page, ".way-here") == ""


CUT = """() => [...document.querySelectorAll(".way-crumb, .way-crumb a")].some((one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight)"""
LIES_ON = """() => {
    const [name, due, header] = [".way-crumb a", ".bd-header-article .today-link", ".bd-header-article"].map((one) => document.querySelector(one).getBoundingClientRect());
    return name.right > due.left || name.top < header.top || name.bottom > header.bottom;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_name_of_no_part_is_cut_in_the_header_of_a_phone(browser, site_url, theme):
    """Beside a count of three digits the longest names end in three dots, and lie on nothing."""
    with browser.new_context(viewport={"width": 360, "height": 780}, color_scheme=theme) as context:
        page = conftest.watch(context, site_url)
        cut = {count: [] for count in ("", "128")}
        for part in parts():
            page.goto(f"{site_url}/{part['chapters'][0]['file']}.html", wait_until="domcontentloaded")
            for count, found in cut.items():
                page.locator(".bd-header-article .today-count").evaluate("(one, count) => { one.textContent = count }", count)
                found += [part["caption"]] if page.evaluate(CUT) else []
                assert not page.evaluate(LIES_ON), part["caption"]
        assert cut[""] == [] and "Your own model" not in cut["128"] and len(cut["128"]) < 3
        assert page.locator("html").get_attribute("data-theme") == theme and page.locator(".way-crumb a").evaluate("one => getComputedStyle(one).webkitLineClamp") == "3"
