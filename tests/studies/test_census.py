from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path

import pytest

from attnlab.studies import census


def test_words_find_parts_and_nothing_else():
    assert census.parts_of("self.q_norm = RMSNorm(d)\nself.sinks = nn.Parameter(x)") == {"QK-norm", "learned sinks"}
    assert census.parts_of("self.q_a_layernorm = N\nqk_nope_head_dim") == set()
    assert census.parts_of("attn_output = attn_output * torch.sigmoid(gate)") == {"output gate"}
    turned = "if self.is_local:\n    query, key = apply_rotary_pos_emb(query, key)"
    assert census.parts_of(turned) == {"layers without positions"}
    assert census.parts_of(turned.replace("self.is_local", "position_embeddings is not None")) == set()


def test_families_by_year_and_kind(tmp_path):
    for name, year, kind in (("a", 2025, "AForCausalLM("), ("b", 2024, "BForCausalLM("), ("c", 2026, "CModel("), ("d", 2026, "DForCausalLM(")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"modeling_{name}.py").write_text(f"# Copyright {year} someone\nclass {kind}X):\nkv_lora_rank", encoding="utf-8")
    found = census.families(tmp_path)
    assert found == {"a": {"latent keys and values"}, "d": {"latent keys and values"}}
    assert census.counted(found)["families"] == 2 and census.counted(found)["latent keys and values"] == 2


def test_the_count_that_is_kept_is_that_of_the_installed_library():
    if not importlib.util.find_spec("transformers") or version("transformers") != "5.23.0":
        pytest.skip("transformers 5.23.0 is not installed")
    folder = Path(importlib.util.find_spec("transformers").origin).parent / "models"
    assert census.counted(census.families(folder)) == census.COUNTED
    for text, n, share in ((census.TEXT, 109, 47), (census.STRICT, 84, 49), (census.LOOSE, 157, 37)):
        numbers = census.counted(census.families(folder, text))
        assert numbers["families"] == n and round(100 * numbers["QK-norm"] / n) == share
