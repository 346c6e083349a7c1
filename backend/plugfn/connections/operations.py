"""The operations on connections, in one class."""

from plugfn.connections.connecting import Connecting
from plugfn.connections.ending import Ending
from plugfn.connections.showing import Showing
from plugfn.connections.using import Using
from plugfn.connections.webhook_urls import WebhookUrls


class ConnectionOperations(Connecting, Using, Ending, Showing, WebhookUrls):
    """Methods with a `user_id` see only that user's connections; another user's connection raises NoConnection."""
