"""All that can be done with connections, in one place."""

from plugfn.connections.connecting import Connecting
from plugfn.connections.ending import Ending
from plugfn.connections.using import Using
from plugfn.connections.webhook_urls import WebhookUrls


class ConnectionManager(Connecting, Using, Ending, WebhookUrls):
    """Every method that takes a user's id sees that user's connections and no others: another's is NoConnection."""
