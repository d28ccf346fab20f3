"""Exercises of the first part, Start."""
