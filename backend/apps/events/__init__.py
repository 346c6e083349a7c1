"""The durable mailbox."""
