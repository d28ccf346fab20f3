"""Names by part, chapter and count: in notebooks, on pages, in references and on the page of all claims."""
from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools"), str(ROOT / "book" / "_ext")]
import expand  # noqa: E402
import mini_site  # noqa: E402
import numbering  # noqa: E402
import places  # noqa: E402
import sync  # noqa: E402
from test_boxes import CLAIM, page, words  # noqa: E402

TOC = {"format": "jb-book", "root": "index", "parts": [
    {"caption": "Start", "chapters": [{"file": "first"}]},
    {"caption": "One", "chapters": [{"file": "overview"}, {"file": "second"}]}]}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
EXERCISE = "```{exercise-start} Double it\n:enumerator: 9.9.9\n:label: exercise-double\n```\n\nTwice.\n\n```{exercise-end}\n```"
WORDS = CLAIM.format(title="one is one", name="claim-one", code="assert 1 == 1")
NAMES = re.compile(r"\b(?:[Cc]laims?|[Ee]xercises?|Figs?\.?) (?:[A-Z]\.)?\d+(?:\.\d+)*\b")


def figure(name: str) -> dict:
    output = nbformat.v4.new_output("display_data", data={"image/png": PNG})
    options = {"figure": {"caption": f"What {name} shows.", "name": name}, "image": {"alt": "A dot."}}
    return nbformat.v4.new_code_cell("plt.show()", metadata={"mystnb": options}, outputs=[output], execution_count=1)


def text(*lines: str) -> dict:
    return nbformat.v4.new_markdown_cell("\n\n".join(lines))


def notebook(*cells) -> dict:
    return nbformat.v4.new_notebook(cells=list(cells), metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"},
                                                               "language_info": {"name": "python", "pygments_lexer": "ipython3"}})


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    pages = {
        "index": "# Map\n\n```{toctree}\nfirst\noverview\nsecond\nclaims\n```\n",
        "first": notebook(text("# First"), figure("fig-a")),
        "overview": "# Overview\n\nSee {ref}`claim-one`, {numref}`fig-c` and {numref}`exercise-double`.\n",
        "second": notebook(text("# Second"), figure("fig-b"), *expand.with_caption(figure("fig-c")), text(EXERCISE),
                           text(":::{admonition} Claim 7.7.7: one is one\n:class: claim\n:name: claim-one\nYes.\n:::"),
                           nbformat.v4.new_code_cell("assert 1 == 1", metadata={"tags": ["claim"]}, execution_count=2)),
        "claims": "# Every claim\n\n```{claims}\n```\n",
    }
    mini_site.write(folder, pages)
    (folder / "_toc.yml").write_text(yaml.safe_dump(TOC), "utf-8")
    conf = folder / "conf.py"
    conf.write_text(conf.read_text("utf-8").replace('"boxes",', '"search_docs", "boxes",') + "numfig = True\n", "utf-8")
    out, warnings = mini_site.build(folder)
    assert [line for line in warnings.splitlines() if "search.toml" not in line] == []
    return out


def test_parts_and_chapters_are_counted_as_the_table_of_contents_has_them(tmp_path):
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(TOC), "utf-8")
    assert {page: place.chapter for page, place in places.places(tmp_path).items()} == {"first": "S.1", "overview": "1.1", "second": "1.2"}
    assert places.places(tmp_path / "nowhere") == {}


def test_figures_exercises_and_claims_count_through_their_chapter(site):
    assert "Fig. S.1.1" in words(page(site, "first"))
    second = words(page(site, "second"))
    for name in ("Fig. 1.2.1", "Fig. 1.2.2", "Exercise 1.2.1 (Double it)", "Claim 1.2.1"):
        assert name in second, name
    assert "7.7.7" not in second and "9.9.9" not in second, "what a notebook says is not what counts"
    assert second.count("What fig-c shows.") == 1, "the caption for JupyterLab is not shown again"


def test_references_follow(site):
    assert "See Claim 1.2.1, Fig. 1.2.2 and Exercise 1.2.1." in words(page(site, "overview"))


