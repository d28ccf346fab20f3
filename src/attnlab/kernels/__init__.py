"""Blocked attention: exact, without the score matrix. `flash` for use, `textbook` for reading, `merge` for
joining parts.

Nothing is imported here, so that `traffic`, which needs NumPy alone, stays free of torch.
"""
