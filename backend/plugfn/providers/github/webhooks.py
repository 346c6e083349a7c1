"""GitHub's deliveries: the signature over the raw body, the event's name, its id.

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
    """`X-Hub-Signature-256` of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless one of the secrets made the signature."""
    given = inbound.headers.get("x-hub-signature-256", "").encode()
    made = [signature(secret, inbound.body).encode() for secret in keys.secrets]
    if not any(hmac.compare_digest(given, one) for one in made):
        raise WebhookRejected("the signature is missing or wrong")


def parse(inbound: Inbound, _keys: Keys) -> Parsed:
    """One event: the header's name, with the payload's action behind a dot. Raises WebhookRejected (400)."""
    kind, guid = inbound.headers.get("x-github-event", ""), inbound.headers.get("x-github-delivery", "")
    if not _NAME.fullmatch(kind) or not _ID.fullmatch(guid):
        raise _malformed("it does not name its event and its id")
    payload = _payload(inbound)
    action = payload.get("action")
    name = f"{kind}.{action}" if isinstance(action, str) and _NAME.fullmatch(action) else kind
    return Parsed((Event("github", name, _without_secret(payload), id=guid, account=_account(payload)),))


def _payload(inbound: Inbound) -> dict[str, Any]:
    kind = inbound.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            form = parse_qs(inbound.body.decode(), strict_parsing=True, max_num_fields=10)
            found = json.loads(form["payload"][0])
        else:
            found = json.loads(inbound.body)
    except (ValueError, LookupError, RecursionError) as error:
        raise _malformed("its body is neither JSON nor a form with a payload") from error
    if not isinstance(found, dict):
        raise _malformed("its payload is not an object")
    return found


def _account(payload: dict[str, Any]) -> str:
    """The number of the repository's owner, as connections have it; else of the organization, or of the account that

    a GitHub App was installed for. Never an installation's own number, which some account may have as well."""
    repository, installation = _part(payload, "repository"), _part(payload, "installation")
    owners = [_part(repository, "owner"), _part(payload, "organization"), _part(installation, "account")]
    return next((str(owner["id"]) for owner in owners if type(owner.get("id")) is int), "")


def _part(payload: dict[str, Any], name: str) -> dict[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _without_secret(payload: dict[str, Any]) -> dict[str, Any]:
    hook = payload.get("hook")
    if not isinstance(hook, dict) or not isinstance(hook.get("config"), dict):
        return payload
    config = {name: value for name, value in hook["config"].items() if name != "secret"}
    return payload | {"hook": hook | {"config": config}}


def _malformed(reason: str) -> WebhookRejected:
    return WebhookRejected(f"the delivery is malformed: {reason}", status=400, code="WEBHOOK_MALFORMED")


WEBHOOKS = Webhooks(verify, parse, max_bytes=MAX_BYTES)
