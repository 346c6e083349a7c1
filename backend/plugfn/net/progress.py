"""Records when the first byte of a request is sent: until then the vendor cannot have acted on it."""

import logging
from contextvars import ContextVar


class RequestProgress:
    """How far one request is."""

    def __init__(self) -> None:
        self.sent = False


class CallProgress:
    """The requests of one call, including those to other origins."""

    def __init__(self) -> None:
        self.under_way: list[RequestProgress] = []
        self.changed = False


sending: ContextVar[RequestProgress | None] = ContextVar("sending", default=None)
"""The request that the running task is sending."""


def _without_headers(record: logging.LogRecord) -> bool:
    """Removes an answer's headers, such as cookies, from httpcore2's debug log. Only for our requests."""
    if sending.get() is not None and isinstance(record.msg, str):
        record.msg = record.msg.partition(" ")[0]
    return True


logging.getLogger("httpcore2.http11").addFilter(_without_headers)
