"""Ways to break the Triton kernel, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

HOST = "src/attnlab/kernels/flash_triton.py"
DEVICE = "src/attnlab/kernels/flash_triton_device.py"
OCCUPANCY = "src/attnlab/kernels/occupancy.py"

_FLASH = ["tests/kernels/test_flash_triton.py"]
TESTS = {HOST: _FLASH, DEVICE: _FLASH, OCCUPANCY: ["tests/kernels/test_occupancy.py"]}

MUTATIONS = [
    (DEVICE, "- key\n    allowed", "- key - 1\n    allowed", "a query does not see itself"),
    (DEVICE, "row + (n_keys - n_queries)", "row", "aligned with the first key"),
    (DEVICE, "(behind < WINDOW)", "(behind <= WINDOW)", "window off by one"),
    (DEVICE, "tl.maximum(back + 1, 0)\n", "tl.maximum(back, 0)\n", "the last visible key missed"),
    (DEVICE, "edge = tl.maximum(front + 1, 0) //", "edge = tl.maximum(back + 1, 0) //", "cut tiles taken for whole"),
    (DEVICE, "inner = tl.cdiv(tl.maximum(back", "inner = tl.cdiv(tl.maximum(front", "tiles a window cuts taken for whole"),
    (DEVICE, "tl.maximum(front - WINDOW + 1, 0)", "tl.maximum(back - WINDOW + 1, 0)", "first visible keys missed"),
    (DEVICE, "total * rescale +", "total +", "the sum is not rescaled"),
    (DEVICE, "mix * rescale[:, None] +", "mix +", "the mix is not rescaled"),
    (DEVICE, "tl.maximum(peak, tl.max(scores, 1))", "tl.max(scores, 1)", "the peak forgets earlier tiles"),
    (DEVICE, "tl.log2(total) * LN2", "tl.log2(total)", "log-sum-exp in base 2"),
    (DEVICE, "K += head // GROUP * n_keys * D\n    V += head // GROUP * n_keys * D_VALUE\n    bias = BIAS, PLACES, head, row_stride, key_stride\n    first",
     "K += head * n_keys * D\n    V += head // GROUP * n_keys * D_VALUE\n    bias = BIAS, PLACES, head, row_stride, key_stride\n    first",
     "query heads read their own keys"),
    (DEVICE, " - drift[:, None])", ")", "softmax's own gradient left out"),
    (DEVICE, "range(kv_head * GROUP, kv_head * GROUP + GROUP)", "range(kv_head * GROUP, kv_head * GROUP + 1)",
     "only the first head of a group reaches its keys"),
    (DEVICE, "tl.maximum(left - offset, 0)", "tl.maximum(left, 0)", "backward aligned with the first key"),
    (DEVICE, "left + BLOCK_K - 1 + WINDOW", "left + WINDOW", "backward misses the end of the window"),
    (DEVICE, "    drift -= tl.load(D_LSE + places, mask=exist, other=0.0)\n", "", "no gradient from the log-sum-exp"),
    (DEVICE, "tl.where(dead, float(\"inf\"), peak)", "peak", "dead rows get gradients"),
    (DEVICE, "tl.maximum(left + BLOCK_K - 1 - offset, 0)", "tl.maximum(left - offset, 0)", "rows a diagonal cuts taken for whole"),
    (DEVICE, "tl.maximum(left + WINDOW - offset, 0)", "tl.maximum(left + BLOCK_K + WINDOW - offset, 0)", "rows a window cuts taken for whole"),
    (DEVICE, ") * share\n", ")\n", "weights that do not add up to 1"),
    (DEVICE, "tl.where(new_peak == -float(\"inf\"), 0.0, new_peak)", "new_peak", "nothing seen minus nothing seen"),
    (DEVICE, "peak * step + tl", "peak + tl", "log-sum-exp without the scale"),
    (HOST, "scaled=bias is not None or scale <= 0", "scaled=bias is not None", "peaks of a negative scale"),
    (HOST, "ctx.save_for_backward(q, k, v, bias, out", 
     "ctx.save_for_backward(q, k, v, bias if bias is None else bias.clone(), out", "a refilled bias goes unnoticed"),
    (HOST, "[_NoSecondDerivative.apply(grad, q, k, v, d_out, d_lse) for grad in grads]", "list(grads)",
     "second derivatives dropped"),
    (HOST, "causal or window is not None", "causal", "window looks into the future"),
    (HOST, "if scale is None else float(scale)", "if not scale else abs(scale)", "negative scale"),
    (OCCUPANCY, "(shared + RESERVED)", "shared", "CUDA's own kibibyte forgotten"),
    (OCCUPANCY, "stages * block_k", "block_k", "one stage"),
]  # fmt: skip
