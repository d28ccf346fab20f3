"""Ways to break the whole model and its cache, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

MODEL = "src/attnlab/models/transformer.py"
CACHE = "src/attnlab/cache/contiguous.py"
WEIGHTS = "src/attnlab/weights/torch_transformer.py"
HEADS = "src/attnlab/attention/heads.py"
TESTS = {
    MODEL: ["tests/models/test_transformer.py"],
    CACHE: ["tests/cache/test_contiguous.py", "tests/models/test_transformer.py"],
    WEIGHTS: ["tests/weights/test_torch_transformer.py", "tests/models/test_transformer.py"],
    HEADS: ["tests/cache/test_contiguous.py"],
}

MUTATIONS = [
    (MODEL, "self.source = self.target if shared else", "self.source = self.target if False else", "two tables that should be one"),
    (MODEL, "real[:, None, None, :] & causal(", "real[:, None, None, :] | causal(", "padding or past"),
    (MODEL, "positions(target.shape[1], real.shape[1], target)", "positions(real.shape[1], real.shape[1], target)[:2] if cache is None else "
     "(torch.arange(target.shape[1]), torch.arange(real.shape[1]))", "queries start at the first key"),
    (MODEL, "x = block(x, mask=may)", "x = block(x)", "padding of the source is looked at"),
    (MODEL, "memory_mask=memory.may", "memory_mask=None", "padding of the source is looked at by the decoder"),
    (MODEL, "x = block(x, memory.states, mask=mask", "x = block(x, x, mask=mask", "the decoder asks itself"),
    (MODEL, "return Memory(self.encoder_last(x), may)", "return Memory(x, may)", "the last norm of the encoder left out"),
    (MODEL, "return self.decoder_last(x)", "return x", "the last norm of the decoder left out"),
    (MODEL, "(real.cumsum(dim=1) - 1).clamp(min=0)", "real.cumsum(dim=1)", "positions from 1"),
    (MODEL, "(real.cumsum(dim=1) - 1).clamp(min=0)", "torch.arange(real.shape[1]).expand(real.shape)", "padding in front is counted"),
    (MODEL, "[:, real.shape[1] - ids.shape[1] :]", "[:, : ids.shape[1]]", "positions start again with a cache"),
    (MODEL, "self.drop(x + signal.to(x.dtype)[at])", "x + signal.to(x.dtype)[at]", "no dropout at the entrance"),
    (MODEL, "LayerNorm(config.d_model), config.dropout)", "LayerNorm(config.d_model))", "no dropout behind the sublayers"),
    (MODEL, "config.n_heads, bias=True)", "config.n_heads)", "attention without biases"),
    (MODEL, "nn.Identity if wrap is PostNorm else LayerNorm", "nn.Identity", "pre-norm without its last norm"),
    (MODEL, "std=module.table.shape[1] ** -0.5", "std=1.0", "a table too large"),
    (MODEL, "nn.init.xavier_uniform_(module.weight)", "pass", "torch's own matrices"),
    (MODEL, "nn.init.zeros_(module.bias)\n        elif", "pass\n        elif", "torch's own biases"),
    (MODEL, "before + ids.shape[1] > self.config.max_len:", "ids.shape[1] > self.config.max_len:", "a cache runs past the last place"),
    (MODEL, "cache.extend(new)", "pass", "the cache forgets what is padding"),
    (MODEL, "asked.append(attention_weights(q, k, named.get(\"mask\")))", "asked.append(attention_weights(q, k))", "weights on padding"),
    (MODEL, "if memory.states.shape[0] != target.shape[0]:", "if False:", "one memory for many texts"),
    (MODEL, "self.drop = nn.Dropout(config.dropout)", "self.drop = nn.Dropout(0.0)", "no dropout at the entrance, silently"),
    (CACHE, "(torch.cat(pair, dim=-2) for pair in zip(self._own, (k, v)))", "(torch.cat(pair[::-1], dim=-2) for pair in zip(self._own, (k, v)))",
     "new keys in front"),
    (CACHE, "self._own = self.joined(k, v)", "self._own = self._own or self.joined(k, v)", "new keys forgotten"),
    (CACHE, "if self._source is None:", "if True:", "a source projected anew"),
    (CACHE, "chosen._source = _select(self._source, rows)", "chosen._source = self._source", "sources stay where they were"),
    (CACHE, "chosen._own = _select(self._own, rows)", "chosen._own = self._own", "rows stay where they were"),
    (CACHE, "None if self._real is None else self._real[rows]", "self._real", "padding stays where it was"),
    (CACHE, "(pair[0][rows], pair[1][rows])", "(pair[0][rows], pair[1])", "values stay where they were"),
    (CACHE, "torch.cat([self._real, real], dim=1)", "torch.cat([real, self._real], dim=1)", "new padding in front"),
    (CACHE, "return 0 if self._own is None else self._own[0].shape[-2]", "return 0 if self._own is None else self._own[0].shape[-1]", "width for length"),
    (WEIGHTS, '("query", "key", "value")', '("key", "query", "value")', "queries and keys exchanged"),
    (WEIGHTS, '"decoder": ("self_attend", "cross_attend", "feed_forward")', '"decoder": ("cross_attend", "self_attend", "feed_forward")',
     "norms of the two attentions exchanged"),
    (WEIGHTS, '{"self_attn": "self_attend", "multihead_attn": "cross_attend"}', '{"self_attn": "cross_attend", "multihead_attn": "self_attend"}',
     "the two attentions exchanged"),
    (WEIGHTS, "name: part.clone()", "name: part", "views of their weights"),
    (HEADS, "return q, *cache.append(*self.keys_and_values(x))", "return q, *self.keys_and_values(x)", "a cache not asked"),
    (HEADS, "return q, *cache.once(context, self.keys_and_values)", "return q, *self.keys_and_values(context)", "a source projected anew"),
    (HEADS, "        if context is None:\n            return q, *cache", "        if context is x:\n            return q, *cache", "a cache for sources alone"),
]  # fmt: skip
