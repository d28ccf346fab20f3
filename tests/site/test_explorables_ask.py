"""What every explorable promises: it fits, it is not empty, it asks for something, and what it asks can be done."""
from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import explorables  # noqa: E402
from in_browser import sticks_out  # noqa: E402
from practice_site import served, stored  # noqa: E402

pytestmark = pytest.mark.browser
MARGIN = 16
FORMATS = {"laptop": (700, 600), "phone": (328, 560)}
NAMES = explorables.NAMES

# what stands before "more", in what can be read and pressed: controls that belong together count as one
MAIN = """root => {
    const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".attnx-more, .attnx-head");
    const focusable = "button, input, select, summary, [tabindex]:not([tabindex='-1'])";
    const group = "fieldset, .attnx-control, [role=group]:not(.attnx), .attnx-check";
    const controls = new Set([...root.querySelectorAll(focusable)].filter(seen).map((one) => one.closest(group) ?? one));
    const said = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const names = ".attnx-goal, svg, option, legend, label, .attnx-label, .attnx-button, .attnx-chip, .attnx-said, button, caption, th";
    while (walker.nextNode()) {
        const one = walker.currentNode.parentElement;
        if (seen(one) && (!one.closest(names) || one.closest("[data-reading]"))) said.push(walker.currentNode.textContent);
    }
    const more = root.querySelector(":scope > .attnx-more").getBoundingClientRect();
    return {
        controls: controls.size,
        text: said.join(" "),
        height: (more.height ? more.top : root.getBoundingClientRect().bottom) - root.getBoundingClientRect().top,
        width: root.getBoundingClientRect().width,
        status: root.querySelector(".attnx-status").textContent,
        goals: root.querySelector("[data-goals]").textContent,
        met: root.querySelector(".attnx-goal").hasAttribute("data-met"),
    };
}"""

# shapes or bars of the picture that have a size
DRAWN = """root => [...root.querySelectorAll("[data-picture] :is(path, rect, circle, line, td, .attnx-bar, .attnx-mark-drawn)")].filter((one) => {
    const box = one.getBoundingClientRect();
    return one.checkVisibility() && Math.max(box.width, box.height) > 2;
}).length"""

# the range of the height before "more" while each slider there goes from one end to the other
DRAGGED = """async root => {
    const ranges = [...root.querySelectorAll("input[type=range]")].filter((one) => !one.closest(".attnx-more"));
    const heights = [];
    for (const range of ranges) {
        const [low, high, before] = [Number(range.min), Number(range.max), range.value];
        for (let i = 0; i <= 16; i++) {
            range.value = low + ((high - low) * i) / 16;
            range.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise((done) => setTimeout(done));
            heights.push(root.getBoundingClientRect().height);
        }
        range.value = before;
        range.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return heights.length ? Math.max(...heights) - Math.min(...heights) : 0;
}"""

SMALL = """root => [...root.querySelectorAll("button, summary, select, input")].filter((one) => {
    if (!one.checkVisibility() || one.closest(".attnx-head") && !one.matches("button")) return false;
    const target = one.matches("[type=radio], [type=checkbox]") ? one.closest("label") : one;
    return target.getBoundingClientRect().height < 43.9;
}).map((one) => one.outerHTML.slice(0, 90))"""

TYPED = """root => [...root.querySelectorAll("input[type=number], input[type=text], select")]
    .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 16).map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with served(explorables.pages(tmp_path_factory.mktemp("explorables"))) as url:
        yield url


@pytest.fixture(scope="module")
def forms(browser):
    """A context for each format: a laptop's column with a mouse, a phone's with a finger."""
    def context(width: int, touch: bool):
        size = {"width": width + 2 * MARGIN, "height": 780}
        return browser.new_context(viewport=size, has_touch=touch, is_mobile=touch, reduced_motion="reduce")

    made = {name: context(width, name == "phone") for name, (width, _) in FORMATS.items()}
    yield made
    for one in made.values():
        one.close()


@pytest.fixture
def alive(forms, address):
    """alive(name, form) -> a page and the explorable on it, running; closed at the end, without an error."""
    pages = []

    def opened(name: str, form: str = "laptop"):
        page = forms[form].new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{address}/{name}.html")
        pages.append(page)
        page.wait_for_selector("[data-ready=yes]")
        page.wait_for_function("document.fonts.status === 'loaded'")
        return page, page.locator(".attnx")

    yield opened
    for page in pages:
        assert page.errors == []
        page.close()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_control_picture_and_sentence_are_seen_together(alive, name, form):
    page, root = alive(name, form)
    width, height = FORMATS[form]
    seen = root.evaluate(MAIN)
    assert seen["width"] == width and seen["height"] <= height, seen["height"]
    assert 1 <= seen["controls"] <= 3, seen["controls"]
    numbers = re.findall(r"\d+(?:[.,]\d+)*", seen["text"])
    assert len(numbers) <= 12, numbers
    assert sticks_out(root) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_with_something_to_read_off(alive, name):
    page, root = alive(name)
    assert root.evaluate(DRAWN) >= 3
    assert len(root.evaluate(MAIN)["status"]) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_every_goal_is_open_at_first_and_reached_by_keyboard(alive, name):
    ways = explorables.WAYS[name]
    page, root = alive(name)
    at_first = root.evaluate(MAIN)
    assert not at_first["met"] and at_first["goals"] == f"0 of {len(ways)} found"
    for count, (goal, steps) in enumerate(ways.items(), 1):
        page.locator("[data-reset]").click()
        for role, named, keys in steps:
            explorables.do(page, root, role, named, keys)
        page.locator(f".attnx-goal[data-goal={goal}][data-met]").wait_for()
        assert f"{count} of {len(ways)} found" in root.locator("[aria-live=polite]").text_content()
        assert stored(page, f"goal:{name}:{goal}")["found"]
    page.reload()
    root.locator("[data-goals]", has_text=f"{len(ways)} of {len(ways)} found").wait_for()
    assert root.locator("[aria-live=polite]").text_content() == ""


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_its_height_stays_while_a_control_is_dragged(alive, name, form):
    page, root = alive(name, form)
    assert root.evaluate(DRAGGED) <= 40


@pytest.mark.parametrize("name", NAMES)
def test_a_finger_finds_room_and_a_phone_does_not_zoom(alive, name):
    page, root = alive(name, "phone")
    root.locator(".attnx-more").evaluate_all("all => all.forEach((one) => { one.open = true })")
    assert root.evaluate(SMALL) == []
    assert root.evaluate(TYPED) == []
    assert sticks_out(root) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_moves_by_itself_where_motion_is_not_wished(alive, name):
    page, root = alive(name)
    _, steps = next(iter(explorables.WAYS[name].items()))
    for role, named, keys in steps:
        explorables.do(page, root, role, named, keys)
    running = "root => root.getAnimations({ subtree: true }).filter((one) => one.effect.getComputedTiming().duration > 0).length"
    assert root.evaluate(running) == 0
