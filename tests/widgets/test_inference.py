"""The arithmetic of pages_over_time.js and speculation.js against the package, with node; 1e-12. And their tables."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore
from attnlab.explore import WIDGETS
from attnlab.explore.pages_over_time import JOBS
from attnlab.explore.speculation import draft_of, expected_tokens
from attnlab.reference.sampling import accept
from attnlab.reference.serving import Job, serve
from attnlab.reference.speculative import a_round

PAGES, SPECULATION = WIDGETS / "pages_over_time.js", WIDGETS / "speculation.js"


def cells(markup: str) -> dict[str, list[str]]:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    return {html.unescape(name): re.findall(r"<td>(.*?)</td>", rest) for name, rest in rows}


# ---- pages ---------------------------------------------------------------------------------------


def random_jobs(seed: int) -> list:
    rng = np.random.default_rng(seed)
    return [[int(a), int(rng.integers(0, 7)), int(rng.integers(1, 9))] for a in np.sort(rng.integers(0, 12, 9))]


def test_serving_in_javascript_is_that_of_the_package():
    cases = [(random_jobs(seed), width, pages, size) for seed in range(6) for width, pages, size in ((4, 8, 2), (3, 15, 1), (2, 4, 4))]
    cases += [([list(job) for job in JOBS], 4, room // size, size) for room in (16, 32, 48) for size in (1, 2, 4, 8, 16)]
    for (jobs, *rest), found in zip(cases, run(PAGES, *[["serve", *case] for case in cases])):
        runs, held = serve([Job(*job) for job in jobs], *rest)
        assert [tuple(one) for one in found["runs"]] == [tuple(one) for one in runs] and found["held"] == held
        for frame in found["frames"]:
            pages = [page for text in frame["texts"] for page in text["table"]]
            assert len(set(pages)) == len(pages) and set(pages) <= set(range(rest[1]))
            assert all(len(text["table"]) == -(-text["length"] // rest[2]) for text in frame["texts"])


def test_rows_and_tokens_of_a_frame():
    texts = [{"table": [3, 0], "length": 5}, {"table": [1], "length": 4}]
    assert run(PAGES, ["filled", texts, 4])[0] == {"rows": 12, "tokens": 9}


def test_the_table_of_pages_tells_the_story():
    markup = explore.pages_over_time()._repr_html_()
    told = cells(markup)
    assert set(told) == {f"text {name}" for name in "ABCDEF"} and "19 steps with 8 pages of 4 tokens" in markup
    assert sum(int(row[-1]) for row in told.values()) == 1 and "evictions: 1" in markup
    assert "evictions: 0" in explore.pages_over_time(n_tokens=48)._repr_html_()


@pytest.mark.parametrize("given,says", [
    ({"page_size": 3}, "page_size must be one of 1, 2, 4, 8, 16 but is 3"), ({"n_tokens": 40}, "n_tokens must be 16, 32 or 48 but is 40"),
    ({"n_tokens": 64}, "n_tokens must be between 16 and 48 but is 64"), ({"step": 61}, "step must be between 0 and 60 but is 61"),
])  # fmt: skip
def test_what_pages_refuse(given, says):
    with pytest.raises(ValueError, match=says):
        explore.pages_over_time(**given)


# ---- speculation ---------------------------------------------------------------------------------


def states() -> list[dict]:
    return [explore.speculation(far, n, r).state for far in (0, 0.35, 1) for n in (1, 4) for r in range(1, 40, 3)]


def test_the_draft_and_what_is_missing_are_the_packages():
    for state, rows in zip(states()[::13], run(SPECULATION, *[["draftOf", state] for state in states()[::13]])):
        close(rows, draft_of(state).tolist())
    p, q = np.random.default_rng(0).dirichlet(np.ones(5), size=2)
    close(run(SPECULATION, ["missing", p.tolist(), q.tolist()])[0], accept(p, q)[1].tolist())


def test_a_round_by_the_rules():
    for state, found in zip(states(), run(SPECULATION, *[["round", state] for state in states()])):
        p, q, before = np.array(state["next"]), draft_of(state), 0
        stands = []
        for one in found["drafted"]:
            assert one["before"] == before and np.isclose(one["p"], p[before, one["word"]]) and np.isclose(one["q"], q[before, one["word"]])
            stands.append(one["u"] < accept(p[before], q[before])[0][one["word"]])
            before = one["word"]
        assert found["stood"] == (stands + [False]).index(False)
        at = found["drafted"][found["stood"]]["before"] if found["stood"] < state["n_drafted"] else before
        close(found["from"], (accept(p[at], q[at])[1] if found["stood"] < state["n_drafted"] else p[at]).tolist())
        assert found["from"][found["last"]] > 0


def test_words_of_a_round_on_average():
    """The formula in JavaScript against everything that can happen; and against 3,000 of its own rounds."""
    few = [explore.speculation(far, n).state for far in (0, 0.35, 0.6, 1) for n in (1, 3)]
    close(run(SPECULATION, *[["expected", state] for state in few]), [expected_tokens(state) for state in few])
    for state in few:
        p, q = np.array(state["next"]), draft_of(state)
        found = a_round(lambda ids: p[ids[-1]], lambda ids: q[ids[-1]], (0,), state["n_drafted"])
        assert expected_tokens(state) == pytest.approx(sum(len(text) * share for text, share in found.items()), abs=1e-12)
    state = explore.speculation(0.6, 4).state
    rounds = run(SPECULATION, *[["round", {**state, "round": r}] for r in range(1, 3001)])
    assert np.mean([one["stood"] + 1 for one in rounds]) == pytest.approx(expected_tokens(state), rel=0.05)


def test_draws_follow_their_chances():
    row = [0.1, 0.0, 0.6, 0.3]
    u = run(SPECULATION, ["uniforms", 7, 2000])[0]
    drawn = run(SPECULATION, *[["draw", row, one] for one in u])
    assert 0 < min(u) and max(u) < 1
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 2000, row, atol=0.03)


def test_the_table_of_speculation():
    told = cells(explore.speculation()._repr_html_())
    assert told["distance 0"] == ["2.000", "3.000", "5.000"] and float(told["distance 1"][2]) < float(told["distance 0.2"][2])
    for given, says in (({"distance": 1.5}, "distance must be between 0 and 1 but is 1.5"), ({"n_drafted": 6}, "n_drafted must be between 1 and 5 but is 6")):
        with pytest.raises(ValueError, match=says):
            explore.speculation(**given)
