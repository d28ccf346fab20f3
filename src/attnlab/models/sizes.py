"""How large a language model is, from a table of its parts: parameters, operations a token, bytes of cache. No torch.

`PUBLISHED` holds models as they were published. Their sizes are those of the configuration files beside the weights on the
Hugging Face hub (config.json, text part), under the names given in `REPOSITORIES`; max_len is what was published as the longest
text. `tests/models/test_sizes.py` compares the counts with the published ones, and with what `published.make` builds on a device
without memory. What a file holds beside the decoder (masks, copies of a table, modules for training or images) is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from attnlab._counts import count

NORMS = {"rms": 1, "layer": 2, "layer, no bias": 1}  # vectors a normalisation learns
PLACED = {"before": 2, "after": 2, "both": 4, "parallel": 1}  # normalisations in a block
CHOICES = {
    "norm": tuple(NORMS),
    "placed": tuple(PLACED),
    "positions": ("rotary", "learned"),
    "qk_norm": ("none", "each head", "all heads"),
    "network": ("gated", "plain"),
    "biases": ("none", "queries, keys, values", "all"),
    "beside": ("nothing", "sink", "gate"),
}


@dataclass(frozen=True)
class Sizes:
    """The numbers of a decoder; d_ff that of its dense feed-forward networks, max_len the longest text it was made for."""

    vocab_size: int
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    d_head: int
    d_ff: int
    max_len: int

    def __post_init__(self):
        for name in self.__dataclass_fields__:
            count(name, getattr(self, name), at_least=1)
        if self.n_heads % self.n_kv_heads:
            raise ValueError(f"n_kv_heads = {self.n_kv_heads} does not divide n_heads = {self.n_heads}")


@dataclass(frozen=True)
class Choices:
    """Which part stands at each place; the words are those of `CHOICES`.

    placed: the normalisation before a sublayer, after it (of what it adds), on both sides, or once for both sublayers, which
        then stand side by side.
    beside: beside attention stands nothing, a learned sink a head, or a gate on each number that is mixed.
    """

    norm: str = "rms"
    placed: str = "before"
    positions: str = "rotary"
    qk_norm: str = "none"
    network: str = "gated"
    biases: str = "none"
    beside: str = "nothing"
    tied: bool = False

    def __post_init__(self):
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)} but is {getattr(self, name)!r}")


@dataclass(frozen=True)
class Reach:
    """What each layer sees: a letter a layer, repeated. L the last `window` keys, G all keys, N all keys and no positions."""

    pattern: str = "G"
    window: int = 4096

    def __post_init__(self):
        count("window", self.window, at_least=1)
        if not self.pattern or set(self.pattern) - set("LGN"):
            raise ValueError(f"the pattern {self.pattern!r} may hold only the letters L, G, N")

    def letters(self, n_layers: int) -> str:
        """The letter of every layer."""
        return (self.pattern * n_layers)[:n_layers]


@dataclass(frozen=True)
class Experts:
    """Gated networks in place of the dense one: n of them, top_k for a token, `shared` more for every token.

    dense: how many layers, the first ones, keep the dense network. biases: those in the chosen experts and the router, as in
        gpt-oss; a router's vector that balances the choice counts as one (`balanced`).
    """

    n: int
    top_k: int
    d_expert: int
    shared: int = 0
    dense: int = 0
    biases: bool = False
    balanced: bool = False

    def __post_init__(self):
        for name, least in {"n": 1, "top_k": 1, "d_expert": 1, "shared": 0, "dense": 0}.items():
            count(name, getattr(self, name), at_least=least)
        if self.top_k > self.n:
            raise ValueError(f"top_k = {self.top_k} of n = {self.n} experts")


@dataclass(frozen=True)
class Latent:
    """Keys and values unfolded from a narrow vector (`attention.LatentAttention`), queries from another one.

    d_own and d_rotary: the two parts of a query and key; d_value: the width of a value. QK-norm, biases of the projections, a sink
    or a gate do not go with it here.
    """

    d_query: int
    d_latent: int
    d_own: int
    d_rotary: int
    d_value: int

    def __post_init__(self):
        for name in self.__dataclass_fields__:
            count(name, getattr(self, name), at_least=1)


@dataclass(frozen=True)
class Model:
    """A decoder as a table of its parts."""

    sizes: Sizes
    choices: Choices = field(default_factory=Choices)
    reach: Reach = field(default_factory=Reach)
    experts: Experts | None = None
    latent: Latent | None = None

    def __post_init__(self):
        if self.latent is not None and set(self.reach.letters(self.sizes.n_layers)) != {"G"}:
            raise ValueError(f"latent layers see all keys here: the pattern must be G but is {self.reach.pattern!r}")


def parameters(model: Model) -> int:
    """How many numbers it learns; a table that serves twice counts once."""
    return _all(model, None if model.experts is None else model.experts.n)


def active_parameters(model: Model) -> int:
    """Those that take part in one token: all but the experts that are not chosen. The whole table of tokens counts."""
    return _all(model, None if model.experts is None else model.experts.top_k)


def operations(model: Model, n_tokens: int) -> int:
    """Multiplications and additions for one more token, which sees n_tokens keys, itself included, as far as its layers see.

    Two for each active number of a matrix, the head's included, and two for each number of the keys and of the values seen.
    The rows that enter are looked up, norms, biases and the softmax are left out.
    """
    s, n_tokens = model.sizes, count("n_tokens", n_tokens, at_least=1)
    matrices = sum(_matrices(model, layer) for layer in range(s.n_layers)) + s.vocab_size * s.d_model
    wide = 2 * s.d_head if model.latent is None else model.latent.d_own + model.latent.d_rotary + model.latent.d_value
    return 2 * matrices + 2 * s.n_heads * wide * sum(_seen(model, n_tokens))


def cache_bytes(model: Model | str, n_tokens: int, bytes_each: int = 2) -> int:
    """What a cache of n_tokens holds: keys and values of the key-value heads, in each layer of as many tokens as it sees.

    A latent layer keeps the latent and the one turned key. model: also the name of a published one.
    Source: [shazeer2019]; windows: [jiang2023]; latents: [deepseek2024].
    """
    model = PUBLISHED[model] if isinstance(model, str) else model
    n_tokens, bytes_each = count("n_tokens", n_tokens), count("bytes_each", bytes_each, at_least=1)
    s = model.sizes
    wide = 2 * s.n_kv_heads * s.d_head if model.latent is None else model.latent.d_latent + model.latent.d_rotary
    return bytes_each * wide * sum(_seen(model, n_tokens))


def cache_operations(model: Model | str, n_tokens: int) -> int:
    """What a new token does with a cache of n_tokens: two operations for each number of a key or value and each head that reads it.

    A latent layer is taken in its folded form: every query head compares with latent and turned key, and mixes latents.
    Source: [shazeer2019]; latents: [deepseek2024].
    """
    model = PUBLISHED[model] if isinstance(model, str) else model
    s, m = model.sizes, model.latent
    wide = 2 * s.d_head if m is None else 2 * m.d_latent + m.d_rotary
    return 2 * s.n_heads * wide * sum(_seen(model, count("n_tokens", n_tokens, at_least=1)))


def decode_intensity(model: Model | str, n_tokens: int, n_texts: int = 1, bytes_each: int = 2) -> float:
    """Operations for each byte read, where n_texts of n_tokens each get one token in the same pass.

    Read are the weights, once for all texts, and the cache of each. Of the experts those that some text chooses, where each text
    chooses evenly by chance: n (1 - (1 - top_k / n)^n_texts) on average. Latent layers are taken in their folded form.
    """
    model = PUBLISHED[model] if isinstance(model, str) else model
    s, m, e, n_texts = model.sizes, model.latent, model.experts, count("n_texts", n_texts, at_least=1)
    read = bytes_each * _all(model, None if e is None else e.n * (1 - (1 - e.top_k / e.n) ** n_texts))
    unfolded = 2 * s.d_head if m is None else m.d_own + m.d_rotary + m.d_value
    dense = operations(model, n_tokens) - 2 * s.n_heads * unfolded * sum(_seen(model, n_tokens))
    work = n_texts * (dense + cache_operations(model, n_tokens))
    return work / (read + n_texts * cache_bytes(model, n_tokens, bytes_each))


def name_of(model: Model) -> str | None:
    """The published model that has these parts and sizes, or None."""
    return next((name for name, one in PUBLISHED.items() if one == model), None)


def _all(model: Model, n_experts: float | None) -> float:
    s, c = model.sizes, model.choices
    tables = s.vocab_size * s.d_model * (1 if c.tied else 2) + (s.max_len * s.d_model if c.positions == "learned" else 0)
    norm = NORMS[c.norm] * s.d_model
    blocks = sum(
        _attention(model) + _attention_vectors(model) + _network(model, layer, n_experts) + PLACED[c.placed] * norm
        for layer in range(s.n_layers)
    )
    return tables + blocks + norm


def _attention(model: Model) -> int:
    """The numbers of the matrices of an attention layer."""
    s, m = model.sizes, model.latent
    if m is None:
        gate = s.d_model * s.n_heads * s.d_head if model.choices.beside == "gate" else 0
        return gate + 2 * s.d_model * s.d_head * (s.n_heads + s.n_kv_heads)
    queries = m.d_query * (s.d_model + s.n_heads * (m.d_own + m.d_rotary))
    keys = s.d_model * (m.d_latent + m.d_rotary) + m.d_latent * s.n_heads * (m.d_own + m.d_value)
    return queries + keys + s.n_heads * m.d_value * s.d_model


def _attention_vectors(model: Model) -> int:
    """Its biases, the gains of its norms and its sinks."""
    s, c = model.sizes, model.choices
    if model.latent is not None:
        return model.latent.d_query + model.latent.d_latent
    both = (s.n_heads + 2 * s.n_kv_heads) * s.d_head
    biases = {"none": 0, "queries, keys, values": both, "all": both + s.d_model}[c.biases]
    norms = {"none": 0, "each head": 2 * s.d_head, "all heads": (s.n_heads + s.n_kv_heads) * s.d_head}[c.qk_norm]
    return biases + norms + (s.n_heads if c.beside == "sink" else 0)


def _network(model: Model, layer: int, n_experts: float | None) -> float:
    """Everything of the feed-forward part of a layer, with this many of its experts."""
    s, e, c = model.sizes, model.experts, model.choices
    if e is None or layer < e.dense:
        matrices = 3 if c.network == "gated" else 2
        biases = (matrices - 1) * s.d_ff + s.d_model if c.biases == "all" else 0
        return matrices * s.d_model * s.d_ff + biases
    matrices, biases = 3 * s.d_model * e.d_expert, (2 * e.d_expert + s.d_model) * e.biases
    return n_experts * (matrices + biases) + e.shared * matrices + e.n * (s.d_model + e.biases + e.balanced)


def _matrices(model: Model, layer: int) -> int:
    """The numbers of a block's matrices that one token is multiplied by."""
    s, e = model.sizes, model.experts
    if e is None or layer < e.dense:
        return _attention(model) + (3 if model.choices.network == "gated" else 2) * s.d_model * s.d_ff
    return _attention(model) + (e.top_k + e.shared) * 3 * s.d_model * e.d_expert + e.n * s.d_model


