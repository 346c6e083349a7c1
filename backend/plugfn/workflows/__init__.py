"""Workflows: when an event comes, if conditions hold, then run actions. See docs/workflows.md."""
