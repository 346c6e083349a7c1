"""Pluggy (https://docs.pluggy.ai): client, code table, and how an item fares."""
