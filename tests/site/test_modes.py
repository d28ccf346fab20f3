"""A way through the course: chosen on a card, it leads the sidebar, the foot and the line under the title, until it is left."""

from __future__ import annotations

import importlib.util
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from in_browser import phone, sticks_out

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
LANDING, HOW, MASKS = "book/index.html", "book/start/how_to_use.html", "book/self_attention/masks.html"


def told(name: str) -> dict:
    return next(one for one in json.loads((conftest.SITE / "_static" / "modes.json").read_text("utf-8")) if one["name"] == name)


def take(page, site_url: str, address: str, name: str = "fast") -> None:
    """Open a page with this way already chosen."""
    page.goto(f"{site_url}/404.html")
    page.evaluate("name => localStorage.setItem('attnlab:/:mode', name)", name)
    conftest.visit(page, f"{site_url}/{address}")
    page.locator("#pst-primary-sidebar .mode-way").wait_for(state="attached")


def seen(page, address: str, **more: str) -> None:
    time = "2026-03-14T09:26:53.589Z"
    page.evaluate("([name, text]) => localStorage.setItem(name, text)",
                  [f"attnlab:/:page:{address}", json.dumps({"version": 1, "opened": time, "updated": time} | more)])


@pytest.mark.parametrize("address", [LANDING, HOW])
def test_a_card_sets_out_on_its_way(page, site_url, address):
    conftest.visit(page, f"{site_url}/{address}")
    assert page.locator(".mode-way, .mode-now, .mode-here").count() == 0
    page.wait_for_function("Boolean(document.querySelector('.mode-card[data-mode=fast]').onclick)")
    page.locator(".mode-card[data-mode=fast]").click()
    first = told("fast")["pages"][0]
    page.wait_for_url(f"**/{first['page']}")
    page.locator(".way-here .mode-here").wait_for()
    assert page.locator(".way-here .mode-here").inner_text().startswith(f"Fast: step 1 of {len(told('fast')['pages'])}")
    assert page.errors == []


def test_the_way_leads_the_sidebar_and_the_rest_is_one_press_away(page, site_url):
    take(page, site_url, MASKS)
    steps = told("fast")["pages"]
    bar = page.locator("#pst-primary-sidebar")
    assert bar.locator(".mode-way ol > li > a").evaluate_all("all => all.map((one) => one.href)") == [f"{site_url}/{one['page']}" for one in steps]
    assert bar.locator(".mode-way a[aria-current=page]").evaluate("link => link.firstChild.data") == "Masks"
    assert not bar.locator(".way-part").first.is_visible()
    bar.locator(".mode-rest > summary").click()
    assert bar.locator(".way-part").first.is_visible() and bar.locator(".mode-rest .way-part").count() >= 8


def test_the_foot_leads_to_the_steps_before_and_after(page, site_url):
    take(page, site_url, MASKS)
    steps = told("fast")["pages"]
    at = next(i for i, one in enumerate(steps) if one["page"] == MASKS)
    left, right = page.locator(".prev-next-area .left-prev"), page.locator(".prev-next-area .right-next")
    assert left.get_attribute("href").endswith(steps[at - 1]["page"]) and right.get_attribute("href").endswith(steps[at + 1]["page"])
    assert right.locator("p").all_text_contents() == [f"step {at + 2} of {len(steps)}", f"{steps[at + 1]['title']}, {steps[at + 1]['minutes']} minutes"]


def test_the_last_step_says_so_and_a_page_beside_the_way_leads_back(page, site_url):
    steps = told("fast")["pages"]
    take(page, site_url, steps[-1]["page"])
    assert "last step of “Fast”" in page.locator(".mode-end").inner_text()
    assert page.locator(".right-next .prev-next-subtitle").text_content() == "next"
    seen(page, steps[2]["page"], read="2026-03-14T09:26:53.589Z")
    conftest.visit(page, f"{site_url}/book/variants/t5.html")
    back = page.locator(".right-next .prev-next-subtitle", has_text="back to your way")
    back.wait_for()
    assert "step" in back.text_content() and page.locator(".mode-here").count() == 0
    assert page.locator(".mode-rest").get_attribute("open") is not None  # where this page is shown


@pytest.mark.parametrize("press", ["#pst-primary-sidebar .mode-leave", ".mode-here .mode-leave"])
def test_leaving_is_one_press_and_gives_everything_back(page, site_url, press):
    conftest.visit(page, f"{site_url}/{MASKS}")
    before = page.evaluate("[document.querySelector('.bd-links').innerText, document.querySelector('.prev-next-area').innerText]")
    take(page, site_url, MASKS)
    page.locator(press).click()
    assert page.locator(".mode-way, .mode-rest, .mode-here, .mode-end").count() == 0
    after = page.evaluate("[document.querySelector('.bd-links').innerText, document.querySelector('.prev-next-area').innerText]")
    assert [" ".join(text.split()) for text in after] == [" ".join(text.split()) for text in before]
    assert page.evaluate("localStorage.getItem('attnlab:/:mode')") is None and page.errors == []


