"""Contacts and conversations: who writes with a client, and over which channel."""
