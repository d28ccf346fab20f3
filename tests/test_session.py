"""What a session asks: what is due, new items within their limits, and what keeps going wrong."""
from __future__ import annotations

import json

import pytest
from practice_scripts import laid_out, run

NOW = "2026-03-10T12:00:00.000Z"
DAY = 86_400_000
ITEMS = [{"id": f"i{at}", "page": "one" if at < 6 else "two"} for at in range(12)]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return laid_out(tmp_path_factory.mktemp("site"))


def planned(scripts, due: dict, opened=("one",), out=(), fresh=10, most=100, before=(0, 0)) -> dict:
    code = """const { plan } = await import("./session.js"), now = Date.parse(GIVEN.now);
    const cards = new Map(Object.entries(GIVEN.due).map(([id, days]) => [id, { due: now + days * 86_400_000, last: now - 86_400_000 }]));
    return plan({ items: GIVEN.items, cards, open: (page) => GIVEN.opened.includes(page), out: (page) => GIVEN.out.includes(page),
      wishes: GIVEN.wishes, before: GIVEN.before, now });"""
    given = {"now": NOW, "due": due, "items": ITEMS, "opened": opened, "out": out,
             "wishes": {"fresh": fresh, "most": most}, "before": {"fresh": before[0], "repeated": before[1]}}
    return run(scripts, code, given)


def test_the_longest_overdue_comes_first_and_what_is_due_tomorrow_does_not_come(scripts):
    found = planned(scripts, {"i0": -1, "i1": -3, "i2": 0.2, "i3": 1.5}, fresh=0)
    assert found["due"] == found["queue"] == ["i1", "i0", "i2"] and found["waiting"] == {"due": 0, "fresh": 2}


def test_new_items_come_from_open_chapters_in_their_order_within_the_limit(scripts):
    assert planned(scripts, {"i0": 5}, fresh=3)["fresh"] == ["i1", "i2", "i3"]
    assert planned(scripts, {"i0": 5}, fresh=3, before=(2, 0))["fresh"] == ["i1"]
    assert planned(scripts, {}, opened=())["queue"] == []
    assert planned(scripts, {}, opened=("two",), fresh=20)["fresh"] == [f"i{at}" for at in range(6, 12)]


def test_repetitions_have_a_limit_a_day_too(scripts):
    due = {f"i{at}": -1 - at for at in range(6)}
    found = planned(scripts, due, fresh=0, most=5, before=(0, 2))
    assert found["due"] == ["i5", "i4", "i3"] and found["waiting"]["due"] == 3


def test_of_a_chapter_left_out_nothing_is_asked(scripts):
    assert planned(scripts, {"i0": -1, "i7": -2}, opened=("one", "two"), out=("one",))["queue"][0] == "i7"
    assert not set(planned(scripts, {"i0": -1}, opened=("one", "two"), out=("one",))["queue"]) & {f"i{at}" for at in range(6)}


def test_new_items_are_spread_among_those_due(scripts):
    code = 'const { spread } = await import("./session.js"); return GIVEN.pairs.map(([many, few]) => spread(many, few));'
    [mixed, none, alone] = run(scripts, code, {"pairs": [[list("abcdef"), ["x", "y"]], [["a"], []], [[], ["x", "y"]]]})
    assert sorted(mixed) == sorted("abcdefxy") and [at for at, one in enumerate(mixed) if one in "xy"] == [3, 7]
    assert none == ["a"] and alone == ["x", "y"]


def test_what_was_done_today_counts_by_the_readers_day_and_only_in_sessions(scripts):
    code = 'const { done } = await import("./session.js"); return done(GIVEN.logs, Date.parse(GIVEN.now));'
    logs = [[["2026-03-10T08:00:00.000Z", 3, "review"]],  # new today
            [["2026-03-10T08:00:00.000Z", 3]],  # answered in its chapter
            [["2026-03-08T08:00:00.000Z", 3], ["2026-03-10T08:00:00.000Z", 1, "review"], ["2026-03-10T08:09:00.000Z", 3, "review"]],
            [["2026-03-09T22:00:00.000Z", 3, "review"]]]
    assert run(scripts, code, {"logs": logs, "now": NOW}) == {"fresh": 1, "repeated": 1}
    assert run(scripts, code, {"logs": logs, "now": NOW}, "Europe/Athens") == {"fresh": 2, "repeated": 1}  # there it was the 10th at 22:00 UTC


