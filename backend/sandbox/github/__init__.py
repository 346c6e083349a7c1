"""Emulator of GitHub: OAuth, the few REST calls that our provider makes, signed repository webhooks, rate limits."""
