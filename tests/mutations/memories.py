"""Ways to break the memories of fixed size, Hopfield networks and the study of recall, for tools/mutants.py."""

from __future__ import annotations

DELTA, SCAN = "src/attnlab/mixers/delta.py", "src/attnlab/mixers/state_space.py"
NP_DELTA, NP_SCAN = "src/attnlab/reference/mixers/delta.py", "src/attnlab/reference/mixers/state_space.py"
MEMORY, RECALL = "src/attnlab/reference/memory.py", "src/attnlab/studies/recall.py"
TESTS = {
    DELTA: ["tests/mixers/test_delta.py"],
    NP_DELTA: ["tests/mixers/test_delta.py"],
    SCAN: ["tests/mixers/test_state_space.py"],
    NP_SCAN: ["tests/mixers/test_state_space.py"],
    MEMORY: ["tests/reference/test_memory.py"],
    RECALL: ["tests/studies/test_recall.py"],
}

MUTATIONS = [
    (NP_DELTA, "missing = v - (k[..., None, :] @ memory)[..., 0, :]", "missing = v", "nothing is taken out"),
    (NP_DELTA, "memory = np.exp(log_decay[..., t, :, None]) * memory\n", "", "nothing fades"),
    (NP_DELTA, "return memory + k[..., :, None] * v[..., None, :]", "return memory + v[..., :, None] * k[..., None, :]", "the outer product transposed"),
    (DELTA, "unitriangular=True", "unitriangular=False", "a system without its unit diagonal"),
    (DELTA, "_overlap(q, k, total).tril()", "_overlap(q, k, total)", "queries read later tokens of their chunk"),
    (DELTA, "rate * (v - (k * total.exp()) @ memory)", "rate * v", "what earlier chunks wrote is not taken out"),
    (DELTA, "rate * (v - (k * total.exp()) @ memory)", "rate * (v - k @ memory)", "the memory is taken out unfaded"),
    (DELTA, "(q * total.exp()) @ memory + seen", "q @ memory + seen", "the memory is read unfaded"),
    (DELTA, "(k * (last - total).exp()).mT @ new", "k.mT @ new", "what a chunk wrote does not fade until its end"),
    (DELTA, "last.exp().mT * memory +", "memory +", "the memory does not fade over a chunk"),
    (DELTA, "masked_fill(later[..., None], 0.0)", "clone()", "decays of later tokens overflow"),
    (SCAN, "(last - total).exp()", "(-total).exp()", "decay counted from the start of the chunk"),
    (SCAN, "masked_fill(later, -torch.inf)", "masked_fill(later, 0.0)", "later tokens are seen"),
    (SCAN, "own + (q[..., part, :] * total.exp()) @ memory", "own", "earlier chunks are not read"),
    (NP_SCAN, "between = total[..., :, None] - total[..., None, :]", "between = total[..., :, None] - total[..., None, :] + total[..., :1, None]",
     "the first decay counted twice"),
    (NP_SCAN, "np.where(below, np.exp(np.where(below, between, 0.0)), 0.0)", "np.exp(np.where(below, between, 0.0))", "later tokens are seen"),
    (MEMORY, "memory * (1 - np.outer(weights, erase)) + np.outer(weights, add)", "(memory + np.outer(weights, add)) * (1 - np.outer(weights, erase))",
     "added, then erased"),
    (MEMORY, "return weights - np.diag(np.diag(weights))", "return weights", "the diagonal stays"),
    (MEMORY, "field = x @ weights[unit]", "field = before @ weights[unit]", "all units at once"),
    (MEMORY, "np.where(field == 0, x[..., unit], np.sign(field))", "np.where(field >= 0, 1.0, -1.0)", "a sum of 0 turns the unit on"),
    (MEMORY, "-((x @ finite(\"weights\", weights)) * x).sum(axis=-1) / 2", "-((x @ finite(\"weights\", weights)) * x).sum(axis=-1)", "every pair counted twice"),
    (MEMORY, "-lse / sharpness +", "-lse +", "the sharpness forgotten in the energy"),
    (RECALL, "last.pop(int(i), None)\n", "pass\n", "keys in the order of their first write"),
    (RECALL, "keys.shape[1] - 1 - asked_here[:, :, ::-1].argmax(axis=2)", "asked_here.argmax(axis=2)", "the first value asked for"),
    (RECALL, "write(decay * memory, k, v)", "write(memory, k, v)", "nothing fades"),
]  # fmt: skip
