"""Emulator of the Pluggy API, in a process of its own. Pluggy's official SDKs work with it."""
