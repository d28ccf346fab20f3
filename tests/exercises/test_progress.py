"""Progress is written only when asked for, whole or not at all, and nothing old is lost."""

from __future__ import annotations

import json

import pytest

from attnlab.exercises import EXERCISES, check

ID = "self_attention.softmax"
SHOWN, WRONG = EXERCISES[ID].solution, EXERCISES[ID].mutants["temperature_ignored"]
pytestmark = pytest.mark.usefixtures("as_readers_run_it")


def RIGHT(scores, temperature=1.0):
    """A learner's own function, with the answer that the page shows."""
    return SHOWN(scores, temperature)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTNLAB_PROGRESS", raising=False)
    return tmp_path


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_nothing_is_written_unasked(folder):
    check(ID, RIGHT)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_there_is_used(folder):
    path = folder / "attnlab-progress.json"
    path.touch()
    for function in (WRONG, WRONG, RIGHT, WRONG, None):
        check(ID, function)
    document = read(path)
    entry = document["exercises"][ID]
    assert (document["format"], document["version"]) == ("attnlab-progress", 1)
    assert entry["attempts"] == 4 and entry["mistakes"] == {"temperature_ignored": 3}
    assert entry["passed"] <= entry["updated"]
    assert [p.name for p in folder.iterdir()] == ["attnlab-progress.json"]


def test_a_named_file_is_made_and_old_entries_stay(folder, monkeypatch):
    path = folder / "mine.json"
    monkeypatch.setenv("ATTNLAB_PROGRESS", str(path))
    old = {"format": "attnlab-progress", "version": 1, "exercises": {"old.one": {"attempts": 9}}, "cards": {"a": 1}}
    path.write_text(json.dumps(old), encoding="utf-8")
    check(ID, RIGHT)
    document = read(path)
    assert document["exercises"]["old.one"] == {"attempts": 9} and document["cards"] == {"a": 1}
    assert document["exercises"][ID]["attempts"] == 1


@pytest.mark.parametrize("content", ["{", "[]", "3", '{"format": "other"}', '{"format": "attnlab-progress", "exercises": 3}'])
def test_a_damaged_file_is_kept_aside(folder, monkeypatch, content):
    path = folder / "mine.json"
    monkeypatch.setenv("ATTNLAB_PROGRESS", str(path))
    path.write_text(content, encoding="utf-8")
    check(ID, RIGHT)
    assert (folder / "mine.json.damaged-1").read_text(encoding="utf-8") == content
    assert ID in read(path)["exercises"]


@pytest.mark.parametrize("entry", [3, {"attempts": "many"}, {"attempts": 1, "mistakes": ["x"]}, {"mistakes": {"x": None}}])
def test_a_damaged_entry_is_kept_aside_and_the_others_stay(folder, monkeypatch, entry):
    path = folder / "mine.json"
    monkeypatch.setenv("ATTNLAB_PROGRESS", str(path))
    content = json.dumps({"format": "attnlab-progress", "version": 1, "exercises": {ID: entry, "old.one": {"attempts": 9}}})
    path.write_text(content, encoding="utf-8")
    check(ID, RIGHT)
    assert (folder / "mine.json.damaged-1").read_text(encoding="utf-8") == content
    assert read(path)["exercises"]["old.one"] == {"attempts": 9} and read(path)["exercises"][ID]["attempts"] == 1


def test_a_file_of_a_later_version_is_left_alone(folder, monkeypatch):
    path = folder / "mine.json"
    monkeypatch.setenv("ATTNLAB_PROGRESS", str(path))
    content = '{"format": "attnlab-progress", "version": 2, "exercises": {}}'
    path.write_text(content, encoding="utf-8")
    check(ID, RIGHT)
    assert path.read_text(encoding="utf-8") == content


def test_a_disk_that_refuses_stops_no_lesson(folder, monkeypatch, capsys):
    monkeypatch.setenv("ATTNLAB_PROGRESS", str(folder / "no" / "such" / "folder.json"))
    check(ID, RIGHT)
    assert capsys.readouterr().out.startswith("passed")


def test_running_the_solution_that_a_page_shows_is_no_attempt(folder, capsys):
    path = folder / "attnlab-progress.json"
    path.touch()
    check(ID, SHOWN)
    assert capsys.readouterr().out.startswith("passed") and path.read_text(encoding="utf-8") == ""
