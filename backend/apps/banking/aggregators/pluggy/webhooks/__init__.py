"""Pluggy's webhooks: their proof, their content, and our subscription."""
