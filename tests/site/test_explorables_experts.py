"""Expert routing on its built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

from in_browser import phone, sticks_out, unfolded

PAGE = "book/variants/mixture_of_experts.html"
NAME = "expert_routing"


def tab_to(page, target) -> None:
    """Reach the element by Tab alone, from where the keyboard is now."""
    for _ in range(30):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab never reaches it")


def alive(page, site_url: str):
    """The explorable, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def loads(place) -> list[int]:
    return [int(x) for x in place.locator("[data-load]").all_inner_texts()]


def test_by_keyboard_from_one_favourite_to_an_even_load(page, site_url):
    place = alive(page, site_url)
    assert loads(place) == [6, 0, 0, 0]
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, place.get_by_role("button", name="Nudge the biases"))
    for _ in range(12):
        page.keyboard.press("Enter")
    assert sum(n > 0 for n in loads(place)) >= 3
    tab_to(page, place.get_by_role("button", name="No bias"))
    page.keyboard.press("Enter")
    assert loads(place) == [6, 0, 0, 0]
    tab_to(page, place.locator('[data-choice="topk"]').get_by_role("radio", name="1"))
    page.keyboard.press("ArrowRight")
    assert sum(loads(place)) == 12
    assert page.errors == [] and page.external == []


def test_places_by_the_slider(page, site_url):
    place = alive(page, site_url)
    slider = place.get_by_role("slider", name="Capacity factor")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert place.locator('[data-fate="dropped"]').count() == 4
    assert "4 choices are dropped" in place.locator("[data-verdict]").inner_text()


def test_without_javascript_the_table_stays(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    rows = page.locator(f'[data-afm="{NAME}"]').first.locator(".attnx-fallback tbody tr")
    assert rows.count() == 7 and rows.first.is_visible()
    context.close()


def test_a_phone_has_room_for_it(browser, site_url):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url)
    place.get_by_role("button", name="Nudge the biases").tap()
    assert sticks_out(place) == []
    context.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    alive(page, site_url)
    assert axe_in_both_themes(page, f'[data-afm="{NAME}"]') == ""
