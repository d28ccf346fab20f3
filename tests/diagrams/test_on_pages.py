"""Drawings on the pages of the book: the directive, links as seen from the page, and cells that show nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import mini_site
import pytest
from bs4 import BeautifulSoup

from attnlab import diagrams

BOOK = Path(__file__).resolve().parents[2] / "book"
CELL = re.compile(r"```\{code-cell\} ipython3\n(.*?)```", re.DOTALL)
CALL = re.compile(r"^diagrams\.(\w+)\(", re.MULTILINE)
PAGES = {
    "index": "# Root\n",
    "book/index": "# Start\n\n```{diagram} transformer\n```\n",
    "book/positions/overview": '# Positions\n\n```{diagram} attention_head\nhere: "mask"\n```\n',
    "book/deep/er/page": "# Deeper\n\n```{diagram} where_positions_enter\n```\n",
    "book/wrong/name": "# Wrong\n\n```{diagram} no_such\n```\n",
    "book/wrong/step": "# Wrong\n\n```{diagram} attention_head\nhere: merge\n```\n",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    for name in PAGES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    mini_site.write(folder, PAGES)
    conf = folder / "conf.py"
    conf.write_text(conf.read_text(encoding="utf-8") + '\nextensions.append("diagram")\n', encoding="utf-8")
    return mini_site.build(folder)


def drawn(built, page: str):
    return BeautifulSoup((built[0] / f"{page}.html").read_text(encoding="utf-8"), "html.parser").select(".dg")


def test_the_directive_shows_a_drawing_with_its_arguments(built):
    (shown,) = drawn(built, "book/positions/overview")
    assert shown["data-diagram"] == "attention_head" and len(shown.select("svg")) == 2
    assert "“mask”" in shown.select_one("title").text


def test_a_named_page_becomes_a_link_from_where_it_is_shown(built):
    links = {link["data-page"]: link["href"] for link in drawn(built, "book/index")[0].select("a[href]")}
    assert links == {"book/positions/overview": "positions/overview.html"}


def test_a_page_that_the_book_lacks_is_no_link_and_is_reported(built):
    assert drawn(built, "book/deep/er/page")[0].select("a[href], a[data-page]") == []
    assert "a drawing links to 'book/positions/sinusoidal', which is no page of the book" in built[1]


def test_a_wrong_name_or_argument_is_reported_and_nothing_is_shown(built):
    assert drawn(built, "book/wrong/name") == drawn(built, "book/wrong/step") == []
    assert "there is no drawing 'no_such' in attnlab.diagrams" in built[1]
    assert "diagram attention_head: here must be one of project, score" in built[1]


def cells() -> list:
    found = []
    for page in sorted(BOOK.rglob("*.md")):
        name = page.relative_to(BOOK).with_suffix("").as_posix()
        found += [
            pytest.param(cell, id=f"{name}-{CALL.search(cell)[1]}")
            for cell in CELL.findall(page.read_text(encoding="utf8"))
            if CALL.search(cell)
        ]
    return found


@pytest.mark.parametrize("cell", cells())
def test_a_cell_whose_code_the_site_leaves_away_holds_a_drawing_and_nothing_else(cell):
    """Nothing after it may need what it has imported."""
    assert CALL.search(cell)[1] in diagrams.__all__
    if "remove-input" in cell:
        assert re.fullmatch(
            r':tags: \[remove-input\]\n\nfrom attnlab import diagrams\n\ndiagrams\.(\w+)\((here="\w+")?\)\n', cell
        )


def test_drawings_are_in_use():
    used = {
        match
        for page in BOOK.rglob("*.md")
        for match in re.findall(r"diagrams\.(\w+)\(|\{diagram\} (\w+)", page.read_text(encoding="utf8"))
    }
    assert len({one or other for one, other in used}) >= 9
