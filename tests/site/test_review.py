"""A week of reviews, with the clock put forward day by day; a grade taken back; a second device; two tabs; what was missed, asked again."""
from __future__ import annotations

import datetime
import importlib.util
import json
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
REVIEW, PROGRESS, MASKS, HEADS = (f"book/{page}.html" for page in ("practice/review", "practice/progress", "self_attention/masks", "multi_head/mathematics"))
WEEK = [1, 2, 1, 0, 0, 0, 0, 2]  # the one that failed on Monday; two that were good; the one that failed; and on Tuesday it and the easy one
MONDAY = datetime.datetime(2026, 11, 30, 9, 0)
STORED = "name => JSON.parse(localStorage.getItem(`attnlab:/:${name}`))"
STORE = "([name, value]) => localStorage.setItem(`attnlab:/:${name}`, JSON.stringify(value))"
LOGS = """() => Object.entries(localStorage).filter(([name]) => name.startsWith("attnlab:/:item:"))
    .flatMap(([name, text]) => JSON.parse(text).log.map((row) => [name.slice(15), ...row]))"""


def on(page, day: int, hour: int = 0) -> None:
    page.clock.set_system_time(MONDAY + datetime.timedelta(days=day, hours=hour))


def chosen(page, site_url, name: str = MASKS) -> None:
    """A page of the site, for a reader who has opened one chapter and takes four new items a day."""
    conftest.visit(page, f"{site_url}/{REVIEW}")
    page.evaluate(STORE, [f"page:{name}", {"version": 1, "opened": "2026-11-29T08:00:00.000Z", "updated": "2026-11-29T08:00:00.000Z"}])
    page.evaluate(STORE, ["review", {"version": 1, "fresh": 4, "most": 100, "chosen": {}}])


def begun(page, site_url) -> None:
    """Today's session by one press, as from the landing page."""
    page.goto("about:blank")
    page.goto(f"{site_url}/{REVIEW}#now")
    page.locator(".turn, .today-sum").first.wait_for()


def answer(page, grade: int) -> None:
    """The item in hand, by the keyboard alone: a card is turned and graded, a question is given up or, for a good grade, answered."""
    turn = page.locator(".turn")
    turn.locator("button").first.wait_for()
    before = turn.element_handle()
    if turn.locator(".item").count() == 0:
        page.keyboard.press("Enter")
    elif grade == 1:
        turn.get_by_role("button", name="Show the answer").press("Enter") if turn.get_by_role("button", name="Show the answer").count() else wrong(turn)
    else:
        right(turn)
    turn.locator(".grades button").first.wait_for()
    page.keyboard.press(str(grade))
    page.wait_for_function("turn => !turn.isConnected", arg=before)


def right(turn) -> None:
    place = turn.locator("template").evaluate("t => [...t.content.querySelectorAll('[data-part=option]')].findIndex((one) => one.dataset.right === 'yes')")
    turn.locator(".option").nth(place).press("Enter")


def wrong(turn) -> None:
    """Every choice in turn, until the right one is met; the first one is wrong."""
    place = turn.locator("template").evaluate("t => [...t.content.querySelectorAll('[data-part=option]')].findIndex((one) => one.dataset.right === 'no')")
    turn.locator(".option").nth(place).press("Enter")
    right(turn)


def due(page) -> int:
    said = page.locator(".today-link").get_attribute("aria-label")
    return int(said.split(": ")[1].split()[0]) if "due" in said and "nothing" not in said else 0


def finished(page) -> str:
    page.locator(".finished").wait_for()
    return page.locator(".finished").inner_text()


