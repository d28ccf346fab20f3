"""Ways to break encoder and decoder, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

FILE = "src/attnlab/reference/encoder_decoder.py"
TESTS = {FILE: ["tests/reference/test_encoder_decoder.py"]}

MUTATIONS = [
    (FILE, "np.sqrt(d_model) * table[ids]", "table[ids]", "embedding not scaled"),
    (FILE, "sinusoidal(np.arange(ids.shape[-1]), d_model)", "sinusoidal(np.arange(1, ids.shape[-1] + 1), d_model)", "positions from one"),
    (FILE, "multi_head(x, None, block.attention, n_heads, mask=_keys(real))", "multi_head(x, None, block.attention, n_heads)",
     "encoder reads padding"),
    (FILE, "multi_head(x, None, block.attention, n_heads, mask=past)", "multi_head(x, None, block.attention, n_heads)",
     "the future is visible"),
    (FILE, "np.tri(x.shape[-2], dtype=bool)", "np.tri(x.shape[-2], k=1, dtype=bool)", "one token of the future"),
    (FILE, "multi_head(x, memory, block.cross, n_heads, mask=_keys(real))", "multi_head(x, memory, block.cross, n_heads)",
     "decoder reads the source's padding"),
    (FILE, "multi_head(x, memory, block.cross, n_heads, mask=_keys(real))", "multi_head(x, None, block.cross, n_heads)", "the memory is not read"),
    (FILE, "layer_norm(x + change, norm.gain, norm.bias)", "layer_norm(change, norm.gain, norm.bias)", "no residual"),
    (FILE, "layer_norm(x + change, norm.gain, norm.bias)", "x + layer_norm(change, norm.gain, norm.bias)", "the change alone normalised"),
    (FILE, "layer_norm(x + change, norm.gain, norm.bias)", "layer_norm(x + change)", "gain and bias forgotten"),
    (FILE, "block.cross_norm)", "block.attention_norm)", "one norm for two sublayers"),
    (FILE, "encode(model, source, real), real)", "encode(model, source, real))", "padding hidden in the encoder alone"),
    (FILE, "encode(model, source, real), real)", "encode(model, source), real)", "padding hidden in the decoder alone"),
    (FILE, "@ model.target_table.T", "@ (2 * model.target_table.T)", "logits doubled"),
    (FILE, "while len(target) <= most:", "while len(target) < most:", "one word short"),
    (FILE, "[..., None, None, :]", "[..., None, :, None]", "padding hidden as a query"),
]
