"""The tiny examples of the statements: the scale and its gradient."""

EXAMPLES = [("self_attention.scale_gradient", ([[1]], [[0], [1]], [[0], [1]], 0, [[1]]), 0.25)]
