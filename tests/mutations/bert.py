"""Ways to break BERT and what hides words from it, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

MODEL = "src/attnlab/models/bert.py"
NAMES = "src/attnlab/weights/bert.py"
MASKING = "src/attnlab/data/masking.py"
TESTS = {MODEL: ["tests/models/test_bert.py"], NAMES: ["tests/weights/test_bert.py"], MASKING: ["tests/data/test_masking.py"]}

MUTATIONS = [
    (MODEL, "self.norm(self.piece(ids) + self.place(places) + self.segment(segments))", "self.piece(ids) + self.place(places) + self.segment(segments)",
     "the sum that enters is not normalised"),
    (MODEL, "+ self.segment(segments))", ")", "no segments"),
    (MODEL, "bias=True", "bias=False", "projections without biases"),
    (MODEL, "config.d_ff, gelu)", "config.d_ff)", "ReLU"),
    (MODEL, "gelu(self.dense(hidden))", "self.dense(hidden)", "a head without its GELU"),
    (MODEL, "@ table.T + self.bias", "@ table.T", "a head without its bias"),
    (MODEL, "torch.tanh(self.dense(hidden[:, 0]))", "self.dense(hidden[:, 0])", "a pooler without its tanh"),
    (MODEL, "hidden[:, 0]", "hidden[:, -1]", "a pooler of the last row"),
    (MODEL, "return mask[:, None, None, :]", "return mask[:, None, :, None]", "padding hidden by rows"),
    (MODEL, "self.bert(ids, mask, segments=segments)", "self.bert(ids, mask)", "segments not passed on"),
    (MODEL, "a=-0.04, b=0.04", "a=-0.4, b=0.4", "initial values not cut off"),
    (MODEL, "observe(number, x, layer_weights(layer, x, may))", "observe(number, x, layer_weights(layer, x))", "weights seen without the mask"),
    (NAMES, '"attention.output.LayerNorm": "attend.norm"', '"attention.output.LayerNorm": "feed_forward.norm"', "two norms for one"),
    (NAMES, '"attention.self.key": "attend.layer.key"', '"attention.self.key": "attend.layer.query"', "keys for queries"),
    (NAMES, "_KINDS.get(kind, kind)", "kind", "old names unknown"),
    (NAMES, "not head.equal(entrance)", "False", "any table for the head"),
    (MASKING, "fate < 0.8", "fate < 0.9", "no random words"),
    (MASKING, "fate < 0.9, drawn, ids", "fate < 0.95, drawn, ids", "fewer left alone"),
    (MASKING, "np.isin(ids, words) & (rng", "(rng", "special tokens hidden too"),
    (MASKING, "np.where(chosen, ids, PAD))\n\n\ndef mask_each", "np.where(shown != ids, ids, PAD))\n\n\ndef mask_each", "what stayed is not asked for"),
    (MASKING, "np.where(chosen, shown, ids)", "shown", "every token goes through the lottery"),
]  # fmt: skip
