"""The words of the built pages: no markup left in them, titles that tell pages apart, and what search and links quote."""
from __future__ import annotations

import functools
import html
import importlib.util
import re
import struct
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
SET_APART = "script, style, pre, code, .katex, textarea"
# What Markdown and TeX leave behind where they were not understood, and a list that ran together.
MARKUP = re.compile(r"\$|`|\\[A-Za-z(\[{]|\*\*|:::|\]\(|\{(?:cite|ref|doc|math|eq)\b|(?:^|\s)_\w+_(?:\s|$)"
                    r"|[.;:] 2\. [A-Z].*[.;:] 3\. [A-Z]|[.;:] - \w.*[.;:] - \w", re.S)
SAID = ("alt", "aria-label", "title", "content", "placeholder", "aria-description")


def text_of(path: str) -> str:
    return (conftest.SITE / path).read_text("utf-8")


@functools.cache
def head(path: str) -> BeautifulSoup:
    """The head of a page: all of it takes a second to parse, and much memory to keep."""
    return BeautifulSoup(text_of(path).partition("</head>")[0], "html.parser")


def every_page() -> list[str]:
    return conftest.pages() if conftest.SITE.is_dir() else []


every = pytest.mark.parametrize("path", every_page())


@every
def test_no_markup_is_left_in_the_words(path):
    page = BeautifulSoup(text_of(path), "html.parser")
    for apart in page.select(SET_APART):
        apart.decompose()
    whole = [block.get_text() for block in page.select("p, li, dd, td")]  # a list that ran together holds formulas
    words = [" ".join(text.split()) for text in [*page.find_all(string=True), *whole]]
    said = [tag[name] for tag in page.find_all(True) for name in SAID if tag.get(name)]
    assert [text[:120] for text in [*words, *said] if MARKUP.search(text)] == []


@pytest.mark.parametrize("left", ["taken row by row, $", "does `not` it", r"\frac", "a **bold** b", ":::", "[a](b)", "{cite:t}",
                                  "1. Score: load. 2. Normalise: load. 3. Mix: load."])
def test_markup_that_is_left_is_found(left):
    assert MARKUP.search(left)


@pytest.mark.parametrize("fine", ["(|3| + |−5|) / 2 = 4. Without it", "a well-known – dash", "q_i and k_j", "2 * 3 * 4"])
def test_words_are_not_taken_for_markup(fine):
    assert not MARKUP.search(fine)


@every
def test_every_formula_can_be_read_as_a_line_of_text(path):
    for formula in re.findall(r'<math\b(?:[^>"]|"[^"]*")*>', text_of(path)):
        said = re.search(r'\balttext="([^"]*)"', formula)
        assert said and said[1].strip() and not re.search(r"\\|[\u2061-\u2063]", html.unescape(said[1])), formula


def test_every_page_has_a_title_and_a_place_of_its_own():
    titles = Counter(head(path).title.text for path in every_page())
    landing = BeautifulSoup(text_of("book/index.html"), "html.parser")
    places = Counter(link.text.strip() for link in landing.select("#pst-primary-sidebar li a"))
    assert [title for title, count in titles.items() if count > 1] == []
    assert len(places) > 40 and [place for place, count in places.items() if count > 1] == []
    assert not any(title.count("Attention, from Intuition to Variants") > 1 for title in titles)
    assert head("index.html").title.text == "Attention, from Intuition to Variants"


@every
def test_shared_links_say_what_they_lead_to(path):
    said = {tag["property"]: tag["content"] for tag in head(path).select('meta[property^="og:"]')}
    if not path.startswith("book/"):
        assert said == {}
        return
    assert said["og:title"] in head(path).title.text and said["og:site_name"] == "attnlab"
    assert said["og:description"] == head(path).select_one('meta[name="description"]')["content"]
    assert said["og:type"] == ("website" if path == "book/index.html" else "article")


