"""What every page of the site owes its reader, whatever it is about."""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import linkcheck  # noqa: E402

BUDGET = 350_000  # bytes over the wire, figures not counted
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
COLOURS = ["color-contrast", "link-in-text-block"]
# Mark the first text of each look: its colour, size and weight, and the backgrounds and opacities it stands before.
MARK_LOOKS = """() => {
    const styles = new Map(), seen = new Set();
    const behind = (element) => {
        if (!element) return "";
        if (!styles.has(element)) {
            const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(element);
            const own = `${backgroundColor} ${backgroundImage} ${opacity} ${position}`;
            const clear = own === "rgba(0, 0, 0, 0) none 1 static";
            styles.set(element, clear ? behind(element.parentElement) : `${own} < ${behind(element.parentElement)}`);
        }
        return styles.get(element);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
        const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(element);
        const around = element.tagName === "A" ? getComputedStyle(element.parentElement).color : "";
        const look = [color, fontSize, fontWeight, textDecorationLine, around, behind(element)].join(" | ");
        if (!seen.has(look)) element.setAttribute("data-look", "");
        seen.add(look);
    }
    return seen.size;
}"""
# Take away whatever neither is marked nor holds or lies in something marked: axe then has little to walk through.
KEEP_LOOKS = """() => {
    const kept = new Set();
    for (const marked of document.querySelectorAll("[data-look]")) {
        for (let e = marked; e && !kept.has(e); e = e.parentElement) kept.add(e);
        for (const inside of marked.querySelectorAll("*")) kept.add(inside);
    }
    for (const element of document.body.querySelectorAll("*")) if (!kept.has(element)) element.remove();
}"""

# Formulas for the eye, which are hidden from screen readers (the MathML beside them stays), and the colours of code are half
# of a chapter's elements, and of axe's rules only those about colours can fail in them: what else could is asked here, and
# they wait outside while axe walks.
LIGHTEN = """() => {
    const reached = "a, button, input, textarea, select, summary, img, iframe, [tabindex], [id], [role], [aria-label], [contenteditable]";
    const drawn = [...document.querySelectorAll(".katex-html")];
    const odd = drawn.filter((one) => one.getAttribute("aria-hidden") !== "true" || one.querySelector(reached));
    const plain = [...drawn, ...document.querySelectorAll("pre")].filter((one) => !one.querySelector(reached));
    window.waiting = plain.map((one) => [one, [...one.childNodes]]);
    for (const [one] of window.waiting) one.matches("pre") ? one.replaceChildren(one.textContent) : one.replaceChildren();
    return odd.map((one) => one.outerHTML.slice(0, 120));
}"""
BRING_BACK = "() => { for (const [one, parts] of window.waiting) one.replaceChildren(...parts) }"


def violations(page, context: dict | None = None, **options) -> list[str]:
    """What axe finds on the page as it stands: rule, how often, where first."""
    options = {"resultTypes": ["violations"]} | options
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [
        f"{v['id']} ({len(v['nodes'])}): {v['nodes'][0]['target']} {v['nodes'][0]['html'][:160]}"
        for v in found
    ]


@functools.cache
def pages_of(site: Path) -> dict[str, str]:
    """Path and text of every page."""
    return {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in linkcheck.read(site)}


def test_the_site_has_pages(site_folder):
    assert "book/index.html" in pages_of(site_folder) and len(pages_of(site_folder)) > 5


def test_page_keeps_to_itself(visited):
    """No request leaves the site, nothing is logged as an error, and the page fits its budget."""
    assert visited.external == []
    assert visited.errors == []
    text = {url: size for url, size in visited.weights.items() if "/_images/" not in url}
    assert 10_000 < sum(text.values()) <= BUDGET, sorted(((size, url) for url, size in text.items()), reverse=True)[:8]


def test_page_says_what_it_is(visited):
    """A title, one heading of the first order, a language, and a favicon that is there."""
    head = visited.evaluate("""() => ({
        title: document.title, lang: document.documentElement.lang,
        headings: [...document.querySelectorAll("h1")].filter((heading) => heading.offsetParent).length,
        icon: document.querySelector('link[rel~="icon"]')?.href,
        description: document.querySelector('meta[name="description"]')?.content ?? "",
    })""")
    assert head["title"] and head["lang"] == "en" and head["headings"] == 1
    assert head["icon"] and visited.request.get(head["icon"]).ok
    if visited.path.startswith("book/"):
        assert 40 <= len(head["description"]) <= 300, head["description"]


@pytest.fixture(scope="module")
def listed(site_folder) -> list[tuple[str, str, str]]:
    """(page, anchor, label) of every claim, as the page of all claims lists them."""
    page = BeautifulSoup((site_folder / "book/reference/claims.html").read_text("utf-8"), "html.parser")
    links = [(urljoin("/book/reference/", link["href"])[1:], link.text) for link in page.select(".claims-title > a")]
    return [(*href.split("#"), label) for href, label in links]


