"""Running an action: its limits, its attempts, its idempotency key, and many at once."""
