"""The names of plugfn.inbound, where providers have always imported them from."""

from plugfn.inbound import Event, Inbound, Keys, Parsed, Reply, Webhooks

__all__ = ["Event", "Inbound", "Keys", "Parsed", "Reply", "Webhooks"]
