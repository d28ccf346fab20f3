"""Drawings as a browser shows them: the layout that fits, nothing cut, type that can be read, contrast, links."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from attnlab import diagrams
from attnlab.diagrams._drawing import _depth
from attnlab.diagrams._shapes import Box, Group, Label, Matrix
from attnlab.diagrams._words import BODY, width

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
SIZES = {"phone": ({"width": 360, "height": 780}, "narrow"), "desktop": ({"width": 1366, "height": 900}, "wide")}
LEAST = 12  # CSS pixels
# Of each drawing: the layouts that are shown, what of it is wider than its column or leaves the drawing, its smallest type, its
# worst contrast: of a text against the smallest filled box, or cell, round its middle.
LOOK = """() => [...document.querySelectorAll(".dg")].filter((box) => box.checkVisibility()).map((box) => {
    const numbers = (colour) => colour.startsWith("color(") ? colour.match(/-?[\\d.]+(?:e-?\\d+)?/g).slice(0, 3).map((part) => part * 255)
        : colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = (rgb) => rgb.map((part) => part / 255).map((c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const inside = (a, b, slack) => a.left >= b.left - slack && a.right <= b.right + slack && a.top >= b.top - slack && a.bottom <= b.bottom + slack;
    const shown = [...box.querySelectorAll("svg")].filter((svg) => svg.checkVisibility() && svg.getBoundingClientRect().width > 0);
    const svg = shown[0], edge = svg.getBoundingClientRect(), scale = edge.width / svg.viewBox.baseVal.width;
    const texts = [...svg.querySelectorAll("text")], fills = [...svg.querySelectorAll("rect, path:not(.a, .h, .grid)")];
    const page = getComputedStyle(document.body).backgroundColor;
    const ground = (text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect(), x = (left + right) / 2, y = (top + bottom) / 2;
        const round = fills.filter((fill) => getComputedStyle(fill).fill !== "none").map((fill) => [fill, fill.getBoundingClientRect()])
            .filter(([, r]) => r.left <= x && x <= r.right && r.top <= y && y <= r.bottom).sort(([, a], [, b]) => a.width * a.height - b.width * b.height);
        return round.length ? getComputedStyle(round[0][0]).fill : page;
    };
    const contrast = (text) => {
        const [a, b] = [light(numbers(getComputedStyle(text).fill)), light(numbers(ground(text)))].sort((x, y) => y - x);
        return (a + .05) / (b + .05);
    };
    const pieces = texts.flatMap((text) => [text, ...text.querySelectorAll("tspan")]);
    return {
        name: box.dataset.diagram, layouts: shown.map((one) => one.classList.value), scale,
        wide: edge.right > box.parentElement.getBoundingClientRect().right + .5 || edge.right > innerWidth,
        cut: [...texts, ...fills].filter((part) => !inside(part.getBoundingClientRect(), edge, 1)).map((part) => part.outerHTML.slice(0, 80)),
        type: Math.min(...pieces.map((piece) => parseFloat(getComputedStyle(piece).fontSize) * scale)),
        contrast: Math.min(...texts.map(contrast)), texts: texts.length,
    };
})"""
LINKS = """() => [...document.querySelectorAll(".dg a")].map((link) => [link.dataset.page, link.getAttribute("href")])"""


def with_drawings() -> list[str]:
    if not conftest.SITE.is_dir():
        return []
    return [page for page in conftest.pages() if 'class="dg"' in (conftest.SITE / page).read_text("utf-8")]


def test_pages_show_drawings(site_folder):
    assert {"book/index.html", "book/positions/overview.html", "book/self_attention/scaled_dot_product.html"} <= set(
        with_drawings()
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", with_drawings())
def test_a_drawing_fits_and_can_be_read(shared_page, site_url, path, size, theme):
    viewport, layout = SIZES[size]
    if shared_page.url != f"{site_url}/{path}":  # the four tests of a page come one after the other
        conftest.visit(shared_page, f"{site_url}/{path}")
    shared_page.set_viewport_size(viewport)
    shared_page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    found = shared_page.evaluate(LOOK)
    assert found
    for one in found:
        assert one["layouts"] == [layout] and not one["wide"] and one["cut"] == [], one
        assert one["scale"] >= 0.999 and one["type"] >= LEAST and one["contrast"] >= 4.5 and one["texts"] >= 5, one


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_paper_a_drawing_is_black_on_white(shared_page, site_url, theme):
    """Between the margins of A4, whatever the screen shows."""
    shared_page.set_viewport_size({"width": 673, "height": 900})
    for path in ("book/index.html", "book/self_attention/scaled_dot_product.html"):
        conftest.visit(shared_page, f"{site_url}/{path}")
        shared_page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        shared_page.emulate_media(media="print")
        inks = shared_page.evaluate(
            """() => [...document.querySelectorAll(".dg .wide text")].map((text) => getComputedStyle(text).fill)"""
        )
        (first, *_) = shared_page.evaluate(LOOK)
        assert inks.count("rgb(0, 0, 0)") > len(inks) / 3 and first["layouts"] == ["wide"]
        assert first["contrast"] >= 4.5 and not first["wide"] and first["cut"] == []
        assert shared_page.evaluate("""getComputedStyle(document.querySelector(".dg .f-plain")).fill""").startswith(
            "color(srgb 0.9"
        )


def test_links_of_the_map_lead_to_their_pages(shared_page, site_url):
    for path in ("book/index.html", "book/positions/overview.html"):
        conftest.visit(shared_page, f"{site_url}/{path}")
        links = shared_page.evaluate(LINKS)
        assert len(links) >= 6
        for page, address in links:
            shared_page.goto(f"{site_url}/{path}")
            arrived = shared_page.evaluate("address => new URL(address, location).pathname", address)
            assert arrived == f"/{page.partition('#')[0]}.html"


def lines(shapes) -> list[tuple[str, float]]:
    """The lines of a layout in the order in which they are drawn, with the type size of their shape."""
    found = []
    for shape in sorted(shapes, key=_depth):
        if isinstance(shape, Box):
            found += [(line, shape.size) for line in shape.lines]
        elif isinstance(shape, Label):
            found.append((shape.line, shape.size))
        elif isinstance(shape, Group) and shape.title:
            found.append((f"# {shape.title}", BODY))
        elif isinstance(shape, Matrix):
            found += [(word, BODY) for row in shape.words for word in row if word]
    return found


@pytest.mark.parametrize("name", diagrams.__all__)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("font", ["Figtree", "system-ui", "DejaVu Sans"])
def test_no_line_is_wider_than_was_reckoned(shared_page, site_url, name, size, font):
    """In the site's type, and in what a machine without it has."""
    viewport, layout = SIZES[size]
    drawing = getattr(diagrams, name)()
    shared_page.set_viewport_size(viewport)
    if "/search.html" not in shared_page.url:
        conftest.visit(shared_page, f"{site_url}/search.html")
    shared_page.evaluate(
        """([html, font]) => {
            document.body.innerHTML = html;
            document.body.style.setProperty("--sans", `"${font}"`);
            return document.fonts.load(`15px "${font}"`).then(() => document.fonts.load(`650 15px "${font}"`));
        }""",
        [drawing._repr_html_(), font],
    )
    measured = shared_page.evaluate(
        f'[...document.querySelectorAll("svg.{layout} text")].map((text) => text.getComputedTextLength())'
    )
    reckoned = lines(getattr(drawing, layout))
    assert len(measured) == len(reckoned) > 3
    slack = 1.06 if font == "DejaVu Sans" else 1.0  # its bold is wider than any other face's: room is left round every line
    assert [(line, long) for (line, point), long in zip(reckoned, measured) if long > width(line, point) * slack + 0.5] == []
