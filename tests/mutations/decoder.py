"""Ways to break decoders, their families and their sizes, for tools/mutants.py."""

from __future__ import annotations

DECODER = "src/attnlab/models/decoder.py"
FAMILIES = "src/attnlab/models/families.py"
SIZES = "src/attnlab/models/sizes.py"
PUBLISHED = "src/attnlab/models/published.py"
WEIGHTS = "src/attnlab/weights/families.py"
BLOCKS = "src/attnlab/layers/blocks.py"
TESTS = {
    DECODER: ["tests/models/test_decoder.py"],
    FAMILIES: ["tests/models/test_decoder.py"],
    WEIGHTS: ["tests/models/test_decoder.py"],
    SIZES: ["tests/models/test_sizes.py"],
    PUBLISHED: ["tests/models/test_sizes.py"],
    BLOCKS: ["tests/layers/test_blocks.py"],
}

MUTATIONS = [
    (DECODER, "x = self.scale * self.tokens(ids)", "x = self.tokens(ids)", "rows that enter are not scaled"),
    (DECODER, "known[:, None, None, :] & causal(", "causal(", "padding is seen"),
    (DECODER, "            cache.extend(new)\n", "            pass\n", "the cache forgets which tokens are padding"),
    (DECODER, "return self.last(x)", "return x", "no norm after the last block"),
    (DECODER, "logits if self.transform is None else self.transform(logits)", "logits", "logits not transformed"),
    (DECODER, "self.tokens.weight if self.head is None else self.head.weight", "self.tokens.weight", "always tied"),
    (DECODER, 'name.endswith((".output", ".contract"))', 'name.endswith(".output")', "one matrix starts large"),
    (DECODER, "clamp(min=0)[:, known.shape[1] - ids.shape[1] :]", "clamp(min=0)[:, : ids.shape[1]]", "places start again with each part"),
    (FAMILIES, 'return Decoder(config, lambda number: block(config, attend, norm), norm, tied=False)\n\n\ndef qwen3',
     'return Decoder(config, lambda number: block(config, turn(grouped_attention), norm), norm, tied=False)\n\n\ndef qwen3', "no window"),
    (FAMILIES, "QKNorm(turn(grouped_attention), norm(config.d_head), norm(config.d_head))", "turn(QKNorm(grouped_attention, norm(config.d_head), norm(config.d_head)))",
     "normalised after turning"),
    (FAMILIES, "*(AllHeads(norm(width)) for width in widths)", "*(norm(config.d_head) for width in widths)", "each head by itself"),
    (FAMILIES, "block(config, attend(number), nn.Identity, norm), norm, tied=False)", "block(config, attend(number), norm), norm, tied=False)",
     "normalised before, not after"),
    (FAMILIES, 'attends = {"L": turns[0](Local(plain, window)), "G": turns[1](plain)}', 'attends = {"L": turns[1](Local(plain, window)), "G": turns[1](plain)}',
     "one base for all layers"),
    (FAMILIES, "capped = functools.partial(SoftCapped(caps[0]), scale=scale)", "capped = functools.partial(grouped_attention, scale=scale)", "scores not capped"),
    (FAMILIES, "last = functools.partial(soft_cap, cap=caps[1])", "last = None", "logits not capped"),
    (FAMILIES, "plain = functools.partial(grouped_attention, scale=scale)", "plain = grouped_attention", "scale of the scores ignored"),
    (FAMILIES, 'attends = {"R": turn(grouped_attention), "N": grouped_attention}', 'attends = {"R": turn(grouped_attention), "N": turn(grouped_attention)}',
     "no layer without positions"),
    (FAMILIES, "by_base(config, 5e4, turn=rotate_adjacent)", "by_base(config, 5e4)", "other pairs"),
    (FAMILIES, "kinds[pattern[number % len(pattern)]]", "kinds[pattern[(number + 1) % len(pattern)]]", "the pattern moved by a layer"),
    (FAMILIES, "scale=config.d_model**0.5", "scale=1.0", "rows not scaled in Gemma"),
    (FAMILIES, "norm, norm, gelu_tanh)", "norm, norm)", "another gate in Gemma"),
    (FAMILIES, "return factor * x", "return x", "logits not multiplied"),
    (WEIGHTS, 'LESS_1 = ("gemma2", "gemma3")', 'LESS_1 = ("gemma2",)', "gains of Gemma 3 taken as they are"),
    (WEIGHTS, 'zip("qkvo", ("query", "key", "value", "output"))', 'zip("kqvo", ("query", "key", "value", "output"))', "queries and keys exchanged"),
    (SIZES, "2 * s.d_model * s.d_head * (s.n_heads + s.n_kv_heads)", "4 * s.d_model * s.d_head * s.n_heads", "as many keys as queries"),
    (SIZES, "min(n_tokens, reach.window) if letter", "n_tokens if letter", "windows keep everything"),
    (SIZES, "(1 if c.tied else 2)", "1", "no head of its own"),
    (SIZES, "return tables + blocks + norm", "return tables + blocks", "the last norm is not counted"),
    (SIZES, "(e.top_k + e.shared) * 3", "(e.n + e.shared) * 3", "all experts compute"),
    (SIZES, "2 * s.n_kv_heads * s.d_head if model.latent", "2 * s.n_heads * s.d_head if model.latent", "a cache for each query head"),
    (SIZES, "None if model.experts is None else model.experts.top_k)", "None if model.experts is None else model.experts.n)", "all experts active"),
    (PUBLISHED, "layer.output = nn.Linear(s.n_heads * s.d_head, s.d_model, bias=False)", "pass", "the output's bias stays"),
    (PUBLISHED, 'if letter != "N" and', "if", "layers without positions turn"),
    (PUBLISHED, "rest + sum(blocks[kind] for kind in kinds)", "rest + sum(blocks.values())", "each kind of block once"),
    (BLOCKS, "return self.norm(self.layer(x, **given))", "return self.layer(x, **given)", "what is added is not normalised"),
    (BLOCKS, "return _added(x, self.feed_forward(normed))", "return _added(x, self.feed_forward(self.norm(x)))", "one after the other"),
]  # fmt: skip
