"""The tiny examples of the statements: serving a model."""

EXAMPLES = [
    ("efficiency.paged_rows", ([3, 0], 2, 3), [6, 7, 0]),
    ("efficiency.pages_to_take", (5, 1, 2, 1), 0),
    ("efficiency.pages_to_take", (5, 1, 2, 2), 1),
    ("efficiency.finish_times", ((2, 5, 3), 2), [2, 5, 5]),
    ("efficiency.tokens_a_pass", ([0.5, 0.5],), 1.75),
    ("efficiency.pages_kept", (7, 2, 3, 1), [True, False, True, True]),
]
