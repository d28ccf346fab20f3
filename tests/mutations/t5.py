"""Ways to break T5, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

MODEL = "src/attnlab/models/t5.py"
WEIGHTS = "src/attnlab/weights/t5.py"
SPANS = "src/attnlab/data/spans.py"
SMALL = "src/attnlab/reference/t5.py"
BLOCKS = "src/attnlab/layers/blocks.py"
TESTS = {
    MODEL: ["tests/models/test_t5.py"],
    WEIGHTS: ["tests/weights/test_t5.py", "tests/models/test_t5.py", "tests/reference/test_t5.py"],
    SPANS: ["tests/data/test_spans.py"],
    SMALL: ["tests/reference/test_t5.py"],
    BLOCKS: ["tests/models/test_t5.py"],
}

MUTATIONS = [
    (MODEL, "unscaled = functools.partial(attention, scale=1.0)", "unscaled = attention", "scores divided by the root"),
    (MODEL, "self.decoder_bias = _bias(config, both_sides=False)", "self.decoder_bias = _bias(config, both_sides=True)", "a decoder that keeps buckets for the future"),
    (MODEL, "self.encoder_bias = _bias(config, both_sides=True)", "self.encoder_bias = _bias(config, both_sides=False)", "an encoder with one side"),
    (MODEL, "t5_buckets(q_pos, k_pos, len", "t5_buckets(k_pos, q_pos, len", "sides exchanged"),
    (MODEL, "* x.shape[-1] ** -0.5", "* 1.0", "logits not divided"),
    (MODEL, "x = block(x, mask=may, bias=bias[None])", "x = block(x, bias=bias[None])", "padding of the source is looked at"),
    (MODEL, "memory_mask=memory.may", "memory_mask=None", "padding of the source is looked at by the decoder"),
    (MODEL, "cache=layer, bias=bias)", "cache=layer)", "no distances in the decoder"),
    (MODEL, "(0 if cache is None else cache.length)", "0", "positions start again with a cache"),
    (MODEL, "activation=gelu_tanh", "activation=torch.relu", "another gate"),
    (MODEL, "return Memory(self.encoder_last(x), may)", "return Memory(x, may)", "the last norm of the encoder left out"),
    (MODEL, "return self.decoder_last(x)", "return x", "the last norm of the decoder left out"),
    (MODEL, "partial(FeedForward, bias=False)", "partial(FeedForward, bias=True)", "a network with biases"),
    (MODEL, "named.get(\"bias\"), scale=1.0)", "named.get(\"bias\"))", "weights as if scaled"),
    (MODEL, "(d_head if name.endswith(\"query.weight\") else 1)", "1", "queries as large as keys"),
    (WEIGHTS, '"wi_0": "gate", "wi_1": "expand"', '"wi_0": "expand", "wi_1": "gate"', "gate and expansion exchanged"),
    (WEIGHTS, '"k": "key", "v": "value"', '"k": "value", "v": "key"', "keys and values exchanged"),
    (WEIGHTS, '("self_attend", "cross_attend", "feed_forward")', '("cross_attend", "self_attend", "feed_forward")', "the two attentions exchanged"),
    (WEIGHTS, "part.clone()", "part", "views of their weights"),
    (WEIGHTS, "d_model**-0.5 if tied", "1.0 if tied", "the small model's logits not divided"),
    (SPANS, "round(n * rate)", "int(n * rate)", "rounded down"),
    (SPANS, "n - corrupted)\n", "n)\n", "more spans than kept tokens"),
    (SPANS, "% 2 == 1", "% 2 == 0", "kept and corrupted exchanged"),
    (SPANS, "return Corrupted(source, [*target, next(left)])", "return Corrupted(source, target)", "no mark to end"),
    (SPANS, "np.arange(1, total)", "np.arange(1, total - 1) if total - 2 >= parts - 1 else np.arange(1, total)", "some cuts never made"),
    (SMALL, "scale=1.0)", "scale=None)", "scores divided by the root"),
    (SMALL, "x = x + look(rms_norm(x, gain), memory", "x = x + look(x, memory", "cross-attention not normed"),
    (SMALL, "np.tri(len(x), dtype=bool)", "np.ones((len(x), len(x)), dtype=bool)", "the future visible"),
    (BLOCKS, "mask=mask, bias=bias, cache=cache))\n        x = self.cross_attend", "mask=mask, cache=cache))\n        x = self.cross_attend", "a bias that is not handed on"),
]
