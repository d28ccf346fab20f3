"""A link arrives: what it names stands below the top bar, with ordinary motion, on a desktop and on a phone."""
from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
SIZES = {"desktop": {"viewport": {"width": 1366, "height": 768}},
         "phone": {"viewport": {"width": 360, "height": 780}, "has_touch": True}}
LONGEST = 5  # pages tried, the longest of the site: the more there is above a heading, the more can be guessed wrong
ANCHORS = 20
CHAPTER = "book/self_attention/scaled_dot_product.html"
# How far the box of each name is from where it should stand; 0 where the page ends before it can get there.
MISS = """(name) => {
    const target = document.getElementById(name);
    const { top, bottom } = (target.querySelector(":scope > :is(h1, h2, h3, h4, h5, h6), :scope > details.depth > summary") ?? target).getBoundingClientRect();
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    return atEnd && top > 0 && bottom <= innerHeight ? 0 : Math.round(top - 64);
}"""
SETTLED = """() => new Promise((done) => {
    let still = 0, before = -1;
    const look = () => {
        still = before === scrollY ? still + 1 : 0;
        before = scrollY;
        if (still < 12) requestAnimationFrame(look); else done();
    };
    look();
})"""
# The paragraph at the top of the window: its first words, and how far it stands from there.
TOPMOST = """() => {
    const found = [...document.querySelectorAll(".bd-article section > p")].find((p) => p.getBoundingClientRect().bottom > 0);
    return [found.textContent.slice(0, 60), Math.round(found.getBoundingClientRect().top)];
}"""
PRESS = """(name) => {
    const link = document.createElement("a");
    link.href = "#" + name;
    document.querySelector(".bd-article p").append(link);
    link.click();
    link.remove();
}"""


def longest() -> list[str]:
    if not conftest.SITE.is_dir():
        return []
    pages = [page for page in conftest.pages() if page.startswith("book/") and "/reference/" not in page]
    return sorted(pages, key=lambda page: (conftest.SITE / page).stat().st_size)[-LONGEST:]


@pytest.fixture(params=SIZES)
def size(request) -> str:
    return request.param


@pytest.fixture
def moving(browser, site_url, size):
    """A page as most readers have it: nobody asked for less motion."""
    with browser.new_context(**SIZES[size]) as context:
        context.set_default_timeout(20_000)
        page = conftest.watch(context, site_url)
        yield page
        assert page.errors == []


def miss(page, name: str) -> int:
    page.evaluate(SETTLED)
    return page.evaluate(MISS, name)


