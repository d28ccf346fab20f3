"""`{timeline}`: what changed when, drawn with a row a year and a column a lane, and below it told step by step.

The drawing is made at build and follows the theme; on a phone the list alone is shown, which says everything that the drawing does.
"""
from __future__ import annotations

from html import escape
from itertools import groupby

from docutils import nodes
from reference_data import Group, Listing, pages, section

FIELDS = {"id": str, "year": int, "lane": str, "short": str, "papers": list, "before": str, "after": str, "pages": list, "wrong?": str}
LANES = {"models": "Models", "attention": "Attention, positions", "memory": "Memory and speed", "beside": "Beside attention"}
LEFT, COLUMN, LINE, HEAD, PAD = 46, 159, 19, 30, 11


def rows(groups: list[Group]) -> dict[int, dict[str, list[dict]]]:
    """Year -> lane -> its steps, in the order of the file."""
    steps = sorted((step for group in groups for step in group.entries), key=lambda step: step["year"])
    return {year: {lane: [step for step in among if step["lane"] == lane] for lane in LANES}
            for year, among in ((year, list(members)) for year, members in groupby(steps, key=lambda step: step["year"]))}


def picture(groups: list[Group]) -> str:
    """All of it as one drawing; every step is a link to what is said of it."""
    parts, y = [_text(LEFT + lane * COLUMN + 4, 18, words, "timeline-lane") for lane, words in enumerate(LANES.values())], HEAD
    for place, (year, lanes) in enumerate(rows(groups).items()):
        high = max(map(len, lanes.values())) * LINE + PAD
        if place % 2 == 0:
            parts.append(f'<rect class="timeline-band" x="0" y="{y}" width="{LEFT + len(LANES) * COLUMN}" height="{high}" rx="6"/>')
        parts.append(_text(8, y + LINE, str(year), "timeline-year"))
        for column, steps in enumerate(lanes.values()):
            parts += [_step(step, LEFT + column * COLUMN, y + row * LINE) for row, step in enumerate(steps)]
        y += high
    return (f'<svg class="timeline" viewBox="0 0 {LEFT + len(LANES) * COLUMN} {y}" role="group" '
            f'aria-label="The steps from {min(rows(groups))} to {max(rows(groups))}, a row a year; the list below says the same">{"".join(parts)}</svg>')


def _text(x: float, y: float, words: str, css: str) -> str:
    return f'<text class="{css}" x="{x}" y="{y}">{escape(words)}</text>'


def _step(step: dict, x: float, y: float) -> str:
    dot = f'<circle cx="{x + 9}" cy="{y + LINE - 4}" r="3.5" class="timeline-{step["lane"]}"/>'
    return f'<a href="#step-{step["id"]}">{dot}{_text(x + 18, y + LINE, step["short"], "timeline-step")}</a>'


class Timeline(Listing):
    file, inner, fields = "timeline", "step", FIELDS

    def run(self) -> list[nodes.Node]:
        groups = self.groups()
        lost = [step["id"] for group in groups for step in group.entries if step["lane"] not in LANES]
        if lost:
            raise self.error(f"timeline.toml: lane: {', '.join(lost)} want one of {', '.join(LANES)}")
        drawn = nodes.raw("", f'<div class="reference-timeline">{picture(groups)}</div>', format="html")
        return [drawn, *(self.group(group) for group in groups)]

    def entry(self, step: dict) -> list[nodes.Node]:
        papers = ", ".join(f"{{cite:t}}`{paper}`" for paper in step["papers"])
        lines = [f"**{step['year']} · {step['short']}.** *Before:* {step['before']} *After:* {step['after']} {papers}. Here: {pages(step['pages'])}."]
        if "wrong" in step:
            lines.append(f"*Often told otherwise:* {step['wrong']}")
        return [nodes.container("", *self.text("\n\n".join(lines)), ids=[f"step-{step['id']}"], classes=["reference-entry", "step"])]


class Applications(Listing):
    """`{applications}`: what is built with it, which variant, and why that one."""

    file, inner = "applications", "use"
    fields = {"id": str, "what": str, "variant": str, "why": str, "papers": list, "pages": list}

    def run(self) -> list[nodes.Node]:
        return [section(group.title, nodes.make_id(f"use {group.title}"), *(node for use in group.entries for node in self.entry(use))) for group in self.groups()]

    def entry(self, use: dict) -> list[nodes.Node]:
        papers = ", ".join(f"{{cite:t}}`{paper}`" for paper in use["papers"])
        said = f"**{use['what']}.** {use['variant']} *Why:* {use['why']} {papers}. Here: {pages(use['pages'])}."
        return [nodes.container("", *self.text(said), ids=[f"use-{use['id']}"], classes=["reference-entry", "step"])]


def setup(app) -> dict:
    app.setup_extension("reference_data")
    app.add_directive("timeline", Timeline)
    app.add_directive("applications", Applications)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