def test_the_landing_page_continues_where_the_reader_was(page, site_url):
    take(page, site_url, LANDING)
    steps = told("fast")["pages"]
    seen(page, steps[3]["page"])
    page.reload()
    on = page.locator(".mode-now .mode-on")
    on.wait_for()
    assert on.inner_text() == f"Continue with step 4 of {len(steps)}: {steps[3]['title']}, {steps[3]['minutes']} minutes"
    seen(page, steps[3]["page"], read="2026-03-14T09:26:53.589Z")
    page.reload()
    page.locator(".mode-now .mode-on", has_text="step 5 of").wait_for()
    assert page.locator(".mode-card[data-chosen]").get_attribute("data-mode") == "fast"


def test_another_tab_follows(page, site_url):
    take(page, site_url, MASKS)
    other = page.context.new_page()
    conftest.visit(other, f"{site_url}/{HOW}")
    other.locator(".mode-now .mode-leave").click()
    page.locator(".mode-way").wait_for(state="detached")
    other.close()


def test_looking_it_up_opens_the_search_and_lists_the_tables(page, site_url):
    conftest.visit(page, f"{site_url}/{HOW}")
    page.wait_for_function("Boolean(document.querySelector('.mode-card[data-mode=look]').onclick)")
    page.locator(".mode-card[data-mode=look]").click()
    page.locator("#pst-search-dialog[open]").wait_for()
    page.keyboard.press("Escape")
    links = page.locator("#pst-primary-sidebar .mode-way ul a").all_inner_texts()
    assert links[:3] == ["Notation", "Masks in other libraries", "Glossary"]
    assert {"By symptom", "Timeline and applications", "Every claim", "Bibliography"} <= set(links) and len(links) == len(set(links))
    page.locator("#pst-primary-sidebar .mode-way .mode-search").click()
    page.locator("#pst-search-dialog[open]").wait_for()


def test_revision_leads_to_what_is_due_and_to_the_problems(page, site_url):
    card = json.loads((conftest.SITE / "_static" / "way.json").read_text("utf-8"))
    masks = next(one for one in card if one["page"] == MASKS)
    ago = (datetime.now(timezone.utc) - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    take(page, site_url, HOW, "revision")
    for item, grade in ((masks["cards"][0], 4), (masks["cards"][1], 4), (masks["quiz"][0], 1)):
        page.evaluate("([name, text]) => localStorage.setItem(name, text)",
                      [f"attnlab:/:item:{item}", json.dumps({"version": 1, "log": [[ago, grade]], "state": "open", "tried": []})])
    page.reload()
    due = page.locator(".bd-article .due")
    due.locator("li").wait_for()
    assert due.locator("p").first.inner_text() == "Due today: 1" and "Masks 1" in " ".join(due.inner_text().split())  # two easy ones rest for a week
    assert due.get_by_role("link", name="Today's session").get_attribute("href").endswith("practice/review.html#now")
    due.locator("li a").click()
    page.wait_for_url(f"**/{MASKS}#remember")
    page.locator("#pst-primary-sidebar .mode-way ol li").first.wait_for(state="attached")
    assert page.locator("#remember").count() == 1 and page.locator("#pst-primary-sidebar .mode-way ol li").count() == 8


def test_nothing_due_says_when_it_will_be(page, site_url):
    conftest.visit(page, f"{site_url}/{HOW}")
    page.locator(".due", has_text="Nothing is due today").wait_for()


def test_without_scripts_a_card_leads_to_its_list(browser, site_folder):
    with browser.new_context(java_script_enabled=False, viewport=conftest.DESKTOP) as context:
        page = context.new_page()
        page.goto((site_folder / LANDING).as_uri())
        page.locator(".mode-card[data-mode=kernels]").click()
        page.wait_for_url("**/how_to_use.html#mode-kernels")
        routes = page.locator("[data-route=kernels]")
        assert routes.locator("ol > li a").count() == len(told("kernels")["pages"])
        assert "taken as known" in routes.inner_text() and page.locator(".mode-leave").count() == 0
        routes.locator("ol a").first.click()
        page.wait_for_url("**/scaled_dot_product.html")


def test_where_nothing_can_be_kept_a_card_leads_to_its_list(browser, site_url):
    with browser.new_context(viewport=conftest.DESKTOP) as context:
        context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })")
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/{LANDING}")
        page.wait_for_function("Boolean(document.querySelector('.mode-card[data-mode=fast]').onclick)")
        page.locator(".mode-card[data-mode=fast]").click()
        page.wait_for_url("**/how_to_use.html#mode-fast")


@pytest.mark.parametrize("width", [360, 1366])
def test_it_fits_and_can_be_pressed(browser, site_url, width, axe_in_both_themes):
    context = phone(browser) if width == 360 else browser.new_context(viewport={"width": width, "height": 768})
    with context:
        page = conftest.watch(context, site_url)
        take(page, site_url, LANDING)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert sticks_out(page.locator(".modes").first) == []
        assert axe_in_both_themes(page, ".modes") == ""
        sizes = page.locator(".modes :is(strong, span, small, button)").evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
        assert min(sizes) >= 11
        take(page, site_url, MASKS)
        assert axe_in_both_themes(page, ".way-here") == "" and page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 360:
            assert page.locator(".mode-here .mode-leave").bounding_box()["height"] >= 44
            page.locator(".primary-toggle").click()
            page.locator("#pst-primary-sidebar-modal .mode-way").wait_for()
            assert page.locator("#pst-primary-sidebar-modal .mode-rest > summary").bounding_box()["height"] >= 43
        else:
            assert axe_in_both_themes(page, "#pst-primary-sidebar .bd-links") == ""
