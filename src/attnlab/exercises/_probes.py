"""Arguments at the borders that several exercises promise: scores of 1000 and far apart, the largest at a hidden place."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text

LARGE = np.array([[1000.0, 1001.0, -1000.0, 999.5, 0.0],
                  [-1000.0, -1001.0, 1000.0, -3000.0, -1002.0],
                  [0.0, 1.0, -1.0, 0.5, 2000.0]])
APART = np.array([[1000.0, 1001.0, -3000.0], [-1000.0, -1001.0, -3000.0], [0.0, 1.0, -1.0]])
APART_WEIGHTS = np.array([[0.26894, 0.73106, 0.0], [0.73106, 0.26894, 0.0], [0.24473, 0.66524, 0.09003]])
CHANGED = " changed during the call"  # how the evidence of `left_alone` ends
LARGEST_HIDDEN = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 1, 0]], dtype=bool)


def with_scores(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Queries and keys whose q . k / sqrt(16) are exactly these scores, even in single precision: the keys are unit vectors."""
    n, m = scores.shape
    q = np.zeros((n, 16))
    q[:, :m] = 4 * scores
    return q, np.eye(m, 16)


def comes_out(wanted, *arguments):
    """A test for `holds`: these arguments give these numbers, to three decimals; a tuple is wanted where several come back."""

    def test(call):
        out = call(*arguments)
        for yours, right in zip(out if isinstance(out, tuple) else (out,), wanted if isinstance(wanted, tuple) else (wanted,)):
            yours, right = np.asarray(yours, dtype=float), np.asarray(right, dtype=float)
            if yours.shape != right.shape:
                return f"the shape is {text.shape(yours)}, expected {text.shape(right)}"
            if not np.allclose(yours, right, atol=1e-3):
                return f"yours is {text.numbers(yours)}, expected {text.numbers(right)}"
        return None

    return test


def left_alone(*arguments):
    """A test for `holds`: a call with these arguments changes none of them. The judge calls on copies and tells what changed."""

    def test(call):
        call(*arguments)
        changed = getattr(call, "edited", ())
        return f"{' and '.join(changed)}{CHANGED}" if changed else None

    return test
