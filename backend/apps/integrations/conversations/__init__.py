"""Conversations: who wrote what to whom, over which channel, and who wants no more messages."""
