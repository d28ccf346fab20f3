"""Reproduced or not: every row names a claim that is there and says what the row quotes of it, and a paper of the bibliography."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
reproduced = pytest.importorskip("reproduced")
reference_data = pytest.importorskip("reference_data")
ROWS = [row for group in reference_data.load(reference_data.DATA / "reproduced.toml", "row", reproduced.FIELDS) for row in group.entries]
CLAIMS = reproduced.claims()
PAPERS = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "book" / "references.bib").read_text("utf-8"), re.M))


def test_there_are_enough_with_every_verdict_among_them():
    assert len(ROWS) >= 40 and {row["verdict"] for row in ROWS} == set(reproduced.VERDICTS)
    assert sum(row["verdict"] == "not reproduced" for row in ROWS) >= 8  # they are the reason for the page
    assert len({row["paper"] for row in ROWS}) >= 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_our_number_stands_in_the_claim(row):
    assert row["paper"] in PAPERS
    assert row["claim"] in CLAIMS, f"there is no {row['claim']}"
    assert " ".join(row["printed"].split()).lower() in " ".join(CLAIMS[row["claim"]].split()).lower()


def test_a_claim_is_read_with_its_cell():
    assert "63_082_496" in CLAIMS["claim-whole-count"].replace(",", "_") and "assert" in CLAIMS["claim-whole-count"]
    assert len(CLAIMS) > 250
