"""Connections, accounts, transactions; the webhook; sync."""
