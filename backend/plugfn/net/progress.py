"""Notes when a request's first byte goes out: until then nobody can have acted on it."""

import logging
from contextvars import ContextVar


class Progress:
    """How far one request has come."""

    def __init__(self) -> None:
        self.sent = False


class Doings:
    """What one call has done so far, also at origins it was sent on to."""

    def __init__(self) -> None:
        self.under_way: list[Progress] = []
        self.changed = False


sending: ContextVar[Progress | None] = ContextVar("sending", default=None)
"""The request that the running task sends."""


def _without_headers(record: logging.LogRecord) -> bool:
    """httpcore2 writes an answer's headers, cookies among them, into its debug log: not those of our requests."""
    if sending.get() is not None and isinstance(record.msg, str):
        record.msg = record.msg.partition(" ")[0]
    return True


logging.getLogger("httpcore2.http11").addFilter(_without_headers)
