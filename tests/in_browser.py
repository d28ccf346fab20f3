"""What several tests of the built site ask of a page."""

from __future__ import annotations


def phone(browser):
    """A context as wide as a phone, which is touched."""
    return browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)


def sticks_out(place) -> list[str]:
    """The beginnings of the elements inside `place` that reach over its left or right edge."""
    return place.evaluate("""place => [...place.querySelectorAll("*")].filter((one) => {
        const box = one.getBoundingClientRect(), frame = place.getBoundingClientRect();
        return box.width > 1 && (box.right > frame.right + 1 || box.left < frame.left - 1);
    }).map((one) => one.outerHTML.slice(0, 80))""")


def unfolded(place):
    """An explorable with what stands under "More" in sight."""
    place.locator(".attnx-more").evaluate_all("all => all.forEach((one) => { one.open = true })")
    return place
