"""Integrations: accounts of clients at other services, what is sent through them, and what comes in."""
