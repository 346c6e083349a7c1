"""Waiting in a call until a send is done. No transaction is held meanwhile, and only so many calls wait at once."""

import time
from threading import BoundedSemaphore
from uuid import UUID

from apps.integrations.models import Send
from lib.row_security import client_rows

# Of the threads of a web process (WEB_THREADS), so many may wait.
MOST = 4
EVERY = 0.2
_PENDING = (Send.State.QUEUED, Send.State.SENDING)
_slots = BoundedSemaphore(MOST)


def settled(client: UUID, number: UUID, seconds: float) -> Send:
    """The send as it is stored now, or once it is no longer on its way, at the latest after `seconds`."""
    send = _read(client, number)
    if send.state not in _PENDING or not seconds or not _slots.acquire(blocking=False):
        return send
    try:
        return _poll(send, time.monotonic() + seconds)
    finally:
        _slots.release()


def _poll(send: Send, end: float) -> Send:
    while send.state in _PENDING and (left := end - time.monotonic()) > 0:
        time.sleep(min(EVERY, left))
        send = _read(send.client_id, send.pk)
    return send


def _read(client: UUID, number: UUID) -> Send:
    with client_rows(client):
        return Send.objects.defer("params_sealed").get(pk=number)
