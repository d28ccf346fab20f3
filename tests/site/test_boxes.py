"""The boxes of the built book in a real browser."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.browser
CHAPTER = "book/self_attention/scaled_dot_product.html"


def open_chapter(page, site_url: str, path: str = CHAPTER):
    page.goto(f"{site_url}/{path}")
    page.locator(".bd-article h1").wait_for()
    return page


def test_an_answer_opens_and_closes_by_keyboard(shared_page, site_url):
    page = open_chapter(shared_page, site_url)
    answer = page.locator(".admonition.recall details.answer").first
    body = answer.locator("summary ~ *").first
    assert not body.is_visible()
    answer.locator("summary").press("Enter")
    assert body.is_visible()
    answer.locator("summary").press("Space")
    assert not body.is_visible()


def test_a_link_into_a_closed_solution_opens_it(shared_page, site_url):
    page = open_chapter(shared_page, site_url)
    target = page.evaluate("""() => {
        const cell = document.querySelector('details.solution pre[id], details.solution [id]');
        return cell && cell.id; }""")
    page.goto("about:blank")
    page.goto(f"{site_url}/{CHAPTER}#{target}")
    page.wait_for_function("id => document.getElementById(id).closest('details').open", arg=target)


def test_paper_opens_every_answer_and_closes_it_again(shared_page, site_url):
    page = open_chapter(shared_page, site_url)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.answer").count() > 2 and page.locator("details.answer:not([open])").count() == 0
    assert page.locator(".bd-sidebar-primary").is_hidden() and page.locator(".bd-article h2").first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.answer[open]").count() == 0


def test_paper_without_javascript_shows_the_answers_too(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = open_chapter(context.new_page(), site_url)
    body = page.locator("details.answer > summary ~ *").first
    assert body.bounding_box() is None or not body.is_visible()
    page.emulate_media(media="print")
    assert body.bounding_box()["height"] > 10
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_query_key_and_value_keep_their_colours(browser, site_url, scheme):
    page = browser.new_page(color_scheme=scheme)
    open_chapter(page, site_url)
    colours = page.evaluate("""() => ['q', 'k', 'v'].map((name) => {
        const shown = getComputedStyle(document.querySelector(`.bd-article .katex .sym-${name}`)).color;
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = `var(--${name}-text)`;
        const wanted = getComputedStyle(probe).color;
        probe.remove();
        return [shown, wanted]; })""")
    assert all(shown == wanted for shown, wanted in colours)
    assert len({shown for shown, _ in colours}) == 3
    page.close()


def test_what_scrolls_sideways_can_be_reached_by_keyboard(browser, site_url):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    open_chapter(page, site_url)
    page.wait_for_selector("html[data-measured=loaded]", state="attached")
    wide = page.locator(".katex-display, .bd-article pre").filter(visible=True)
    of_wide = "boxes => boxes.filter((b) => b.scrollWidth > b.clientWidth + 1 && !b.closest('.run-edit'))"
    reached = wide.evaluate_all(f"{of_wide}.map((b) => b.closest('[tabindex=\"0\"]') !== null)")
    assert reached and all(reached)  # from the start: itself or what holds it
    for box in wide.all():
        box.scroll_into_view_if_needed()
    assert set(wide.evaluate_all(f"{of_wide}.map((b) => b.tabIndex)")) == {0}  # and itself, once laid out
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_what_is_far_away_keeps_its_place_in_the_tab_order_when_a_phone_is_turned(browser, site_url):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    open_chapter(page, site_url)
    for width in (740, 360, 740, 360):
        page.wait_for_selector("html[data-measured=loaded]", state="attached")
        page.set_viewport_size({"width": width, "height": 1100 - width})
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    lost = page.locator(".bd-article pre.heavy-block").evaluate_all("""boxes => {
        for (const box of boxes) box.style.contentVisibility = "visible";
        const wide = boxes.filter((box) => box.scrollWidth > box.clientWidth + 1 && !box.closest(".run-edit"));
        return [boxes.length, wide.filter((box) => box.tabIndex < 0).length];
    }""")
    assert lost[0] >= 5 and lost[1] == 0
    page.close()


def test_the_text_is_set_in_the_book_s_own_type(shared_page, site_url):
    page = open_chapter(shared_page, site_url)
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert {"Source Serif 4", "Figtree"} <= {name.strip('"') for name in loaded}


# the landing page, the map, the page of claims; ways to study, today's session, tables to look up
SOME_PAGES = {"landing.css", "map.css", "filter.js", "study.css", "review.css", "reference.css"}


def test_own_style_and_script_of_a_chapter_stay_small():
    """What every chapter is sent: its style without comments, which the build takes out, and its small scripts."""
    static = ROOT / "book" / "_static"
    sheets = [file for file in (static / "css").glob("*.css") if file.name not in SOME_PAGES]
    scripts = [file for folder in ("js", "claims") for file in (static / folder).glob("*.js") if file.name not in SOME_PAGES]
    sent = [re.sub(rb"/\*.*?\*/", b"", file.read_bytes(), flags=re.S) for file in sheets] + [file.read_bytes() for file in scripts]
    assert len(sheets) > 5 and len(scripts) > 4
    assert sum(len(re.sub(rb"\s+", b" ", text)) for text in sent) < 95_000
