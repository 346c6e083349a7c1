"""Connecting, testing, pausing and disconnecting integrations."""
