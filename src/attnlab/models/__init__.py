"""Whole models, one file each, composed from the rooms before."""
