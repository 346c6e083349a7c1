"""Pluggy's webhooks: what proves them, what they say, and our subscription to them."""
