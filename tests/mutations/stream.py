"""Ways to break the study of the residual stream, for tools/mutants.py: (file, text, replacement, name), and its tests."""

from __future__ import annotations

STREAM = "src/attnlab/studies/stream.py"
TESTS = {STREAM: ["tests/studies/test_stream.py"]}

MUTATIONS = [
    (STREAM, "gradient = gradient + (rms_norm_gradient(x, back)[0] if norm == \"pre\" else back)",
     "gradient = gradient + back", "the norm before the layer sends nothing back"),
    (STREAM, "gradient = gradient + (rms_norm_gradient", "gradient = (rms_norm_gradient", "no gradient along the stream"),
    (STREAM, "passed[2 * i + 1], gradient)", "passed[2 * i], gradient)", "the norm after the sum differentiated elsewhere"),
    (STREAM, "gradient, _ = rms_norm_gradient(entered[-1], gradient)", "pass", "no norm at the end"),
    (STREAM, "math.sqrt(2 / WIDTH), scale * math.sqrt(1 / WIDTH)", "math.sqrt(1 / WIDTH), scale * math.sqrt(1 / WIDTH)", "half of the variance"),
    (STREAM, "_length(weights.contract)", "_length(weights.expand)", "another matrix"),
    (STREAM, "if i > 2:", "if i > 3:", "one number later"),
]  # fmt: skip