def wheel(page, by: int) -> None:
    """Turn the mouse's wheel over the text, and wait until the page stands still."""
    before = page.evaluate("scrollY")
    page.mouse.move(page.viewport_size["width"] // 2, 300)
    page.mouse.wheel(0, by)
    page.wait_for_function("before => scrollY !== before", arg=before)
    page.evaluate(SETTLED)


def names(page) -> list[str]:
    """At most ANCHORS sections, spread over the page, the last ones first: most is above them."""
    found = page.locator(".bd-article section section").evaluate_all("all => all.map((section) => section.id)")
    return found[:: max(1, -(-len(found) // ANCHORS))][::-1]


@pytest.mark.parametrize("path", longest())
def test_links_within_a_page_and_from_other_pages_arrive(moving, site_url, path):
    moving.goto(f"{site_url}/{path}")
    missed, tried = {}, names(moving)
    for name in tried:
        moving.evaluate(PRESS, name)
        missed[f"pressed {name}"] = miss(moving, name)
    for name in tried[:2]:
        moving.goto("about:blank")
        moving.goto(f"{site_url}/{path}#{name}")
        missed[f"from elsewhere {name}"] = miss(moving, name)
    assert len(tried) > 5 and {how: by for how, by in missed.items() if abs(by) >= 40} == {}


def test_an_entry_of_the_contents_arrives_and_the_panel_closes(moving, site_url, size):
    moving.goto(f"{site_url}/{CHAPTER}")
    for name in ("what-goes-wrong", "by-hand-with-three-tokens", "by-hand-with-three-tokens"):
        if size == "phone":
            moving.locator(".secondary-toggle").click()
        moving.locator(f"#pst-page-toc-nav a[href='#{name}']:visible").click()
        assert moving.locator("dialog[open]").count() == 0
        assert abs(miss(moving, name)) < 40, name


def test_back_and_forward_lead_to_where_the_reader_was(moving, site_url):
    moving.goto(f"{site_url}/{CHAPTER}")
    for name in ("remember", "the-mathematics"):
        moving.evaluate(PRESS, name)
        assert abs(miss(moving, name)) < 40
    moving.go_back()
    assert abs(miss(moving, "remember")) < 40
    moving.goto(f"{site_url}/book/start/notation.html")
    moving.go_back()
    moving.wait_for_load_state()
    assert abs(miss(moving, "remember")) < 40
    wheel(moving, -700)  # back leads to where one was, not to what the address names
    before = miss(moving, "remember")
    moving.reload()
    assert before > 300 and abs(miss(moving, "remember") - before) < 40


def test_each_step_of_the_history_has_its_own_place(moving, site_url):
    """Also where the reader only scrolled, and where another page lies between."""
    moving.goto(f"{site_url}/{CHAPTER}")
    for by in (6000, 5000):
        wheel(moving, by)
    where = {"start": moving.evaluate(TOPMOST)}
    moving.evaluate(PRESS, "what-goes-wrong")
    miss(moving, "what-goes-wrong")
    wheel(moving, 500)
    where["further"] = moving.evaluate(TOPMOST)
    moving.goto(f"{site_url}/book/start/notation.html")
    for step, name in (("go_back", "further"), ("go_back", "start"), ("go_forward", "further"), ("reload", "further")):
        getattr(moving, step)()
        moving.wait_for_load_state()
        moving.evaluate(SETTLED)
        words, top = moving.evaluate(TOPMOST)
        assert words == where[name][0] and abs(top - where[name][1]) < 40, (step, name)


def test_a_search_result_arrives_at_its_section(moving, site_url):
    moving.goto(f"{site_url}/search.html?q=what+goes+wrong")
    link = moving.locator("#search-results a[href*='#']").first
    name = link.get_attribute("href").rpartition("#")[2]
    link.click()
    moving.wait_for_load_state()
    assert abs(miss(moving, name)) < 40


def test_a_link_into_a_closed_answer_opens_it(moving, site_url):
    moving.goto(f"{site_url}/{CHAPTER}")
    answer = "solution-self-attention-softmax"
    for _ in range(2):  # the second time the address does not change
        moving.evaluate(PRESS, answer)
        assert abs(miss(moving, answer)) < 40
        details = moving.locator(f"#{answer}")
        assert details.evaluate("box => (box.closest('details') ?? box).open") or details.evaluate("box => box.tagName") != "DETAILS"
        details.evaluate("box => { for (const each of [box, ...box.querySelectorAll('details')]) each.open = false; scrollTo(0, 0) }")


def test_the_page_is_the_reader_s_as_soon_as_they_scroll(moving, site_url):
    moving.goto(f"{site_url}/{CHAPTER}#remember")
    moving.evaluate(SETTLED)
    wheel(moving, -900)
    away = miss(moving, "remember")
    moving.evaluate("document.querySelector('.bd-article').append(Object.assign(document.createElement('p'), { textContent: 'late' }))")
    assert away > 300 and miss(moving, "remember") == away


def test_the_phone_s_drawer_opens_at_the_present_page(browser, site_url):
    with browser.new_context(**SIZES["phone"]) as context:
        page = conftest.watch(context, site_url)
        page.goto(f"{site_url}/book/efficiency/blocked_kernel.html")
        page.locator(".primary-toggle").click()
        entry = page.locator("#pst-primary-sidebar-modal li.current > a.current").first
        entry.wait_for()
        page.evaluate("Promise.all(document.getAnimations().map((moving) => moving.finished.catch(() => {})))")
        top = entry.evaluate("link => link.getBoundingClientRect().top")
        assert 0 < top < SIZES["phone"]["viewport"]["height"] - 40
