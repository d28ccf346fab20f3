"""Ways to break gates, scores and cuts of heads, for tools/mutants.py: (file, text, replacement, name), and the tests."""

from __future__ import annotations

PRUNING = "src/attnlab/studies/pruning.py"
TESTS = {PRUNING: ["tests/studies/test_pruning.py"]}

MUTATIONS = [
    (PRUNING, "* gates[..., None, None]", "* gates[..., None]", "gates on the tokens"),
    (PRUNING, "attend(q, k, v, **options) * gates", "attend(q, k, v) * gates", "options dropped by a gate"),
    (PRUNING, "        if given != heads:\n", "        if False:\n", "any number of gates"),
    (PRUNING, "            layer.attend = attend\n", "            pass\n", "gates stay on afterwards"),
    (PRUNING, "[slope.abs().mean(dim=0) for", "[slope.mean(dim=0).abs() for", "absolute value after the mean"),
    (PRUNING, "[slope.abs().mean(dim=0) for", "[slope.abs().sum(dim=0) for", "sum for mean"),
    (PRUNING, "gates_on(layers, gates), torch.enable_grad()", "gates_on(layers, gates)", "needs gradients to be on"),
    (PRUNING, "    if loss.shape != (samples,):\n", "    if False:\n", "a mean taken for losses"),
    (PRUNING, "_cut(layer.output, columns=own)", "_cut(layer.output, rows=own)", "rows of the output cut"),
    (PRUNING, "view(layer.n_heads, d_head)[list(heads)]", "view(d_head, layer.n_heads).T[list(heads)]", "heads in turns"),
    (PRUNING, "[list(heads)].flatten()", "[sorted(heads)].flatten()", "order of the heads ignored"),
    (PRUNING, "small.n_heads = small.n_kv_heads = len(heads)", "small.n_kv_heads = len(heads)", "old number of heads"),
    (PRUNING, '("query", "key", "value")', '("query", "key")', "values not cut"),
    (PRUNING, "bias if rows is None else bias[rows]", "bias[: len(weight)]", "first biases kept"),
    (PRUNING, "    if len(set(heads)) < len(heads):\n", "    if False:\n", "heads twice"),
    (PRUNING, "if not 0 <= head < layer.n_heads", "if not head < layer.n_heads", "negative heads"),
]
