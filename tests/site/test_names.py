"""Every claim, exercise and figure has a name of its own: the same in its notebook, on its page and in the search, which leads there."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
sys.path[:0] = [str(conftest.ROOT / "book" / "_ext"), str(conftest.ROOT / "tests")]
import in_browser  # noqa: E402
import places  # noqa: E402

pytestmark = pytest.mark.usefixtures("site_folder")
PAGES = places.places(conftest.ROOT)
MASKS = "book/self_attention/masks.html"
IN_NOTEBOOK = re.compile(r"^:{3,}\{admonition\} (Claim [\w.]+):|^`{3}\{exercise-start\}.*\n:enumerator: (\S+)|\A\*\*(Fig\. [\w.]+)\*\*", re.M)

IN_PAGE = re.compile(r'class="(?:claim-name|caption-number)">\s*((?:Claim|Exercise|Fig\.) [\w.]+)\s*<')


def of_notebook(page: str) -> list[str]:
    path = conftest.ROOT / f"{page}.ipynb"
    cells = nbformat.read(path, as_version=4).cells if path.is_file() else []
    found = [match for cell in cells if cell.cell_type == "markdown" for match in IN_NOTEBOOK.findall(cell.source)]
    return [claim or figure or f"Exercise {exercise}" for claim, exercise, figure in found]


def of_page(page: str) -> list[str]:
    html = (conftest.SITE / f"{page}.html").read_text("utf-8")
    return [name.strip() for name in IN_PAGE.findall(html[html.index("<article"):])]


def of_search() -> dict[str, list[list[str]]]:
    told = (conftest.SITE / "_static" / "search_docs.js").read_text("utf-8")
    pages = json.loads(told[told.index("(") + 1 : told.rindex(")")])["pages"]
    return {url.removesuffix(".html"): names for url, *_, names in pages}


def test_names_are_unique_and_the_same_everywhere():
    everywhere: Counter[str] = Counter()
    searched = of_search()
    for page, place in PAGES.items():
        names = [name for name, _, _ in searched[page]]
        assert sorted(names) == sorted(of_page(page)) == sorted(of_notebook(page)), page
        assert all(name.split()[1].startswith(f"{place.chapter}.") for name in names), page
        everywhere.update(names)
    assert max(everywhere.values()) == 1
    assert {kind: sum(name.startswith(kind) for name in everywhere) > 100 for kind in ("Claim", "Exercise", "Fig.")} == dict.fromkeys(("Claim", "Exercise", "Fig."), True)


def test_every_name_leads_to_its_place():
    for page, names in of_search().items():
        html = (conftest.SITE / f"{page}.html").read_text("utf-8")
        assert [name for name, anchor, _ in names if f'id="{anchor}"' not in html] == [], page


def test_a_claim_keeps_its_older_anchor_and_the_list_has_the_new_one():
    html = (conftest.SITE / MASKS).read_text("utf-8")
    anchor = dict((title, anchor) for _, anchor, title in of_search()[MASKS.removesuffix(".html")])["Masking a key is the same as removing it"]
    assert 'id="claim-masks-removal"' in html and f'id="{anchor}"' in html
    assert f'id="{anchor}"' in (conftest.SITE / "book/reference/claims.html").read_text("utf-8")


@pytest.mark.parametrize("kind", ["Claim", "Exercise", "Fig."])
def test_a_name_that_is_typed_leads_to_it(page, site_url, kind):
    name, anchor, _ = next(one for one in of_search()[MASKS.removesuffix(".html")] if one[0].startswith(kind))
    conftest.visit(page, f"{site_url}/search.html?q={name.lower().replace(' ', '+')}")
    first = page.locator("#search-results ol.search a").first
    first.wait_for()
    assert first.get_attribute("href").endswith(f"{MASKS}#{anchor}") and first.inner_text().startswith(name)
    assert page.locator("#search-results ol.search a").count() == 1
    first.press("Enter")
    page.wait_for_url(f"**/{MASKS}#{anchor}")
    assert page.errors == []


def test_a_chapter_s_number_lists_what_it_names_and_other_numbers_are_words(page, site_url):
    names = [name for name, _, _ in of_search()[MASKS.removesuffix(".html")] if name.startswith("Claim")]
    conftest.visit(page, f"{site_url}/search.html?q=claim+{names[0].split()[1].rpartition('.')[0]}")
    page.locator("#search-results ol.search a").first.wait_for()
    assert [text.split(" ", 2)[1] for text in page.locator("#search-results ol.search a").all_inner_texts()] == [name.split()[1] for name in names]
    assert page.evaluate("attnlabSearch('claim 99.1.1')"), "no such claim: an ordinary question"


@pytest.mark.parametrize("width", [360, 1366])
def test_a_claim_is_one_line(browser, site_url, width, axe_in_both_themes):
    with in_browser.phone(browser) if width == 360 else browser.new_context(viewport={"width": width, "height": 768}) as context:
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/{MASKS}")
        page.evaluate("for (const fold of document.querySelectorAll('details.depth')) fold.open = true")
        lines = page.locator(".claim-code > summary")
        for line in lines.all():
            line.scroll_into_view_if_needed()
            height = line.bounding_box()["height"]
            assert height >= 44 if width == 360 else height < 40
            texts = line.locator("span:visible").evaluate_all("spans => spans.map((span) => span.getBoundingClientRect().top)")
            assert max(texts) - min(texts) < 4, "one line"
        run = page.locator(".claim-run").first
        assert run.bounding_box()["height"] >= (44 if width == 360 else 30)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe_in_both_themes(page, ".claim-box") == "" and axe_in_both_themes(page, ".needs-torch") == ""


def test_without_scripts_the_code_of_a_claim_opens(browser, site_url):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site_url}/{MASKS}")
        claim = page.locator(".claim-box:not(.depth *)").first
        assert not claim.locator(".cell_input").is_visible() and claim.locator(".claim-run").count() == 0
        claim.locator("summary").click()
        assert claim.locator(".cell_input").is_visible()


def test_on_paper_a_claim_s_code_is_as_the_reader_left_it(page, site_url):
    conftest.visit(page, f"{site_url}/{MASKS}")
    page.locator(".claim-code:not(.depth *) > summary").nth(1).press("Enter")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    heights = page.locator(".claim-code:not(.depth *) .cell_input").evaluate_all("codes => codes.slice(0, 3).map((code) => code.getBoundingClientRect().height)")
    assert heights[0] == heights[2] == 0 < heights[1]
    assert page.locator(".claim-code:not(.depth *) .claim-name").first.is_visible() and page.locator(".claim-code:not(.depth *) .claim-show").first.is_hidden()
    page.emulate_media(media="screen")


def test_run_opens_a_claim_and_runs_it(page, site_url):
    conftest.visit(page, f"{site_url}/{MASKS}")
    claim = page.locator(".claim-box:not(.depth *)").first
    claim.locator(".claim-run").press("Enter")
    claim.locator(".cell[data-result=done]").wait_for(timeout=120_000)
    assert claim.locator(".run-status").is_visible() and page.errors == []


def test_a_cell_that_needs_pytorch_says_where_it_runs():
    html = BeautifulSoup((conftest.SITE / MASKS).read_text("utf-8"), "html.parser")
    cells = [cell for cell in html.select(".cell.tag_torch") if cell.select_one(".cell_input")]
    assert len(cells) >= 3
    for cell in cells:
        said = cell.select_one(".needs-torch")
        assert said and said.a["href"] == "../start/how_to_use.html#use-on-your-machine"
    assert not [cell for cell in html.select(".cell:not(.tag_torch)") if cell.select_one(".needs-torch")]


def test_the_list_of_claims_is_filtered_and_has_contents(page, site_url):
    conftest.visit(page, f"{site_url}/book/reference/claims.html")
    assert page.locator("#pst-page-toc-nav a, .bd-toc a").filter(has_text="2 Self-attention").count() >= 1
    page.get_by_label("Filter the claims").fill("removing it masking")
    assert page.locator("ul.claims > li:visible").count() == 1 and page.locator(".claims-part:visible").count() == 1
    assert page.locator(".claims-filter output").inner_text().startswith("1 of ")
    page.get_by_label("Filter the claims").fill("")
    assert page.locator("ul.claims > li:visible").count() > 100 and page.locator(".claims-part:visible").count() > 5
