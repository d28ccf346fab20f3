"""The arithmetic of the explorable of a published model, with node: filters, kept texts, changes, and what an address says."""

from __future__ import annotations

import base64
import itertools
import json
import math

import numpy as np
import pytest
import torch
from in_node import close, numbers, run

from attnlab import generation
from attnlab.explore import WIDGETS, live, module_source

FOLDER = WIDGETS / "live"
TEXTS, NEXT, CHANGES, PICTURE, REAL = (FOLDER / f"{name}.js" for name in ("texts", "next", "changes", "picture", "real"))
KEPT = json.loads((FOLDER / "names.json").read_text(encoding="utf-8"))
START = {key: value for key, value in live().state.items() if key not in ("texts", "long")}


def left(logits: np.ndarray, temperature: float, k: int | None, p: float | None) -> np.ndarray:
    """What the package's filters leave, as shares, the likeliest first."""
    z = generation.temperature(torch.tensor(logits.copy()), temperature)
    z = z if k is None else generation.top_k(z, k)
    z = z if p is None else generation.top_p(z, p)
    return np.sort(z.softmax(-1).numpy())[::-1]


def test_shares_are_those_of_the_package_s_filters(rng):
    logits = np.sort(rng.normal(size=211) * 3)[::-1]
    given = list(itertools.product((0.3, 1.0, 1.7), (None, 1, 5, 400), (None, 0.01, 0.6, 0.95, 1)))
    group = {"logits": logits.tolist(), "counts": [1] * 211}
    for (temperature, k, p), found in zip(given, run(NEXT, *[["spread", group, {"temperature": t, "k": k, "p": p}] for t, k, p in given]), strict=True):
        expected = left(logits, temperature, k, p)
        close(found["shares"], expected)
        assert found["tokens"] == np.count_nonzero(expected)


@pytest.mark.parametrize("given", [(1.0, None, 0.9), (0.7, None, None), (1.4, 30, None)])
def test_a_group_is_so_many_tokens_of_one_logit(rng, given):
    logits, counts = np.sort(rng.normal(size=17))[::-1], rng.integers(1, 9, size=17)
    temperature, k, p = given
    (found,) = run(NEXT, ["spread", {"logits": logits.tolist(), "counts": counts.tolist()}, {"temperature": temperature, "k": k, "p": p}])
    power = np.exp((logits - logits[0]) / temperature)
    rest, mass, taken = (k or 10**9), 0.0, []
    wanted = math.inf if p is None else p * (power * counts).sum()
    for one, count in zip(power, counts):
        number = 0
        while number < count and rest and mass < wanted:
            number, rest, mass = number + 1, rest - 1, mass + one
        taken.append(number)
    close(found["shares"], power * taken / mass)
    assert found["tokens"] == sum(taken)


def test_grouped_logits_keep_the_likeliest_and_the_mass_of_the_others(rng):
    logits = (rng.normal(size=5003) * 4).astype(np.float32)
    (found,) = run(REAL, ["grouped", logits.tolist()])
    close(found["logits"][:200], np.sort(logits)[::-1][:200].astype(float))
    assert sum(found["counts"]) == 5003 and set(found["counts"][:200]) == {1} and len(found["logits"]) < 3000
    for temperature in (0.5, 1, 2):
        ours = (np.exp(np.array(found["logits"]) / temperature) * found["counts"]).sum()
        assert ours == pytest.approx(np.exp(logits.astype(float) / temperature).sum(), rel=1e-3)
    assert run(REAL, ["largest", [1, 5, 5, 3], 3]) == [[1, 2, 3]]


def test_the_rows_of_a_kept_text_are_weights_and_end_at_their_query(tmp_path):
    n, data = len(KEPT["tokens"]), np.frombuffer(base64.b64decode(KEPT["weights"]), np.uint8)
    assert data.size == 30 * 9 * n * (n + 1) // 2
    probe = tmp_path / "probe.mjs"
    probe.write_text(
        f"import {{ unpack, square }} from {json.dumps(TEXTS.as_uri())};\n"
        "export const row = (kept, layer, head, query) => unpack(kept).weights(layer, head, query);\n"
        "export const whole = (all, n, layer, head, query) => square(Uint8Array.from(all), n)(layer, head, query);\n", encoding="utf-8")  # fmt: skip
    places = [(0, 0, 0), (16, 0, 7), (29, 8, n - 1)]
    rows = [numbers(row) for row in run(probe, *[["row", KEPT, *place] for place in places])]
    for (layer, head, query), row in zip(places, rows):
        first = (layer * 9 + head) * n * (n + 1) // 2 + query * (query + 1) // 2
        close(row, [*(data[first : first + query + 1] / 255), *[0] * (n - query - 1)])
    full = np.arange(30 * 9 * 9).reshape(30, 9, 3, 3) % 256
    assert run(probe, ["whole", full.ravel().tolist(), 3, 20, 5, 2]) == [(full[20, 5, 2] / 255).tolist()]


def test_what_an_address_says_is_what_was_set():
    set_ = START | {"text": "copying", "layer": 18, "head": 6, "query": 3, "temperature": 0.7, "k": 5, "p": 0.9, "own": "a & b = c #1\n“ü”",
                    "silent": [[16, 0], [17, 5]], "hideFirst": True, "window": 32, "sinks": 1, "base": 10000, "pairing": "none"}  # fmt: skip
    (told,) = run(CHANGES, ["toAddress", set_, START])
    assert told.startswith("live:") and " " not in told and "#" not in told
    assert run(CHANGES, ["fromAddress", f"#{told}"]) == [set_]
    assert run(CHANGES, ["toAddress", START, START], ["fromAddress", ""], ["fromAddress", "#recall-first"]) == ["", {}, {}]


