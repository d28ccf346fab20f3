"""Readers of published files, and their names for the parts of a model turned into ours."""
