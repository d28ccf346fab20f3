"""Exercises of the part on positions."""
