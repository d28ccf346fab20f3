"""Ways to break the blocked kernel, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

KERNELS = "src/attnlab/kernels/"
BLOCKED = "src/attnlab/reference/blocked.py"
FORWARD, BACKWARD, TILES = KERNELS + "forward.py", KERNELS + "backward.py", KERNELS + "tiles.py"
HEADS, INPUTS, PLAIN = KERNELS + "heads.py", KERNELS + "inputs.py", KERNELS + "plain.py"
FLASH, MERGE, TEXTBOOK = KERNELS + "flash.py", KERNELS + "merge.py", KERNELS + "textbook.py"
DROPOUT, WORKERS, DOOR = KERNELS + "dropout.py", KERNELS + "workers.py", KERNELS + "door.py"

_FLASH = ["tests/kernels/test_flash.py"]
_MACHINE = ["tests/kernels/test_flash_machine.py"]
_DROPOUT = ["tests/kernels/test_flash_dropout.py"]
TESTS = {
    BLOCKED: ["tests/kernels/test_blocked.py", "tests/kernels/test_merge.py"],
    FORWARD: _DROPOUT + _FLASH,
    BACKWARD: _DROPOUT + _FLASH,
    TILES: ["tests/kernels/test_flash_tiles.py"],
    HEADS: _DROPOUT + _FLASH,
    INPUTS: _FLASH,
    PLAIN: _DROPOUT + _FLASH,
    FLASH: _MACHINE + _DROPOUT + _FLASH,
    MERGE: ["tests/kernels/test_merge.py"],
    TEXTBOOK: _MACHINE,
    DROPOUT: _DROPOUT,
    WORKERS: _MACHINE,
    DOOR: ["tests/kernels/test_flash_errors.py"],
}

MUTATIONS = [
    # The NumPy lesson
    (BLOCKED, "np.maximum(state.peak, scores.max(axis=-1, keepdims=True))", "scores.max(axis=-1, keepdims=True)",
     "the peak forgets earlier blocks"),
    (BLOCKED, "rescale * state.mix + weights @ values", "state.mix + weights @ values", "the mix is not rescaled"),
    (BLOCKED, "rescale * state.total + weights", "state.total + weights", "the total is not rescaled"),
    (BLOCKED, "    state.peak[:] = peak\n", "", "the running peak is not updated"),
    (BLOCKED, "state.peak + np.log(total)", "state.peak + np.log2(total)", "log-sum-exp in the wrong base"),
    (BLOCKED, "np.arange(rows.start, rows.stop)[:, None] + offset", "np.arange(rows.start, rows.stop)[:, None]",
     "causal counts queries from the first key"),
    (BLOCKED, "key > position - masking.window", "key >= position - masking.window", "window off by one"),
    (BLOCKED, "for i in range(0, length, size)]", "for i in range(0, length - size + 1, size)]", "ragged tail dropped"),
    (BLOCKED, "keys.start > last:", "keys.start >= last:", "the tile of the last key is skipped"),
    (BLOCKED, "- drift[i][rows])", ")", "softmax's own gradient left out"),
    (BLOCKED, "dk[i][keys] += factor * d_scores.T", "dk[i][keys] = factor * d_scores.T", "dk keeps its last block only"),
    (BLOCKED, "lse = np.logaddexp(lse_1, lse_2)", "lse = np.maximum(lse_1, lse_2)", "merge keeps the larger only"),
    # Merging
    (MERGE, "(weight_2 / share)[..., None] * out_2", "(weight_1 / share)[..., None] * out_2", "wrong merge weight"),
    (MERGE, "torch.maximum(lse_1, lse_2).detach()", "lse_1.detach()", "peak of the first only"),
    (MERGE, "torch.where(torch.isneginf(peak), 0.0, peak)", "peak", "two dead rows make NaN"),
    (MERGE, "peak + torch.log(share)", "torch.log(share)", "log-sum-exp without its peak"),
    # Geometry
    (TILES, "offset = n_keys - n_queries", "offset = 0", "aligned with the first key"),
    (TILES, "offset - window + 1", "offset - window", "window off by one"),
    (TILES, "if causal or window is not None", "if causal", "window looks into the future"),
    (TILES, "min(high, rows.stop + limits.last)", "min(high, rows.stop + limits.last - 1)", "last visible key missed"),
    (TILES, "max(low, rows.start + limits.first)", "max(low, rows.stop + limits.first)", "first visible keys missed"),
    (TILES, "for low in range(start, stop, size)", "for low in range(start, stop - size + 1, size)", "ragged tail dropped"),
    (TILES, "for start in range(0, n_queries, block_q)", "for start in range(0, n_queries - 1, block_q)", "last row dropped"),
    (TILES, "last = None if limits.last is None else part.start +", "last = None if limits.last is None else rows.start +",
     "causal counted from the block, not the strip"),
    (TILES, "limits.last - keys.start", "limits.last", "causal index local to the tile"),
    (TILES, "last < width - 1 else None", "last < width - 2 else None", "a corner of the band is not cut"),
    (TILES, "first > 1 - height else None", "first > 2 - height else None", "the other corner is not cut"),
    (TILES, "            number += 1\n", "", "all tiles have one number"),
    (TILES, "max(low, rows.stop - 1 + limits.first)", "max(low, rows.start + limits.first)", "inner keys start too early"),
    # Forward
    (FORWARD, "mix.mul_(rescale)\n", "", "the mix is not rescaled"),
    (FORWARD, "total.mul_(rescale)\n", "", "the total is not rescaled"),
    (FORWARD, "peak.copy_(new_peak)\n", "", "the running peak is not updated"),
    (FORWARD, "torch.maximum(peak, scores.amax(-1, keepdim=True))", "scores.amax(-1, keepdim=True)", "the peak may fall"),
    (FORWARD, "_bury(head.scores(tile), tile)", "head.scores(tile)", "the online path does not mask"),
    (FORWARD, "outside |= place > last", "outside |= place >= last", "the online path masks the diagonal"),
    (FORWARD, "outside |= place < first", "outside |= place <= first", "the online path masks a window's first key"),
    (FORWARD, "erase(head.scores(tile).exp2_(), tile)", "head.scores(tile).exp2_()", "the bounded path does not mask"),
    (FORWARD, "weights.triu_(tile.first)", "weights", "the window's far side is not cut"),
    (FORWARD, "out=lse).mul_(LN2)", "out=lse)", "log-sum-exp in base 2"),
    (FORWARD, ".mul_(dropout.kept(rate))", "", "dropout is not scaled up"),
    (FORWARD, "total.clamp(min=torch.finfo(total.dtype).tiny)", "total.clone()", "dead rows divide by zero"),
    (FORWARD, "abs(inputs.options.scale) * LOG2E", "inputs.options.scale * LOG2E", "a negative scale has no bound"),
    (FORWARD, "if bool((bound < limit).all())", "if True", "the bounded path takes every head"),
    (FORWARD, "if inputs.bias is not None or inputs", "if inputs", "the bound forgets the bias"),
    # Backward
    (BACKWARD, "lse[slot.q].mul(LOG2E)", "lse[slot.q].clone()", "log-sum-exp in the wrong base"),
    (BACKWARD, ".sub_(d_lse)", "", "the log-sum-exp's gradient is lost"),
    (BACKWARD, "[0.0 if rate else -drift]", "[0.0 if rate else drift]", "D with the wrong sign"),
    (BACKWARD, "[0.0 if rate else -drift]", "[-drift]", "D twice under dropout"),
    (BACKWARD, "mixed = weights if keep is None else weights * keep", "mixed = weights", "dv without the dropout mask"),
    (BACKWARD, "k_t.t() * LN2", "k_t.t()", "dk in the wrong base"),
    (BACKWARD, "sums.q.mul_(inputs.options.scale)", "sums.q", "dq without the scale"),
    (BACKWARD, "weights = erase(head.scores(tile).exp2_(), tile)", "weights = head.scores(tile).exp2_()", "no mask backward"),
    (BACKWARD, "torch.where(torch.isneginf(level), -NOTHING, level)", "level", "dead rows make NaN"),
    (BACKWARD, "d_bias.shape[0] > 1 else slice(0, 1)", "True else slice(0, 1)", "a shared row of the bias"),
    (BACKWARD, "setdefault(slot.k, []).append(slot)", "setdefault(slot.k, [slot])", "one head of each group only"),
    # One head
    (HEADS, "scores.sub_(self._distances", "scores.add_(self._distances", "ALiBi with the wrong sign"),
    (HEADS, "keys).abs_()", "keys)", "ALiBi rewards the future"),
    (HEADS, "shift=len(k) - len(q)", "shift=0", "ALiBi aligned with the first key"),
    (HEADS, "tile.keys], alpha=LOG2E)", "tile.keys])", "bias in the wrong base"),
    (HEADS, "beside_k.append(hidden)", "beside_k.append(0.0)", "holes in the key mask are forgotten"),
    (HEADS, "self.seed + tile.number", "self.seed", "every tile drops alike"),
    (HEADS, "options.seed + 1_000_003 * number", "options.seed", "every head drops alike"),
    (INPUTS, "i[-1] // group", "i[-1] % self.k.shape[-3]", "heads share the wrong keys"),
    (INPUTS, "int(seen[-1]) + 1", "int(seen[-1])", "the last filled key is left out"),
    (INPUTS, "x = x.masked_fill(", "x.masked_fill(", "NaN at a hidden key leaks"),
    (INPUTS, "float(slopes[slot.q[-1]])", "float(slopes[0])", "every head has the first slope"),
    # Small inputs, the door, the machine
    (PLAIN, "multiply(a[index].contiguous(), _dense(b[index]))", "multiply(a[0, 0].contiguous(), _dense(b[index]))",
     "every head decodes with the first head's query"),
    (PLAIN, "recorded = torch.is_grad_enabled()", "recorded = False", "no gradient while decoding"),
    (PLAIN, "behind < 0 if looks_back", "behind <= 0 if looks_back", "a query does not see itself"),
    (PLAIN, "behind >= options.window", "behind > options.window", "window off by one"),
    (PLAIN, "behind.abs()", "behind", "ALiBi rewards the future"),
    (PLAIN, "peak - weights.amax", "peak + weights.amax", "log-sum-exp with the wrong sign"),
    (PLAIN, "/ dropout.kept(options.dropout_p)", "", "dropout is not scaled up"),
    (PLAIN, "k.masked_fill(unseen, 0.0), v.masked_fill(unseen, 0.0)", "k, v", "NaN at a hidden key leaks"),
    (FLASH, "if sinks is not None:", "for _ in range(2 * (sinks is not None)):", "sinks twice"),
    (FLASH, "block_q is None and block_k is None and _is_small", "_is_small", "given blocks are ignored"),
    (FLASH, "if dropout_p else 0", "* 0 if dropout_p else 0", "the generator is ignored"),
    (FLASH, "out = out.to(q.dtype)", "out = out * 1", "half precision comes back as float32"),
    (TEXTBOOK, "rescale * mix + weights", "mix + weights", "the mix is not rescaled"),
    (TEXTBOOK, "- drift[rows]) /", ") /", "softmax's own gradient left out"),
    (DROPOUT, "1 - _level(rate) / LEVELS", "1 - _level(rate) / LEVELS / 2", "scaled for half the rate"),
    (DROPOUT, "random_(-(2**63), None,", "random_(0, None,", "a quarter of the numbers is never negative"),
    (WORKERS, "    torch.set_num_threads(1)\n", "", "workers use several threads"),
    (WORKERS, "torch.set_flush_denormal(True)", "pass", "workers keep denormals"),
    (WORKERS, "torch.set_num_threads(available)", "pass", "new threads start with one thread"),
    (WORKERS, "torch.inference_mode(inference), torch.no_grad()", "torch.no_grad()", "inference mode is forgotten"),
    (WORKERS, "done.result()", "done", "errors are swallowed"),
    (DOOR, "q.shape[-3] % k.shape[-3]", "q.shape[-3] < k.shape[-3]", "any number of kv heads"),
    (DOOR, "if not 0 <= dropout_p < 1:", "if not 0 <= dropout_p <= 1:", "dropout of 1"),
    (DOOR, "if size < 1:", "if size < 0:", "blocks of 0"),
]  # fmt: skip
