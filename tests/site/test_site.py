"""What every page of the site owes its reader, whatever it is about."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import linkcheck  # noqa: E402

BUDGET = 350_000  # bytes over the wire, figures not counted
PHONE = {"width": 360, "height": 740}
COLOURS = ["color-contrast", "link-in-text-block"]
FULL_OF_CODE = "book/self_attention/scaled_dot_product.html"


def visit(page, site_url: str, path: str) -> None:
    page.goto(f"{site_url}/{path}", wait_until="load")
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.wait_for_selector("html[data-measured=loaded]", state="attached")  # what scrolls has its place in the Tab order


def scroll_to_end(page) -> None:
    """Pass the whole page through the window, so that what loads late loads."""
    page.evaluate("""async () => {
        for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
            scrollTo(0, y);
            await new Promise(requestAnimationFrame);
        }
    }""")


def violations(page, context: dict | None = None, **options) -> list[str]:
    """What axe finds on the page as it stands: rule, how often, where first."""
    options = {"resultTypes": ["violations"]} | options
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [
        f"{v['id']} ({len(v['nodes'])}): {v['nodes'][0]['target']} {v['nodes'][0]['html'][:160]}"
        for v in found
    ]


def pages_of(site: Path) -> dict[str, str]:
    """Path and text of every page."""
    return {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in linkcheck.read(site)}


def test_the_site_has_pages(site_folder):
    assert "book/index.html" in pages_of(site_folder) and len(pages_of(site_folder)) > 5


def test_page_keeps_to_itself(page, site_url, each_page):
    """No request leaves the site, nothing is logged as an error, and the page fits its budget."""
    weights = {}
    page.on(
        "requestfinished", lambda request: weights.update({request.url: request.sizes()["responseBodySize"]})
    )
    visit(page, site_url, each_page)
    scroll_to_end(page)
    page.wait_for_timeout(150)
    assert page.external == []
    assert page.errors == []
    text = {url: size for url, size in weights.items() if "/_images/" not in url}
    assert sum(text.values()) <= BUDGET, sorted(((size, url) for url, size in text.items()), reverse=True)[:8]


def test_page_says_what_it_is(shared_page, site_url, each_page):
    """A title, one heading of the first order, a language, and a favicon that is there."""
    visit(shared_page, site_url, each_page)
    head = shared_page.evaluate("""() => ({
        title: document.title, lang: document.documentElement.lang,
        headings: [...document.querySelectorAll("h1")].filter((heading) => heading.offsetParent).length,
        icon: document.querySelector('link[rel~="icon"]')?.href,
        description: document.querySelector('meta[name="description"]')?.content ?? "",
    })""")
    assert head["title"] and head["lang"] == "en" and head["headings"] == 1
    assert head["icon"] and shared_page.request.get(head["icon"]).ok
    if each_page.startswith("book/"):
        assert 40 <= len(head["description"]) <= 300, head["description"]


def show(page, theme: str) -> None:
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)


def unfold(page) -> None:
    """Every folded answer open, every block laid out, nothing moving."""
    page.add_style_tag(
        content="*, *::before, *::after { transition: none !important; content-visibility: visible !important }"
    )
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_axe_finds_nothing(shared_page, site_url, each_page):
    """No violation of axe's rules with every folded answer open, whatever they are but colours."""
    visit(shared_page, site_url, each_page)
    unfold(shared_page)
    assert violations(shared_page, rules={rule: {"enabled": False} for rule in COLOURS}) == []


def test_colours_have_contrast(shared_page, site_url, each_page):
    """Light and dark, by axe. Code and formulas have their colours from one style sheet: one page stands for all."""
    visit(shared_page, site_url, each_page)
    unfold(shared_page)
    context = None if each_page == FULL_OF_CODE else {"exclude": [[".highlight pre"], [".katex"]]}
    found = {}
    for theme in ("light", "dark"):
        show(shared_page, theme)
        found[theme] = violations(shared_page, context, runOnly={"type": "rule", "values": COLOURS})
    assert found == {"light": [], "dark": []}


def test_page_fits_a_phone(shared_page, site_url, each_page):
    """No sideways scrolling at 360 pixels, answers folded or open."""
    shared_page.set_viewport_size(PHONE)
    visit(shared_page, site_url, each_page)
    shared_page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    wide = shared_page.evaluate("""() => {
        const room = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= room) return [];
        return [...document.querySelectorAll("main *")]
            .filter((element) => element.getBoundingClientRect().right > room + 1)
            .slice(0, 5).map((e) => e.outerHTML.slice(0, 120));
    }""")
    assert wide == [] and shared_page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_every_link_leads_somewhere(site_folder):
    assert linkcheck.inside(site_folder, linkcheck.read(site_folder)) == []


def test_broken_links_are_found(tmp_path):
    """The link check itself: a missing file and a missing anchor are named, other links are not."""
    (tmp_path / "b.html").write_text('<p id="here"></p>')
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here"></a><a href="b.html#gone"></a>'
        '<a href="c.html"></a><a href="https://example.org/"></a>'
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
