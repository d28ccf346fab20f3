"""What the build marks for being laid out late: heavy blocks that hold nothing to press, past the opening."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))
import slim_lazy  # noqa: E402

FORMULA = '<span class="katex-mathml"><math><mi>Q</mi></math></span>' + "<b></b>" * 30 + "Q"
OPENING = f'<section id="title"><p>{FORMULA}</p><section id="one"><p>{FORMULA}</p></section><section id="two">'


def page(block: str) -> str:
    return f"{OPENING}{block}</section></section>"


def test_a_heavy_paragraph_is_marked_with_its_letters():
    assert slim_lazy.mark(page(f"<p>Since {FORMULA} is</p>")) == page(
        f'<p class="heavy-block" style="--letters:10">Since {FORMULA} is</p>'
    )


def test_what_opens_the_page_is_left():
    assert slim_lazy.mark(OPENING) == OPENING
    assert slim_lazy.mark(f"<section><p>{FORMULA}</p></section>").count("heavy-block") == 0


def test_light_blocks_and_what_can_be_pressed_are_left():
    for block in ("<p>Short.</p>", f'<p><a href="#x">{FORMULA}</a></p>', f"<p><button>{FORMULA}</button></p>"):
        assert slim_lazy.mark(page(block)) == page(block)


def test_code_is_marked_with_its_lines_and_reached_with_tab_where_it_may_scroll():
    code = "<span>x</span> = 1\n" * 30
    assert slim_lazy.mark(page(f"<pre>{code}</pre>")) == page(f'<pre class="heavy-block" style="--lines:30">{code}</pre>')
    long = code + "y" * 37
    assert slim_lazy.mark(page(f"<pre>{long}</pre>")) == page(
        f'<pre class="heavy-block" tabindex="0" data-scrolls="yes" style="--lines:30">{long}</pre>'
    )


def test_a_displayed_formula_is_marked_and_reached_with_tab():
    formula = '<div class="math notranslate nohighlight{}" id="e"><span class="katex-display"{}></span></div>'
    assert slim_lazy.mark(page(formula.format("", ""))) == page(
        formula.format(" heavy-block", ' tabindex="0" data-scrolls="yes"')
    )


def test_the_class_is_not_one_of_the_icon_font_s():
    """Font Awesome, in the theme, sets font and line height of these; a paragraph would lose its own."""
    marked = slim_lazy.mark(page(f"<p>Since {FORMULA} is</p>"))
    classes = set(" ".join(re.findall(r'class="([^"]*)"', marked)).split())
    assert "heavy-block" in classes and not {c for c in classes if re.fullmatch(r"fa[a-z]{0,2}|fa-.*", c)}
