"""The box *In short* on the site: closed, it opens without a script, its listings are coloured and can be copied, and it fits a phone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from in_browser import phone
from in_short import page as source

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
PAGE = "self_attention/masks"
LISTEN = """() => { addEventListener("copy", (event) => { window.copied = event.target.value ?? String(getSelection()); }, true); }"""


@pytest.fixture
def box(page, site_url):
    conftest.visit(page, f"{site_url}/book/{PAGE}.html")
    return page.locator("details.short")


def test_it_is_closed_and_says_what_is_in_it(box):
    assert box.count() == 1 and not box.evaluate("box => box.open")
    assert box.locator("summary").inner_text() == source.TITLE
    box.locator("summary").press("Enter")
    assert box.evaluate("box => box.open") and box.locator("pre").first.is_visible()


def test_its_listings_are_coloured_and_copied_as_they_are(page, box):
    box.locator("summary").click()
    assert box.locator("pre .kn").count() >= 2  # the word import, coloured
    pieces = source.box(PAGE)
    page.evaluate(LISTEN)
    for place, label in enumerate(("NumPy", "PyTorch")):
        box.locator("button.copybtn").nth(place).click()
        page.wait_for_function("window.copied")
        assert page.evaluate("const last = window.copied; delete window.copied; last").strip() == source.listing(pieces, label).strip()
    assert page.external == [] and page.errors == []


def test_it_opens_without_a_script(browser, site_url):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site_url}/book/{PAGE}.html")
        page.locator("details.short > summary").click()
        assert page.locator("details.short pre").first.is_visible()


def test_it_fits_a_phone_and_a_finger(browser, site_url):
    with phone(browser) as context:
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/book/{PAGE}.html")
        box = page.locator("details.short")
        assert box.locator("summary").bounding_box()["height"] >= 44
        box.locator("summary").click()
        wide = box.locator("pre").evaluate_all("all => all.map((one) => one.scrollWidth - one.clientWidth)")
        assert max(wide) <= 1 and page.evaluate("document.documentElement.scrollWidth") <= 360
        button = box.locator("button.copybtn").first.bounding_box()
        assert min(button["width"], button["height"]) >= 44


def test_it_passes_axe_in_both_themes(box, page, axe_in_both_themes):
    box.locator("summary").click()
    assert axe_in_both_themes(page, "details.short") == ""


def test_it_is_open_on_paper(box, page):
    page.emulate_media(media="print")
    assert box.locator("pre").first.evaluate("one => one.getClientRects().length > 0 && one.checkVisibility()")
    assert not box.locator("button.copybtn").first.is_visible()
    page.emulate_media(media="screen")
