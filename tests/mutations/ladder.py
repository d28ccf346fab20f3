"""Ways to break the ladder from GPT-2 to Llama, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

FILE = "src/attnlab/studies/ladder.py"
TESTS = {FILE: ["tests/studies/test_ladder.py"]}

MUTATIONS = [
    (FILE, "2 * d_ff // 3, silu", "d_ff, silu", "a gate for nothing"),
    (FILE, "n_heads, _n_kv(sizes, parts), parts.attend", "n_heads, n_heads, parts.attend", "heads not shared"),
    (FILE, "parts.attend(d_model // n_heads), parts.bias)", "attention, parts.bias)", "never turned"),
    (FILE, "self.tokens(ids) + self.places(", "self.tokens(ids) + 0 * self.places(", "no positions"),
    (FILE, "x = block(x, mask=mask)", "x = block(x)", "the future is visible"),
    (FILE, "self.last(x), self.tokens.weight", "x, self.tokens.weight", "no last norm"),
    (FILE, "kept = 2 * sizes.n_layers", "kept = sizes.n_layers", "keys without values"),
    (FILE, "sizes.n_layers * _n_kv(sizes, parts)", "sizes.n_layers * sizes.n_heads", "the cache of heads that are not shared"),
    (FILE, "rows[:, 1:], reduction", "rows[:, :-1], reduction", "surprise at the token just read"),
    (FILE, "rows[:, 1:].flatten())", "rows[:, :-1].flatten())", "taught to copy"),
]
