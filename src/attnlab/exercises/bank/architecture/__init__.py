"""Exercises of the part on the architecture."""
