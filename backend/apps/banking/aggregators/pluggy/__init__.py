"""Pluggy (https://docs.pluggy.ai): its client, code table, mappers and webhooks."""
