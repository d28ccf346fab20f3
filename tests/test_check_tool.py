"""The runner of all checks: what it counts, which stages it runs, and its table of processor time."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REPORT = """<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1">
<testcase name="a"><properties><property name="notebook" value="part/one"/><property name="budget" value="60"/>
<property name="used" value="61.5"/></properties></testcase>
<testcase name="b"><properties><property name="other" value="1"/></properties></testcase>
<testcase name="c"><properties><property name="notebook" value="part/two"/><property name="budget" value="60"/>
<property name="used" value="70.2"/></properties></testcase></testsuite></testsuites>"""


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("check_tool", ROOT / "tools" / "check.py")
    module = sys.modules["check_tool"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["check_tool"]


def test_a_report_is_counted_and_what_was_measured_is_kept(tool, tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text(REPORT, encoding="utf-8")
    tally = tool.read_junit(report)
    assert (tally.passed, tally.failed, tally.skipped) == (2, 2, 1)
    assert tally.spent == (tool.Spent("part/one", 60, 61.5), tool.Spent("part/two", 60, 70.2))
    assert str(tally + tool.Tally(passed=1)) == "3 passed, 2 failed, 1 skipped" and (tally + tally).spent == 2 * tally.spent


def test_the_table_names_notebook_budget_and_use_the_dearest_first(tool):
    spent = (tool.Spent("part/one", 60, 59.94), tool.Spent("part/two", 60, 70.2))
    lines = [line.split() for line in tool.table(spent).strip().splitlines()]
    assert lines == [["notebook", "budget", "used"], ["part/two", "60", "70.2", "over", "budget"],
                     ["part/one", "60", "59.9"], ["all", "together", "130.1"]]
    assert tool.table(()) == ""


def test_stages_run_in_their_own_order_and_quick_leaves_out_what_is_slow(tool):
    titles = [stage.title for stage in tool.STAGES]
    assert [title for title, _ in tool.asked_for([], quick=False)] == titles
    assert [title for title, _ in tool.asked_for(["site", "book"], quick=False)] == [titles[4], titles[6]]
    assert [title for title, _ in tool.asked_for([], quick=True)] == titles[:3]
    assert tool.asked_for(["site"], quick=True) == []


def test_the_book_begins_beside_the_gates_and_is_told_in_its_place(tool, capsys):
    built, passed = threading.Event(), tool.Tally(passed=1)
    deeds = [(tool.GATES, lambda: passed if built.wait(60) else tool.Tally(failed=1)), ("Notebooks", lambda: passed),
             (tool.BOOK, lambda: built.set() or tool.Tally(failed=1))]  # fmt: skip
    assert tool.do_all(deeds) == tool.Tally(passed=2, failed=1)
    said = capsys.readouterr().out
    assert [line[3:] for line in said.splitlines() if line.startswith("==")] == [title for title, _ in deeds]
    assert said.splitlines()[-1].startswith("   0 passed, 1 failed")
    assert tool.do_all(deeds[1:]) == tool.Tally(passed=1, failed=1)


TRIES = """
import pathlib
import pytest
mark = pathlib.Path(__file__).with_name("tried")

@pytest.fixture(scope="module")
def page():
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path={browser!r}, args=["--no-sandbox"]).new_page()

def test_hangs_once(page):
    tried = mark.exists()
    mark.touch()
    page.evaluate("1" if tried else "new Promise(() => {{}})")

def test_after_it(page):
    assert page.evaluate("2 + 3") == 5

def test_bad():
    assert not mark.exists()
"""


def test_a_browser_that_hangs_is_ended_and_what_failed_is_tried_once_more(tool, tmp_path, monkeypatch, capsys):
    browser = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium on PATH")
    folder = tmp_path / "tests" / "site"
    folder.mkdir(parents=True)
    (folder / "conftest.py").write_text((ROOT / "tests/site/conftest.py").read_text("utf-8"), encoding="utf-8")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "serve.py").touch()
    (folder / "test_a.py").write_text(TRIES.format(browser=browser), encoding="utf-8")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "WORKERS", 1)
    monkeypatch.setenv("ATTNLAB_HUNG", "")  # given back afterwards
    monkeypatch.setenv("ATTNLAB_PATIENCE", "8")
    tally = tool.site()
    assert (tally.passed, tally.failed) == (2, 1)
    assert "stopped answering in ['tests/site/test_a.py::test_hangs_once']: 3 tests once more" in capsys.readouterr().out


def test_an_unknown_stage_is_refused(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["check.py", "pakage"])
    with pytest.raises(SystemExit):
        tool.main()
    assert "no such stage: pakage" in capsys.readouterr().err
