"""Ways to break writing, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

FILTERS = "src/attnlab/generation/filters.py"
WRITE = "src/attnlab/generation/write.py"
BEAM = "src/attnlab/generation/beam.py"
SAMPLING = "src/attnlab/reference/sampling.py"
DECODING = "src/attnlab/reference/decoding.py"
TESTS = {
    FILTERS: ["tests/generation/test_filters.py"],
    WRITE: ["tests/generation/test_write.py"],
    BEAM: ["tests/generation/test_beam.py"],
    SAMPLING: ["tests/reference/test_sampling.py", "tests/generation/test_filters.py"],
    DECODING: ["tests/reference/test_decoding.py", "tests/generation/test_beam.py"],
}

MUTATIONS = [
    (FILTERS, "return logits / _within", "return logits * _within", "multiplied by the temperature"),
    (FILTERS, "values[..., -1:], -math.inf)", "values[..., -1:], 0.0)", "top-k writes zeros"),
    (FILTERS, "logits < logits.topk(k, dim=-1)", "logits <= logits.topk(k, dim=-1)", "k - 1 kept"),
    (FILTERS, 'k = min(count("k", k, at_least=1), logits.shape[-1])', 'k = min(count("k", k, at_least=1) + 1, logits.shape[-1])', "k + 1 kept"),
    (FILTERS, "drop = rest <= 1 - p", "drop = rest < 1 - p", "a mass that is reached is not enough"),
    (FILTERS, "drop = rest <= 1 - p", "drop = rest - probabilities <= 1 - p", "the crossing token is dropped"),
    (FILTERS, "    drop[..., 0] = False\n", "", "an empty nucleus"),
    (FILTERS, "probabilities.flip(-1).cumsum(-1).flip(-1)", "1 - probabilities.cumsum(-1)", "the mass behind a token, without its own"),
    (FILTERS, "descending=True, stable=True", "descending=False, stable=True", "the unlikeliest kept"),
    (FILTERS, "scatter(-1, order, drop)", "scatter(-1, order.argsort(-1), drop)", "put back in the wrong order"),
    (FILTERS, "logits.amax(dim=-1, keepdim=True) + below", "logits.amax() + below", "the largest of the whole batch"),
    (FILTERS, "math.log(p) if p > 0", "p if p > 0", "a share of the logit"),
    (FILTERS, "bad = ~(logits < math.inf)", "bad = logits.isnan()", "infinity let in"),
    (WRITE, ".masked_fill(ended, PAD)", "", "a text goes on after its end"),
    (WRITE, "ended = ended | (word == end)", "ended = word == end", "an end forgotten"),
    (WRITE, "ids if cache is None else new, cache)", "ids, cache)", "everything read again beside the cache"),
    (WRITE, "and not ended.all()", "and not ended.any()", "stops when one text has ended"),
    (WRITE, "logits = one(logits)", "one(logits)", "filters without effect"),
    (WRITE, "generator=generator)", "generator=None)", "another chance is used"),
    (WRITE, "    check_row(logits)\n    return logits", "    return logits", "a row without a token let through"),
    (BEAM, "((5 + length) / 6) ** alpha", "((5 + length) / 6 * alpha)", "a factor for an exponent"),
    (BEAM, "cache = None if cache is None else cache.select(rows)", "pass", "the cache does not follow its beams"),
    (BEAM, "_cut(total, min(2 * width, width * vocabulary))", "_cut(total, width)", "finished texts use up the beam"),
    (BEAM, "masked_fill(~ends, -math.inf)[:, :width]", "masked_fill(~ends, -math.inf)[:, : 2 * width]", "texts outside the beam are finished"),
    (BEAM, "padded = torch.nn.functional.pad(texts[:, :width]", "padded = torch.nn.functional.pad(texts[:, -width:]", "the wrong texts are kept"),
    (BEAM, "(live.unsqueeze(-1) + log_p", "(0 * live.unsqueeze(-1) + log_p", "totals forgotten"),
    (BEAM, "total[:, 0] = 0.0", "total[:] = 0.0", "copies of one beginning"),
    (BEAM, "place // vocabulary, place % vocabulary", "place % vocabulary // 2, place % vocabulary", "the wrong parent"),
    (BEAM, "penalty(written, length_penalty))", "penalty(written - 1, length_penalty))", "the end mark not counted"),
    (BEAM, "penalty(longest, length_penalty))", "penalty(written, length_penalty))", "stops before a long text can overtake"),
    (BEAM, ">= live[:, 0] / largest", ">= live[:, -1] / largest", "stops on the worst beginning"),
    (BEAM, "width * torch.arange(len(prompt)", "0 * torch.arange(len(prompt)", "all texts go on as the first"),
    (SAMPLING, "return logits / t", "return logits * t", "multiplied by the temperature"),
    (SAMPLING, "max(logits.shape[-1] - k, 0)", "max(logits.shape[-1] - k - 1, 0)", "k + 1 kept"),
    (SAMPLING, "logits < smallest, -np.inf", "logits < smallest, 0.0", "top-k writes zeros"),
    (SAMPLING, "drop = rest <= 1 - p", "drop = rest - probabilities <= 1 - p", "the crossing token is dropped"),
    (SAMPLING, "    drop[..., 0] = False\n", "", "an empty nucleus"),
    (SAMPLING, "np.log(p) if p > 0", "p if p > 0", "a share of the logit"),
    (SAMPLING, "(sums > u)", "(sums > u / 2)", "the later tokens too rare"),
    (SAMPLING, "np.minimum(1.0, p /", "np.minimum(1.0, 0.5 * p /", "kept half as often"),
    (SAMPLING, "np.maximum(0.0, p - q)", "np.abs(p - q)", "the rest without its sign"),
    (DECODING, "best[:width] if text.ids[-1] == end", "best if text.ids[-1] == end", "texts outside the beam are finished"),
    (DECODING, "if text.ids[-1] != end][:width]", "][:width]", "a finished text goes on"),
    (DECODING, "((5 + length) / 6) ** alpha", "length**alpha", "another penalty"),
    (DECODING, "total + float(log_p[i])", "float(log_p[i])", "totals forgotten"),
    (DECODING, "/ penalty(len(text.ids), alpha))[:width]", ")[:width]", "no penalty"),
]  # fmt: skip
