"""A delivery as Pluggy makes it: the body of an event, and what proves it to be genuine. For trying our own door.

https://docs.pluggy.ai/docs/webhooks
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from apps.banking.aggregators.pluggy.webhooks.authenticity import sign

# Pluggy does not say of these who caused them.
_WITHOUT_CAUSE = frozenset({"item/deleted", "connector/status_updated", "transactions/deleted"})


def make_body(
    event: str,
    event_id: str,
    item_id: str,
    *,
    account_id: str = "",
    transaction_ids: Sequence[str] = (),
    connector_id: str = "",
    client_user_id: str = "",
) -> dict[str, Any]:
    """The JSON object of one event; what is empty is left out. `id` is the id of what the event is about."""
    subject = connector_id if event.startswith("connector/") else item_id
    content = {
        "event": event,
        "eventId": event_id,
        "id": subject,
        "itemId": "" if event.startswith("connector/") else item_id,
        "connectorId": connector_id,
        "accountId": account_id,
        "transactionIds": list(transaction_ids),
        "clientUserId": client_user_id,
        "triggeredBy": "" if event in _WITHOUT_CAUSE else "CLIENT",
    }
    return {name: value for name, value in content.items() if value}


def make_headers(raw: bytes, *, secret: bool = True) -> dict[str, str]:
    """The headers to send `raw` with: the newest secret, unless told otherwise, and the HMAC where it is configured."""
    headers = {"Content-Type": "application/json"}
    if secret and settings.PLUGGY_WEBHOOK_SECRETS:
        headers[settings.PLUGGY_WEBHOOK_HEADER] = settings.PLUGGY_WEBHOOK_PREFIX + settings.PLUGGY_WEBHOOK_SECRETS[0]
    if settings.PLUGGY_HMAC_SECRETS:
        signature = sign(raw, settings.PLUGGY_HMAC_SECRETS[0], settings.PLUGGY_HMAC_ENCODING)
        headers[settings.PLUGGY_HMAC_HEADER] = settings.PLUGGY_HMAC_PREFIX + signature
    return headers
