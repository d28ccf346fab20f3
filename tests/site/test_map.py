"""The map of the course: on the landing page and on its own, as a picture and on a phone as a list, filled as far as the reader has come."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from in_browser import phone

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
MAP, MASKS = "book/reference/map.html", "book/self_attention/masks.html"
READ = {"version": 1, "opened": "2026-03-14T09:26:53.589Z", "updated": "2026-03-14T09:26:53.589Z", "read": "2026-03-14T09:26:53.589Z"}


def box(page, chapter: str = MASKS):
    return page.locator(f'.map-box[data-map="{chapter}"]')


def filled(place) -> float:
    return float(place.evaluate("one => getComputedStyle(one).getPropertyValue('--done') || 0"))


def have_read(page, chapter: str = MASKS) -> None:
    page.evaluate("([name, text]) => localStorage.setItem(`attnlab:/:page:${name}`, text)", [chapter, json.dumps(READ)])


@pytest.mark.parametrize("address", ["book/index.html", MAP])
def test_the_picture_stands_where_there_is_room_and_its_boxes_lead_to_their_chapters(page, site_url, address):
    conftest.visit(page, f"{site_url}/{address}")
    assert page.locator(".map-picture").is_visible() and not page.locator(".map-list").is_visible()
    sizes = page.locator(".map-picture text").evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)")
    assert min(sizes) >= 11
    box(page).click()
    page.wait_for_url(f"**/{MASKS}")


def test_what_is_done_fills_a_box_and_is_said(page, site_url):
    conftest.visit(page, f"{site_url}/{MAP}")
    assert filled(box(page)) == 0 and box(page).get_attribute("aria-label") is None
    have_read(page)
    conftest.visit(page, f"{site_url}/{MAP}")
    page.locator(f'.map-box[data-map="{MASKS}"][aria-label]').wait_for()
    assert filled(box(page)) > 0 and "Masks (read" in box(page).get_attribute("aria-label")
    assert page.errors == []


def test_another_tab_fills_it_too(page, site_url):
    conftest.visit(page, f"{site_url}/{MAP}")
    other = page.context.new_page()
    conftest.visit(other, f"{site_url}/search.html")
    have_read(other)
    page.locator(f'.map-box[data-map="{MASKS}"][aria-label]').wait_for()
    other.close()


def test_a_chapter_that_is_pointed_at_says_why_by_mouse_and_by_keyboard(page, site_url):
    conftest.visit(page, f"{site_url}/{MAP}")
    said = page.locator(".map-said")
    assert said.inner_text().startswith("Point at a chapter")
    box(page).hover()
    assert "Masks. 35 minutes. It builds on: Scaled dot-product attention, because" in said.inner_text()
    lit = page.locator("path.map-lit").evaluate_all("all => all.map(({ dataset }) => [dataset.from, dataset.to])")
    assert ["book/self_attention/scaled_dot_product.html", MASKS] in lit and all(MASKS in line for line in lit) and len(lit) >= 3
    page.mouse.move(1, 1)
    assert page.locator("path.map-lit").count() == 0
    box(page, "book/variants/bert.html").focus()
    assert said.inner_text().startswith("BERT")
    page.keyboard.press("Enter")
    page.wait_for_url("**/variants/bert.html")


@pytest.mark.parametrize("address", ["book/index.html", MAP])
def test_a_phone_gets_a_list_part_by_part(browser, site_url, address):
    with phone(browser) as context:
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/{address}")
        have_read(page)
        page.reload()
        assert not page.locator(".map-picture").is_visible()
        part = page.locator(".map-part", has_text="2 Self-attention")
        part.locator("summary").click()
        link = part.locator(f'a[data-map="{MASKS}"]')
        assert link.is_visible() and "read" in link.text_content()
        assert "of 10 chapters done" in part.locator("summary").text_content()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        link.click()
        page.wait_for_url(f"**/{MASKS}")


def test_it_works_without_scripts_and_from_a_folder(browser, site_folder):
    with browser.new_context(java_script_enabled=False, viewport=conftest.DESKTOP) as context:
        page = context.new_page()
        page.goto((site_folder / MAP).as_uri())
        assert page.locator(".map-picture").is_visible() and not page.locator(".map-said").is_visible()
        box(page).click()
        page.wait_for_url("**/masks.html")


def test_reasons_stand_as_text_with_links(shared_page, site_url):
    conftest.visit(shared_page, f"{site_url}/{MAP}")
    item = shared_page.locator(".map-reasons > ul > li", has=shared_page.locator("> p > a", has_text="Masks")).first
    assert "because a mask is one of its six steps" in item.inner_text()
    assert item.locator("li a").first.evaluate("link => link.href").endswith("/book/self_attention/scaled_dot_product.html")


@pytest.mark.parametrize("address", [MAP])
def test_axe_finds_nothing(page, site_url, address, axe_in_both_themes):
    conftest.visit(page, f"{site_url}/{address}")
    assert axe_in_both_themes(page, ".map") == ""
