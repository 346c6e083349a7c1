"""Slack's requests: checks the signature over time and raw body, and reads events, forms and the URL verification.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack and https://docs.slack.dev/apis/events-api
"""

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed, Reply, Webhooks

WINDOW_SECONDS = 300
"""The most seconds that a request's time may be before or after ours."""

LONGEST_ID = 100

FORM = "application/x-www-form-urlencoded"

_TIME = re.compile(r"[0-9]{1,12}")
_NAME = re.compile(r"[a-z0-9_]{1,64}")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The `X-Slack-Signature` of a body, version 0."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless the request is recent and one of the secrets signed it."""
    stamp = inbound.headers.get("x-slack-request-timestamp", "")
    received = inbound.headers.get("x-slack-signature", "").encode()
    if not _TIME.fullmatch(stamp):
        raise WebhookRejected("the time is missing or unreadable")
    if not any(
        hmac.compare_digest(received, signature(secret, stamp, inbound.body).encode()) for secret in keys.secrets
    ):
        raise WebhookRejected("the signature is missing or wrong")
    if abs(inbound.received_at.timestamp() - int(stamp)) > WINDOW_SECONDS:
        raise WebhookRejected("it is too old, or our clock is wrong", code="WEBHOOK_TOO_OLD")


def parse(inbound: Inbound, _keys: Keys) -> Parsed:
    """The request's event, or the reply to Slack's URL verification. Raises WebhookRejected (400)."""
    document = _document(inbound)
    kind = document.get("type")
    if kind == "url_verification":
        return _challenge(document)
    if kind == "event_callback":
        return _callback(document)
    if not isinstance(kind, str) or not _NAME.fullmatch(kind):
        raise _malformed("it has no type")
    # Interactions (block_actions, view_submission …), slash commands, and Slack's own notices (app_rate_limited).
    return Parsed((Event("slack", kind, document, id=_request_id(document, inbound), account=_account(document)),))


def _request_id(document: Mapping[str, Any], inbound: Inbound) -> str | None:
    """What makes a request that has no event id unique: its trigger_id, else its signature over time and body.

    So a request that is sent again is handled once, as an event is."""
    trigger = document.get("trigger_id")
    if isinstance(trigger, str) and 0 < len(trigger) <= LONGEST_ID:
        return trigger
    return inbound.headers.get("x-slack-signature") or None


def _document(inbound: Inbound) -> dict[str, Any]:
    kind = inbound.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        document = _form(inbound.body) if kind == FORM else json.loads(inbound.body)
    except (ValueError, LookupError, RecursionError) as error:
        raise _malformed("the body is neither JSON nor one of Slack's forms") from error
    if not isinstance(document, dict):
        raise _malformed("the body is not an object")
    # The deprecated verification token is a secret that nothing needs: it is removed.
    return {name: value for name, value in document.items() if name != "token"}


def _form(body: bytes) -> Any:
    """Reads a form: an interaction is JSON in the field `payload`, a slash command is the form itself."""
    fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=100)
    if "command" in fields:
        return {"type": "slash_command"} | {name: values[0] for name, values in fields.items() if name != "type"}
    return json.loads(fields["payload"][0])


def _challenge(document: Mapping[str, Any]) -> Parsed:
    challenge = document.get("challenge")
    if not isinstance(challenge, str) or not 0 < len(challenge) <= 1000:
        raise _malformed("it has no challenge")
    return Parsed(reply=Reply(body=challenge.encode()))


def _callback(document: Mapping[str, Any]) -> Parsed:
    event, event_id, at = document.get("event"), document.get("event_id"), document.get("event_time")
    if not isinstance(event, dict) or not isinstance(event_id, str) or not 0 < len(event_id) <= LONGEST_ID:
        raise _malformed("it has no event, or the event has no id")
    if own(document, event):
        return Parsed()
    moment = datetime.fromtimestamp(at, UTC) if isinstance(at, int) and 0 <= at < 2**33 else None
    parsed = Event("slack", _name(event), document, id=event_id, occurred_at=moment, account=_account(document))
    return Parsed((parsed,))


def _name(event: Mapping[str, Any]) -> str:
    """The event's type. A message event that is not a new text (an edit, a deletion …) is named `message.<subtype>`."""
    kind, subtype = event.get("type"), event.get("subtype")
    if not isinstance(kind, str) or not _NAME.fullmatch(kind):
        raise _malformed("the event has no type")
    if kind == "message" and isinstance(subtype, str) and subtype not in NEW_TEXT and _NAME.fullmatch(subtype):
        return f"message.{subtype}"
    return kind


NEW_TEXT = frozenset({"bot_message", "file_share", "me_message", "thread_broadcast"})


def own(document: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether this app caused the event. They are dropped: otherwise an app that answers messages would never stop.

    The app's id or its bot user decides. A bot that neither identifies counts as this app."""
    edited = event.get("message")
    source = edited if isinstance(edited, dict) else event
    profile = source.get("bot_profile")
    app = source.get("app_id") or (profile.get("app_id") if isinstance(profile, dict) else None)
    if app is not None:
        return bool(app == document.get("api_app_id"))
    return "bot_id" in source or source.get("user") in _bots(document)


def _bots(document: Mapping[str, Any]) -> list[Any]:
    return [grant["user_id"] for grant in _authorizations(document) if grant.get("is_bot") and grant.get("user_id")]


def _account(document: Mapping[str, Any]) -> str:
    """The workspace; or the Enterprise organization, if the app was installed for the whole organization."""
    grants = _authorizations(document)
    organizations = [grant.get("enterprise_id") for grant in grants if grant.get("is_enterprise_install") is True]
    if document.get("is_enterprise_install") in (True, "true"):
        organizations = [_id(document, "enterprise")]
    account = organizations[0] if organizations else _id(document, "team")
    return account if isinstance(account, str) else ""


def _id(document: Mapping[str, Any], what: str) -> Any:
    """The id of the team or the enterprise: events and commands have `team_id`, interactions have `team.id`."""
    count_that_fit = document.get(what)
    return count_that_fit.get("id") if isinstance(count_that_fit, dict) else document.get(f"{what}_id")


def _authorizations(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    grants = document.get("authorizations")
    return [grant for grant in grants if isinstance(grant, dict)] if isinstance(grants, list) else []


def _malformed(reason: str) -> WebhookRejected:
    return WebhookRejected(f"the request is malformed: {reason}", status=400, code="WEBHOOK_MALFORMED")


WEBHOOKS = Webhooks(verify, parse)
