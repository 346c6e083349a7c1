"""Pluggy's API: one method for each call, its limits, its lists, its failures."""
