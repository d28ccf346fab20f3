"""Ways to break what models check at the door, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

DOORS, HOOKS = "src/attnlab/models/_doors.py", "src/attnlab/layers/_hooks.py"
TESTS = {
    DOORS: ["tests/models/test_doors.py"],
    HOOKS: ["tests/models/test_doors.py"],
}

MUTATIONS = [
    (DOORS, "<= ids.max() < n_rows", "<= ids.max() <= n_rows", "one id too many"),
    (DOORS, "<= ids.max() < n_rows", "<= ids.max() < n_rows - 1", "the last row refused"),
    (DOORS, "not 0 <= ids.min()", "not -1 <= ids.min()", "an id from the end"),
    (DOORS, "and ids.numel() and", "and", "no tokens at all refused"),
    (DOORS, "or ids.dtype == torch.bool", "", "true and false as ids"),
    (DOORS, "if ids.is_floating_point() or", "if", "floats as ids"),
    (DOORS, "if ids.ndim != 2:", "if ids.ndim > 2:", "a text without a batch"),
    (DOORS, 'need_ids("ids", ids, config.vocab_size)', "pass", "ids of another vocabulary"),
    (DOORS, "n = ids.shape[1] + (0 if cache is None else cache.length)", "n = ids.shape[1]", "a cache runs past the last place"),
    (DOORS, "if n > config.max_len:", "if n > config.max_len + 1:", "one token too many"),
    (DOORS, "if n > config.max_len:", "if n >= config.max_len:", "the last place never filled"),
    (DOORS, "if real.shape != ids.shape:", "if real.ndim != ids.ndim:", "padding of another batch"),
    (DOORS, "torch.ones_like(ids, dtype=torch.bool)", "ids != 0", "id 0 taken for padding"),
    (DOORS, "if cache is not None and len(cache.layers) != config.n_layers:", "if False:", "a cache of another depth"),
    (DOORS, "len(cache.layers) != config.n_layers", "len(cache.layers) < config.n_layers", "a deeper cache let in"),
    (DOORS, "free is not None and free < 1.2 * n_bytes", "free is not None and free < n_bytes", "the last byte given away"),
    (DOORS, "if free is not None and", "if free is None or", "refused where the system does not tell"),
    (DOORS, "return min((one for one in found", "return max((one for one in found", "the limit of the container forgotten"),
    (DOORS, '["MemAvailable"].split()[0]) * 1024', '["MemAvailable"].split()[0])', "thousands of bytes for bytes"),
    (DOORS, "+ int(cached)", "", "pages of files not counted as free"),
    (HOOKS, "handle.remove()", "pass", "hooks left behind"),
    (HOOKS, "    try:\n        yield\n    finally:\n        for handle", "    yield\n    if True:\n        for handle", "hooks left behind after a failure"),
]
