"""Emulator of the Pluggy API: a process of its own, good enough for Pluggy's official SDKs."""
