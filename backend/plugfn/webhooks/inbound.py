"""The names of plugfn.inbound, for providers that import them from here."""

from plugfn.inbound import Event, Inbound, Keys, Parsed, Reply, Webhooks

__all__ = ["Event", "Inbound", "Keys", "Parsed", "Reply", "Webhooks"]
