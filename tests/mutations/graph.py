"""Ways to break the messages along edges, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

REFERENCE = "src/attnlab/reference/graph.py"
TORCH = "src/attnlab/attention/graph.py"
TESTS = {REFERENCE: ["tests/attention/test_graph.py"], TORCH: ["tests/attention/test_graph.py"]}

MUTATIONS = [
    (REFERENCE, "np.add.at(out, receivers, messages)", "out[receivers] += messages", "the last message wins"),
    (REFERENCE, "np.add.at(total, receivers, powers)\n", "np.add.at(total, receivers, powers**0)\n", "plain counts as totals"),
    (REFERENCE, "np.exp(scores - largest[receivers])", "np.exp(scores)", "large scores overflow"),
    (REFERENCE, "weights[:, None] * values[senders]", "weights[:, None] * values[receivers % len(values)]", "own values mixed"),
    (REFERENCE, "/ np.sqrt(q.shape[-1])", "/ q.shape[-1]", "divided by the width"),
    (REFERENCE, "(h @ g[0])[receivers] + (h @ g[1])[senders]", "(h @ g[1])[receivers] + (h @ g[0])[senders]", "halves exchanged"),
    (REFERENCE, "leaky_relu(asking[receivers] + asked[senders], slope) @ g", "leaky_relu((asking[receivers] + asked[senders]) @ g, slope)",
     "GATv2's nonlinearity after the product"),
    (REFERENCE, "np.where(x > 0, x, slope * x)", "np.where(x > 0, x, 0 * x)", "cut off instead of bent"),
    (REFERENCE, "np.linalg.matrix_power(mask.astype(np.int64), layers)", "mask.astype(np.int64) ** max(layers, 1)", "entry-wise power"),
    (REFERENCE, "reached = mask @ reached", "reached = mask.T @ reached", "reach turned round"),
    (REFERENCE, "reached = mask @ reached", "reached = reached | mask", "no further than one layer"),
    (REFERENCE, "if len(x) != len(nodes):", "if len(x) < len(nodes):", "longer lists let in"),
    (REFERENCE, "< n_nodes:", "<= n_nodes:", "a node too many let in"),
    (TORCH, "scores.detach()", "0 * scores.detach()", "large scores overflow"),
    (TORCH, "total[receivers]\n", "total.sum()\n", "softmax over all edges"),
    (TORCH, ".index_add(0, receivers, messages)", ".index_add(0, senders, messages)", "messages sent backwards"),
    (TORCH, "q.shape[-1] ** -0.5", "q.shape[-1] ** -1.0", "divided by the width"),
    (TORCH, "asking[receivers] + asked[senders]", "asking[senders] + asked[receivers]", "asking and asked exchanged"),
    (TORCH, "return message_passing(scores, self.project(x), receivers", "return message_passing(scores, scores.new_ones(len(x), self.g.shape[1]), receivers",
     "values forgotten"),
    (TORCH, "self.g.mT).unbind", "self.g.mT.flip(-1)).unbind", "halves exchanged"),
]
