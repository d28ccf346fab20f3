"""The search: ordinary questions lead to the page that owns them, sections are results, and it works by keyboard and while typing."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")

# What people type -> the page that comes first.
FIRST = {
    "bert": "variants/bert", "gpt-2": "variants/gpt", "mixture of experts": "variants/mixture_of_experts", "vision transformer": "variants/vit",
    "softmax": "fundamentals/softmax_temperature", "flash attention": "efficiency/blocked_kernel", "KV cache": "multi_head/sharing",
    "rope": "positions/relative", "why divide by sqrt": "self_attention/why_scale", "mask -inf nan": "self_attention/masks",
    "gqa": "multi_head/sharing", "cross-attention": "self_attention/self_or_cross",
    "positional encoding": "positions/overview", "attention sink": "self_attention/patterns", "embedding": "start/tokens_and_embeddings",
    "FlashAttention": "efficiency/blocked_kernel", "online softmax": "efficiency/online_softmax", "ring attention": "efficiency/beyond_one_device",
    "triton kernel": "efficiency/on_a_gpu", "causal mask": "self_attention/masks", "padding mask": "self_attention/masks",
    "sliding window attention": "self_attention/masks", "multi-query attention": "multi_head/sharing", "MLA": "multi_head/sharing",
    "multi head attention": "multi_head/mathematics", "alibi": "positions/relative", "yarn": "positions/relative",
    "sinusoidal positions": "positions/sinusoidal", "why do transformers need positions": "positions/overview",
    "length extrapolation": "positions/guide", "layer norm": "architecture/normalisation", "RMSNorm": "architecture/normalisation",
    "pre-norm vs post-norm": "architecture/normalisation", "swiglu": "architecture/feed_forward", "residual connection": "architecture/residual_stream",
    "beam search": "architecture/decoding", "top-p sampling": "architecture/decoding", "label smoothing": "architecture/training",
    "warmup": "architecture/training", "byte pair encoding": "architecture/training", "muon optimizer": "architecture/training",
    "perplexity": "start/refresher_language_modelling", "chain rule": "start/refresher_calculus", "what is a transformer": "start/what_is_a_transformer",
    "why not an RNN": "start/why_transformers", "einsum": "start/pytorch_in_ten_minutes", "additive attention": "fundamentals/mathematics",
    "permutation equivariance": "self_attention/graph_view", "head pruning": "multi_head/why_many_heads", "split heads": "multi_head/implementation",
    "bahdanau": "fundamentals/looking_back", "matrix multiplication": "start/refresher_linear_algebra", "learned positional embeddings": "positions/learned",
    "teacher forcing": "start/what_training_is", "attention rollout": "self_attention/patterns", "how many parameters": "architecture/implementation",
    "silent bugs": "self_attention/the_loss_fell", "notation": "start/notation", "gradient of softmax": "fundamentals/from_scratch",
    "normalization": "architecture/normalisation", "encoder": "architecture/encoder", "decoder": "architecture/decoder", "references": "reference/bibliography",
    "troubleshooting": "reference/symptoms", "timeline": "reference/timeline", "history of attention": "reference/timeline", "applications": "reference/timeline",
    "not reproduced": "reference/reproduced", "papers": "reference/reading", "illustrated transformer": "reference/reading", "api reference": "reference/api",
    "licences": "reference/status", "data sources": "reference/status", "graders": "reference/reproduced",
    "gguf": "variants/a_real_language_model", "smollm2": "variants/a_real_language_model", "4-bit weights": "variants/a_real_language_model",
    "induction heads": "theory/circuits", "language model in the browser": "variants/live", "t5": "variants/t5", "span corruption": "variants/t5",
    "llama": "variants/modern_decoders", "soft cap": "variants/what_changed_since", "load balancing": "variants/mixture_of_experts",
    "memory traffic": "efficiency/memory_traffic", "tokenizer": "start/tokens_and_embeddings", "speculative decoding": "architecture/decoding",
}
# Less ordinary ones -> a page among the first three.
AMONG_THREE = {
    "dropout": "architecture/training", "why are heads merged with a transpose": "multi_head/implementation",
    "numerical stability": "fundamentals/softmax_temperature", "nn.MultiheadAttention": "multi_head/implementation",
    "arithmetic intensity": "efficiency/overview", "weight tying": "architecture/implementation", "how does attention work": "fundamentals/intuition",
    "distance between tokens": "positions/relative", "nan in softmax": "self_attention/masks", "train a transformer": "start/what_training_is",
    "scaled_dot_product_attention": "self_attention/scaled_dot_product", "log sum exp": "efficiency/online_softmax", "translation": "architecture/training",
    "inference speed": "efficiency/benchmark", "value vector": "fundamentals/mathematics", "grouped heads": "multi_head/sharing",
}


def found(page, site_url, query: str) -> list[str]:
    if "/search.html" not in page.url:
        conftest.visit(page, f"{site_url}/search.html")
    return [url.removeprefix("book/").removesuffix(".html") for url in page.evaluate("query => attnlabSearch(query)", query)]


@pytest.mark.parametrize("query", FIRST)
def test_an_ordinary_question_finds_its_page_first(shared_page, site_url, query):
    assert found(shared_page, site_url, query)[:1] == [FIRST[query]]


@pytest.mark.parametrize("query", AMONG_THREE)
def test_a_less_ordinary_one_finds_it_among_three(shared_page, site_url, query):
    assert AMONG_THREE[query] in found(shared_page, site_url, query)[:3]


@pytest.mark.parametrize("query", ["softmxa", "tranformer", "atention"])
def test_a_slip_of_the_keyboard_finds_something(shared_page, site_url, query):
    assert len(found(shared_page, site_url, query)) > 3


def test_parts_of_words_do_not_count(shared_page, site_url):
    """The old search found "rope" in "properties"."""
    found(shared_page, site_url, "rope")
    shared_page.goto(f"{site_url}/search.html?q=rope")
    shared_page.locator("#search-results mark").first.wait_for()
    marked = {word.lower() for word in shared_page.locator("#search-results mark").all_inner_texts()}
    assert marked and not any("properties" in word for word in marked)


def test_results_come_while_one_types_and_lead_on_by_keyboard(page, site_url):
    conftest.visit(page, f"{site_url}/book/start/notation.html")
    page.keyboard.press("Control+k")
    field = page.locator("#pst-search-dialog input")
    field.press_sequentially("rotar", delay=20)
    first = page.locator("#pst-search-dialog ol.search li > a").first
    first.wait_for()
    assert "Relative" in first.inner_text()
    assert page.locator("#pst-search-dialog [role=status]").inner_text().endswith("pages")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('href')") == first.get_attribute("href")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/positions/relative.html*")
    assert page.errors == [] and page.external == []


@pytest.mark.parametrize("width", [360, 1366])
def test_the_dialog_fits_the_window_and_passes_axe(browser, site_url, width, axe_in_both_themes):
    with browser.new_context(viewport={"width": width, "height": 780}) as context:
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/book/start/notation.html")
        page.locator(".search-button__button:visible").first.click()
        page.locator("#pst-search-dialog input").fill("attention")
        page.locator("#pst-search-dialog ol.search li").nth(7).wait_for()
        page.wait_for_timeout(100)
        box, field = page.locator("#pst-search-dialog").bounding_box(), page.locator("#pst-search-dialog input").bounding_box()
        assert field["y"] >= 0 and field["x"] >= 0
        assert box["y"] >= 0 and box["x"] >= 0 and box["x"] + box["width"] <= width + 1 and box["y"] + box["height"] <= 780
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe_in_both_themes(page, "#pst-search-dialog") == ""


def test_sections_are_results_and_formulas_are_readable(page, site_url):
    conftest.visit(page, f"{site_url}/search.html?q=what+goes+wrong")
    page.locator("#search-results a.search-section").nth(5).wait_for()
    targets = page.locator("#search-results a.search-section").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert all("#" in target for target in targets)
    assert page.locator("#search-results").inner_text().count("\\") == 0


def test_what_the_search_reads_holds_no_tex_and_is_small():
    text = (conftest.SITE / "_static" / "search_docs.js").read_text("utf-8")
    assert re.findall(r"\\\\(?:qquad|mathcal|mathbb|operatorname|frac)", text) == []
    assert not (conftest.SITE / "searchindex.js").exists()


def test_nothing_found_is_said(page, site_url):
    conftest.visit(page, f"{site_url}/search.html?q=xylophonequartz")
    page.locator("#search-results [role=status]").filter(has_text="Nothing found").wait_for()


def test_no_search_is_fetched_before_somebody_searches(page, site_url):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    conftest.visit(page, f"{site_url}/book/start/notation.html")
    assert not [url for url in asked if "minisearch" in url or "search_docs" in url]
