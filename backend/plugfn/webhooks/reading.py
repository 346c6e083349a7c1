"""Verifies and reads one delivery. It needs no store and never waits, for programs with a receiver of their own."""

from collections.abc import Sequence

from plugfn.errors import PlugFnError, WebhookRejected
from plugfn.inbound import Inbound, Keys, Parsed, Webhooks, too_many_events

# What reading a body that a stranger wrote may raise.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, PlugFnError)


def check_body(webhooks: Webhooks, inbound: Inbound) -> None:
    """Raises WebhookRejected (413, 400) for a body that is too long or empty."""
    if len(inbound.body) > webhooks.max_bytes:
        raise WebhookRejected("the delivery is too big", status=413, code="WEBHOOK_TOO_LARGE")
    if not inbound.body:
        raise WebhookRejected("the raw body is missing", status=400, code="WEBHOOK_RAW_BODY_REQUIRED")


def operator_keys(secrets: Sequence[str]) -> Keys:
    """The keys of a provider with one URL for all connections: the operator's. Raises WebhookRejected without any."""
    if not all(secrets) or not secrets:
        raise WebhookRejected("no webhook secret is set for this provider", code="WEBHOOK_SECRET_NOT_FOUND")
    return Keys(tuple(secrets))


def read_delivery(webhooks: Webhooks, inbound: Inbound, keys: Keys) -> Parsed:
    """What a delivery says, once the keys verify it. Raises WebhookRejected, whatever is in it."""
    check_body(webhooks, inbound)
    try:
        webhooks.verify(inbound, keys)
    except WebhookRejected:
        raise
    except MALFORMED as error:
        raise WebhookRejected("the signature cannot be read") from error
    try:
        parsed = webhooks.parse(inbound, keys)
    except WebhookRejected:
        raise
    except MALFORMED as error:
        raise WebhookRejected("the delivery is malformed", status=400, code="WEBHOOK_MALFORMED") from error
    if len(parsed.events) > webhooks.max_events:
        raise too_many_events(webhooks.max_events)
    return parsed
