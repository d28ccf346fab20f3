"""Ways to break the Triton kernel, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

HOST = "src/attnlab/kernels/flash_triton.py"
DEVICE = "src/attnlab/kernels/flash_triton_device.py"
OCCUPANCY = "src/attnlab/kernels/occupancy.py"

_FLASH = ["tests/kernels/test_flash_triton.py"]
TESTS = {HOST: _FLASH, DEVICE: _FLASH, OCCUPANCY: ["tests/kernels/test_occupancy.py"]}

MUTATIONS = [
    (DEVICE, "- keys[None, :]\n    allowed", "- keys[None, :] - 1\n    allowed", "a query does not see itself"),
    (DEVICE, "rows[:, None] + (n_keys - n_queries)", "rows[:, None]", "aligned with the first key"),
    (DEVICE, "(behind < WINDOW)", "(behind <= WINDOW)", "window off by one"),
    (DEVICE, "tl.maximum(back + 1, 0)\n", "tl.maximum(back, 0)\n", "the last visible key missed"),
    (DEVICE, "edge = tl.maximum(front + 1, 0) //", "edge = tl.maximum(back + 1, 0) //", "cut tiles taken for whole"),
    (DEVICE, "inner = tl.cdiv(tl.maximum(back", "inner = tl.cdiv(tl.maximum(front", "tiles a window cuts taken for whole"),
    (DEVICE, "tl.maximum(front - WINDOW + 1, 0)", "tl.maximum(back - WINDOW + 1, 0)", "first visible keys missed"),
    (DEVICE, "total * rescale +", "total +", "the sum is not rescaled"),
    (DEVICE, "mix * rescale[:, None] +", "mix +", "the mix is not rescaled"),
    (DEVICE, "tl.maximum(peak, tl.max(scores, 1))", "tl.max(scores, 1)", "the peak forgets earlier tiles"),
    (DEVICE, "(peak + tl.log2(total)) * LN2", "(peak + tl.log2(total))", "log-sum-exp in base 2"),
    (DEVICE, "K += head // GROUP", "K += head", "query heads read their own keys"),
    (DEVICE, "weights * (d_weights - drift[:, None])", "weights * d_weights", "softmax's own gradient left out"),
    (DEVICE, "range(kv_head * GROUP, kv_head * GROUP + GROUP)", "range(kv_head * GROUP, kv_head * GROUP + 1)",
     "only the first head of a group reaches its keys"),
    (DEVICE, "left + n_queries - n_keys, 0)", "left, 0)", "backward aligned with the first key"),
    (DEVICE, "left + BLOCK_K - 1 + WINDOW", "left + WINDOW", "backward misses the end of the window"),
    (HOST, "- d_lse\n", "\n", "no gradient from the log-sum-exp"),
    (HOST, "torch.where(torch.isneginf(lse), torch.inf, lse * LOG2E)", "lse * LOG2E", "dead rows get gradients"),
    (HOST, "causal or window is not None", "causal", "window looks into the future"),
    (HOST, "if scale is None else scale", "if not scale else abs(scale)", "negative scale"),
    (OCCUPANCY, "(shared + RESERVED)", "shared", "CUDA's own kibibyte forgotten"),
    (OCCUPANCY, "stages * block_k", "block_k", "one stage"),
]  # fmt: skip
