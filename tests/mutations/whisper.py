"""Ways to break Whisper and the reader of its file, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

MODEL = "src/attnlab/models/whisper.py"
READER = "src/attnlab/weights/whisper.py"
TABLE = "src/attnlab/studies/spoken.py"
TESTS = {
    MODEL: ["tests/models/test_whisper.py"],
    READER: ["tests/weights/test_whisper.py", "tests/models/test_whisper.py"],
    TABLE: ["tests/studies/test_spoken.py"],
}

MUTATIONS = [
    (MODEL, "gelu(self.second(gelu(self.first(sound))))", "gelu(self.second(self.first(sound)))", "first convolution without activation"),
    (MODEL, "x = rows + self.frames", "x = rows", "no positions in the encoder"),
    (MODEL, "+ self.places[before:after]", "+ self.places[:tokens.shape[1]]", "positions begin again with a cache"),
    (MODEL, "x = block(x, memory, mask=mask, cache=layer)", "x = block(x, memory, cache=layer)", "no causal mask"),
    (MODEL, "x = block(x, memory, mask=mask, cache=layer)", "x = block(x, memory, mask=mask)", "cache not handed on"),
    (MODEL, "return self.encoder_last(x)", "return x", "no norm after the encoder"),
    (MODEL, "return self.decoder_last(x)", "return x", "no norm after the decoder"),
    (MODEL, "activation=gelu", "activation=torch.relu", "relu for gelu"),
    (MODEL, "stride=2", "stride=1", "no halving of the sound"),
    (MODEL, "if sound.shape[-1] != 2 * self.config.n_frames:", "if False:", "sound of any length"),
    (MODEL, "if after > self.config.max_len:", "if after > self.config.max_len + 1:", "one token too many"),
    (MODEL, "return 4 * self.d_model", "return 2 * self.d_model", "narrow feed-forward network"),
    (READER, '("query", "key", "value"), ("output",)', '("query", "value", "key"), ("output",)', "keys and values exchanged"),
    (READER, '"attention": (("query",), ("key", "value"), ("output",))', '"attention": (("query",), ("value", "key"), ("output",))',
     "keys and values of the source exchanged"),
    (READER, '{"gamma": "gain", "beta": "bias"}', '{"gamma": "bias", "beta": "gain"}', "gain and bias exchanged"),
    (READER, "(version, kind) != (6, ", "(6, kind) != (6, ", "any version"),
    (READER, "len(content) < size", "len(content) < size - 8", "cut short by a few bytes"),
    (READER, '"self_attn": ("self_attn_layer_norm", "self_attend"), "encoder_attn": ("encoder_attn_layer_norm", "cross_attend")',
     '"encoder_attn": ("self_attn_layer_norm", "cross_attend"), "self_attn": ("encoder_attn_layer_norm", "self_attend")', "norms exchanged"),
    (TABLE, 'np.array(found["weights"])', 'np.array(found["weights"])[::-1]', "words from behind"),
]
