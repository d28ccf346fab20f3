"""Ways to break the residual streams, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

REFERENCE = "src/attnlab/reference/residual.py"
TORCH = "src/attnlab/layers/residual.py"
TESTS = {REFERENCE: ["tests/layers/test_residual.py"], TORCH: ["tests/layers/test_residual.py"]}

MUTATIONS = [
    (REFERENCE, "for axis in (-2, -1):", "for axis in (-1, -2):", "rows before columns"),
    (REFERENCE, "for axis in (-2, -1):", "for axis in (-1,):", "rows alone"),
    (REFERENCE, "for _ in range(count", "for _ in range(1 + count", "one step more"),
    (REFERENCE, '"ts,...sd->...td", mix', '"st,...sd->...td", mix', "mixing transposed"),
    (REFERENCE, '"s,...sd->...d", read, streams', '"s,...sd->...d", write, streams', "read and write exchanged"),
    (REFERENCE, '+ np.einsum("t,...d->...td", write, out)', '+ out[..., None, :] * write.mean()', "written to all streams alike"),
    (REFERENCE, "values = keys if value is None else value(states)", "values = states if value is None else value(states)",
     "states averaged as they are"),
    (REFERENCE, "attention(query[None], keys, values, scale=scale)", "attention(query[None], states, values, scale=scale)",
     "keys of any length"),
    (REFERENCE, "(states**2).mean(", "(states**2).sum(", "divided by the length"),
    (REFERENCE, "if logarithms.ndim < 2:", "if False:", "a vector let in"),
    (TORCH, "matrix = torch.softmax(logits, dim=-2) + epsilon", "matrix = torch.softmax(logits, dim=-1) + epsilon", "rows first"),
    (TORCH, "for _ in range(steps - 1):", "for _ in range(steps):", "one step more"),
    (TORCH, "matrix = matrix / (matrix.sum(dim=-2, keepdim=True) + epsilon)\n", "matrix = matrix / matrix.sum(dim=-2, keepdim=True)\n",
     "epsilon left out of the columns"),
    (TORCH, "torch.softmax(logits, dim=-2) + epsilon", "torch.softmax(logits, dim=-2)", "epsilon left out of the matrix"),
    (TORCH, "(source target) -> ... target source", "(source target) -> ... source target", "mixing transposed"),
    (TORCH, "torch.sigmoid(read) + self.epsilon, 2 * torch.sigmoid(write)", "torch.sigmoid(read) + self.epsilon, torch.sigmoid(write)",
     "written at half strength"),
    (TORCH, "torch.sigmoid(read) + self.epsilon, 2", "2 * torch.sigmoid(read) + self.epsilon, 2", "read twice"),
    (TORCH, "torch.sigmoid(read) + self.epsilon, 2", "torch.softmax(read, -1) + self.epsilon, 2", "read by a softmax"),
    (TORCH, "(read[..., None] * streams).sum(dim=-2), **options", "(read[..., None] * streams).sum(dim=-2)", "options dropped"),
    (TORCH, "return mix @ streams + write", "return streams + write", "streams never mixed"),
    (TORCH, "self.project(rms_norm(streams.flatten(-2), epsilon=self.epsilon)).split", "self.project(streams.flatten(-2)).split",
     "not normalised"),
    (TORCH, "self.project(rms_norm(streams.flatten(-2), epsilon=self.epsilon)).split",
     "self.project(rms_norm(streams, epsilon=self.epsilon).flatten(-2)).split", "streams normalised one by one"),
    (TORCH, "8 * torch.eye(n).flatten()", "torch.zeros(n * n)", "all streams averaged at first"),
    (TORCH, "read = torch.sigmoid(self.scale * sizes + self.base)", "read = torch.sigmoid(sizes + self.base)", "scale left out of the head"),
    (TORCH, "torch.zeros(count(", "torch.ones(count(", "a query that prefers at first"),
    (TORCH, "values = keys if self.value is None", "values = states if self.value is None", "states averaged as they are"),
    (TORCH, "keys, values, scale=self.scale)", "keys, values)", "scale not passed on"),
    (TORCH, "keys = rms_norm(states, epsilon=self.epsilon)", "keys = states", "keys of any length"),
    (TORCH, "torch.full((n,), 1 / n)", "torch.full((n,), 0.5)", "half of each stream read at first"),
    (TORCH, "if tuple(streams.shape[-2:]) != (n_streams, d_model):", "if streams.shape[-2] != n_streams:", "any width let in"),
]  # fmt: skip
