"""Exercises of the part on self-attention."""