@pytest.mark.parametrize("part", ["layer=30", "layer=-1", "head=9", "text=../x", "silent=16", "silent=16.0-99.0", "silent=1.2.3", "window=0", "p=2",
                                  "temperature=nan", "pairing=both", "hideFirst=yes", "nonsense=1", "own=%E0%A4%A", "base=1e9"])  # fmt: skip
def test_what_an_address_may_not_say_is_left_out(part):
    expected = {"own": ""} if part.startswith("own") else {}
    assert run(CHANGES, ["fromAddress", f"#live:{part}"], ["fromAddress", f"#live:{part}&sinks=2"]) == [expected, expected | {"sinks": 2}]


def test_a_head_is_put_among_the_silent_and_taken_out_again():
    once, twice, none = run(CHANGES, ["toggled", [[17, 3]], 16, 0], ["toggled", [[16, 0], [17, 3]], 16, 0], ["toggled", [[17, 3]], 17, 3])
    assert (once, twice, none) == ([[16, 0], [17, 3]], [[17, 3]], [])


def test_changes_are_said_in_words():
    state = START | {"silent": [[16, 0], [17, 3]], "hideFirst": True, "window": 32, "sinks": 1, "base": 100, "pairing": "halves"}
    said, nothing, one = run(CHANGES, ["changesInWords", state], ["changesInWords", START], ["changesInWords", START | {"silent": [[2, 1]], "pairing": "none"}])
    assert said == "heads (16, 0), (17, 3) switched off; the first token hidden; a window of 32 and the first token; rotary base 100; halves rotated instead of neighbours"
    assert (nothing, one) == ("", "head (2, 1) switched off; nothing rotated")
    assert run(CHANGES, ["isChanged", START], ["isChanged", state]) == [False, True]


def test_the_experiments_ask_for_what_the_engine_knows():
    (found,) = run(CHANGES, ["presets", "the text of the page"])
    options = {"silent", "hideFirst", "window", "sinks", "base", "pairing"}
    for one in found:
        state = START | one["state"]
        assert set(one["state"]) <= set(START) and options <= set(one["state"]) and len(one["words"]) > 40
        assert all(0 <= layer < 30 and 0 <= head < 9 for layer, head in state["silent"]) and state["pairing"] in ("adjacent", "halves", "none")
    assert sum(one["state"]["own"] == "the text of the page" for one in found) == 3 and len({one["name"] for one in found}) == len(found) == 7


@pytest.mark.parametrize("reason", ["aborted", "offline", "cut", "hash", "memory", "missing", "no-wasm", "worker"])
def test_each_failure_has_a_sentence_of_its_own(reason):
    said, other = run(CHANGES, ["failure", {"reason": reason, "message": "internal 0x1"}], ["failure", {"message": "something new"}])
    assert "internal" not in said and said.endswith(".") and "something new" in other
    assert ("prepared texts go on" in said) == (reason != "aborted")


def test_loss_and_perplexity_as_text():
    found = run(CHANGES, ["lossText", [1, 2, 3]], ["lossText", []], ["lossText", [9, 9]])
    assert found == [{"loss": "2.00", "perplexity": "7.4"}, {"loss": "–", "perplexity": "–"}, {"loss": "9.00", "perplexity": "8,103"}]


def test_the_layer_from_which_a_word_is_first():
    ranks = [5000, *[70] * 20, *[1] * 3, 2, *[1] * 6]
    said, never, always = run(NEXT, ["rankSentence", ranks, 3], ["rankSentence", [1] * 30 + [2], 0], ["rankSentence", [1] * 31, 29])
    assert said == "Read off behind layer 3 it would be number 70. It is first from behind layer 24 on."
    assert "It is not first behind layer 29 either" in never and "first all the way" in always
    assert run(NEXT, ["height", 1], ["height", 50000]) == [0, 100]


def test_an_arc_starts_over_its_query_and_ends_at_its_key():
    a, b, c = ({"left": x, "top": y, "width": 20, "height": 24, "named": named} for x, y, named in ((0, 30, False), (100, 30, False), (40, 90, True)))
    beside, below, self_ = run(PICTURE, ["bow", b, a], ["bow", c, a], ["bow", a, a])
    assert beside.startswith("M110 30C") and beside.endswith(" 10 30")
    assert below.startswith("M50 90C") and below.endswith(" 10 54")
    assert self_.startswith("M10 30C") and self_.endswith(" 10 30")


def test_joined_for_jupyterlab_it_has_each_module_once_and_computes_the_same(tmp_path):
    code = module_source("live")
    lines = [line for line in code.splitlines() if not line.startswith("//")]
    assert not [line for line in lines if line.startswith("import ")] and all(code.count(one) == 1 for one in ("export function softmax(", "export function spread(", "export function unpack("))
    joined = tmp_path / "joined.mjs"
    joined.write_text(code, encoding="utf-8")
    call = ["spread", {"logits": [3.0, 1.0], "counts": [1, 4]}, {"temperature": 1, "k": None, "p": 0.9}]
    assert run(joined, call) == run(NEXT, call)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_no_module_is_heavier_than_50_kilobytes(path):
    assert path.stat().st_size <= 50_000
