"""Ways to break experts and models with them, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

LAYER = "src/attnlab/layers/experts.py"
REFERENCE = "src/attnlab/reference/layers/experts.py"
MODEL = "src/attnlab/models/mixture.py"
WEIGHTS = "src/attnlab/weights/mixture.py"
TESTS = {
    LAYER: ["tests/layers/test_experts.py"],
    REFERENCE: ["tests/reference/test_experts.py"],
    MODEL: ["tests/models/test_mixture.py"],
    WEIGHTS: ["tests/models/test_mixture.py"],
}

MUTATIONS = [
    (LAYER, "weigh(scores.gather(-1, experts))", "weigh(wanted.gather(-1, experts))", "the bias in the weights"),
    (LAYER, "wanted = (scores if bias is None else scores + bias).detach()", "wanted = scores.detach()", "no bias"),
    (LAYER, "wanted.masked_fill(~may, -math.inf)", "wanted.masked_fill(~may, 0)", "what is out gets a zero"),
    (LAYER, "total * scores / scores.sum(dim=-1, keepdim=True)", "total * scores", "not shared out"),
    (LAYER, "total * scores / scores.sum(dim=-1, keepdim=True)", "scores / scores.sum(dim=-1, keepdim=True)", "total forgotten"),
    (LAYER, "groups.topk(count(\"n_best\", n_best, 1, size), dim=-1).values.sum(dim=-1)", "groups.amax(dim=-1)", "a group by its best"),
    (LAYER, "kept.repeat_interleave(size, dim=-1)", "kept.repeat(*[1] * (kept.ndim - 1), size)", "groups strided"),
    (LAYER, "mean = (scores / scores.sum(dim=-1, keepdim=True)).mean(dim=0)", "mean = scores.mean(dim=0)", "scores not shared out"),
    (LAYER, "chosen = loads(routing.experts, n_experts).to(mean.dtype) / routing.experts.numel()",
     "chosen = loads(routing.experts, n_experts).to(mean.dtype) / len(scores)", "shares that add up to k"),
    (LAYER, "return n_experts * (chosen * mean).sum()", "return (chosen * mean).sum()", "no factor"),
    (LAYER, "return n_experts * (chosen * mean).sum()", "return n_experts * (mean * mean).sum()", "scores squared"),
    (LAYER, "if counted is not None:", "if False:", "padding counted"),
    (LAYER, "torch.sign(load.mean() - load)", "torch.sign(load - load.mean())", "the busy nudged up"),
    (LAYER, "torch.sign(load.mean() - load)", "(load.mean() - load)", "nudged by as much as it is off"),
    (LAYER, "math.ceil(round(factor * choices / n_experts, 9))", "math.floor(factor * choices / n_experts)", "places rounded down"),
    (LAYER, "in_turn = flat.mT.flatten()", "in_turn = flat.flatten()", "token by token"),
    (LAYER, "(before < places)", "(before <= places)", "one place too many"),
    (LAYER, "weights[row, place, None].to(x.dtype) * expert(rows[row])", "expert(rows[row])", "results without weights"),
    (LAYER, "mixed if self.shared is None else mixed + self.shared(x)", "mixed", "no shared expert"),
    (LAYER, "weights = weights * self.admit(routing.experts)", "pass", "nothing dropped"),
    (LAYER, "self.how(self.project(x), self.top_k, self.balance)", "self.how(self.project(x), self.top_k)", "the balancing bias not used"),
    (LAYER, "self.register_buffer(\"balance\", torch.zeros(n_experts))", "self.balance = nn.Parameter(torch.zeros(n_experts))", "a learned balancing bias"),
    (LAYER, "x.sort(dim=-1, descending=True, stable=True)", "x.sort(dim=-1, stable=True)", "the smallest chosen"),
    (LAYER, "(chosen == number) & (weights != 0)", "chosen == number", "dropped rows run all the same"),
    (REFERENCE, "wanted = np.where(may, wanted, -np.inf)", "wanted = np.where(may, wanted, 0)", "what is out gets a zero"),
    (REFERENCE, "weigh(np.take_along_axis(scores, experts, axis=-1))", "weigh(np.take_along_axis(wanted, experts, axis=-1))", "the bias in the weights"),
    (REFERENCE, "weights * (d - (weights * d).sum(axis=-1, keepdims=True))", "weights * d", "gradient without the mean"),
    (REFERENCE, "p * (busy - (p * busy).sum(axis=-1, keepdims=True))", "p * busy", "gradient of the balance without the mean"),
    (REFERENCE, "np.sign(load.mean() - load)", "np.sign(load - load.mean())", "the busy nudged up"),
    (REFERENCE, "kept[(*token, choice)] = taken[expert] <= places", "kept[(*token, choice)] = taken[expert] < places", "one place too few"),
    (REFERENCE, "np.repeat(kept, size, axis=-1)", "np.tile(kept, size)", "groups strided"),
    (MODEL, "dense = number < mixture.n_dense", "dense = number <= mixture.n_dense", "one dense block too many"),
    (MODEL, "weigh = functools.partial(experts.shares, total=mixture.total)", "weigh = experts.shares", "total forgotten"),
    (MODEL, "idle += one * (layer.router.n_experts - layer.router.top_k)", "idle += one * layer.router.n_experts", "no expert is active"),
    (MODEL, "GatedFeedForward(config.d_model, mixture.n_shared * mixture.d_ff)", "GatedFeedForward(config.d_model, mixture.d_ff)", "one shared expert"),
    (WEIGHTS, "gate, expand = both.chunk(2)", "expand, gate = both.chunk(2)", "gate and expand exchanged"),
    (WEIGHTS, "| ({BIAS: \"router.balance\"} if BIAS in layer else {})", "", "the balancing bias left out"),
]  # fmt: skip
