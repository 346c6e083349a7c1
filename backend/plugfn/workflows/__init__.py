"""Workflows: when an event arrives and its conditions hold, actions run. See docs/workflows.md."""
