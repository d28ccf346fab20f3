"""Ways to break what models check at the door, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

DOORS, HOOKS = "src/attnlab/models/_doors.py", "src/attnlab/layers/_hooks.py"
TESTS = {
    DOORS: ["tests/models/test_gpt.py", "tests/models/test_transformer.py"],
    HOOKS: ["tests/models/test_gpt.py", "tests/models/test_transformer.py", "tests/models/test_decoder.py"],
}

MUTATIONS = [
    (DOORS, "<= ids.max() < n_rows", "<= ids.max() <= n_rows", "one id too many"),
    (DOORS, "not 0 <= ids.min()", "not -1 <= ids.min()", "an id from the end"),
    (DOORS, "or ids.dtype == torch.bool", "", "true and false as ids"),
    (DOORS, "if ids.ndim != 2:", "if ids.ndim > 2:", "a text without a batch"),
    (DOORS, "n = ids.shape[1] + (0 if cache is None else cache.length)", "n = ids.shape[1]", "a cache runs past the last place"),
    (DOORS, "if n > config.max_len:", "if n > config.max_len + 1:", "one token too many"),
    (DOORS, "if real.shape != ids.shape:", "if real.ndim != ids.ndim:", "padding of another batch"),
    (DOORS, "if cache is not None and len(cache.layers) != config.n_layers:", "if False:", "a cache of another depth"),
    (HOOKS, "handle.remove()", "pass", "hooks left behind"),
]
