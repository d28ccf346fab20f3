"""Exercises of the part on theory."""
