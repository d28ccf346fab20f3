"""Mistakes as data: what is there holds, a bad entry is named by file, id and field, pages and sections exist."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import subprocess
import sys
import tomllib
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest
from docutils.nodes import make_id

from attnlab.exercises import EXERCISES, MISCONCEPTIONS, _pages, check, misconceptions
from attnlab.exercises.misconceptions import MisconceptionError, load

ROOT = Path(__file__).resolve().parents[2]


def tool(path: str):
    """One of our tools or extensions as a module."""
    spec = importlib.util.spec_from_file_location(f"under_test_{Path(path).stem}", ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = tool("tools/pages.py")
HEADINGS = PAGES.sections()

SECTION = '[[section]]\npage = "self_attention/masks"\nheading = "The mathematics"\n'
ENTRY = '[section.mistakes.{}]\ntitle = "a"\nwhat = "b."\ntempting = "c."\n'
GOOD = SECTION + ENTRY.format("one_mistake")


# -- the data as they stand ------------------------------------------------------------------------------------------

def test_every_section_named_by_a_mistake_is_on_its_page():
    assert load(headings=HEADINGS) == MISCONCEPTIONS


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_every_section_named_by_an_exercise_is_on_its_page(exercise):
    assert set(exercise.headings) <= HEADINGS[exercise.page]
    assert bool(exercise.headings) != exercise.page.endswith("/problems"), "a problem alone does not say where to read"


def test_titles_are_those_of_the_pages():
    assert PAGES.in_step(), "run python tools/pages.py"


def test_there_is_a_file_for_each_part_and_every_mistake_is_in_that_of_its_page():
    written = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in misconceptions.FOLDER.glob("*.toml")}
    assert set(written) >= {"efficiency", "fundamentals", "multi_head", "positions", "self_attention"}
    ids = {name: part for part, content in written.items() for section in content["section"] for name in section["mistakes"]}
    assert ids == {name: mistake.page.split("/")[0] for name, mistake in MISCONCEPTIONS.items()}
    assert all(name == mistake.id for name, mistake in MISCONCEPTIONS.items())


# -- a bad entry -----------------------------------------------------------------------------------------------------

def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_good_file_loads(tmp_path):
    text = GOOD + 'threads = ["a/b#1"]\n' + ENTRY.format("another")
    (tmp_path / "notes.txt").write_text("no data", encoding="utf-8")
    found = load(folder(tmp_path, self_attention=text), HEADINGS)
    assert list(found) == ["one_mistake", "another"]
    one = found["one_mistake"]
    assert (one.id, one.title, one.what, one.tempting, one.threads) == ("one_mistake", "a", "b.", "c.", ("a/b#1",))
    assert one.read == 'Masks, section "The mathematics".' and found["another"].threads == ()


BAD = [
    (GOOD.replace("title", "titel"), "self_attention.toml: one_mistake: title is missing"),
    (GOOD.replace("title", "titel"), "self_attention.toml: one_mistake: titel is an unknown field"),
    (GOOD.replace('"a"', "3"), "self_attention.toml: one_mistake: title is 3; it must be a text"),
    (GOOD.replace('"b."', '" "'), "self_attention.toml: one_mistake: what is empty"),
    (GOOD.replace('"c."', '"c"'), "self_attention.toml: one_mistake: tempting must end with a full stop"),
    (GOOD + 'threads = "a/b#1"\n', "one_mistake: threads is 'a/b#1'; it must be a list of texts like owner/repository#12"),
    (GOOD + 'threads = ["a/b"]\n', "one_mistake: threads is ['a/b']; it must be a list of texts like owner/repository#12"),
    (GOOD + "threads = [1]\n", "one_mistake: threads is [1]; it must be a list of texts like owner/repository#12"),
    (GOOD.replace("one_mistake", "One"), "self_attention.toml: One: id must be lower-case words joined by underscores"),
    (SECTION + "mistakes = {x = 1}\n", "x: an entry is a table with title, what, tempting, not 1"),
    (SECTION, "self_attention.toml: section 1: mistakes is missing"),
    (SECTION + "mistakes = {}\n", "section 1: mistakes is {}; each one must begin with [section.mistakes.<id>]"),
    (GOOD + GOOD.replace("heading", "haeding"), "self_attention.toml: section 2: heading is missing"),
    (GOOD.replace("heading", "haeding"), "self_attention.toml: section 1: haeding is an unknown field"),
    (GOOD.replace('"The mathematics"', "[1]"), "section 1: heading is [1]; it must be a text"),
    (GOOD.replace('"The mathematics"', '""'), "section 1: heading is empty"),
    (GOOD.replace('"self_attention/masks"', "[1]"), "section 1: page is [1]; it must be a text"),
    (GOOD.replace("/masks", "/maks"), "section 1: page is 'self_attention/maks'; in this file it must be self_attention/<page>"),
    (GOOD.replace("self_attention/masks", "positions/guide"), "page is 'positions/guide'; in this file it must be self_attention/"),
    (GOOD.replace("The mathematics", "Maths"), "section 1: heading is 'Maths'; self_attention/masks has no such section"),
    ("[section]\nx = 1\n", "self_attention.toml: section is {'x': 1}; each one must begin with [[section]]"),
    ("sections = 1\n", "self_attention.toml: section is missing"),
    (GOOD + ENTRY.format("one_mistake"), "self_attention.toml: not TOML: "),
    (GOOD + GOOD, "self_attention.toml: one_mistake: this id is used more than once, also on self_attention/masks"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message for _, message in BAD])
def test_a_bad_file_is_refused_by_file_entry_and_field(tmp_path, text, message):
    with pytest.raises(MisconceptionError) as error:
        load(folder(tmp_path, self_attention=text), HEADINGS)
    assert any(message in line and line.startswith("self_attention.toml: ") for line in str(error.value).splitlines())


def test_an_id_belongs_to_one_file(tmp_path):
    other = GOOD.replace("self_attention/masks", "positions/guide")
    with pytest.raises(MisconceptionError, match="^self_attention.toml: one_mistake: .* also on positions/guide$"):
        load(folder(tmp_path, positions=other, self_attention=GOOD))


def test_all_complaints_come_at_once(tmp_path):
    text = SECTION + ENTRY.format("One") + ENTRY.format("Two") + GOOD.replace("page", "pgae")
    with pytest.raises(MisconceptionError) as error:
        load(folder(tmp_path, self_attention=text))
    assert len(str(error.value).splitlines()) == 4


# -- where to read ---------------------------------------------------------------------------------------------------

def readings():
    """(page, heading) of everything that says where to read."""
    found = {(mistake.page, mistake.heading) for mistake in MISCONCEPTIONS.values()}
    return sorted(found | {(e.page, heading) for e in EXERCISES.values() for heading in e.headings})


@pytest.mark.parametrize(("page", "heading"), readings())
def test_an_anchor_is_the_one_that_the_site_makes_and_the_first_of_its_page(page, heading):
    order = [make_id(text.replace("$", "")) for _, text in PAGES.headings(ROOT / "book" / f"{page}.md")]
    assert order.count(_pages.anchor(heading)) == 1 and make_id(heading.replace("$", "")) == _pages.anchor(heading)


@pytest.mark.parametrize(("heading", "plain", "anchor"), [
    ("The mathematics", "The mathematics", "the-mathematics"),
    (r"Why divide by $\sqrt{d_k}$?", "Why divide by sqrt(d_k)?", "why-divide-by-sqrt-d-k"),
    ("`softmax` *twice*", "softmax twice", "softmax-twice"),
    ("17 queries: ALiBi, and others", "17 queries: ALiBi, and others", "queries-alibi-and-others"),
])
def test_a_heading_is_told_plainly_and_has_an_anchor(heading, plain, anchor):
    assert _pages.plain(heading) == plain and _pages.anchor(heading) == anchor


def test_nothing_that_is_read_out_holds_formula_signs():
    texts = [mistake.read for mistake in MISCONCEPTIONS.values()] + [exercise.uses for exercise in EXERCISES.values()]
    assert not [text for text in texts if re.search(r"[$\\`{}]", text)]


def test_sentences_and_addresses():
    page = "self_attention/masks"
    assert _pages.sentence(page, ("A", "B")) == 'Masks, sections "A" and "B".'
    assert _pages.sentence(page, ()) == "Masks; finding the right chapter is part of the task."
    assert _pages.address(page, ()) == "book/self_attention/masks.html"
    assert EXERCISES["self_attention.masked_attention"].href == "book/self_attention/masks.html#the-mathematics"
    assert MISCONCEPTIONS["no_scale"].href == "book/self_attention/why_scale.html#why-divide-by-sqrt-d-k"


def test_in_a_notebook_beside_the_others_a_wrong_answer_ends_with_a_link(tmp_path, monkeypatch, capsys):
    shown = []
    shell = types.SimpleNamespace(get_ipython=lambda: True, display=types.SimpleNamespace(display=shown.append))
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.chdir(ROOT / "book" / "self_attention")
    check("self_attention.softmax", lambda scores: scores - scores.max())
    check("self_attention.softmax", lambda scores, temperature=1.0: np.exp(scores) / np.exp(scores).sum(axis=0))
    check("self_attention.softmax", lambda scores, temperature=1.0: None)
    assert [str(link) for link in shown] == [
        "[Open: Scaled dot-product attention](../self_attention/scaled_dot_product.ipynb#The-mathematics)"] * 2
    assert all((ROOT / "book" / "self_attention" / str(link).split("(")[1].split("#")[0]).is_file() for link in shown)
    monkeypatch.chdir(tmp_path)
    check("self_attention.softmax", lambda scores: scores - scores.max())
    assert len(shown) == 2 and "Read: " in capsys.readouterr().out


def test_a_title_is_cut_at_its_colon_where_that_leaves_it_unlike_all_others(tmp_path):
    for name, text in {"a": "# One: more", "b": "# Two: x\n\n## Two", "c": "---\nk: 1\n---\n\n# Two: y\n",
                       "d": "```python\n# no title\n```\n\n# Four\n\n~~~~\n## no\n~~~~\n## Yes *so*\n", "e": "no title"}.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    assert PAGES.titles(tmp_path) == {"a": "One", "b": "Two: x", "c": "Two: y", "d": "Four"}
    assert PAGES.sections(tmp_path) == {"a": set(), "b": {"Two"}, "c": set(), "d": {"Yes *so*"}, "e": set()}


def test_titles_out_of_step_are_noticed_and_written(tmp_path, capsys):
    book, target = tmp_path / "book", tmp_path / "pages.json"
    book.mkdir()
    (book / "a.md").write_text("# One\n", encoding="utf-8")
    assert not PAGES.in_step(target, book)
    PAGES.write(target, book)
    assert PAGES.in_step(target, book) and target.read_text(encoding="utf-8") == '{\n "a": "One"\n}\n' and capsys.readouterr().out
    PAGES.write(target, book)
    assert capsys.readouterr().out == ""
    (book / "a.md").write_text("# Two\n", encoding="utf-8")
    assert not PAGES.in_step(target, book)


# -- wherever the package goes ---------------------------------------------------------------------------------------

def test_the_browsers_archive_loads_them_without_the_repository(tmp_path):
    archive = tmp_path / "attnlab.zip"
    archive.write_bytes(tool("book/_ext/runner.py").pack(ROOT))
    code = ("from attnlab.exercises import EXERCISES, MISCONCEPTIONS as m; import attnlab; "
            "print(attnlab.__file__, len(m), m['no_scale'].read, EXERCISES['self_attention.softmax'].uses)")
    zipfile.ZipFile(io.BytesIO(archive.read_bytes())).extractall(tmp_path / "unpacked")
    for place in (archive, tmp_path / "unpacked"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8",
                              env=os.environ | {"PYTHONPATH": str(place)})
        expected = f"{len(MISCONCEPTIONS)} {MISCONCEPTIONS['no_scale'].read} {EXERCISES['self_attention.softmax'].uses}\n"
        assert done.stdout.startswith(str(place)) and done.stdout.endswith(expected), done.stderr


def test_every_data_file_of_the_package_goes_into_a_wheel():
    """pyproject.toml names the files beside the Python; its patterns do not cross folders unless they say so."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    source = ROOT / "src"
    named = {path for package, patterns in settings.items() for pattern in patterns
             for path in source.joinpath(*package.split(".")).glob(pattern)}
    data = {*source.rglob("*.toml"), *source.rglob("*.json")}
    assert misconceptions.FOLDER / "positions.toml" in data and data <= named
