"""The explorables on the built pages: by keyboard, pointer and touch, without JavaScript, at 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import phone, sticks_out, unfolded

SOFTMAX, SENTENCE = "softmax_and_scale", "attention_on_a_sentence"
CHAPTERS = {SOFTMAX: "book/self_attention/why_scale.html", SENTENCE: "book/self_attention/scaled_dot_product.html"}
STEPS = ["project", "score", "scale", "mask", "normalise", "mix"]


def alive(page, site_url: str, name: str, where: str = ""):
    """The first explorable of that name on the page, once it runs."""
    page.goto(f"{site_url}/{where or CHAPTERS[name]}")
    place = page.locator(f'[data-afm="{name}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def weights(place) -> list[float]:
    return [
        float(value)
        for value in place.locator("[data-weight]").evaluate_all("all => all.map(x => x.dataset.value)")
    ]


def meter(place, name: str) -> float:
    return float(place.locator(f'[data-meter="{name}"]').get_attribute("data-value"))


def tab_to(page, target, key: str = "Tab") -> None:
    """Reach the element by Tab (or Shift+Tab) alone, from where the keyboard is now."""
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("Tab never reaches it")


def focus_is_visible(target) -> bool:
    """An outline on the element, on its label, or (on the plane) a ring around the point."""
    return target.evaluate("""element => {
        const seen = [element, element.closest("label")].filter(Boolean).some(
            (one) => getComputedStyle(one).outlineStyle !== "none"
                && parseFloat(getComputedStyle(one).outlineWidth) >= 2);
        const ring = element.querySelector(".attnx-ring");
        return seen || (ring !== null && getComputedStyle(ring).stroke !== "none");
    }""")


# ---- softmax and scale ---------------------------------------------------------------------------


def test_softmax_and_scale_by_keyboard(page, site_url):
    place = alive(page, site_url, SOFTMAX)
    start, bits, norm = weights(place), meter(place, "entropy"), meter(place, "gradient")
    assert sum(start) == pytest.approx(1) and start == sorted(start, reverse=True)

    temperature = place.get_by_role("slider", name="Temperature")
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, temperature)
    assert focus_is_visible(temperature)
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert weights(place)[0] > start[0] and meter(place, "entropy") < bits
    page.keyboard.press("Home")
    assert weights(place)[0] > 0.999 and meter(place, "gradient") < 1e-6 < norm
    page.keyboard.press("End")
    assert max(weights(place)) - min(weights(place)) < 0.01
    assert meter(place, "entropy") == pytest.approx(2.3219, abs=1e-3)

    tab_to(page, place.get_by_role("button", name="Reset"), "Shift+Tab")
    page.keyboard.press("Enter")
    assert weights(place) == start
    assert page.errors == [] and page.external == []


def test_jupyterlab_is_told_to_leave_the_keys_to_what_has_the_focus(page, site_url):
    """Its shortcuts look at the focused element itself, never at what holds it."""
    place = alive(page, site_url, SOFTMAX)
    for role in ("slider", "spinbutton", "checkbox", "button"):
        one = place.get_by_role(role).first
        one.focus()
        assert one.get_attribute("data-lm-suppress-shortcuts") == "true", role


def test_division_by_the_root_keeps_the_gradient(page, site_url):
    place = alive(page, site_url, SOFTMAX)
    start, norm = weights(place), meter(place, "gradient")
    box = place.get_by_role("spinbutton", name="d_k")
    box.fill("1024")
    assert weights(place) == pytest.approx(start)
    check = place.get_by_role("checkbox")
    check.focus()
    page.keyboard.press("Space")
    assert weights(place)[0] > 0.999 and meter(place, "gradient") < 1e-6 < norm
    place.locator("[role=status]", has_text="Saturated").wait_for()


def test_a_score_moves_by_slider_and_by_number(page, site_url):
    place = alive(page, site_url, SOFTMAX)
    before = weights(place)
    key = place.get_by_role("group", name="Key 5")
    key.get_by_role("spinbutton").fill("4")
    assert weights(place)[4] == max(weights(place)) > before[4]
    key.get_by_role("slider").focus()
    page.keyboard.press("Home")
    assert key.get_by_role("spinbutton").input_value() == "-4"
    assert weights(place)[4] < before[4]
    key.get_by_role("spinbutton").fill("77")  # out of range: the picture keeps the last good number
    assert weights(place)[4] < before[4]
    cells = place.locator("[data-jacobian] tbody td").all_text_contents()
    assert len(cells) == 25 and all(re.fullmatch(r"−?0\.\d{3}", cell) for cell in cells)


# ---- attention on a sentence ---------------------------------------------------------------------


def test_six_steps_by_keyboard(page, site_url):
    place = alive(page, site_url, SENTENCE)
    assert [re.sub(r"^\d", "", text) for text in place.locator("[data-step]").all_text_contents()] == STEPS
    following = place.locator("[data-next]")
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, following)
    assert focus_is_visible(following)
    tables = []
    for number, step in enumerate(STEPS):
        assert place.locator("[aria-current=step]").get_attribute("data-step") == step
        tables.append(
            place.locator(".attnx-more [data-table]").evaluate_all("all => all.map(x => x.dataset.table)")
        )
        page.keyboard.press("Enter")
        if number < 5:
            assert following.evaluate("element => element === document.activeElement")
    assert tables == [["Q", "K", "V"], ["scores"], ["scaled"], ["masked"], ["weights"], ["mix"]]
    tab_to(page, place.locator("[data-back]"), "Shift+Tab")
    page.keyboard.press("Enter")
    assert place.locator("[aria-current=step]").get_attribute("data-step") == "normalise"
    assert page.errors == [] and page.external == []


def test_each_step_stands_under_the_words_and_in_one_sentence(page, site_url):
    """“cat” asks with (0, 2.85): 2.85 times the height of every word, divided by the root of 2, and so on."""
    place = alive(page, site_url, SENTENCE)
    under = lambda: place.locator(".attnx-word small").all_inner_texts()  # noqa: E731
    said = []
    for step, expected in {
        "project": ["0 %", "23 %", "1 %", "0 %", "76 %"],
        "score": ["−2.85", "3.42", "−1.14", "−5.70", "5.13"],
        "scale": ["−2.02", "2.42", "−0.81", "−4.03", "3.63"],
        "mask": ["−2.02", "2.42", "−0.81", "−4.03", "3.63"],
        "normalise": ["0.00", "0.23", "0.01", "0.00", "0.76"],
        "mix": ["0.00", "0.23", "0.01", "0.00", "0.76"],
    }.items():
        place.locator(f"[data-step={step}]").click()
        assert under() == expected, step
        said.append(place.locator(".attnx-explain").inner_text())
    assert "q = (0.00, 2.85)" in said[0] and "0.00 · 0.00 + 2.85 · 1.80 = 5.13" in said[1] and "5.13 / 1.414 = 3.63" in said[2]
    assert "every key" in said[3] and "“bird” gets 0.76" in said[4] and "o = (" in said[5]


def test_a_key_carries_its_word_and_an_arc_is_as_thick_as_its_weight(page, site_url):
    place = alive(page, site_url, SENTENCE)
    wide = place.locator(".attnx-sentencearcs path").evaluate_all("all => all.map(a => [Number(a.dataset.key), parseFloat(a.style.strokeWidth)])")
    assert [key for key, _ in wide] == [2, 1, 4] and [thick for _, thick in wide] == pytest.approx([1 + 15 * weights(place)[key] for key, _ in wide], abs=0.01)
    place.locator("[data-step=score]").click()
    named = place.locator(".attnx-k text:visible").all_text_contents()
    assert named == ["the", "cat", "saw", "a", "bird"]
    place.locator("[data-step=mix]").click()
    assert place.locator(".attnx-k text:visible").count() == 0 and place.locator(".attnx-v text:visible").count() == 5


def test_a_token_moves_by_arrow_keys_and_the_numbers_follow(page, site_url):
    place = alive(page, site_url, SENTENCE)
    point = place.get_by_role("slider", name="bird")
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, point)
    assert focus_is_visible(point)
    before, where = weights(place), point.get_attribute("aria-valuetext")
    scrolled = page.evaluate("scrollY")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    assert page.evaluate("scrollY") == scrolled
    assert where == "0.80 across, 1.80 up" and point.get_attribute("aria-valuetext") == "0.80 across, 0.30 up"
    assert weights(place)[4] < before[4] and sum(weights(place)) == pytest.approx(1)
    assert place.get_by_role("spinbutton", name="Vectors X, bird, up").input_value() == "0.3"
    place.get_by_role("button", name="Reset").click()
    assert weights(place) == before


def test_a_token_moves_by_pointer(page, site_url):
    place = alive(page, site_url, SENTENCE)
    point = place.get_by_role("slider", name="bird")
    point.scroll_into_view_if_needed()
    dot = point.locator(".attnx-dot").bounding_box()
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    before = weights(place)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 60, steps=4)
    page.mouse.up()
    assert point.get_attribute("aria-valuetext") != "0.80 across, 1.80 up"
    assert weights(place)[4] < before[4]


def test_a_token_moves_by_touch(browser, site_url):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url, SENTENCE)
    point = place.get_by_role("slider", name="bird")
    point.scroll_into_view_if_needed()
    dot = point.locator(".attnx-dot").bounding_box()
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    touch = context.new_cdp_session(page)
    for kind, dy in (("touchStart", 0), ("touchMove", 20), ("touchMove", 45)):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y + dy}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    moved = float(point.get_attribute("aria-valuetext").split(", ")[1].split(" ")[0].replace("−", "-"))
    context.close()
    assert moved < 1.5


def test_query_mask_and_projections_by_keyboard(page, site_url):
    place = alive(page, site_url, SENTENCE)
    place.get_by_role("radio", name="cat").focus()
    page.keyboard.press("ArrowRight")
    assert place.get_by_role("radio", name="saw").is_checked()
    place.locator("[data-step=mask]").click()
    place.get_by_role("radio", name="none").focus()
    page.keyboard.press("ArrowRight")
    assert weights(place)[3:] == [0, 0] and place.locator(".attnx-word[data-hidden] small").all_inner_texts() == ["−∞"] * 2
    page.keyboard.press("ArrowRight")
    place.get_by_role("spinbutton", name="real tokens").fill("1")
    assert weights(place) == [1, 0, 0, 0, 0]
    place.get_by_role("spinbutton", name="real tokens").fill("0")
    assert weights(place) == [0] * 5
    place.get_by_role("radio", name="causal").check()
    place.get_by_role("button", name="look at the previous").focus()
    page.keyboard.press("Enter")
    assert weights(place)[1] == max(weights(place)) > 0.5
    place.get_by_role("spinbutton", name="W_V, across, 1").fill("-2")
    place.locator("[data-step=mix]").click()
    assert "−" in place.locator('[data-table="mix"] tbody tr').first.locator("td").nth(1).text_content()


def test_the_status_speaks_once_after_a_burst(page, site_url):
    place = alive(page, site_url, SENTENCE)
    status = place.locator("[role=status]")
    status.evaluate(
        "s => { window.spoken = 0; new MutationObserver(() => { window.spoken += 1; })"
        ".observe(s, {childList: true, characterData: true, subtree: true}); }"
    )
    place.get_by_role("slider", name="bird").focus()
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(900)
    assert page.evaluate("window.spoken") <= 1
    place.locator("[data-next]").click()
    status.get_by_text("Step 2 of 6, score").wait_for()


# ---- both ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [SOFTMAX, SENTENCE])
def test_without_javascript_the_table_stays(browser, site_url, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{CHAPTERS[name]}")
    table = page.locator(f'[data-afm="{name}"] table').first
    assert table.is_visible()
    assert len(re.findall(r"\d\.\d\d", table.text_content())) >= 15
    context.close()


@pytest.mark.parametrize("name", [SOFTMAX, SENTENCE])
def test_readable_by_all_in_both_themes(page, site_url, name, axe_in_both_themes):
    place = alive(page, site_url, name)
    for step in ["project", "mask", "mix"] if name == SENTENCE else [None]:
        if step:
            place.locator("[data-step=mask]").click()
            place.get_by_role("radio", name="causal").check()
            place.locator(f"[data-step={step}]").click()
        assert axe_in_both_themes(page, f'[data-afm="{name}"]') == "", step


@pytest.mark.parametrize("name", [SOFTMAX, SENTENCE])
def test_a_phone_needs_no_sideways_scroll(page, site_url, name):
    page.set_viewport_size({"width": 360, "height": 780})
    place = alive(page, site_url, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for step in STEPS if name == SENTENCE else [None]:
        if step:
            assert place.locator("[data-step]:visible").all_text_contents() == [f"{STEPS.index(step) + 1}{step}"]
        else:
            place.locator('[data-temperature="0.01"]').click()
        assert sticks_out(place) == [], step
        if step and step != STEPS[-1]:
            place.locator("[data-next]").click()


def test_output_made_later_is_mounted_once(page, site_url):
    place = alive(page, site_url, SOFTMAX)
    count = page.evaluate("""async () => {
        const old = document.querySelector("[data-afm=softmax_and_scale]");
        const box = document.createElement("div");
        const fresh = old.cloneNode(false);
        delete fresh.dataset.ready;
        box.append(fresh);
        document.querySelector("main").append(box);
        await window.attnlabMount(box);
        await window.attnlabMount(box);
        return box.querySelectorAll(".attnx").length;
    }""")
    assert count == 1 and place.locator(".attnx").count() == 1


def test_a_broken_state_leaves_the_table(page, site_url):
    alive(page, site_url, SOFTMAX)
    left = page.evaluate("""async () => {
        const box = document.createElement("div");
        box.innerHTML = '<div data-afm="softmax_and_scale" data-state="{"><p>kept</p></div>';
        await window.attnlabMount(box);
        return box.textContent;
    }""")
    assert left == "kept"
