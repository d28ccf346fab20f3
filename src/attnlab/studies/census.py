"""What recent language models are made of: a census of the families in the public library, by the words in their files.

A family is a folder of `transformers/models` whose program defines a class `...ForCausalLM`, or `...TextModel` and
`...ForConditionalGeneration`, and one of whose files has a licence header of 2025 or later. It has a part if its program has the word that stands for it in
`WORDS`. That finds what the program *can* do; a published configuration may switch it off, and a new word is missed.
"""

from __future__ import annotations

import re
from pathlib import Path

# part -> what is looked for, in the program of the family
WORDS = {
    "QK-norm": r"self\.(q|k|query|key|qk)_?(norm|layernorm|layer_norm)\s*=(?!\s*None)",
    "local layers": r"sliding_attention|chunked_attention|sliding_window\s*=",
    "experts": r"class \w*(Experts|MoE|Moe|MOE|SparseMoe)\w*\(nn\.Module",
    "output gate": r"attn_output\s*\*\s*(torch\.)?(F\.)?(\w+\.)*(sigmoid|softplus|gate)|attn_output\s*=\s*attn_output\s*\*\s*\w*gate",
    "layers without positions": r"no_rope|use_rope|is_nope|nope_layer|use_nope"
    r"|if (?!position_embeddings|self\.rotary)[^\n]*:\n\s+(cos, sin = [^\n]*\n\s+)?\w+, \w+ = apply_rotary",
    "latent keys and values": r"kv_lora_rank",
    "learned sinks": r"self\.\w*sinks?\b\s*=\s*nn\.Parameter|attention_sink_bias",
    "soft caps": r"softcap",
    "state or linear layers": r"linear_attention|[Mm]amba|[Dd]elta(Net|Rule)|ShortConv",
}
TEXT = r"(?s)class \w+ForCausalLM\(|class \w+TextModel\(.*class \w+ForConditionalGeneration\("
# two other rules, for comparison: a stricter and a looser one
STRICT, LOOSE = r"class \w+ForCausalLM\(", r"class \w+(ForCausalLM|ForConditionalGeneration)\("
# counted in version 5.23.0 of the library, on 27 November 2026
COUNTED = {
    "families": 109,
    "experts": 57,
    "QK-norm": 51,
    "local layers": 50,
    "state or linear layers": 18,
    "latent keys and values": 17,
    "output gate": 14,
    "soft caps": 13,
    "layers without positions": 10,
    "learned sinks": 7,
}


def parts_of(program: str) -> set[str]:
    """The names of the parts whose words stand in the text of a program."""
    return {part for part, words in WORDS.items() if re.search(words, program)}


def families(models: Path, text: str = TEXT) -> dict[str, set[str]]:
    """Family -> its parts, for every folder of the library's `models` that the rules above count.

    text: a pattern that the program of a language model matches.
    """
    found = {}
    for folder in sorted(path for path in Path(models).iterdir() if path.is_dir()):
        program, rest = (_text(folder, kind) for kind in ("modeling", "configuration"))
        years = [int(year) for year in re.findall(r"Copyright (?:\(c\) )?(20\d\d)", program + rest)]
        if years and max(years) >= 2025 and re.search(text, program):
            found[folder.name] = parts_of(program)
    return found


def _text(folder: Path, kind: str) -> str:
    return "\n".join(path.read_text(encoding="utf8") for path in sorted(folder.glob(f"{kind}_*.py")))


def counted(found: dict[str, set[str]]) -> dict[str, int]:
    """How many families have each part, the most frequent first, after the number of all."""
    numbers = {part: sum(part in parts for parts in found.values()) for part in WORDS}
    return {"families": len(found)} | dict(sorted(numbers.items(), key=lambda pair: -pair[1]))
