"""The demo: every part of Ponte started for real, a bank connected through the sandbox, and what came of it."""
