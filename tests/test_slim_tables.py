"""Wide tables are marked and their cells named, so that a phone can show each row as a card."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))
slim_tables = pytest.importorskip("slim_tables")


def table(*rows: list[str], head: bool = True) -> str:
    def line(cells: list[str], tag: str) -> str:
        return f'<tr class="row-odd">{"".join(f"<{tag}><p>{cell}</p></{tag}>" for cell in cells)}</tr>'

    top, rest = (f"<thead>{line(rows[0], 'th')}</thead>", rows[1:]) if head else ("", rows)
    return f'<table class="table">{top}<tbody>{"".join(line(row, "td") for row in rest)}</tbody></table>'


WIDE = [["Library", "Argument"], ["PyTorch", "<code>scaled_dot_product_attention(is_causal)</code>"]]
FORMULA = ('<span class="katex"><span class="katex-mathml"><math alttext="d_k"><mi>d</mi></math></span>'
           '<span class="katex-html"><span class="base"><span>d</span>k</span></span></span>')


def test_a_wide_table_is_marked_and_its_cells_say_their_column():
    found = slim_tables.mark(f"<p>Before.</p>{table(*WIDE)}<p>After.</p>")
    assert '<table class="table as-cards">' in found and found.startswith("<p>Before.</p>") and found.endswith("<p>After.</p>")
    assert '<td data-column="Library"><p>PyTorch</p></td>' in found and '<td data-column="Argument"><p><code>' in found
    assert found.count("data-column") == 2  # the head itself has none


def test_a_table_that_fits_and_one_without_a_head_stay_as_they_are():
    narrow = table(["a", "b"], ["one", "two words"])
    for one in (narrow, table(*WIDE, head=False)):
        assert slim_tables.mark(one) == one


def test_words_may_break_and_code_may_not():
    assert slim_tables.least([["many short words that may break at every space"]]) < 100
    assert slim_tables.least([["<code>many short words that may break at every space</code>"]]) > 328


def test_a_column_is_named_by_the_text_of_its_formula_and_one_without_a_name_by_none():
    assert slim_tables.named(f"width {FORMULA} of a <em>head</em> &amp; more") == "width d_k of a head & more"
    assert slim_tables.words(f"{FORMULA} of") == ["dk", "of"]
    found = slim_tables.mark(table(["", f"width {FORMULA}"], ["row", "<code>a_name_that_is_longer_than_any_phone_is_wide()</code>"]))
    assert '<td><p>row</p></td><td data-column="width d_k"><p>' in found
