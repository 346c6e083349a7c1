"""Pluggy's Connect widget in the browser: where it comes from, what it may do, and how well it works."""