def test_the_search_knows_every_name(site):
    told = (site / "_static" / "search_docs.js").read_text("utf-8")
    names = {row[0]: row[4] for row in json.loads(told.removeprefix("attnlabSearchDocs(").removesuffix(");\n"))["pages"]}
    assert names["second.html"] == [["Fig. 1.2.1", "fig-b", "What fig-b shows."], ["Fig. 1.2.2", "fig-c", "What fig-c shows."],
                                    ["Exercise 1.2.1", "exercise-double", "Double it"], ["Claim 1.2.1", "claim-1-2-1", "One is one"]]
    assert names["first.html"] == [["Fig. S.1.1", "fig-a", "What fig-a shows."]] and names["claims.html"] == []


def test_the_page_of_all_claims_has_parts_chapters_and_an_anchor_for_each_claim(site):
    html = page(site, "claims")
    order = [html.index(mark) for mark in ('id="part-1-one"', 'id="of-second"', 'id="claim-1-2-1"')]
    assert order == sorted(order) and 'href="second.html#claim-1-2-1">Claim 1.2.1</a>' in html
    assert "1.2 Second" in words(html) and "✓ ran at build" in html and "part-start" not in html


def test_a_page_that_moves_takes_its_numbers_along(tmp_path):
    mini_site.write(tmp_path, {"index": "# Map\n\n```{toctree}\nfirst\nsecond\n```\n", "first": "# First\n", "second": "# Second\n" + WORDS})
    for chapters, name in (["first", "second"], "Claim 1.2.1"), (["second", "first"], "Claim 1.1.1"):
        toc = {"format": "jb-book", "root": "index", "parts": [{"caption": "One", "chapters": [{"file": one} for one in chapters]}]}
        (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
        out, _ = mini_site.build(tmp_path)
        assert name in words(page(out, "second"))


# -- notebooks

def test_a_notebook_gets_the_same_numbers():
    cells = [text("# Second"), figure("fig-b"), *expand.with_caption(figure("fig-c")), text(EXERCISE.replace(":enumerator: 9.9.9\n", "")),
             text(":::{admonition} Claim: one is one\n:class: claim\n:name: claim-one\nYes.\n:::")]
    numbering.write(cells, "1.2")
    assert cells[3].source == "**Fig. 1.2.1** What fig-c shows." and cells[3].metadata["tags"] == ["remove-cell"]
    assert cells[4].source.startswith("```{exercise-start} Double it\n:enumerator: 1.2.1\n:label: exercise-double\n```")
    assert cells[5].source.startswith(":::{admonition} Claim 1.2.1: one is one\n:class: claim\n")


def test_numbers_do_not_rename_cells():
    """A claim more does not give every cell below it another id."""
    source = next(path for path in sync.sources() if path.stem == "masks")
    book = expand.notebook(source)
    copy = nbformat.from_dict(json.loads(json.dumps(book)))
    for cell in copy.cells:
        cell.source = re.sub(r"(?<=\{admonition\} Claim) [\d.]+(?=:)|^:enumerator: .*\n|(?<=^\*\*Fig\.) [\d.]+(?=\*\*)", "", cell.source, flags=re.M)
    expand.name_cells(copy, source.stem)
    assert [cell["id"] for cell in book.cells] == [cell["id"] for cell in copy.cells]


def test_every_exercise_of_the_course_has_one_name():
    from attnlab.exercises import EXERCISES

    names = numbering.exercises(ROOT)
    assert set(names) == set(EXERCISES) and len(set(names.values())) == len(names)


def test_no_number_is_typed_in_a_source():
    """Papers count their own figures, "figure 2 of the paper"; what is ours is referred to by its label. One page explains the names."""
    typed = []
    for path in [*(ROOT / "book").rglob("*.md"), *(ROOT / "book" / "practice" / "items").glob("*.yml")]:
        typed += [f"{path.stem}: {found}" for found in NAMES.findall(path.read_text("utf-8"))]
    assert sorted(typed) == ["how_to_use: Claim 2.4.3", "how_to_use: Fig. S.1.2"]