def test_the_misconception_that_keeps_coming_back_is_named_first(scripts):
    code = 'const { weak } = await import("./session.js"); return weak(GIVEN.items, GIVEN.exercises);'
    items = [["a", {"mistakes": {"no_scale": 3}, "log": [[NOW, 1], [NOW, 3]]}], ["b", {"mistakes": {"no_mask": 1}, "log": [[NOW, 1]]}], ["c", {"log": []}]]
    exercises = [["e", {"mistakes": {"no_mask": 1, "wrong_axis": 4}, "passed": NOW}]]
    found = run(scripts, code, {"items": items, "exercises": exercises})
    assert [one["id"] for one in found] == ["no_mask", "wrong_axis", "no_scale"]
    assert found[0] == {"id": "no_mask", "count": 2, "weight": 1.2, "items": ["b"], "exercises": ["e"]}


KEPT = """const { read } = await import("./storage.js"), dues = await import("./dues.js"), { pages } = await import("./shares.js");
pages.push({ page: "one.html", quiz: ["i0", "i1"], cards: ["c0"] }, { page: "two.html", quiz: ["i7"], cards: [] });
const kept = () => JSON.parse(read("due")).due;"""


def entries(scripts, **logs) -> dict:
    prefix = f"attnlab:{scripts.parent.parent.as_posix()}/:"
    item = {"version": 1, "state": "open", "tried": []}

    return {f"{prefix}item:{name}": json.dumps(item | {"log": log}) for name, log in logs.items()}


def test_the_short_entry_holds_what_the_logs_say(scripts):
    row = ["2026-03-01T12:00:00.000Z", 1]
    code = KEPT + """
    dues.recount(); const first = kept();
    const { update, graded } = await import("./progress.js"); update("item", "c0", graded(4)); dues.recounted(["c0"]); const second = kept();
    dues.wish({ chosen: { "one.html": false } }); dues.recount(); return [first, second, kept()];"""
    first, second, third = run(scripts, code, {"kept": entries(scripts, i0=[row], i7=[row], unknown=[row])})
    assert first == {"i0": first["i7"], "i7": 1772366400000 + 600_000}
    assert set(second) == {"i0", "i7", "c0"} and second["c0"] > second["i0"] + 8 * DAY
    assert list(third) == ["i7"]


def test_a_damaged_short_entry_is_made_anew(scripts):
    given = {"kept": entries(scripts, i0=[["2026-03-01T12:00:00.000Z", 1]])}
    given["kept"] |= {name.replace("item:i0", "due"): "{half" for name in given["kept"]}
    assert list(run(scripts, KEPT + 'dues.recounted(["i1"]); return kept();', given)) == ["i0"]


def test_a_review_taken_back_leaves_what_came_from_elsewhere(scripts):
    code = """const { entry, graded, regraded, update, withdrawn } = await import("./progress.js");
    const before = entry("item", "c0"), mine = update("item", "c0", graded(1)), time = mine.log.at(-1)[0];
    update("item", "c0", (old) => ({ ...old, log: [...old.log, ["2026-03-02T12:00:00.000Z", 4]] }));
    const again = update("item", "c0", regraded(time, 2)), back = update("item", "c0", withdrawn(time, before));
    return [again.log.map(([, grade]) => grade), back.log.map(([, grade]) => grade), back.state];"""
    given = {"kept": entries(scripts, c0=[["2026-03-01T12:00:00.000Z", 3]])}
    assert run(scripts, code, given) == [[3, 2, 4], [3, 4], "open"]


def test_opening_with_1000_items_reads_each_entry_once(scripts):
    logs = {f"i{at}": [[f"2026-01-{day:02}T12:00:00.000Z", 1 + (at + day) % 4] for day in range(1, 11)] for at in range(1000)}
    code = """let read = 0; const get = localStorage.getItem; localStorage.getItem = (name) => (read += name.includes("item:"), get(name));
    const { recount, replays } = await import("./dues.js"), found = replays(); recount(found);
    return [read, found.size, [...found.values()].reduce((sum, [, { reviews }]) => sum + reviews, 0)];"""
    assert run(scripts, code, {"kept": entries(scripts, **logs)}) == [1000, 1000, 10_000]
