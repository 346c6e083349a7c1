"""GitHub's deliveries: checks the signature over the raw body, and reads the event's name, id and payload.

Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries and
https://docs.github.com/webhooks/webhook-events-and-payloads
"""

import hmac
import json
import re
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed, Webhooks

MAX_BYTES = 25 * 1024 * 1024
"""GitHub sends no more than 25 MB."""

_NAME = re.compile(r"[a-z0-9_]{1,64}")
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def signature(secret: str, body: bytes) -> str:
    """The `X-Hub-Signature-256` of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless the signature was made with one of the secrets."""
    received = inbound.headers.get("x-hub-signature-256", "").encode()
    expected = [signature(secret, inbound.body).encode() for secret in keys.secrets]
    if not any(hmac.compare_digest(received, each) for each in expected):
        raise WebhookRejected("the signature is missing or wrong")


def parse(inbound: Inbound, _keys: Keys) -> Parsed:
    """One event, named after the header and, after a dot, the payload's action. Raises WebhookRejected (400)."""
    kind, guid = inbound.headers.get("x-github-event", ""), inbound.headers.get("x-github-delivery", "")
    if not _NAME.fullmatch(kind) or not _ID.fullmatch(guid):
        raise _malformed("the headers do not name the event and its id")
    payload = _payload(inbound)
    action = payload.get("action")
    name = f"{kind}.{action}" if isinstance(action, str) and _NAME.fullmatch(action) else kind
    return Parsed((Event("github", name, _without_secret(payload), id=guid, account=_account(payload)),))


def _payload(inbound: Inbound) -> dict[str, Any]:
    kind = inbound.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            form = parse_qs(inbound.body.decode(), strict_parsing=True, max_num_fields=10)
            payload = json.loads(form["payload"][0])
        else:
            payload = json.loads(inbound.body)
    except (ValueError, LookupError, RecursionError) as error:
        raise _malformed("the body is neither JSON nor a form with a payload") from error
    if not isinstance(payload, dict):
        raise _malformed("the payload is not an object")
    return payload


def _account(payload: dict[str, Any]) -> str:
    """The number of the repository's owner, else of the organization, else of the account that installed a GitHub App.

    Connections use the same number. An installation's own number is never used: it can equal some account's number."""
    repository, installation = _part(payload, "repository"), _part(payload, "installation")
    owners = [_part(repository, "owner"), _part(payload, "organization"), _part(installation, "account")]
    return next((str(owner["id"]) for owner in owners if type(owner.get("id")) is int), "")


def _part(payload: dict[str, Any], name: str) -> dict[str, Any]:
    part = payload.get(name)
    return part if isinstance(part, dict) else {}


def _without_secret(payload: dict[str, Any]) -> dict[str, Any]:
    hook = payload.get("hook")
    if not isinstance(hook, dict) or not isinstance(hook.get("config"), dict):
        return payload
    config = {name: value for name, value in hook["config"].items() if name != "secret"}
    return payload | {"hook": hook | {"config": config}}


def _malformed(reason: str) -> WebhookRejected:
    return WebhookRejected(f"the delivery is malformed: {reason}", status=400, code="WEBHOOK_MALFORMED")


WEBHOOKS = Webhooks(verify, parse, max_bytes=MAX_BYTES)
