"""Ways to break sparse, selected and linear attention, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

SPARSE = "src/attnlab/mixers/sparse.py"
SELECTED = "src/attnlab/mixers/selected.py"
LINEAR = "src/attnlab/mixers/linear.py"
FEATURES = "src/attnlab/mixers/features.py"
LOW_RANK = "src/attnlab/mixers/low_rank.py"
NP_SPARSE = "src/attnlab/reference/mixers/sparse.py"
NP_SELECTED = "src/attnlab/reference/mixers/selected.py"
NP_LINEAR = "src/attnlab/reference/mixers/linear.py"
TESTS = {
    SPARSE: ["tests/mixers/test_sparse.py"],
    NP_SPARSE: ["tests/mixers/test_sparse.py"],
    SELECTED: ["tests/mixers/test_selected.py"],
    NP_SELECTED: ["tests/mixers/test_selected.py"],
    LINEAR: ["tests/mixers/test_linear.py"],
    NP_LINEAR: ["tests/mixers/test_linear.py", "tests/mixers/test_features.py", "tests/mixers/test_low_rank.py"],
    FEATURES: ["tests/mixers/test_features.py"],
    LOW_RANK: ["tests/mixers/test_low_rank.py"],
}

MUTATIONS = [
    (SPARSE, ".abs() <= count(\"radius\", radius)", ".abs() < count(\"radius\", radius)", "a narrower window"),
    (SPARSE, "(back < stride) | (back % stride == 0)", "(back < stride) & (back % stride == 0)", "and for or"),
    (SPARSE, "(back >= 0) & (", "(", "the future seen"),
    (SPARSE, "(q_pos[:, None] < n_global) | (k_pos < n_global)", "(k_pos < n_global) & (q_pos[:, None] >= 0)", "global tokens do not look"),
    (SPARSE, "torch.inf).double()\n    for layer in range(1,", "torch.inf).double()\n    for layer in range(0,", "hops from 0"),
    (SPARSE, "mask | torch.eye(len(mask), dtype=torch.bool, device=mask.device)", "mask", "no residual"),
    (SPARSE, "& torch.isinf(steps)", "", "the last layer instead of the first"),
    (SPARSE, "mask[row][:, keys]))", "None))", "whole blocks seen"),
    (NP_SPARSE, "0 <= i - j and (i - j < stride", "0 <= i - j and (i - j <= stride", "one key more"),
    (NP_SPARSE, "min(i, j) < n_global", "max(i, j) < n_global", "global tokens among themselves"),
    (NP_SPARSE, "before[mask[i]].any(axis=0)", "before[mask[:, i]].any(axis=0)", "who is seen for who sees"),
    (NP_SPARSE, ".any(axis=(1, 3))", ".all(axis=(1, 3))", "full blocks alone"),
    (SELECTED, ".relu()\n", "\n", "no relu"),
    (SELECTED, "descending=True, stable=True).indices[..., : count", "stable=True).indices[..., : count", "the worst keys"),
    (SELECTED, "scatter(-1, order, True) & mask", "scatter(-1, order, True)", "hidden keys chosen where few are seen"),
    (SELECTED, "at_least=1) - 1, past)", "at_least=1), past)", "one block too many"),
    (SELECTED, "own[:, None] > torch.arange", "own[:, None] >= torch.arange", "the own block competes"),
    (SELECTED, "chosen.repeat_interleave(size, dim=-1) & (at <= at[:, None])", "chosen.repeat_interleave(size, dim=-1)", "the future of the own block"),
    (SELECTED, "scores.masked_fill((at < 0) & ~blind, -math.inf)", "scores", "fillers looked at"),
    (SELECTED, ".softmax(dim=-1).masked_fill(blind, 0)", ".softmax(dim=-1)", "a query without keys sees the first"),
    (SELECTED, "p = p / p.sum(dim=-1, keepdim=True)\n", "", "weights not shared out"),
    (SELECTED, "scores.masked_fill(~mask, -math.inf).log_softmax", "scores.log_softmax", "hidden keys in the guess"),
    (SELECTED, "* (self.n_heads * q.shape[-1]) ** -0.5", "", "index scores not scaled"),
    (NP_SELECTED, "max(0.0, head @ key)", "(head @ key)", "no relu"),
    (NP_SELECTED, ".mean(axis=0) for b in range(own)", ".max(axis=0) for b in range(own)", "the largest for the mean"),
    (NP_SELECTED, "min((block + 1) * size, i + 1)", "(block + 1) * size", "the future of the own block"),
    (NP_SELECTED, "math.log(p[j] / guess[i, j])", "math.log(guess[i, j] / p[j])", "the sign"),
    (LINEAR, "weights = (q @ k.mT).tril()\n    mixed", "weights = q @ k.mT\n    mixed", "the chunk's own future"),
    (LINEAR, "mixed = weights @ v + q @ state.memory", "mixed = weights @ v", "the past of other chunks forgotten"),
    (LINEAR, " + q @ state.total[..., None]", "", "their weights forgotten"),
    (LINEAR, "State(state.memory + k.mT @ v, state.total + k.sum(dim=-2))", "State(k.mT @ v, k.sum(dim=-2))", "one chunk remembered"),
    (LINEAR, "memories = (k[..., None] * v[..., None, :]).cumsum(dim=-3)", "memories = (k[..., None] * v[..., None, :]).cumsum(dim=-2)", "sums along features"),
    (LINEAR, "torch.nn.functional.elu(x) + 1", "torch.nn.functional.elu(x)", "features below 0"),
    (LINEAR, "return (mixed / total.masked_fill(empty, 1)).masked_fill(empty, 0)", "return mixed / total", "no weight, no number"),
    (NP_LINEAR, "range(min(i + 1, len(k)) if causal", "range(min(i, len(k)) if causal", "the token does not see itself"),
    (NP_LINEAR, "state.total + k)", "state.total + 1)", "tokens counted for weights"),
    (NP_LINEAR, "(x**2).sum(axis=-1, keepdims=True) / 2) / np.sqrt(len(w))", "(x**2).sum(axis=-1, keepdims=True)) / np.sqrt(len(w))", "the length not halved"),
    (NP_LINEAR, "row = row - (row @ one) * one", "pass", "not at right angles"),
    (NP_LINEAR, "@ k, finite(\"shorten_v\", shorten_v) @ v", "@ k, finite(\"shorten_k\", shorten_k) @ v", "one matrix for both"),
    (FEATURES, "- half).exp()", "+ half).exp()", "the length added"),
    (FEATURES, "torch.cat([turned.sin(), turned.cos()], dim=-1)", "torch.cat([turned.cos(), turned.cos()], dim=-1)", "cosines twice"),
    (FEATURES, "basis = basis * signs.diagonal().sign()", "pass", "the signs of the QR kept"),
    (FEATURES, "basis.mT * group.norm(dim=-1, keepdim=True)", "basis.mT", "all of length 1"),
    (LOW_RANK, "shorten_v @ v", "shorten_k @ v", "one matrix for both"),
]
