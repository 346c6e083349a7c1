"""Sync one item: make our rows equal to the aggregator's data, and keep them equal."""
