"""Generates source code: types for type checkers, the folder of a new provider, the reference page."""
