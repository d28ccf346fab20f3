"""Boxes and items as the build makes them: claims numbered and listed, answers that open, inline markup."""
from __future__ import annotations

import re
import sys
from html import unescape
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book" / "_ext")]
import mini_site  # noqa: E402
import practice  # noqa: E402

CLAIM = """
:::{{admonition}} Claim: {title}
:class: claim
:name: {name}
Whatever $x$ is.
:::

```{{code-cell}} ipython3
:tags: [claim]
{code}
```
"""
INDEX = """# First

```{toctree}
second
claims
```
""" + CLAIM.format(title="one is one", name="claim-one", code="assert 1 == 1, 'code of one'") \
    + CLAIM.format(title="two is two", name="claim-two", code="assert 2 == 2, 'code of two'") + """
By {ref}`claim-two` and {ref}`claim-far`; $a$. And $b$. And ($c$), done.

::::{admonition} Recall
:class: recall
Why?

:::{admonition} The [answer](second.md) to $x$
:class: dropdown answer
:name: the-answer
Hidden words.
:::
::::

```{exercise} Halve it
:label: ex-halve
Return half.
```

```{solution-start} ex-halve
:class: dropdown
```

```{code-cell} ipython3
print("inside the solution")
```

:::{admonition} Why
:class: dropdown solution-text
Divide.
:::

```{solution-end}
```

After the solution.

## Remember

:::{admonition} Remember
:class: remember
Once.
:::
"""
SECOND = "# Second\n" + CLAIM.format(title="three", name="claim-far", code="assert 3 == 3, 'code of three'")
CLAIMS = "# Every claim\n\n```{claims}\n```\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boxes")
    mini_site.write(folder, {"index": INDEX, "second": SECOND, "claims": CLAIMS})
    out, warnings = mini_site.build(folder)
    assert warnings == ""
    return out


def page(out: Path, name: str) -> str:
    return (out / f"{name}.html").read_text("utf-8")


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html))).strip()


def test_a_claim_is_its_sentence_and_one_line_with_its_name(site):
    html = page(site, "index")
    box = html.split('<div class="claim-box" id="claim-1">')[1].split('<div class="claim-box"')[0]
    sentence, line, folded = re.search(r'<p class="admonition-title">(.*?)</p>.*?<details class="claim-code">\s*<summary>(.*?)</summary>(.*?)</details>', box, re.S).groups()
    assert words(sentence) == "One is one" and words(line) == "Claim 1 not run at build show hide" and "code of one" in words(folded)
    assert 'id="claim-1"' in page(site, "second") and "Claim 1</span>" in page(site, "second"), "outside a table of contents pages count for themselves"


ERROR = nbformat.v4.new_output("error", ename="AssertionError", evalue="", traceback=["AssertionError"])
PRINTED = nbformat.v4.new_output("stream", text="0.5\n")
RUNS = {"ran": (3, [], "✓ ran at build"), "idle": (None, [], "not run at build"), "raised": (3, [ERROR], "not run at build"),
        "printed": (3, [PRINTED], "✓ ran at build")}


def proved(count: int | None, outputs: list) -> dict:
    """A page with one claim whose cell has run so."""
    claim = nbformat.v4.new_markdown_cell("# P\n\n:::{admonition} Claim: t\n:class: claim\nText.\n:::")
    proof = nbformat.v4.new_code_cell("assert True", metadata={"tags": ["claim", "torch"]}, outputs=outputs, execution_count=count)
    return nbformat.v4.new_notebook(cells=[claim, proof])


def test_only_what_the_notebook_ran_without_an_error_is_said_to_have_run(tmp_path):
    start = "# Start\n\n```{toctree}\n" + "\n".join([*RUNS, "claims"]) + "\n```\n"
    mini_site.write(tmp_path, {"index": start, "claims": CLAIMS, **{name: proved(*run[:2]) for name, run in RUNS.items()}})
    out, _ = mini_site.build(tmp_path)
    for name, (_, _, said) in RUNS.items():
        line, folded = re.search(r"<summary>(.*?)</summary>(.*?)</details>", page(out, name), re.S).groups()
        assert words(line) == f"Claim 1 {said} show hide PyTorch, in JupyterLab"
        assert words(folded).endswith("Needs PyTorch: runs in JupyterLab")
        assert page(out, "claims").count(said) == 2
    assert "0.5" in page(out, "printed").split("</details>")[1], "what the cell printed stays in sight"


def test_a_claim_and_its_cell_share_a_box(site):
    first, second = page(site, "index").split('<div class="claim-box"')[1:]
    second = second.split("By ")[0]
    assert 'id="claim-one"' in first and "code of one" in words(first) and "code of two" not in words(first)
    assert 'id="claim-two"' in second and "code of two" in words(second)


def test_a_reference_to_a_claim_prints_its_number(site):
    html = page(site, "index")
    assert re.search(r'href="#claim-two"><span[^>]*>Claim 2<', html)
    assert re.search(r'href="second.html#claim-far"><span[^>]*>Claim 1<', html)


