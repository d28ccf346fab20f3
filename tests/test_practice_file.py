"""Stars, written thoughts and what games keep travel in the file of progress, also as the course kept them at first."""
from __future__ import annotations

import json

import pytest

import practice_scripts

TIME, LATER, NEVER = "2026-03-14T09:26:53.589Z", "2026-05-01T09:00:00.000Z", "1970-01-01T00:00:00.000Z"
GROUPS = {"stars": "star", "thoughts": "thought", "times": "best", "played": "played"}
ENTRIES = {"star:c-one": {"starred": TIME}, "thought:think-a": {"text": "Because.\n\n“So”.", "updated": TIME},
           "best:game-a": {"best": 7400, "updated": TIME}, "played:game-a": {"times": 3}}
PLAIN = {"star:c-one": TIME, "thought:think-a": "Because.", "best:game-a": "7400", "played:game-a": "3"}
SEVERAL = """
const progress = await import("./progress.js"), { written, refusal, taken } = await import("./portable.js");
const { names, read } = await import("./storage.js");
for (const [name, text] of Object.entries(GIVEN.before ?? {})) (await import("./storage.js")).write(name, text);
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return practice_scripts.laid_out(tmp_path_factory.mktemp("file"))


def asked(scripts, code: str, **given):
    return practice_scripts.run(scripts, SEVERAL + code, given)


def texts(entries: dict) -> dict[str, str]:
    return {name: one if isinstance(one, str) else json.dumps(one | {"version": 1}) for name, one in entries.items()}


def document(entries: dict) -> dict:
    groups = {group: {name.split(":")[1]: one for name, one in entries.items() if name.startswith(f"{kind}:")} for group, kind in GROUPS.items()}
    return {"format": "attnlab-progress", "version": 1, "exercises": {}} | groups


def saved(scripts, before: dict) -> dict:
    found = json.loads(asked(scripts, "return written()", before=texts(before)))
    return {group: found[group] for group in GROUPS}


def added(scripts, before: dict, entries: dict):
    """What is said to be new, then what is kept, then what is new the second time."""
    code = """const count = () => Object.fromEntries(Object.entries(taken(GIVEN.file)).filter(([, many]) => many));
        const first = count(), kept = Object.fromEntries(names("").map((name) => [name, JSON.parse(read(name))]));
        return [first, kept, count()]"""
    return asked(scripts, code, before=texts(before), file=json.dumps(document(entries)))


def test_all_of_it_is_saved_and_what_was_kept_as_bare_text_too(scripts):
    assert saved(scripts, ENTRIES) == {group: document(ENTRIES)[group] for group in GROUPS}
    found = saved(scripts, PLAIN)
    assert found == {"stars": {"c-one": {"starred": TIME}}, "thoughts": {"think-a": {"text": "Because.", "updated": NEVER}},
                     "times": {"game-a": {"best": 7400, "updated": NEVER}}, "played": {"game-a": {"times": 3}}}
    assert saved(scripts, {"thought:think-a": "", "best:game-a": "soon", "star:c-one": "yes"}) == dict.fromkeys(GROUPS, {})


@pytest.mark.parametrize("text", ["5", "null", '"so"', "[1, 2]", '{"text": "cut sh', '{"a": 1}', "{}"])
def test_a_thought_that_reads_like_data_is_still_a_thought(scripts, text):
    assert saved(scripts, {"thought:think-a": text})["thoughts"] == {"think-a": {"text": text, "updated": NEVER}}


def test_an_empty_browser_has_all_of_the_file_and_twice_adds_nothing(scripts):
    first, kept, again = added(scripts, {}, ENTRIES)
    assert first == dict.fromkeys(GROUPS, 1) and again == {}
    assert kept == {name: one | {"version": 1} for name, one in ENTRIES.items()}


def test_nothing_that_is_here_is_lost(scripts):
    mine = {"star:c-two": {"starred": LATER}, "thought:think-a": {"text": "Or not.", "updated": LATER}, "best:game-a": {"best": 9900, "updated": LATER}, "played:game-a": {"times": 5}}
    first, kept, again = added(scripts, mine, ENTRIES)
    assert first == {"stars": 1, "thoughts": 1, "times": 1} and again == {}
    assert kept["thought:think-a"] == {"text": "Or not.\n\nBecause.\n\n“So”.", "updated": LATER, "version": 1}
    assert kept["best:game-a"]["best"] == 7400 and kept["played:game-a"]["times"] == 5 and {"star:c-one", "star:c-two"} <= set(kept)


def test_a_bare_text_of_before_counts_as_the_older(scripts):
    _, kept, again = added(scripts, {"thought:think-a": "What I wrote before."}, ENTRIES)
    assert kept["thought:think-a"]["text"] == "Because.\n\n“So”.\n\nWhat I wrote before." and again == {}


def test_a_file_of_before_is_read(scripts):
    old = json.dumps({"format": "attnlab-progress", "version": 1, "exercises": {}, "items": {}, "code": {}})
    assert asked(scripts, "return [refusal(GIVEN.file), Object.values(taken(GIVEN.file)).some(Boolean)]", file=old, before=texts(PLAIN)) == ["", False]


@pytest.mark.parametrize("name, entry", [
    ("star:c-one", {}), ("star:c-one", {"starred": "yesterday"}), ("star:c-one", TIME), ("thought:think-a", "Because."), ("thought:think-a", {"text": 5, "updated": TIME}),
    ("thought:think-a", {"text": "a"}), ("best:game-a", {"best": 0, "updated": TIME}), ("best:game-a", {"best": "7", "updated": TIME}), ("best:game-a", {"best": 7}),
    ("best:game-a", 7400), ("played:game-a", {"times": 1.5}), ("played:game-a", {"times": -1}), ("played:game-a", [3]),
])
def test_a_file_that_is_damaged_there_is_refused_whole(scripts, name, entry):
    said = asked(scripts, "return refusal(GIVEN.file)", file=json.dumps(document(ENTRIES | {name: entry})))
    assert said == f"This file is damaged at “{name.split(':')[1]}”. Nothing was changed."
    assert asked(scripts, "return refusal(GIVEN.file)", file=json.dumps(document(ENTRIES) | {"stars": []})) == "This file is damaged at “stars”. Nothing was changed."


def test_what_cannot_be_understood_is_set_aside_and_not_saved(scripts):
    damaged = {"best:game-a": {"best": "soon"}, "star:c-one": {"starred": 5}}
    code = """for (const name of ["best:game-a", "star:c-one"]) { const [kind, id] = name.split(":"); progress.quietly(kind, id, () => GIVEN.now[name]); }
        return [JSON.parse(written()), names("damaged-").map((name) => [name, JSON.parse(read(name))])]"""
    found, aside = asked(scripts, code, before=texts(damaged), now=ENTRIES)
    assert found["times"] == {"game-a": ENTRIES["best:game-a"]} and found["stars"] == {"c-one": ENTRIES["star:c-one"]}
    assert dict(aside) == {f"damaged-1:{name}": one | {"version": 1} for name, one in damaged.items()}
