"""Status and sources: the counts are those of the book, every package of data is named with a licence."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
status = pytest.importorskip("status")
reference_data = pytest.importorskip("reference_data")
from attnlab.exercises import EXERCISES  # noqa: E402

SOURCES = [one for group in reference_data.load(reference_data.DATA / "sources.toml", "source", status.SOURCE) for one in group.entries]
PAPERS = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "book" / "references.bib").read_text("utf-8"), re.M))


def test_every_package_of_data_is_named_with_its_licence():
    packages = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements-data.txt").read_text("utf-8"), re.M))
    named = {one["package"] for one in SOURCES}
    assert packages <= named, packages - named
    assert named - packages == {"attnlab", "python", "scikit-learn", "transformers"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: one["id"])
def test_pages_and_papers_of_a_source_are_there(source):
    assert set(source["pages"]) <= set(reference_data.TITLES) and source["pages"] and set(source.get("papers", [])) <= PAPERS


def test_counts_are_those_of_the_book():
    counts = dict(status.counts())
    assert counts["exercises"] == len(EXERCISES)
    assert counts["pages"] == len(re.findall(r"file: book/", (ROOT / "_toc.yml").read_text("utf-8")))
    assert counts["notebooks"] == len(list((ROOT / "book").glob("*/*.ipynb"))) and counts["claims, each with its assertion"] > 250
    assert min(counts.values()) > 40


def test_versions_are_the_pinned_ones():
    assert all(re.fullmatch(r"\d+(\.\d+)+(\.post\d+)?", status.pinned(name)) for name in status.SHOWN)
    assert status.pinned("no-such-package") == ""


def test_a_notebook_was_made_on_the_day_of_its_last_commit(monkeypatch):
    log = "@2026-03-02\n\nbook/a/one.ipynb\n@2026-03-01\n\nbook/a/one.ipynb\nbook/a/two.ipynb\n"
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, log, ""))
    assert status.made() == {"book/a/one": "2026-03-02", "book/a/two": "2026-03-01"}


def test_no_two_papers_share_a_key():
    keys = re.findall(r"^@\w+\{([^,]+),", (ROOT / "book" / "references.bib").read_text("utf-8"), re.M)
    assert sorted(key for key in set(keys) if keys.count(key) > 1) == []
