"""Ways to break GPT, its weights and its rivals, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

MODEL = "src/attnlab/models/gpt.py"
WEIGHTS = "src/attnlab/weights/gpt2.py"
TWIN = "src/attnlab/reference/gpt.py"
COUNTS = "src/attnlab/reference/ngram.py"
STUDY = "src/attnlab/studies/language.py"
TESTS = {
    MODEL: ["tests/models/test_gpt.py"],
    WEIGHTS: ["tests/weights/test_gpt2.py", "tests/models/test_gpt.py"],
    TWIN: ["tests/reference/test_gpt.py"],
    COUNTS: ["tests/reference/test_ngram.py"],
    STUDY: ["tests/studies/test_language.py"],
}

MUTATIONS = [
    (MODEL, "known[:, None, None, :] & causal(", "known[:, None, None, :] | causal(", "padding or past"),
    (MODEL, "positions(ids.shape[1], known.shape[1], ids)", "positions(ids.shape[1], ids.shape[1], ids)", "queries start at the first key"),
    (MODEL, "(known.cumsum(dim=1) - 1)", "known.cumsum(dim=1)", "positions from 1"),
    (MODEL, "(known.cumsum(dim=1) - 1).clamp(min=0)", "torch.arange(known.shape[1]).expand(known.shape)", "padding in front is counted"),
    (MODEL, "[:, known.shape[1] - ids.shape[1] :]", "[:, : ids.shape[1]]", "positions start again with a cache"),
    (MODEL, "self.tokens(ids) + self.places(at)", "self.tokens(ids)", "no positions"),
    (MODEL, "self.tokens(ids) + self.places(at)", "self.tokens(ids) * 2 + self.places(at)", "a factor at the entrance"),
    (MODEL, "return self.last(x)", "return x", "no last norm"),
    (MODEL, "FeedForward(config.d_model, config.d_ff, gelu_tanh)", "FeedForward(config.d_model, config.d_ff, torch.relu)", "ReLU"),
    (MODEL, "FeedForward(config.d_model, config.d_ff, gelu_tanh)", "FeedForward(config.d_model, config.d_ff, nn.functional.gelu)", "the other GELU"),
    (MODEL, "attend=attend, bias=True", "attend=attend", "no biases in attention"),
    (MODEL, "attend=attend, bias=True", "attend=attention, bias=True", "what was passed in is not called"),
    (MODEL, "LayerNorm(config.d_model), config.dropout)", "LayerNorm(config.d_model))", "no dropout behind the sublayers"),
    (MODEL, "x = self.drop(self.tokens(ids)", "x = (self.tokens(ids)", "no dropout at the entrance"),
    (MODEL, "cache.extend(new)", "pass", "the cache forgets what is padding"),
    (MODEL, "std=0.02 / (2 * model.config.n_layers) ** 0.5 if writes else 0.02", "std=0.02", "no smaller ones"),
    (MODEL, '(".output", ".contract")', '(".output",)', "one of two made smaller"),
    (MODEL, "block.attend.norm(given[0])", "given[0]", "weights of rows that are not normalised"),
    (MODEL, 'attention_weights(q, k, named["mask"])', "attention_weights(q, k)", "weights without a mask"),
    (WEIGHTS, "theirs[name].T if", "theirs[name] if", "not transposed"),
    (WEIGHTS, '("attend.layer.query", "attend.layer.key", "attend.layer.value")', '("attend.layer.key", "attend.layer.query", "attend.layer.value")', "keys for queries"),
    (WEIGHTS, '"ln_1": "attend.norm", "ln_2": "feed_forward.norm"', '"ln_2": "attend.norm", "ln_1": "feed_forward.norm"', "norms exchanged"),
    (WEIGHTS, "part.clone()", "part", "numbers shared with what was given"),
    (WEIGHTS, "if head is not None and", "if False and", "any head"),
    (TWIN, "np.tri(len(x), dtype=bool)", "np.tri(len(x), k=1, dtype=bool)", "one token of the future"),
    (TWIN, "x = x + change", "x = change", "no residual"),
    (TWIN, "network, gelu_tanh)", "network)", "ReLU in the twin"),
    (TWIN, "layer_norm(x, *model.last, EPSILON) @", "x @", "the twin without its last norm"),
    (TWIN, "model.places[: len(ids)]", "model.places[len(ids) - 1]", "one place for all"),
    (COUNTS, "for n in range(min(order - 1, at) + 1)", "for n in range(min(order, at) + 1)", "one order more"),
    (COUNTS, "(counts.before[past] + strength)", "(counts.before[past] + 1)", "does not add up to 1"),
    (COUNTS, "p = 1 / counts.vocab_size", "p = 0.0", "nothing for what was never seen"),
    (STUDY, "stride, 1, length), 1", "stride, 1, length), 2", "the second token not judged"),
    (STUDY, "first = max(last - length, 0)", "first = judged - 1", "pieces without a past"),
    (STUDY, "cross_entropy(model(shift_right(batch)), batch)", "cross_entropy(model(batch), batch)", "no shift"),
    (STUDY, "ignore=-1", "ignore=0", "id 0 not counted in windows"),
    (STUDY, "rng.integers(0, len(whole) - length, size=size)", "rng.integers(1, len(whole) - length, size=size)", "never from the first place"),
]