def test_a_week_of_reviews(page, site_url, axe_in_both_themes):
    on(page, 0)
    chosen(page, site_url)
    begun(page, site_url)
    assert page.locator(".turn-place").inner_text() == "1 of 4"
    page.keyboard.press("Enter")
    names = page.locator(".grade").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    assert names == ["Again: again in 10 minutes", "Hard: again in 15 minutes", "Good: again in 2 days", "Easy: again in 8 days"]
    assert axe_in_both_themes(page, ".review") == ""
    page.keyboard.press("3")
    answer(page, 1)  # failed, and back at the end of this session
    assert due(page) == 1
    answer(page, 4)
    answer(page, 3)
    assert page.locator(".turn-place").inner_text() == "5 of 5"
    answer(page, 3)  # then passed
    assert "Finished for today. Next: 1 item tomorrow." in finished(page) and due(page) == 0
    [again] = {name for name, _, grade, _ in page.evaluate(LOGS) if grade == 1}
    assert [row[2:] for row in page.evaluate(LOGS) if row[0] == again] == [[1, "review"], [3, "review"]]

    page.locator(".wishes > summary").press("Enter")
    page.get_by_label("New a day").fill("0")
    page.get_by_label("New a day").press("Enter")
    counts = []
    for day in range(1, 9):
        on(page, day, hour=-day % 3)  # at another hour each day: what is due later today is due
        begun(page, site_url)
        counts.append(due(page))
        while page.locator(".turn").count():
            answer(page, 3)
        assert due(page) == 0
        assert ("Finished for today" if counts[-1] else "Nothing is due") in page.locator(".stage").inner_text()
    assert counts == WEEK and not page.errors


def test_a_grade_is_taken_back(page, site_url):
    on(page, 0)
    chosen(page, site_url)
    begun(page, site_url)
    front = page.locator(".turn .front").inner_text()
    answer(page, 1)
    assert len(page.evaluate(LOGS)) == 1
    page.keyboard.press("u")
    page.wait_for_function("front => document.querySelector('.turn .front')?.innerText === front", arg=front)
    assert page.evaluate(LOGS) == [] and page.locator(".turn-place").inner_text() == "1 of 4"
    assert page.locator(".review").get_by_role("status").first.inner_text() == "The last grade is taken back."
    assert due(page) == 0 and not page.errors


def test_progress_goes_to_a_second_device_and_two_tabs_lose_no_review(page, browser, site_url, tmp_path):
    on(page, 0)
    chosen(page, site_url)
    begun(page, site_url)
    other = conftest.watch(page.context, site_url)  # a second tab on the same items
    on(other, 0)
    begun(other, site_url)
    for tab in (page, other):
        answer(tab, 1)
    rows = page.evaluate(LOGS)
    assert len(rows) == 2 and len({name for name, *_ in rows}) == 1
    other.close()
    conftest.visit(page, f"{site_url}/{PROGRESS}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my progress to a file").click()
    download.value.save_as(tmp_path / "progress.json")
    with conftest.opened(browser) as context:
        there = conftest.watch(context, site_url)
        there.clock.set_system_time(MONDAY + datetime.timedelta(hours=1))
        conftest.visit(there, f"{site_url}/{PROGRESS}")
        there.locator(".mastery-part").first.wait_for()
        assert "None of the" in there.locator(".today-sum").inner_text()
        there.locator(".progress-file input").set_input_files({"name": "big.json", "mimeType": "application/json", "buffer": b" " * 10_000_001})
        there.get_by_text("no file of progress in this course has more than 10. Nothing was changed.").wait_for()
        there.locator(".progress-file input").set_input_files(tmp_path / "progress.json")
        there.get_by_text("You have answered 1 of").wait_for()
        there.wait_for_function("() => document.querySelector('.today-count').textContent === '1'")
        assert sorted(there.evaluate(LOGS)) == sorted(rows) and not there.errors


def test_all_is_forgotten_and_brought_back(page, site_url):
    conftest.visit(page, f"{site_url}/{PROGRESS}")
    log = [["2026-11-01T09:00:00.000Z", 1], ["2026-11-02T09:00:00.000Z", 3, "review"]]
    held = json.loads((conftest.SITE / "_static" / "way.json").read_text("utf-8"))
    name = next(one for one in held if one["page"] == MASKS)["cards"][0]
    page.evaluate(STORE, [f"item:{name}", {"version": 1, "log": log, "state": "known", "tried": [], "mistakes": {"no_scale": 2}}])
    page.reload()
    page.locator(".trouble", has_text="met twice").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save all answers as a table (CSV)").click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert lines == ["time,item,kind,chapter,grade,way", f"{log[0][0]},{name},card,self_attention/masks,1,chapter", f"{log[1][0]},{name},card,self_attention/masks,3,review"]
    page.get_by_role("button", name="Forget everything").press("Enter")
    page.get_by_role("button", name="Forget them").press("Enter")
    page.get_by_text("None of the").wait_for()
    assert page.evaluate(LOGS) == []
    page.get_by_role("button", name="Undo, as long as this page is open").press("Enter")
    page.get_by_text("You have answered 1 of").wait_for()
    assert [row[1:] for row in page.evaluate(LOGS)] == log and not page.errors