def test_every_claim_is_listed_with_its_link_and_code(site):
    html = page(site, "claims")
    assert "✓" not in html, "none of them ran"
    entries = re.findall(r'<a class="reference internal" href="([^"]+)">(Claim \d)</a>', html)
    assert entries == [("index.html#claim-1", "Claim 1"), ("index.html#claim-2", "Claim 2"), ("second.html#claim-1", "Claim 1")]
    assert all(f"code of {number}" in words(html) for number in ("one", "two", "three"))
    assert html.count('class="katex"') == 3, "the formulas of the claims are set on the list too"


def test_a_list_of_claims_has_the_assertions_and_not_what_leads_to_them():
    import claims_page

    code = "for n in (2, 3):\n    x = n\n    assert (x >\n            1)\nassert x == 3  # the last\n"
    assert claims_page.assertions(code) == "assert (x >\n        1)\nassert x == 3"
    assert claims_page.assertions("%time x") == "%time x" and claims_page.assertions("x = 1") == "x = 1"


def test_no_id_is_used_twice(site):
    for name in ("index", "second", "claims"):
        ids = re.findall(r'\sid="([^"]+)"', page(site, name))
        assert len(ids) == len(set(ids)), name


def test_an_answer_is_a_details_element_without_script(site):
    html = page(site, "index")
    answer = r'<details class="admonition answer" id="the-answer">(.*?)</details>'
    head, body = re.search(answer, html, re.S)[1].split("</summary>")
    assert words(head).startswith("The answer to") and "<a " not in head, "a summary is a control"
    assert "Hidden words." in body and "toggle" not in html.lower().replace("toctree", "")


def test_a_solution_hides_its_cells_and_nothing_behind_it(site):
    html = page(site, "index")
    body = re.search(r'<details class="admonition solution"[^>]*>(.*?)</details>', html, re.S)[1]
    assert "inside the solution" in words(body) and "Divide." in words(body)
    assert "Why" not in words(body), "folded twice"
    assert "After the solution." not in words(body) and "solution-content" not in html


def test_punctuation_stays_with_its_formula_and_no_text_is_lost(site):
    line = next(part for part in page(site, "index").split("<p>") if part.startswith("By "))
    line = re.sub(r"<math.*?</math>", "", line.split("</p>")[0])
    assert words(line) == "By Claim 2 and Claim 1; a. And b. And (c), done."
    assert line.count('<span class="held">') == 3
    assert line.count(".</span> And") == 2 and '<span class="held">(<' in line and ")</span>, done." in line


def test_a_box_named_as_its_section_is_marked(site):
    assert 'class="remember named-above admonition"' in page(site, "index")


BARE_CLAIM = "# P\n:::{admonition} Claim: bare\n:class: claim\nText.\n:::\n\nThen words.\n"
WRONG = {
    "bare": (BARE_CLAIM, "claim without an assertion"),
    "idle": ("# P\n" + CLAIM.format(title="t", name="n", code="print('no assert here')"),
             "claim without an assertion"),
    "lost": ("# P\n\n```{code-cell} ipython3\n:tags: [claim]\nassert True\n```\n",
             "must follow a box of class `claim`"),
    "item": ("# P\n:::{admonition} What?\n:class: card dropdown\n:name: item-unheard\nThat.\n:::\n",
             "no item 'unheard'"),
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    start = "# Start\n\n```{toctree}\n" + "\n".join(WRONG) + "\n```\n"
    mini_site.write(folder, {"index": start, **{name: text for name, (text, _) in WRONG.items()}})
    return mini_site.build(folder)[1].splitlines()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_warned_of_once_with_its_place(complaints, name):
    here = [line for line in complaints if f"{name}." in line.split("WARNING")[0]]
    assert len(here) == 1 and WRONG[name][1] in here[0]


def test_the_list_follows_a_page_that_is_edited_and_one_that_goes(tmp_path):
    mini_site.write(tmp_path, {"index": INDEX, "second": SECOND, "claims": CLAIMS})
    out, _ = mini_site.build(tmp_path)
    mini_site.write(tmp_path, {"second": SECOND.replace("'code of three'", "'code of four'")})
    mini_site.build(tmp_path)
    listed = words(page(out, "claims"))
    assert "code of four" in listed and "code of three" not in listed and "code of one" in listed
    (tmp_path / "second.md").unlink()
    mini_site.build(tmp_path)
    listed = words(page(out, "claims"))
    assert "code of four" not in listed and "code of one" in listed


@pytest.mark.parametrize("text, expected", [
    ("plain", [("#text", "plain")]),
    ("width $d_k$, `x` and **b** or *i*",
     [("#text", "width "), ("math", "d_k"), ("#text", ", "), ("literal", "x"), ("#text", " and "),
      ("strong", "b"), ("#text", " or "), ("emphasis", "i")]),
    (r"costs \$5, not \*much\*", [("#text", "costs $5, not *much*")]),
    (r"$\$ 5$", [("math", r"\$ 5")]),
    ("snake_case_name and 2 * 3 * 4", [("#text", "snake_case_name and 2 * 3 * 4")]),
    ("a gap ____ stays", [("#text", "a gap ____ stays")]),
])
def test_inline_markup_of_items(text, expected):
    assert [(node.tagname, node.astext()) for node in practice.inline(text)] == expected
