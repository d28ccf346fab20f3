"""Instruments and experiments: what heads look at, what they are worth, bugs that train."""