def test_a_chapter_asks_first_what_was_missed_before_it(page, site_url):
    conftest.visit(page, f"{site_url}/{HEADS}")
    assert page.locator(".recall-missed").count() == 0
    held = json.loads((conftest.SITE / "_static" / "way.json").read_text("utf-8"))
    [before] = [one["cards"][0] for one in held if one["page"] == MASKS]
    [own] = [one["cards"][0] for one in held if one["page"] == HEADS]
    for name in (before, own):
        page.evaluate(STORE, [f"item:{name}", {"version": 1, "log": [["2026-11-01T09:00:00.000Z", 1]], "state": "open", "tried": []}])
    page.reload()
    box = page.locator(".recall-missed")
    box.get_by_role("button", name="ask me now").click()
    box.locator(".front").wait_for()
    box.get_by_role("button", name="Show answer").press("Enter")
    box.get_by_role("button", name="Good").press("Enter")
    box.get_by_text("That was all").wait_for()
    assert [grade for _, grade in page.evaluate(STORED, f"item:{before}")["log"]] == [1, 3]
    assert page.locator(".admonition.recall").first.locator("details").count() > 0 and not page.errors


def test_with_the_coach_the_weakest_point_and_an_exercise_follow(page, site_url):
    on(page, 0)
    conftest.visit(page, f"{site_url}/{REVIEW}")
    page.evaluate(STORE, ["exercise:self_attention.softmax", {"version": 1, "attempts": 3, "updated": "2026-11-20T09:00:00.000Z", "mistakes": {"softmax_over_queries": 3}}])
    page.reload()
    page.get_by_role("button", name="Start with the coach").press("Enter")
    page.get_by_role("heading", name="Your weakest point").wait_for()
    assert "met 3 times" in page.locator(".stage").inner_text()
    assert all("/book/" in link for link in page.locator(".stage a").evaluate_all("all => all.map((one) => one.href)"))
    page.get_by_role("button", name="Finish").press("Enter")
    assert "One exercise" in finished(page) and not page.errors


def test_one_press_leads_from_the_landing_page_and_without_scripts_the_chapters_are_named(page, browser, site_url, site_folder):
    conftest.visit(page, f"{site_url}/book/index.html")
    page.get_by_role("link", name="Today’s session").or_(page.get_by_role("link", name="Today's session")).first.click()
    page.wait_for_url(f"**/{REVIEW}#now")
    with browser.new_context(java_script_enabled=False) as context:
        bare = context.new_page()
        bare.goto((site_folder / REVIEW).as_uri())
        links = bare.locator(".review li a")
        assert links.count() > 40 and "#item-" in links.first.get_attribute("href")


NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('blocked', 'SecurityError') } })"
NO_ROOM = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"


@pytest.mark.parametrize("script", [NO_STORAGE, NO_ROOM], ids=["blocked", "full"])
def test_a_browser_that_keeps_nothing_says_so_and_the_session_goes_on(browser, site_url, script):
    with conftest.opened(browser) as context:
        context.add_init_script(script)
        page = conftest.watch(context, site_url)
        page.goto(f"{site_url}/{REVIEW}")
        page.locator(".wishes > summary").press("Enter")
        page.get_by_label("Masks", exact=True).press("Space")
        page.get_by_text("0 due, 10 new").wait_for()
        assert page.locator(".review .unkept").is_visible()
        page.get_by_role("button", name="Start", exact=True).press("Enter")
        answer(page, 1)
        answer(page, 3)
        page.get_by_role("button", name="Stop here").press("Enter")
        assert "You answered 2 times, 1 of them right." in finished(page) and due(page) == 1
        assert page.locator(".review .unkept").is_visible() and not page.errors


def test_on_paper_the_chapters_are_listed_and_no_button_is(page, site_url):
    conftest.visit(page, f"{site_url}/{REVIEW}")
    page.locator(".today-sum").wait_for()
    assert not page.locator(".review .for-paper").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".review .for-paper li").count() > 40 and page.locator(".review .for-paper li").first.is_visible()
    assert page.locator(".review button:visible, .today-link:visible").count() == 0
    page.emulate_media(media="screen")