def _seen(model: Model, n_tokens: int) -> list[int]:
    reach = model.reach
    return [min(n_tokens, reach.window) if letter == "L" else n_tokens for letter in reach.letters(model.sizes.n_layers)]


TIED = Choices(tied=True)
QWEN = Choices(qk_norm="each head")
OLMO = Choices(placed="after", qk_norm="all heads")
GEMMA2 = Choices(placed="both", tied=True)
GEMMA3 = Choices(placed="both", qk_norm="each head", tied=True)
COHERE = Choices(norm="layer, no bias", placed="parallel", tied=True)
GPT_OSS = Choices(biases="all", beside="sink")
GPT2 = Choices(norm="layer", positions="learned", network="plain", biases="all", tied=True)
OFTEN_LOCAL, RARELY_GLOBAL = "LLLG", "LLLLLG"

PUBLISHED = {
    "GPT-2": Model(Sizes(50257, 768, 12, 12, 12, 64, 3072, 1024), GPT2),
    "GPT-2 XL": Model(Sizes(50257, 1600, 48, 25, 25, 64, 6400, 1024), GPT2),
    "Llama 2 7B": Model(Sizes(32000, 4096, 32, 32, 32, 128, 11008, 4096)),
    "Llama 2 70B": Model(Sizes(32000, 8192, 80, 64, 8, 128, 28672, 4096)),
    "Llama 3 8B": Model(Sizes(128256, 4096, 32, 32, 8, 128, 14336, 8192)),
    "Llama 3 70B": Model(Sizes(128256, 8192, 80, 64, 8, 128, 28672, 8192)),
    "Llama 3.1 405B": Model(Sizes(128256, 16384, 126, 128, 8, 128, 53248, 131072)),
    "Llama 3.2 1B": Model(Sizes(128256, 2048, 16, 32, 8, 64, 8192, 131072), TIED),
    "Mistral 7B": Model(Sizes(32000, 4096, 32, 32, 8, 128, 14336, 32768), reach=Reach("L", 4096)),
    "SmolLM2 135M": Model(Sizes(49152, 576, 30, 9, 3, 64, 1536, 8192), TIED),
    "Qwen3 0.6B": Model(Sizes(151936, 1024, 28, 16, 8, 128, 3072, 40960), Choices(qk_norm="each head", tied=True)),
    "Qwen3 8B": Model(Sizes(151936, 4096, 36, 32, 8, 128, 12288, 40960), QWEN),
    "Qwen3 30B-A3B": Model(Sizes(151936, 2048, 48, 32, 4, 128, 6144, 40960), QWEN, experts=Experts(128, 8, 768)),
    "Olmo 3 7B": Model(Sizes(100278, 4096, 32, 32, 32, 128, 11008, 65536), OLMO, Reach(OFTEN_LOCAL, 4096)),
    "Olmo 3 32B": Model(Sizes(100278, 5120, 64, 40, 8, 128, 27648, 65536), OLMO, Reach(OFTEN_LOCAL, 4096)),
    "Gemma 2 2B": Model(Sizes(256000, 2304, 26, 8, 4, 256, 9216, 8192), GEMMA2, Reach("LG", 4096)),
    "Gemma 2 27B": Model(Sizes(256000, 4608, 46, 32, 16, 128, 36864, 8192), GEMMA2, Reach("LG", 4096)),
    "Gemma 3 1B": Model(Sizes(262144, 1152, 26, 4, 1, 256, 6912, 32768), GEMMA3, Reach(RARELY_GLOBAL, 512)),
    "Gemma 3 27B": Model(Sizes(262208, 5376, 62, 32, 16, 128, 21504, 131072), GEMMA3, Reach(RARELY_GLOBAL, 1024)),
    "SmolLM3 3B": Model(Sizes(128256, 2048, 36, 16, 4, 128, 11008, 65536), TIED, Reach("GGGN")),
    "Command R7B": Model(Sizes(256000, 4096, 32, 32, 8, 128, 14336, 131072), COHERE, Reach("LLLN", 4096)),
    "Mixtral 8x7B": Model(Sizes(32000, 4096, 32, 32, 8, 128, 14336, 32768), experts=Experts(8, 2, 14336)),
    "gpt-oss 20B": Model(
        Sizes(201088, 2880, 24, 64, 8, 64, 2880, 131072), GPT_OSS, Reach("LG", 128), Experts(32, 4, 2880, biases=True)
    ),
    "DeepSeek-V3": Model(
        Sizes(129280, 7168, 61, 128, 128, 128, 18432, 163840),
        experts=Experts(256, 8, 2048, shared=1, dense=3, balanced=True),
        latent=Latent(1536, 512, 128, 64, 128),
    ),
}  # fmt: skip

