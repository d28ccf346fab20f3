"""Exercises of the part on efficient attention."""
