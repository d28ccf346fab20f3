"""Operations and bytes against counts made one by one, and against published sizes."""

from pathlib import Path

import numpy as np
import pytest

from attnlab.kernels import cost


def test_flops_counted_in_a_loop():
    queries, keys, d_k, d_v, heads = 5, 7, 3, 2, 11
    full = causal = 0
    for _ in range(heads):
        for i in range(queries):
            for j in range(keys):
                full += 2 * d_k + 2 * d_v
                causal += (2 * d_k + 2 * d_v) * (j <= i + keys - queries)
    assert cost.attention_flops(queries, keys, d_k, d_v, heads) == full
    assert cost.attention_flops(queries, keys, d_k, d_v, heads, causal=True) == causal
    assert cost.attention_flops(keys, queries, d_k, d_v, causal=True) == 2 * (d_k + d_v) * 15


def test_layer_parts_are_sums_of_matrix_products():
    n, d, d_ff = 13, 7, 19
    parts = cost.layer_flops(n, d, d_ff)
    assert parts["projections"] == 4 * (2 * n * d * d)
    assert parts["scores and mix"] == 2 * (2 * n * n * d)
    assert parts["feed-forward"] == 2 * (2 * n * d * d_ff)
    assert cost.layer_flops(n, d)["feed-forward"] == 16 * n * d * d


def test_quadratic_part_overtakes_the_rest_at_six_widths():
    for d in (64, 768):
        for n, larger in ((6 * d - 1, False), (6 * d + 1, True)):
            parts = cost.layer_flops(n, d)
            assert (parts["scores and mix"] > parts["projections"] + parts["feed-forward"]) == larger


@pytest.mark.parametrize(
    "layers, kv_heads, d_head, per_token",
    [(40, 40, 128, 819_200), (32, 32, 128, 524_288), (32, 8, 128, 131_072)],
    ids=["OPT-13B", "Llama-2-7B", "Llama-3-8B"],
)
def test_cache_of_published_models(layers, kv_heads, d_head, per_token):
    assert cost.cache_bytes(1, layers, kv_heads, d_head) == per_token
    assert cost.cache_bytes(17, layers, kv_heads, d_head) == 17 * per_token


def test_scores_occupy_what_an_array_would():
    assert cost.score_bytes(11, 3, 4, 2) == np.zeros((2, 3, 11, 11), np.float32).nbytes


def test_roofline_has_a_slope_and_a_flat():
    assert cost.attainable(10, peak_flops=1000, bandwidth=7) == 70
    assert cost.attainable(1000, peak_flops=1000, bandwidth=7) == 1000
    assert cost.intensity(30, 7) == 30 / 7


@pytest.mark.parametrize(
    "deed",
    [
        lambda: cost.attention_flops(0, 1, 1, 1),
        lambda: cost.layer_flops(1, -2),
        lambda: cost.score_bytes(0, 1),
        lambda: cost.cache_bytes(1, 1, 0, 1),
        lambda: cost.intensity(1, 0),
        lambda: cost.attainable(1, 1, 0),
    ],
)
def test_sizes_must_be_positive(deed):
    with pytest.raises(ValueError, match="must be (above|at least) 0 but is"):
        deed()


def test_the_llama_on_the_page_about_costs_has_the_shape_of_the_public_library():
    import transformers

    page = (Path(__file__).resolve().parents[2] / "book/efficiency/overview.md").read_text(encoding="utf-8")
    llama = transformers.LlamaConfig()
    assert f'"Llama-2-7B": ({llama.num_hidden_layers}, {llama.num_key_value_heads}, 512)' in page
    assert llama.head_dim == 128


def test_the_sizes_on_the_page_about_sharing_are_those_of_the_public_library():
    """Configurations whose defaults are a published model: typed there by others."""
    import transformers

    page = (Path(__file__).resolve().parents[2] / "book/multi_head/sharing.md").read_text(encoding="utf-8")
    llama, falcon = transformers.LlamaConfig(), transformers.FalconConfig()
    width = falcon.hidden_size // falcon.num_attention_heads
    assert f'"Llama 2\\n7B": ({llama.num_hidden_layers}, {llama.num_key_value_heads}, {llama.head_dim})' in page
    assert falcon.multi_query and f'"Falcon\\n7B": ({falcon.num_hidden_layers}, 1, {width})' in page
    deep = transformers.DeepseekV3Config()
    assert f"{deep.num_hidden_layers} * ({deep.kv_lora_rank} + {deep.qk_rope_head_dim}) * 2" in page
    oss = transformers.GptOssConfig()
    full = oss.layer_types.count("full_attention")
    sizes = f"{full}, {oss.num_key_value_heads}, {oss.head_dim}"
    assert f"cost.cache_bytes(1, {sizes})" in page and 2 * full == oss.num_hidden_layers
    assert f"cost.cache_bytes({oss.sliding_window}, {sizes})" in page
