"""At 360 pixels nothing is cut without a sign: code breaks, wide tables become cards, what still scrolls fades at its edge."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from in_browser import phone

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
PAGES = ["book/self_attention/masks.html", "book/start/notation.html", "book/efficiency/memory_traffic.html", "book/variants/what_changed_since.html"]
WIDE = """() => [...document.querySelectorAll(".bd-article :is(.cell_input pre, .run-edit, .cell_output pre, div.highlight > pre)")]
    .filter((one) => one.checkVisibility() && one.clientWidth && one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML.slice(0, 90))"""
UNSAID = """() => [...document.querySelectorAll(".bd-article :is(.katex-display, .pst-scrollable-table-container, .table-wrapper)")]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
    .filter((one) => getComputedStyle(one).backgroundAttachment !== "local, local, scroll, scroll" || getComputedStyle(one).overflowX !== "auto")
    .map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture
def opened(browser, site_url):
    """`opened(path)` is a page on a phone, everything open and laid out."""
    with phone(browser) as context:
        page = conftest.watch(context, site_url)

        def turn(path: str):
            conftest.visit(page, f"{site_url}/{path}")
            page.add_style_tag(content="* { content-visibility: visible !important }")
            page.evaluate("for (const details of document.querySelectorAll('.bd-article details')) details.open = true")
            return page

        yield turn


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_cut_without_a_sign(opened, path):
    page = opened(path)
    assert page.evaluate(WIDE) == [] and page.evaluate(UNSAID) == []
    tables = page.locator(".bd-article .pst-scrollable-table-container").evaluate_all("all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length")
    assert tables == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_code_has_a_hanging_indent_the_size_of_a_phone_and_the_whole_width(opened):
    page = opened(PAGES[0])
    cell = page.locator(".bd-article section > div.cell.run-cell .run-edit").first
    look = "one => { const { whiteSpace, textIndent, fontSize } = getComputedStyle(one); return [whiteSpace, textIndent, parseFloat(fontSize)]; }"
    space, indent, size = cell.locator("pre").evaluate(look)
    assert space == "pre-wrap" and "hanging each-line" in indent and 11.5 <= size <= 12
    box = page.locator(".bd-article section > div.cell").first.bounding_box()
    assert box["x"] <= 1 and box["width"] >= 358
    cell.locator(".run-area").focus()  # while one types, what is read and what is typed lie on each other line by line
    assert [cell.locator(part).evaluate(look) for part in ("pre", ".run-area")] == [["pre", "0px", size]] * 2


def test_a_wide_table_is_a_list_of_cards_whose_cells_are_named(opened):
    page = opened("book/efficiency/memory_traffic.html")
    cell = page.locator("table.as-cards td[data-column=verdict]").first
    assert cell.evaluate("one => [getComputedStyle(one).display, getComputedStyle(one, '::before').content]") == ["block", '"verdict"']
    widths = page.locator("table.as-cards tr:visible").evaluate_all("all => all.map((one) => one.getBoundingClientRect().right)")
    assert max(widths) <= 346


def test_a_laptop_keeps_its_tables_and_its_lines(shared_page, site_url):
    conftest.visit(shared_page, f"{site_url}/book/efficiency/memory_traffic.html")
    assert shared_page.locator("table.as-cards td").first.evaluate("one => getComputedStyle(one).display") == "table-cell"
    assert shared_page.locator(".bd-article .cell_input pre").first.evaluate("one => getComputedStyle(one).whiteSpace") == "pre"
