"""Ways to break the tasks and the small translator, for tools/mutants.py: (file, text, replacement, name), and the tests."""

from __future__ import annotations

FORMULAS = "src/attnlab/data/translation.py"
TRANSLATOR = "src/attnlab/reference/translator.py"
STUDY = "src/attnlab/studies/translation.py"
TESTS = {
    FORMULAS: ["tests/data/test_translation.py"],
    TRANSLATOR: ["tests/reference/test_translator.py"],
    STUDY: ["tests/studies/test_translation.py"],
}

MUTATIONS = [
    (FORMULAS, "STRENGTH[sign] + 1))", "STRENGTH[sign]))", "no brackets on the right of a minus"),
    (FORMULAS, "(*postfix(left), *postfix(right), sign)", "(*postfix(right), *postfix(left), sign)", "sides exchanged"),
    (FORMULAS, "STRENGTH[formula[0]] < least", "STRENGTH[formula[0]] <= least", "idle brackets"),
    (FORMULAS, '{"+": 1, "-": 1, "*": 2}', '{"+": 1, "-": 1, "*": 1}', "no sign is stronger"),
    (FORMULAS, "len(STRENGTH) ** (digits - 1)", "len(STRENGTH) ** max(digits - 2, 0)", "too few formulas counted"),
    (FORMULAS, "rng.integers(1, most + 1)", "rng.integers(1, most)", "the longest never drawn"),
    (TRANSLATOR, "zip((x, context, context), layer)", "zip((x, x, x), layer)", "the context not read"),
    (TRANSLATOR, "look(x, states, may, block.cross", "look(x, states, may, block.look", "cross-attention with the other's matrices"),
    (TRANSLATOR, "x = _add(x, look(x, x, past,", "x = _add(x, look(x, x, past | True,", "the future seen"),
    (TRANSLATOR, "(source != PAD).sum(axis=1), source.shape[1])", "(source != END).sum(axis=1), source.shape[1])", "padding read"),
    (TRANSLATOR, "np.sqrt(x.shape[-1]) * x + signal", "x + signal", "rows not scaled"),
    (TRANSLATOR, "pieces.merge_heads(mixed), layer.output", "pieces.merge_heads(mixed), layer.value", "the wrong output"),
    (TRANSLATOR, "return x @ model.target_table.T", "return x @ model.source_table.T[:, : len(model.target_table)]", "the other table"),
    (TRANSLATOR, "seen[2 * layer + 1]", "seen[2 * layer]", "the decoder's own weights for those of cross-attention"),
    (STUDY, "schedule(max(step, warmup), peak, warmup)", "schedule(step, peak, warmup)", "the warm-up is not left out"),
    (STUDY, "block.cross_attend = Silent()", "block.feed_forward = Silent()", "the wrong layer silenced"),
    (STUDY, "most[rows, end - 3] == last", "most[rows, end - 2] == last", "the step of und looked at"),
    (STUDY, "most[rows, end - 1] == last - 1", "most[rows, end - 1] == last", "the ten looked for at the unit"),
    (STUDY, "theirs.copy_(torch.as_tensor(ours))", "theirs.copy_(torch.as_tensor(ours).round(decimals=2))", "numbers rounded"),
    (STUDY, "cross_entropy(model(source, shift_right(target)), target, smoothing)", "cross_entropy(model(source, target), target, smoothing)", "target not shifted"),
    (STUDY, "side[rows, :n] for side, n", "side[rows] for side, n", "batches not cut"),
]
