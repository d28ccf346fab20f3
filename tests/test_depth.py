"""Core and depth: what counts as a chapter's core, how long it may be, and what the build makes of its depth."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tools"), str(ROOT / "tests")]
import expand  # noqa: E402
import length  # noqa: E402
import mini_site  # noqa: E402
import minutes  # noqa: E402

MOST, EARLY = 2200, 1000  # words of a core; of it before the first picture
PICTURE = re.compile(r"plt\.show\(\)|diagrams\.\w+\(|explore\.\w+\(|\{diagram\}")
SOURCE = """---
attnlab: {module: m, minutes: 30}
---
# Title

:::{admonition} In short
:class: short dropdown
Not counted.
:::

Two words and $x + y$ in a [link](there.md#here).

:::{admonition} A box
:class: idea
Four words stand here.
:::

## Proof

% deeper

Hidden words.

### Inside

```{code-cell} ipython3
:tags: [claim]

assert "not a word"
```

## After

```{code-cell} ipython3
1 + 1
```

Core again.

:::{admonition} More
:class: dropdown deeper
Hidden as well.
:::

### Aside

% deeper

Gone.

### Back

% exercise: a.b

$$
x = y
$$

End.
"""


def test_the_core_leaves_out_marked_sections_and_deeper_boxes_with_what_stands_in_them():
    assert length.core(SOURCE) == (1 + 7 + 2 + 4 + 1 + 2 + 1 + 1, 1)
    assert length.whole(SOURCE).words - length.core(SOURCE).words == 3 + 1 + 1 + 3 + 2
    assert length.whole(SOURCE).cells == 2


def test_a_minute_for_two_hundred_words_and_one_for_a_cell():
    assert [length.Length(*counts).minutes for counts in ((0, 0), (1, 0), (200, 3), (201, 3))] == [0, 1, 4, 5]


def test_the_mark_becomes_a_comment_and_stands_under_a_heading_alone(tmp_path):
    head = mini_site.HEAD
    (tmp_path / "page.md").write_text(head + "# T\n\n## A\n\n% deeper\n\nText.\n", encoding="utf-8")
    cells = expand.notebook(tmp_path / "page.md").cells
    assert "% deeper" not in cells[0].source and "## A\n\n<!-- deeper -->\n\nText." in cells[0].source
    for wrong in ("# T\n\n% deeper\n", "# T\n\n## A\n\nText.\n\n% deeper\n"):
        (tmp_path / "page.md").write_text(head + wrong, encoding="utf-8")
        with pytest.raises(expand.SourceError, match="right under the heading of a section"):
            expand.notebook(tmp_path / "page.md")


# -- every chapter that has a core

CORED = [page for page in minutes.chapters() if re.search(r"^attnlab: .*\bcore: \d", page.read_text("utf-8"), re.M)]
every_core = pytest.mark.parametrize("page", CORED, ids=[f"{page.parent.name}/{page.stem}" for page in CORED])


def test_most_chapters_have_a_core():
    assert len(CORED) > 45


@every_core
def test_a_core_is_short_and_its_first_picture_is_early(page):
    text = page.read_text("utf-8")
    assert length.core(text).words <= MOST
    pictures = [cell for cell in length.CELL.finditer(text) if PICTURE.search(cell[0])]
    if pictures:
        before = text[: pictures[0].start()]
        assert not length.folded(length.lines(before))[-1], "the first picture is folded"
        assert length.core(before).words <= EARLY


@every_core
def test_an_exercise_stands_in_the_core(page):
    lines = length.lines(page.read_text("utf-8"))
    assert [line for line, deep in zip(lines, length.folded(lines)) if deep and line.startswith("% exercise")] == []


@every_core
def test_a_page_says_its_minutes_and_they_are_near_the_count(page):
    text = page.read_text("utf-8")
    front = minutes.FRONT.search(text)
    core, both = int(front[3]), int(front[2])
    assert abs(core - length.core(text).minutes) <= minutes.NEAR and abs(both - length.whole(text).minutes) <= minutes.NEAR
    if re.search(r"^:class: objectives$", text, re.M):
        said = f"{core} minutes, {both} with its depth" if core < both else f"{both} minutes"
        assert re.search(rf"^{said}(?: ·|, exercises)", text, re.M)


# -- what the build makes of it

PAGE = """# Page

## Core

Words.

## Depth

% deeper

Hidden words.

### Inside

More of them.

## Core again

### Aside

% deeper

Aside.
"""


@pytest.fixture(scope="module")
def html(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("depth")
    mini_site.write(folder, {"index": PAGE})
    out, warnings = mini_site.build(folder)
    assert warnings == ""
    return (out / "index.html").read_text("utf-8")


def test_a_marked_section_is_folded_under_its_own_heading(html):
    found = re.search(r'<section id="depth">\s*<details class="depth"><summary>\s*<h2>Depth(.*?)</h2>(.*?)</summary>(.*?)</details></section>', html.replace("\n</details>", "</details>").replace("\n</section>", "</section>"), re.S)
    assert "Deeper · 1 minute<" in found[2] and "Hidden words." in found[3] and '<section id="inside">' in found[3]
    assert html.count('<details class="depth">') == 2 and "deeper -->" not in html
    assert re.search(r'<section id="core-again">\s*<h2>', html) and re.search(r'<section id="aside">\s*<details', html)


def test_only_a_page_with_depth_has_its_script(html, tmp_path):
    mini_site.write(tmp_path, {"index": "# Page\n\n## Core\n\nWords.\n"})
    assert "practice/depth.js" in html and "practice/depth.js" not in (mini_site.build(tmp_path)[0] / "index.html").read_text("utf-8")


def test_a_mark_in_a_wrong_place_is_warned_of(tmp_path):
    mini_site.write(tmp_path, {"index": "# Page\n\n% deeper\n\nWords.\n"})
    assert "right behind the heading" in mini_site.build(tmp_path)[1]
