"""One log of reviews, replayed in the browser's scheduler and in the Python package of the same algorithm, gives the same cards."""
from __future__ import annotations

import datetime
import random

import pytest
from fsrs import Card, Rating, Scheduler
from practice_scripts import laid_out, run

START = datetime.datetime(2026, 3, 1, 18, 30, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
CARDS, REVIEWS = 12, 25  # 300 reviews in one log
GAPS = (0.004, 0.02, 0.6, 0.97, 1, 1.03, 2.5, 4, 9, 21.7, 60)  # days: within the hour, the same day, around a day, long after


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return laid_out(tmp_path_factory.mktemp("site"))


def stamp(time: datetime.datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def made(seed: int) -> list[tuple[datetime.datetime, int]]:
    """Reviews with gaps and grades of every kind."""
    source, time, log = random.Random(seed), START, []
    for _ in range(REVIEWS):
        log.append((time, source.choice((1, 2, 3, 3, 3, 4))))
        time += datetime.timedelta(milliseconds=round(source.choice(GAPS) * source.uniform(0.95, 1.05) * 86_400_000))
    return log


def in_python(log, settings: dict) -> Card:
    wait = [datetime.timedelta(milliseconds=settings["steps"][0])]
    scheduler = Scheduler(settings["w"], settings["retention"], wait, wait, enable_fuzzing=False)
    card = Card(card_id=1, due=log[0][0])
    for time, grade in log:
        card, _ = scheduler.review_card(card, Rating(grade), time)
    return card


def in_browser(scripts, logs: list, zone: str = "UTC") -> list[dict]:
    rows = [[[stamp(time), grade] for time, grade in log] for log in logs]
    return run(scripts, 'const { replayed } = await import("./schedule.js"); return GIVEN.logs.map((log) => replayed(log));', {"logs": rows}, zone)


def test_300_reviews_give_the_same_cards_in_both(scripts):
    settings = run(scripts, 'return (await import("./schedule.js")).settings();')
    assert settings["w"] == pytest.approx(Scheduler().parameters)
    logs = [made(seed) for seed in range(CARDS)]
    seen = set()
    for log, found in zip(logs, in_browser(scripts, logs)):
        for end in (1, 2, 5, REVIEWS):
            card = in_python(log[:end], settings)
            [at_end] = in_browser(scripts, [log[:end]]) if end < REVIEWS else [found]
            assert at_end["stability"] == pytest.approx(card.stability, rel=1e-6)
            assert at_end["difficulty"] == pytest.approx(card.difficulty, rel=1e-6)
            assert at_end["state"] == card.state.name.lower() and at_end["reviews"] == end
            assert abs(at_end["due"] / 1000 - card.due.timestamp()) < 1e-6 * 86_400
            seen.add(at_end["state"])
    assert seen == {"learning", "review", "relearning"} and sum(map(len, logs)) >= 200


def test_a_time_zone_moves_no_date(scripts):
    logs = [made(seed) for seed in range(3)]
    assert in_browser(scripts, logs, "Asia/Tokyo") == in_browser(scripts, logs, "America/Los_Angeles") == in_browser(scripts, logs)


def test_a_clock_that_goes_back_neither_breaks_a_card_nor_hides_it(scripts):
    later, now = START + 1000 * DAY, START + 2 * DAY
    wrong, right = in_browser(scripts, [[(START, 3), (later, 3), (now, 3)], [(START, 3), (now, 3), (now, 3)]])
    assert wrong == right
    code = 'const { replayed, isDue } = await import("./schedule.js"); return isDue(replayed(GIVEN.log), Date.parse(GIVEN.now));'
    alone = [[stamp(START), 3], [stamp(later), 3]]
    assert run(scripts, code, {"log": alone, "now": stamp(now)}) is True
    assert run(scripts, code, {"log": alone[:1], "now": stamp(START + DAY / 4)}) is False


def test_what_is_due_later_today_is_due_and_tomorrow_is_not(scripts):
    code = ('const { isDue } = await import("./schedule.js"); const card = { due: Date.parse(GIVEN.due), last: 0 };'
            "return GIVEN.nows.map((now) => isDue(card, Date.parse(now)));")
    given = {"due": "2026-03-10T20:00:00Z", "nows": ["2026-03-09T23:59:00Z", "2026-03-10T00:01:00Z", "2026-03-12T00:00:00Z"]}
    assert run(scripts, code, given) == [False, True, True]
    assert run(scripts, code, given, "Asia/Tokyo") == [False, False, True]  # where it is the 11th at 20:00 UTC


def test_what_a_grade_promises_is_what_it_gives(scripts):
    code = """const { outlook, replayed, reviewed, span } = await import("./schedule.js"), now = Date.parse(GIVEN.now), card = replayed(GIVEN.log);
    return [outlook(null, now), outlook(card, now), [1, 2, 3, 4].map((grade) => replayed([...GIVEN.log, [GIVEN.now, grade]]).due - now)];"""
    log = [[stamp(time), grade] for time, grade in made(3)[:6]]
    first, promised, given = run(scripts, code, {"log": log, "now": stamp(made(3)[6][0])})
    assert promised == given and first[:2] == [600_000, 900_000] and first == sorted(first)


def test_spans_are_said_as_people_say_them(scripts):
    days = [1 / 144, 1 / 24, 1, 2, 29, 45, 366, 800]
    code = 'const { span, DAY } = await import("./schedule.js"); return GIVEN.days.map((days) => span(days * DAY));'
    assert run(scripts, code, {"days": days}) == ["10 minutes", "1 hour", "1 day", "2 days", "29 days", "1.5 months", "1 year", "2.2 years"]


def test_replaying_10000_reviews_looks_at_each_once(scripts):
    code = """const { replayed } = await import("./schedule.js"); let read = 0;
    const row = (day) => new Proxy([new Date(day * 86_400_000).toISOString(), 3], { get: (row, key) => { read += key === "1"; return row[key]; } });
    const logs = Array.from({ length: 1000 }, () => Array.from({ length: 10 }, (_, at) => row(at * at)));
    for (const log of logs) replayed(log.map((row) => row)); return read;"""
    assert run(scripts, code) == 10_000
