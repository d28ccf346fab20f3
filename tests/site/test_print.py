"""Paper: the styles as a browser computes them for print, from both themes, at the width of a sheet and of a phone's."""
from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
PAGES = ["book/self_attention/scaled_dot_product.html", "book/efficiency/blocked_kernel.html", "book/efficiency/on_a_gpu.html",
         "book/start/prerequisites.html", "book/reference/claims.html", "book/index.html"]
SHEET, HALF = 673, 420  # CSS pixels between the margins of A4, and of A5
# Contrast of every visible piece of text against the backgrounds behind it: the worst below 4.5, with its words.
FAINT = """() => {
    const numbers = (colour) => colour.startsWith("color(") ? colour.match(/-?[\\d.]+/g).slice(0, 3).map((part) => part * 255)
        .concat(Number(colour.match(/\\/ ([\\d.]+)/)?.[1] ?? 1)) : (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    const light = (rgb) => rgb.slice(0, 3).map((part) => part / 255).map((c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)); };
    const known = new Map(), behind = (element) => {
        if (!element) return [255, 255, 255];
        if (!known.has(element)) known.set(element, over(numbers(getComputedStyle(element).backgroundColor), behind(element.parentElement)));
        return known.get(element);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
        const ground = behind(element), ink = over(numbers(getComputedStyle(element).color), ground);
        const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x), contrast = (a + .05) / (b + .05);
        if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${element.className} ${texts.currentNode.data.trim().slice(0, 30)}`);
    }
    return [...new Set(found)].slice(0, 8);
}"""
DARK_GROUND = """() => [...document.querySelectorAll("html, body, main, .bd-article, .bd-article *")]
    .filter((e) => e.checkVisibility() && !e.closest("svg") && e.textContent.trim())
    .filter((e) => {
        const colour = getComputedStyle(e).backgroundColor, c = colour.match(/-?[\\d.]+/g).map(Number);
        return (c[3] ?? 1) > .5 && Math.max(...c.slice(0, 3)) < (colour.startsWith("color(") ? .55 : 140);
    }).map((e) => e.outerHTML.slice(0, 80)).slice(0, 5)"""
CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, table, figure, img, .katex-display, .output)")]
    .filter((box) => box.checkVisibility() && (box.getBoundingClientRect().right > innerWidth + 1
        || (box.scrollWidth > box.clientWidth + 1 && box.clientWidth && getComputedStyle(box).overflowX !== "visible")
        || (box.matches(".katex-display") && Math.max(...[...box.querySelectorAll(".base")].map((e) => e.getBoundingClientRect().right)) > innerWidth + 1)
        || (box.scrollHeight > box.clientHeight + 2 && box.matches("pre, .output") && getComputedStyle(box).overflowY !== "visible")))
    .map((box) => box.outerHTML.slice(0, 90)).slice(0, 5)"""
PRESSED = """() => [...document.querySelectorAll("button, input, select, textarea, progress, nav, .run-bar, .page-notice")]
    .filter((box) => box.checkVisibility()).map((box) => box.outerHTML.slice(0, 90)).slice(0, 5)"""
HIDDEN = """() => [...document.querySelectorAll(".bd-article details > :not(summary)")]
    .filter((box) => !box.closest("details:is(.depth, .claim-code):not([open])"))
    .filter((box) => !box.closest(".deck, .play, .foot, template, .hint, .solution, .tag_exercise-use, .tag_exercise-check") && box.getClientRects().length === 0 && box.textContent.trim() && getComputedStyle(box).display !== "none")
    .map((box) => box.outerHTML.slice(0, 90)).slice(0, 5)"""


@pytest.fixture(params=["light", "dark"])
def paper(request, browser, site_url):
    """`paper(path, width)` opens a page in this theme and turns to print; the theme is named both ways."""
    with browser.new_context(color_scheme=request.param, viewport={"width": 1366, "height": 900}) as context:
        context.add_init_script(f"localStorage.setItem('theme', '{request.param}'); localStorage.setItem('mode', '{request.param}')")
        page = conftest.watch(context, site_url)

        def turn(path: str, width: int):
            page.goto(f"{site_url}/{path}")
            page.wait_for_function("document.fonts.status === 'loaded'")
            assert page.evaluate("document.documentElement.dataset.theme") == request.param
            page.emulate_media(media="print", color_scheme=request.param)
            page.set_viewport_size({"width": width, "height": 1000})
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            return page

        yield turn


@pytest.mark.parametrize("path", PAGES)
def test_a_sheet_is_light_whole_and_without_controls(paper, path):
    page = paper(path, SHEET)
    found = {"faint": page.evaluate(FAINT), "dark": page.evaluate(DARK_GROUND), "cut": page.evaluate(CUT),
             "pressed": page.evaluate(PRESSED), "hidden": page.evaluate(HIDDEN)}
    assert found == {"faint": [], "dark": [], "cut": [], "pressed": [], "hidden": []}
    page.set_viewport_size({"width": HALF, "height": 1000})
    assert page.evaluate(CUT) == []


def test_a_screen_keeps_its_dark_theme(browser, site_url):
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{site_url}/{PAGES[0]}")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)")
        assert max(ground) < 60


SHORT = ["book/start/why_transformers.html", "book/self_attention/masks.html", "book/fundamentals/softmax_temperature.html"]
SHEETS = 20  # of A4, for the core of a chapter


@pytest.mark.parametrize("path", SHORT)
def test_a_chapter_prints_on_few_sheets(paper, path):
    page = paper(path, SHEET)
    count = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert 3 <= count <= SHEETS


def test_hints_and_solutions_are_printed_where_the_reader_opened_them(paper):
    page = paper("book/self_attention/masks.html", SHEET)
    assert page.locator("details.hint, details.solution").count() > 10
    assert page.locator("details.hint:visible, details.solution:visible").count() == 0
    page.evaluate("document.querySelector('details.solution').open = true")
    opened = page.locator("details.solution:visible")
    assert opened.count() == 1 and opened.locator(".cell").first.is_visible()
    assert page.locator("details.answer").first.locator("> :not(summary)").first.is_visible()  # that of a question is whole


def test_code_breaks_with_a_hanging_indent_and_headings_stay_with_their_text(paper):
    page = paper("book/self_attention/masks.html", SHEET)
    styles = page.evaluate("""() => [...document.querySelectorAll(".bd-article .cell_input pre")].filter((one) => one.checkVisibility())
        .map((one) => getComputedStyle(one)).map(({ whiteSpace, textIndent, fontSize }) => [whiteSpace, textIndent, parseFloat(fontSize)])""")
    assert styles and all(space == "pre-wrap" and "hanging" in indent and "each-line" in indent and size >= 9.5 for space, indent, size in styles)
    assert set(page.locator(".bd-article :is(h2, h3)").evaluate_all("all => all.map((one) => getComputedStyle(one).breakAfter)")) == {"avoid"}
    boxes = page.locator(".bd-article .admonition:visible").evaluate_all("all => all.map((one) => getComputedStyle(one).boxDecorationBreak || getComputedStyle(one).webkitBoxDecorationBreak)")
    assert set(boxes) == {"clone"}  # one that goes on overleaf is closed at the foot and opened again
