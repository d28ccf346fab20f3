"""Ways to break sinks, gates and the latent layer's further parts, for tools/mutants.py: (file, text, replacement, name)."""

from __future__ import annotations

SINKS, GATES, LATENT = (f"src/attnlab/attention/{name}.py" for name in ("sinks", "gates", "latent"))
NP_SINKS, NP_LATENT = "src/attnlab/reference/sinks.py", "src/attnlab/reference/latent.py"
TESTS = {
    SINKS: ["tests/attention/test_sinks.py"],
    NP_SINKS: ["tests/attention/test_sinks.py"],
    GATES: ["tests/attention/test_gates.py"],
    LATENT: ["tests/attention/test_latent.py"],
    NP_LATENT: ["tests/attention/test_latent.py"],
}

MUTATIONS = [
    (SINKS, "powers.sum(dim=-1, keepdim=True) + torch.exp(extra - largest)", "powers.sum(dim=-1, keepdim=True) + torch.exp(extra)",
     "the sink not shifted with the scores"),
    (SINKS, "powers.sum(dim=-1, keepdim=True) + torch.exp(extra - largest)", "powers.sum(dim=-1, keepdim=True) + torch.exp(-largest)",
     "the term is one whatever the sink"),
    (SINKS, "torch.sigmoid(total - sink", "torch.sigmoid(-total + sink", "the gate the other way round"),
    (SINKS, ".masked_fill(blind, 0.0).to(q.dtype)", ".to(q.dtype)", "a blind query lets half through"),
    (SINKS, "mask.new_ones(*rows, 1)", "mask.new_zeros(*rows, 1)", "the sink is hidden by the mask"),
    (SINKS, "x.new_zeros(*x.shape[:-2], 1, x.shape[-1])], dim=-2)", "x[..., :1, :]], dim=-2)", "the first key again for a sink"),
    (SINKS, "column.new_zeros(1, n_keys) if bias is None else bias", "column.new_zeros(1, n_keys)", "the bias is forgotten"),
    (SINKS, "scores = masked_scores(q, k, mask, bias, scale)\n    extra", "scores = masked_scores(q, k, mask, bias)\n    extra", "scale not passed on"),
    (SINKS, "if q.shape[-3] != len(self.sink):", "if False:", "one sink too many"),
    (SINKS, "if not torch.isfinite(sink).all():", "if False:", "NaN let in"),
    (SINKS, "torch.zeros(count(", "torch.ones(count(", "sinks start at one"),
    (SINKS, "mask=mask, bias=bias, **options)", "mask=mask, bias=bias)", "options dropped"),
    (NP_SINKS, "axis=-1))[..., :-1]", "axis=-1))[..., 1:]", "the first key dropped for the sink"),
    (NP_SINKS, "masked_scores(q, k, mask, bias, scale)", "masked_scores(q, k, mask, None, scale)", "bias not passed on"),
    (NP_SINKS, "sink[..., None, None]", "0 * sink[..., None, None]", "every sink is nought"),
    (GATES, "torch.sigmoid(self.project(x))", "torch.tanh(self.project(x))", "gates that change the sign"),
    (GATES, "... gates -> ... (gates run)", "... gates -> ... (run gates)", "gates tiled instead of repeated"),
    (GATES, "d_head if gates_per_head is None", "1 if gates_per_head is None", "one gate a head by default"),
    (LATENT, "return self.score_factor * (", "return (", "the factor on the scores forgotten"),
    (LATENT, "self.latent_norm(self.latent(x))", "self.latent(x)", "the latent is not normalised"),
    (LATENT, "bias=False), norm(d_query)), d_query", "bias=False), nn.Identity()), d_query", "the queries' latent is not normalised"),
    (LATENT, "self.compress(x, cache.length)", "self.compress(x)", "cached tokens turned as if they came first"),
    (LATENT, "self.rotary_query(asked), self.n_heads)", "self.rotary_query(asked).flip(-1), self.n_heads)", "heads of the turned queries reversed"),
    (LATENT, "d_head if d_value is None else", "d_head if True else", "values as wide as keys"),
    (NP_LATENT, "(own.shape[-1] + turned.shape[-1]) ** -0.5", "own.shape[-1] ** -0.5", "scaled by the unfolded part alone"),
    (NP_LATENT, "mixed @ value_of_head)", "mixed @ key_of_head)", "values unfolded as keys"),
    (NP_LATENT, "(own, rotate(turned))", "(own, turned)", "queries not turned"),
    (NP_LATENT, "rotate(x @ weights.rotary_key)", "x @ weights.rotary_key", "the shared key not turned"),
]  # fmt: skip

WEIGHTS, GPT_OSS = "src/attnlab/weights/attention_layers.py", "src/attnlab/models/gpt_oss.py"
TESTS |= {WEIGHTS: ["tests/weights/test_attention_layers.py"], GPT_OSS: ["tests/models/test_gpt_oss.py"]}
MUTATIONS += [
    (WEIGHTS, "unflatten(0, (-1, 2, d_head)).unbind(1)", "unflatten(0, (2, -1, d_head)).unbind(0)", "queries of all heads before the gates"),
    (WEIGHTS, 'gain(state[f"{name}.weight"])', 'state[f"{name}.weight"]', "gains less their one"),
    (WEIGHTS, "query[:, d_head:].flatten(0, 1)", "query[:, -d_head:].flatten(0, 1)", "the wrong part of the queries is turned"),
    (GPT_OSS, "(up + 1) * gate", "up * gate", "the other half without its one"),
    (GPT_OSS, ".clamp(max=self.limit)", ".clamp(-self.limit, self.limit)", "the gate clamped on both sides"),
    (GPT_OSS, 'pattern: str = "LG"', 'pattern: str = "GL"', "full layers first"),
    (GPT_OSS, "heads(config, turn(attend), bias=True)", "heads(config, turn(attend))", "attention without biases"),
]  # fmt: skip
