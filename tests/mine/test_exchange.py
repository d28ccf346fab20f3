"""Answers travel between the site's file and the folder; the newer stays, and a file that is none changes nothing."""

from __future__ import annotations

import json
import sys

import pytest

from attnlab import mine
from attnlab.exercises import _keep, solved
from attnlab.mine import exchange

ID = "self_attention.softmax"
OLD, NEW = "2026-03-14T09:26:53.589Z", "2026-03-15T09:26:53.589Z"
pytestmark = pytest.mark.usefixtures("as_readers_run_it")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(_keep.VARIABLE, "x")
    monkeypatch.setattr("sys.path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return _keep.keep()


def file(folder, passed: str = NEW, **more) -> dict:
    document = {"format": "attnlab-progress", "version": 1, "items": {"a": 1}, "answers": {ID: {"source": solved(ID), "slot": "s", "passed": passed}, **more}}
    (folder.parent / exchange.FILE).write_text(json.dumps(document), "utf-8")
    return document


def test_what_passed_on_the_site_is_a_piece_in_the_notebook(folder):
    file(folder, **{"no.such": {"source": "", "slot": "", "passed": NEW}, "positions.rotary": {"source": 5}, "start.adamw": "x"})
    assert mine.take() == [ID] and mine.assemble().yours == ("softmax",)
    assert mine.take() == [], "twice adds nothing"


def test_the_newer_of_two_answers_stays_both_ways(folder):
    mine_, theirs = _keep.Kept("# here\n" + solved(ID), ID, "s", NEW), file(folder, OLD)
    _keep.store(folder, mine_)
    assert mine.take() == []
    assert mine.give() == [ID] and mine.give() == []
    written = json.loads((folder.parent / exchange.FILE).read_text("utf-8"))
    assert written["answers"][ID] == {"source": mine_.source, "slot": "s", "passed": NEW} and written["items"] == theirs["items"]


def test_a_file_is_made_where_there_is_none(folder):
    _keep.store(folder, _keep.Kept(solved(ID), ID, "s", NEW))
    assert exchange.give("new.json") == [ID]
    assert exchange.take("new.json") == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "x"}', '{"format": "attnlab-progress", "version": 2}', '{"format": "attnlab-progress", "version": 1, "answers": []}'])
def test_a_file_that_is_none_is_refused(folder, text):
    (folder.parent / exchange.FILE).write_text(text, "utf-8")
    for way in (mine.take, mine.give):
        with pytest.raises(ValueError, match="is no file of progress in this course, or one of a later version; nothing was changed"):
            way()
    assert (folder.parent / exchange.FILE).read_text("utf-8") == text


def test_without_a_folder_nothing_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv(_keep.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="no folder of answers is switched on"):
        mine.take()
