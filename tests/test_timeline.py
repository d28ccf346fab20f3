"""The timeline and the applications: papers and pages that are there, the corrections in their places, a drawing in which nothing overlaps."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
timeline = pytest.importorskip("timeline")
reference_data = pytest.importorskip("reference_data")
from attnlab.diagrams._words import width  # noqa: E402

GROUPS = reference_data.load(reference_data.DATA / "timeline.toml", "step", timeline.FIELDS)
STEPS = {step["id"]: step for group in GROUPS for step in group.entries}
USES = reference_data.load(reference_data.DATA / "applications.toml", "use", timeline.Applications.fields)
PAPERS = dict(re.findall(r"^@\w+\{([^,]+),.*?\n *year *= *\{(\d+)\}", (ROOT / "book" / "references.bib").read_text("utf-8"), re.M | re.S))
ENTRIES = [*STEPS.values(), *(use for group in USES for use in group.entries)]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_papers_and_pages_are_there(entry):
    assert entry["papers"] and set(entry["papers"]) <= set(PAPERS)
    assert entry["pages"] and set(entry["pages"]) <= set(reference_data.TITLES)


def test_no_paper_is_younger_than_its_publication():
    """A preprint comes before its conference, never after; a step may name a later paper that explains it, and then has an earlier one too."""
    early = {name: min(int(PAPERS[paper]) for paper in step["papers"]) for name, step in STEPS.items()}
    assert [name for name, step in STEPS.items() if step["year"] > max(int(PAPERS[paper]) for paper in step["papers"])] == []
    assert [name for name, year in early.items() if year - STEPS[name]["year"] > 3] == []


def test_the_years_rise_from_2014_to_2026_and_all_lanes_are_used():
    years = [step["year"] for step in STEPS.values()]
    assert years == sorted(years) and {2014, 2026} <= set(years) and len(STEPS) >= 40
    assert {step["lane"] for step in STEPS.values()} == set(timeline.LANES)


def test_what_is_often_told_wrong_is_put_right():
    assert STEPS["bahdanau-2014"]["year"] == 2014 < STEPS["transformer-2017"]["year"] and "2017" in STEPS["bahdanau-2014"]["wrong"]
    assert STEPS["experts-1991"]["year"] == 1991 and STEPS["sparse-experts-2017"]["year"] == 2017
    assert STEPS["s4-2021"]["year"] == 2021 and "post-norm" in STEPS["transformer-2017"]["wrong"]
    assert "not a transformer" in STEPS["diffusion-2021"]["wrong"] and "approximates nothing" in STEPS["flash-2022"]["wrong"]


def test_the_drawing_names_every_step_once_and_no_label_leaves_its_column():
    drawn = ElementTree.fromstring(timeline.picture(GROUPS))
    places = {}
    for link in drawn.iter("a"):
        text = link.find("text")
        x, y = float(text.get("x")), float(text.get("y"))
        column = (x - timeline.LEFT) // timeline.COLUMN
        assert x + width(text.text, 12) < timeline.LEFT + (column + 1) * timeline.COLUMN, text.text
        assert places.setdefault((column, y), link.get("href")) == link.get("href")
    assert sorted(places.values()) == sorted(f"#step-{name}" for name in STEPS)
    high = float(drawn.get("viewBox").split()[3])
    assert max(y for _, y in places) < high


def test_six_fields_of_use_and_each_says_why():
    assert [group.title for group in USES] == ["Language", "Vision", "Speech", "Pictures and words together", "Science", "Code"]
    assert all(len(group.entries) >= 2 for group in USES) and all(len(use["why"].split()) >= 6 for group in USES for use in group.entries)