def test_the_claims_of_the_page_are_those_that_are_listed(visited, listed, site_folder):
    """Each with its assertion, in the same order; the list leads to no other page."""
    boxes = visited.locator(".claim-box").evaluate_all(
        "boxes => boxes.map((box) => [box.id, box.querySelector('.claim-name').textContent])"
    )
    assert [(anchor, label) for page, anchor, label in listed if page == visited.path] == [tuple(box) for box in boxes]
    assert visited.locator(".claim-box .cell_input").count() >= len(boxes)
    assert len(listed) >= 5 and all((site_folder / page).is_file() for page, _, _ in listed)


def show(page, theme: str) -> None:
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)


def unfold(page) -> None:
    """Every folded answer open, every block laid out, nothing moving."""
    page.add_style_tag(
        content="*, *::before, *::after { transition: none !important; content-visibility: visible !important }"
    )
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_page_fits_a_phone(visited):
    """No sideways scrolling at 360 pixels, answers folded or open."""
    visited.set_viewport_size(PHONE)
    wide = [too_wide(visited)]
    visited.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    wide.append(too_wide(visited))
    visited.set_viewport_size(DESKTOP)
    assert wide == [[], []]


def too_wide(page) -> list[str]:
    """What makes the page scroll sideways; once the side bars have slid away."""
    page.evaluate("Promise.all(document.getAnimations().map((moving) => moving.finished.catch(() => {})))")
    return page.evaluate("""() => {
        const room = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= room) return [];
        return [`${document.documentElement.scrollWidth} pixels in ${room}`,
            ...[...document.querySelectorAll("main *")]
            .filter((element) => element.getBoundingClientRect().right > room + 1)
            .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))];
    }""")


def test_axe_finds_nothing(visited):
    """No violation of axe's rules with every folded answer open, whatever they are but colours."""
    unfold(visited)
    assert visited.evaluate(LIGHTEN) == []
    found = violations(visited, rules={rule: {"enabled": False} for rule in COLOURS})
    visited.evaluate(BRING_BACK)
    assert found == []


def test_colours_have_contrast(visited):
    """Light and dark, by axe; of all texts that look alike, in colour and before every background, the first.

    The last test of a page, since it takes away what looks like something else.
    """
    unfold(visited)
    for theme in ("light", "dark"):
        show(visited, theme)
        assert visited.evaluate(MARK_LOOKS) >= 5
    visited.evaluate(KEEP_LOOKS)
    found = {}
    for theme in ("light", "dark"):
        show(visited, theme)
        found[theme] = violations(visited, {"include": [["[data-look]"]]}, runOnly={"type": "rule", "values": COLOURS})
    assert found == {"light": [], "dark": []}


def test_every_link_leads_somewhere(site_folder):
    assert linkcheck.inside(site_folder, linkcheck.read(site_folder)) == []


def test_broken_links_are_found(tmp_path):
    """The link check itself: a missing file and a missing anchor are named, other links are not."""
    (tmp_path / "b.html").write_text('<p id="here"></p>', encoding="utf-8")
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here"></a><a href="b.html#gone"></a>'
        '<a href="c.html"></a><a href="https://example.org/"></a>',
        encoding="utf-8",
    )
    found = linkcheck.inside(tmp_path, linkcheck.read(tmp_path))
    assert [line.split(": ", 1)[1] for line in found] == [
        "b.html#gone: no such anchor",
        "c.html: no such file",
    ]


def test_formulas_are_set_and_coloured(site_folder):
    """Mathematics is in the page, none of it is left as TeX, and Q, K and V carry their classes."""
    text = "".join(pages_of(site_folder).values())
    assert text.count('class="katex"') > 50
    assert not re.search(r'class="[^"]*\bmath\b[^"]*">\s*(?:\\\(|\\\[|\$)', text)
    for letter in "QKV":
        assert re.search(rf'class="[^"]*mathnormal[^"]*sym-{letter.lower()}[^"]*"[^>]*>{letter}<', text)


def test_fonts_hold_every_character_of_the_formulas(site_folder):
    """The cut fonts still have each character that a formula shows."""
    from fontTools.ttLib import TTFont

    fonts = [TTFont(path) for path in (site_folder / "_static" / "katex" / "fonts").glob("*.woff2")]
    known = set().union(*(font.getBestCmap() for font in fonts))
    shown = set()
    for html in pages_of(site_folder).values():
        shown |= set(
            "".join(re.findall(r'class="m(?:ord|bin|rel|open|close|op|punct)[^"]*"[^>]*>([^<&]+)<', html))
        )
    assert (
        shown
        and {c for c in shown if ord(c) > 32 and ord(c) not in known and c not in "\u200b\u00a0"} == set()
    )
