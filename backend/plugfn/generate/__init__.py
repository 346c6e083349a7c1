"""Writes source: what type checkers know of the providers, and the folder of a new provider."""
