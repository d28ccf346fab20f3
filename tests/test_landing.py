"""What the landing page quotes: the claim of a chapter, the source of a wrong answer, what code prints."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
landing = pytest.importorskip("landing")

PAGE = (ROOT / "book" / "index.md").read_text("utf-8")
CHAPTER = """:::{admonition} Claim: rows add up to one
:class: claim
:name: claim-rows
Words.
:::

```{code-cell} ipython3
:tags: [claim]

assert rows == 1
```

:::{admonition} Claim: the same in torch
:class: claim
:name: claim-torch
Words.
:::

```{code-cell} ipython3
:tags: [claim, torch]

assert torch
```
"""


def test_a_claim_is_quoted_with_its_assertion():
    assert landing.claim(CHAPTER, "claim-rows") == ("rows add up to one", "assert rows == 1")


@pytest.mark.parametrize("name", ["claim-none", "claim-torch"])
def test_a_claim_that_is_not_there_or_needs_torch_is_refused(name):
    with pytest.raises(ValueError, match=f"there is no claim '{name}' with a cell that needs no PyTorch"):
        landing.claim(CHAPTER, name)


def test_the_claim_of_the_landing_page_says_what_its_chapter_says():
    page, name = re.search(r"\{quoted-claim\} (\S+) (\S+)", PAGE).groups()
    title, code = landing.claim((ROOT / "book" / f"{page}.md").read_text("utf-8"), name)
    assert title and "assert" in code


@pytest.mark.parametrize("exercise, name", re.findall(r"\{(?:wrong-answer|silent-bug)\} (\S+) (\S+)", PAGE))
def test_the_wrong_answers_of_the_landing_page_stand_alone_and_are_named(exercise, name):
    from attnlab.exercises import EXERCISES, diagnose

    space: dict = {}
    source = landing.mutant(exercise, name)
    exec("import numpy as np\n" + source, space)
    assert source.startswith("def ") and "EXERCISE" not in source
    assert diagnose(exercise, space[name]).mistake == EXERCISES[exercise].same_as.get(name, name)


def test_the_silent_bug_has_a_public_thread():
    from attnlab.exercises import EXERCISES, MISCONCEPTIONS

    exercise, name = re.search(r"\{silent-bug\} (\S+) (\S+)", PAGE).groups()
    assert MISCONCEPTIONS[EXERCISES[exercise].same_as.get(name, name)].threads


def test_output_is_what_the_code_prints_and_what_it_raises_is_raised():
    assert landing.output("print('a')\nprint(2)") == "a\n2"
    with pytest.raises(AssertionError):
        landing.output("assert False")
