"""Exercises of the part on multi-head attention."""
