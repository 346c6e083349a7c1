"""What vendors report of our messages: sent, delivered, read, bounced. Reports come late, twice and in any order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.integrations.models import Integration, Send
from apps.integrations.sending.states import change, is_news

# What an e-mail provider's event means for a send. The others, such as opened, say nothing of its delivery.
_OF_EMAIL = {
    "email.processed": Send.State.SENT,
    "email.delivered": Send.State.DELIVERED,
    "email.opened": Send.State.READ,
    "email.clicked": Send.State.READ,
    "email.bounced": Send.State.FAILED,
    "email.dropped": Send.State.FAILED,
}
_OF_MESSAGE = {
    "sent": Send.State.SENT,
    "delivered": Send.State.DELIVERED,
    "read": Send.State.READ,
    "failed": Send.State.FAILED,
    "canceled": Send.State.FAILED,
}


def news(integration: Integration, name: str, payload: Mapping[str, Any], occurred_at: datetime | None) -> str:
    """Store one report in the caller's transaction. Returns what it was: `news`, `old`, `unknown send`, `no news`."""
    state = _state(name, payload)
    if state is None:
        return "no news"
    send = _send_of(integration, payload)
    if send is None:
        return "unknown send"
    if not is_news(send, state):
        return "old"
    code = str(payload.get("error_code") or payload.get("status") or name) if state == Send.State.FAILED else ""
    change(send, state, at=occurred_at, error_code=code)
    return "news"


def _state(name: str, payload: Mapping[str, Any]) -> Send.State | None:
    if name == "message.status":
        return _OF_MESSAGE.get(str(payload.get("state", "")))
    return _OF_EMAIL.get(name)


def _send_of(integration: Integration, payload: Mapping[str, Any]) -> Send | None:
    """The send that the report names: by our call's id, or by the vendor's id of the message."""
    own = Send.objects.select_for_update().filter(integration=integration)
    for name in ("tracking", "reference"):
        if (number := _uuid(payload.get(name))) and (send := own.filter(pk=number).first()):
            return send
    vendor_id = str(payload.get("id") or payload.get("message_id") or "")[:200]
    return own.filter(vendor_id=vendor_id).first() if vendor_id else None


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None