REPOSITORIES = {
    "GPT-2": "openai-community/gpt2",
    "GPT-2 XL": "openai-community/gpt2-xl",
    "Llama 2 7B": "meta-llama/Llama-2-7b-hf",
    "Llama 2 70B": "meta-llama/Llama-2-70b-hf",
    "Llama 3 8B": "meta-llama/Meta-Llama-3-8B",
    "Llama 3 70B": "meta-llama/Meta-Llama-3-70B",
    "Llama 3.1 405B": "meta-llama/Llama-3.1-405B",
    "Llama 3.2 1B": "meta-llama/Llama-3.2-1B",
    "Mistral 7B": "mistralai/Mistral-7B-v0.1",
    "SmolLM2 135M": "HuggingFaceTB/SmolLM2-135M",
    "Qwen3 0.6B": "Qwen/Qwen3-0.6B",
    "Qwen3 8B": "Qwen/Qwen3-8B",
    "Qwen3 30B-A3B": "Qwen/Qwen3-30B-A3B",
    "Olmo 3 7B": "allenai/Olmo-3-1025-7B",
    "Olmo 3 32B": "allenai/Olmo-3-1125-32B",
    "Gemma 2 2B": "google/gemma-2-2b",
    "Gemma 2 27B": "google/gemma-2-27b",
    "Gemma 3 1B": "google/gemma-3-1b-pt",
    "Gemma 3 27B": "google/gemma-3-27b-pt",
    "SmolLM3 3B": "HuggingFaceTB/SmolLM3-3B",
    "Command R7B": "CohereLabs/c4ai-command-r7b-12-2024",
    "Mixtral 8x7B": "mistralai/Mixtral-8x7B-v0.1",
    "gpt-oss 20B": "openai/gpt-oss-20b",
    "DeepSeek-V3": "deepseek-ai/DeepSeek-V3",
}
