"""Emulator of Slack: OAuth v2 with token rotation, a few Web API methods, signed events with retries, 429s."""
