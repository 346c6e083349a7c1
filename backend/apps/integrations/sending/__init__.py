"""Sending: a row and an event for each message, delivered once, and the vendors' news of it."""
