"""Transactions as files: CSV, JSON and OFX, streamed, so that a file of any size needs the memory of one batch."""
