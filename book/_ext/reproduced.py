"""`{reproduced}`: what papers print beside what came out here, with the claim that asserts it.

tests/test_reproduced.py holds that every claim is there and says what a row quotes of it.
"""
from __future__ import annotations

import re
from collections import Counter

import reference_data
from docutils import nodes
from practice import inline
from reference_data import ROOT, Listing

FIELDS = {"id": str, "paper": str, "place": str, "what": str, "theirs": str, "ours": str, "scaled": str, "verdict": str, "claim": str, "printed": str}
VERDICTS = ("reproduced", "in kind", "partly", "not reproduced")


def claims() -> dict[str, str]:
    """Label of each claim in the sources -> its box, and the cell behind it."""
    found = {}
    for path in sorted((ROOT / "book").glob("*/*.md")):
        boxes = re.split(r"^:{3,}\{admonition\} (?=Claim:)", path.read_text("utf-8"), flags=re.M)[1:]
        for box in boxes:
            name = re.search(r"^:name: (\S+)$", box, re.M)
            if name:
                found[name[1]] = "```".join(box.split("```")[:2])
    return found


class Reproduced(Listing):
    file, inner, fields = "reproduced", "row", FIELDS

    def run(self) -> list[nodes.Node]:
        groups = self.groups()
        count = Counter(row["verdict"] for group in groups for row in group.entries)
        if set(count) - set(VERDICTS):
            raise self.error(f"reproduced.toml: verdict: {set(count) - set(VERDICTS)} is none of {VERDICTS}")
        said = ", ".join(f"{count[one]} {one}" for one in VERDICTS)
        summary = nodes.paragraph("", "", nodes.strong("", f"{sum(count.values())} rows: {said}."))
        return [reference_data.look_up_field("Filter the rows"), summary, *(self.group(group) for group in groups)]

    def entry(self, entry: dict) -> list[nodes.Node]:
        """A row as a small list: a table of seven columns fits no phone."""
        known = inline(f"{entry['what'][0].upper()}{entry['what'][1:]}")
        head = nodes.paragraph("", "", nodes.strong("", "", *known), nodes.Text(" · "), nodes.inline("", entry["verdict"], classes=["verdict", entry["verdict"].replace(" ", "-")]))
        lines = self.text(f"Printed: {entry['theirs']} ({{cite:t}}`{entry['paper']}`, {entry['place']})\n",
                          f"Here: {entry['ours']}. Scaled: {entry['scaled']}. {{ref}}`The claim <{entry['claim']}>`.")
        return [nodes.container("", head, *lines, ids=[f"row-{entry['id']}"], classes=["reference-entry", "reproduced"])]


def setup(app) -> dict:
    app.setup_extension("reference_data")
    app.add_directive("reproduced", Reproduced)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
