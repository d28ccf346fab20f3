"""Terms of the glossary become links: the longest name, as a whole word, once a page, and nowhere where a link would harm."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book" / "_ext")]
import mini_site  # noqa: E402
import terms  # noqa: E402
from test_glossary import entries  # noqa: E402

GLOSSARY = """# Words

```{first-words}
query
attention weight
```

## All

```{glossary}
attention weight
weight
  How much of a value comes in, an $x$ from zero to one. [Page](page.md)

attention
  An average of values. [Page](page.md)

GPT
  A model of one stack. [Page](page.md)

key
  What is compared with $q$. [Page](page.md)

loss
  A number to make small. [Page](page.md)

query
  A vector that asks. [Page](page.md)

score
  A number that compares. [Page](page.md)

token
  What a model reads. [Page](page.md)

top-k sampling
  A way to draw. [Page](page.md)
```

```{toctree}
page
bare
```
"""
PAGE = """# Attention, a heading

A key to the door, cross-attention, Attentional, `attention`, $attention$ and [attention](bare.md). *Attention
weights*, GPTs and then queries with keys; losses; top-k
sampling. Attention once more, and a query.

```{exercise} Loss of words
:label: ex-loss
Return the loss of a token.
```

:::{admonition} Recall
:class: recall
The attention is linked above.

::::{admonition} The answer
:class: dropdown answer
A loss, a score.
::::
:::

```python
attention = 1
```
"""
TABLE = 'never = ["weight"]\n[company]\nkey = ["quer"]\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("terms")
    mini_site.write(folder, {"index": GLOSSARY, "page": PAGE, "bare": "# Bare\n\nNothing of note; weights alone, gpt.\n"})
    (folder / "terms.toml").write_text(TABLE, "utf-8")
    conf = folder / "conf.py"
    conf.write_text(conf.read_text("utf-8") + f'\nextensions.append("terms")\nterms_page = "index"\nterms_table = {str(folder / "terms.toml")!r}\n', "utf-8")
    out, warnings = mini_site.build(folder)
    assert warnings == ""
    return out


def read(site: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{page}.html").read_text("utf-8"), "html.parser")


def test_each_term_is_a_link_from_its_first_use_and_from_nowhere_else(site):
    links = [(" ".join(link.text.split()), link["href"].removeprefix("index.html#term-")) for link in read(site, "page").select("a.term")]
    assert links == [("key", "key"), ("Attention weights", "attention-weight"), ("GPTs", "GPT"), ("queries", "query"), ("losses", "loss"),
                     ("top-k sampling", "top-k-sampling"), ("Attention", "attention")]


def test_a_link_lies_in_no_heading_code_formula_link_exercise_or_answer(site):
    for link in read(site, "page").select("a.term"):
        assert not link.find_parent(["h1", "h2", "code", "pre", "details", "summary"]) and not link.find_parent(class_=["exercise", "math", "answer"])


def test_a_page_without_a_term_carries_no_script_and_one_with_does(site):
    assert [bool(read(site, page).select('script[src*="js/terms.js"]')) for page in ("page", "bare", "index")] == [True, False, False]
    assert not read(site, "bare").select("a.term")


def test_what_is_shown_holds_each_entry_once_with_its_formula_as_text_and_its_chapter(site):
    told = json.loads((site / "_static" / "terms.json").read_text("utf-8"))
    assert len(told) == 9
    assert told["term-attention-weight"] == ["attention weight", "How much of a value comes in, an x from zero to one.", "Page"]
    anchors = {tag["id"] for tag in read(site, "index").select("dt[id]")}
    assert set(told) <= anchors


def test_the_first_words_repeat_their_entries_in_the_order_asked_for(site):
    page = read(site, "index")
    assert [dt.text.strip() for dt in page.select("dl.first-words dt")] == ["query", "attention weight"]
    assert [dt.a["href"] for dt in page.select("dl.first-words dt")] == ["#term-query", "#term-attention-weight"]
    assert page.select_one("dl.first-words dd").text.strip().startswith("A vector that asks.")
    assert len(page.select("#term-query")) == 1


# -- the real glossary and its table


def real() -> tuple[dict, set[str]]:
    return tomllib.loads(terms.TABLE.read_text("utf-8")), {name for group in entries().values() for one, _ in group for name in one}


def test_the_table_speaks_of_names_of_the_glossary():
    table, names = real()
    assert {*table["never"], *table["company"]} - names == set()


class Named:
    def __init__(self, *names):
        self.names = names


@pytest.mark.parametrize("text, found", [
    ("Multi-head attention, self-attentions", ["Multi-head attention", "self-attentions"]),
    ("The key to it and a block of wood", []),
    ("A value of 3", []),
    ("A query meets each key", ["query", "key"]),
    ("a source of weight", []),
    ("GPT-2 and gpt, NaNs, T5 bias", ["NaNs", "T5 bias"]),
    ("vocabularies, patches of an image", ["vocabularies", "patches"]),
])
def test_names_are_found_whole_and_where_they_are_meant(text, found):
    table, _ = real()
    known = [Named(*one) for group in entries().values() for one, _ in group]
    assert [match[0] for match, _ in terms.Words(known, table).find(text, text)] == found