def test_the_picture_of_a_shared_link_is_made_with_the_site():
    picture = (conftest.SITE / "_static" / "card.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and struct.unpack(">II", picture[16:24]) == (1200, 630) and len(picture) < 150_000


def test_the_sitemap_names_every_page_of_the_book():
    listed = ElementTree.parse(conftest.SITE / "sitemap.xml").getroot()
    addresses = [place.text for place in listed.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert all(re.match(r"https?://[^/]+/", address) for address in addresses)
    book = sorted(path for path in every_page() if path.startswith("book/"))
    assert sorted(address[address.index("/book/") + 1:] for address in addresses) == book


def test_no_page_is_empty_and_none_leads_to_an_index_without_entries():
    assert not (conftest.SITE / "genindex.html").exists()
    for path in every_page():
        assert not head(path).select('link[rel="index"]')
        article = text_of(path).partition('class="bd-article">')[2].partition("</article>")[0]
        assert path == "search.html" or len(re.sub(r"<[^>]*>", " ", article).split()) >= 10, path


def test_a_dead_link_leads_back(browser, site_url):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{site_url}/book/no/such/page.html")
    with conftest.opened(browser) as context:
        page = context.new_page()
        assert page.goto(f"{site_url}/book/no/such/page.html").status == 404
        assert page.locator("h1:visible").inner_text() == "There is no such page"
        assert page.locator(".bd-article").evaluate("box => getComputedStyle(box).fontFamily").startswith('"Source Serif')
        page.locator(".bd-article a").first.click()
        assert page.url.endswith("/book/index.html")
        page.goto(f"{site_url}/book/no/such/page.html")
        page.locator(".bd-article input[type=search]").fill("causal mask")
        page.keyboard.press("Enter")
        page.locator("#search-results ol a").first.wait_for()
        assert "/search.html?q=causal" in page.url


@pytest.mark.parametrize("query", ["softmax", "why divide", "gradient", "rotary", "weights sum"])
def test_search_quotes_readable_text(browser, site_url, query):
    with conftest.opened(browser) as context:
        page = conftest.watch(context, site_url)
        page.goto(f"{site_url}/search.html?q={query.replace(' ', '+')}")
        page.locator("#search-results p.context").nth(3).wait_for()
        page.wait_for_load_state("networkidle")
        quoted = page.locator("#search-results p.context").all_inner_texts()
        names = page.locator("#search-results li > a").all_inner_texts()
        assert len(quoted) > 3 and [text for text in quoted + names if re.search(r"\\[a-z]|Contents|Copy|Permalink|#$|\$", text)] == []
        assert [text for text in quoted if re.search(r"(\S{3,}=\S{3,}) ?\1", text)] == [], "a formula twice"
        assert page.errors == []


def test_search_quotes_no_listings_and_a_line_of_code_where_the_word_is_nowhere_else(browser, site_url):
    with conftest.opened(browser) as context:
        page = conftest.watch(context, site_url)
        for query, in_code in (("cache_bytes", True), ("temperature", False)):
            page.goto(f"{site_url}/search.html?q={query}")
            page.locator("#search-results p.context").nth(2).wait_for()
            page.wait_for_load_state("networkidle")
            quoted = page.locator("#search-results p.context")
            code = [line for line in quoted.locator("code").all_inner_texts() if query in line]
            assert bool(code) == in_code and not [text for text in quoted.all_inner_texts() if "import numpy" in text or " print(" in text[:200] and not in_code]
        assert page.errors == []


def test_the_magnifier_leaves_the_first_letter_free_and_there_is_one_ring(browser, site_url):
    measure = """(box) => {
        const style = getComputedStyle(box), form = getComputedStyle(box.form), icon = box.form.querySelector("svg, i").getBoundingClientRect();
        return [box.getBoundingClientRect().left + parseFloat(style.paddingLeft) - icon.right, style.outlineStyle, form.outlineStyle, form.boxShadow];
    }"""
    for width in (360, 1366):
        with browser.new_context(viewport={"width": width, "height": 780}) as context:
            page = conftest.watch(context, site_url)
            for path, field in (("search.html?q=softmax", ".search-page input[type=search]"), ("book/index.html", "#pst-search-dialog input")):
                page.goto(f"{site_url}/{path}")
                page.keyboard.press("Control+k")
                page.locator(field).focus()
                room, inner, outer, shadow = page.locator(field).evaluate(measure)
                assert room >= 4 and (inner, outer, shadow) == ("none", "solid", "none"), (width, path)
