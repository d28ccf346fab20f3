"""Old links to sections that have moved to another page, followed in a real browser."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import mini_site  # noqa: E402
from practice_site import served  # noqa: E402

pytestmark = pytest.mark.browser
LONG = "\n\n".join(["Text."] * 60)
PAGES = {
    "index": "# Root\n\n```{toctree}\npart/old\npart/new\n```\n",
    "part/old": f"# Old\n\n[There](#gone)\n\n## Stays\n\n{LONG}\n".replace("[There](#gone)", '<a id="press" href="#gone">There</a>'),
    "part/new": f"# New\n\n{LONG}\n\n## Gone\n\nHere.\n\n{LONG}\n\n## Now called so\n\nAnd here.\n",
}
TABLE = '["part/old"]\n"gone" = "part/new"\n"renamed" = "part/new#now-called-so"\n"stays" = "part/new#gone"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("moved")
    (made / "part").mkdir()
    mini_site.write(made, PAGES)
    (made / "moved.toml").write_text(TABLE, encoding="utf-8")
    conf = made / "conf.py"
    conf.write_text(conf.read_text("utf-8") + '\nextensions.append("moved")\nmoved_table = "moved.toml"\n', encoding="utf-8")
    return mini_site.build(made)[0]


@pytest.fixture(scope="module")
def address(folder):
    with served(folder) as found:
        yield found


@pytest.fixture
def page(browser):
    with browser.new_context() as context:
        yield context.new_page()


@pytest.mark.parametrize(("old", "new"), [("gone", "gone"), ("renamed", "now-called-so")])
def test_an_old_link_arrives(page, address, old, new):
    page.goto(f"{address}/part/old.html#{old}")
    page.wait_for_url(f"**/part/new.html#{new}")
    page.go_back()
    assert "old.html" not in page.url, "the way back does not lead into the redirect again"


def test_what_stands_on_the_page_and_what_nobody_knows_lead_nowhere(page, address):
    for name in ("stays", "toString", "nobody", ""):
        page.goto(f"{address}/part/old.html#{name}")
        page.wait_for_timeout(200)
        assert "/part/old.html" in page.url


def test_a_link_on_the_page_itself_arrives_and_so_does_one_from_a_folder(page, address, folder):
    page.goto(f"{address}/part/old.html")
    page.locator("#press").click()
    page.wait_for_url("**/part/new.html#gone")
    page.goto(f"{(folder / 'part/old.html').as_uri()}#gone")
    page.wait_for_url("**/part/new.html#gone")


def test_a_page_that_lost_nothing_carries_no_script(folder):
    assert "moved.js" in (folder / "part/old.html").read_text("utf-8")
    assert "moved.js" not in (folder / "part/new.html").read_text("utf-8")
