"""Ways to break the vision transformer and its patches, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

MODEL = "src/attnlab/models/vit.py"
PATCHES = "src/attnlab/layers/patches.py"
NP_PATCHES = "src/attnlab/reference/layers/patches.py"
NP_MODEL = "src/attnlab/reference/vit.py"
PLANAR = "src/attnlab/positions/planar.py"
WEIGHTS = "src/attnlab/weights/vit.py"
DIGITS = "src/attnlab/data/handwriting.py"
TESTS = {
    MODEL: ["tests/models/test_vit.py"],
    PATCHES: ["tests/layers/test_patches.py"],
    NP_PATCHES: ["tests/layers/test_patches.py"],
    NP_MODEL: ["tests/reference/test_vit.py"],
    PLANAR: ["tests/positions/test_planar.py"],
    WEIGHTS: ["tests/models/test_vit.py"],
    DIGITS: ["tests/data/test_handwriting.py"],
}

MUTATIONS = [
    (PATCHES, '"... channels (rows h) (columns w) -> ... (rows columns) (channels h w)"',
     '"... channels (rows h) (columns w) -> ... (columns rows) (channels h w)"', "patches in columns"),
    (PATCHES, '"... channels (rows h) (columns w) -> ... (rows columns) (channels h w)"',
     '"... channels (rows h) (columns w) -> ... (rows columns) (h w channels)"', "channels last"),
    (PATCHES, '"... channels (rows h) (columns w) -> ... (rows columns) (channels h w)"',
     '"... channels (h rows) (w columns) -> ... (rows columns) (channels h w)"', "every n-th pixel"),
    (PATCHES, '"... (rows columns) (channels h w) -> ... channels (rows h) (columns w)"',
     '"... (rows columns) (channels w h) -> ... channels (rows h) (columns w)"', "put together on its side"),
    (PATCHES, "rows.shape[-1] % size**2", "rows.shape[-1] % size", "any width put together"),
    (PATCHES, "return self.gain * self.layer(x, **given)", "return self.layer(x, **given)", "no gain"),
    (PATCHES, "if images.shape[-3] != self.channels:", "if False:", "channels not looked at"),
    (PATCHES, "height % size or width % size or", "height % size or", "width not looked at"),
    (NP_PATCHES, "n + 1, n + 3, n, n + 2, n + 4", "n + 3, n + 1, n, n + 2, n + 4", "patches in columns"),
    (NP_PATCHES, "n + 1, n + 3, n, n + 2, n + 4", "n + 1, n + 3, n + 2, n + 4, n", "channels last"),
    (NP_PATCHES, "n + 2, n, n + 3, n + 1, n + 4", "n + 2, n, n + 4, n + 1, n + 3", "put together on its side"),
    (MODEL, "self.head(self.states(images)[:, 0])", "self.head(self.states(images).mean(1))", "pooled, not the class token"),
    (MODEL, "return self.norm(x)", "return x", "no last norm"),
    (MODEL, "registers, placed[:, 1:]], dim=1)", "placed[:, 1:], registers], dim=1)", "registers at the end"),
    (MODEL, "torch.cat([first, rows], dim=1) +", "torch.cat([rows, first], dim=1) +", "class token at the end"),
    (MODEL, "nn.init.normal_(model.registers, std=0.02)", "nn.init.zeros_(model.registers)", "registers that start equal"),
    (MODEL, "bias=True)", "bias=False)", "attention without biases"),
    (MODEL, "activation=gelu)", "activation=torch.relu)", "ReLU"),
    (NP_MODEL, "placed[..., :1, :], registers, placed[..., 1:, :]", "placed[..., :1, :], placed[..., 1:, :], registers", "registers at the end"),
    (NP_MODEL, "[first, rows], axis=-2) + model.places", "[first, rows + model.places[1:]], axis=-2)", "class token without its place"),
    (NP_MODEL, "last @ model.head + model.head_bias", "last @ model.head", "no bias of the head"),
    (NP_MODEL, "block.feed, gelu_tanh)", "block.feed)", "ReLU"),
    (PLANAR, "torch.cartesian_prod(y, x)", "torch.cartesian_prod(x, y)", "x before y"),
    (PLANAR, "+ 0.5) / n - 1", ") / n - 1", "corners in place of centres"),
    (PLANAR, "2 * math.pi * places", "math.pi * places", "half a turn"),
    (WEIGHTS, '    r"attention\\.k_proj": "attend.layer.key",\n    r"attention\\.v_proj": "attend.layer.value",',
     '    r"attention\\.k_proj": "attend.layer.value",\n    r"attention\\.v_proj": "attend.layer.key",', "keys and values exchanged"),
    (DIGITS, "/ FULL", "/ 15", "ink above one"),
    (DIGITS, "max(-n, 0), size + min(-n, 0)", "max(n, 0), size + min(n, 0)", "cut out and not moved"),
]
