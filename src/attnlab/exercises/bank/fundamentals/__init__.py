"""Exercises of the part on the fundamentals of attention."""
