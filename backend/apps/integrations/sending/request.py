"""Asking for a send: its row and its event commit together, and one key never makes two."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.events.emit import emit
from apps.integrations.conversations.outgoing import has_opted_out, note_send
from apps.integrations.models import Integration, Send
from apps.integrations.models.send import KEY_HOURS
from apps.integrations.plug import plug
from apps.integrations.sending.recipient import index_of, recipient_of, recipients_of
from apps.integrations.sending.states import change
from lib import crypto
from lib.errors import NeedsUser, Permanent
from lib.row_security import client_rows

KIND = "send.requested"
# These are not written by a person at the moment, so an opt-out has the last word over them.
AUTOMATIC = frozenset({Send.Source.API, Send.Source.AGENT, Send.Source.RULE})


def request_send(
    integration: Integration,
    params: Mapping[str, Any],
    *,
    source: Send.Source,
    action: str = "",
    key: str | None = None,
) -> tuple[Send, bool]:
    """Store a send and its event. Returns the send, and whether this call made it: the same key gives the same send.

    `action` is one of the provider's, by default the one that sends a message. Raises plugfn's InvalidParams for wrong
    parameters, NeedsUser for an integration that cannot be used, Permanent for an opt-out or a key used otherwise.
    """
    _check_usable(integration)
    name = action or integration.entry.sends
    valid = plug().plug.executor.validate(f"{integration.provider}.{name}", params)
    send = _new(integration, name, valid.model_dump(mode="json", exclude_defaults=True), source)
    if key is not None:
        send.key, send.key_mark = _key(integration.client_id, key), _mark(send)
    with client_rows(integration.client_id):
        return _store(send)


def repeat(send: Send) -> None:
    """Send it again, because a person decided so: the vendor may have it twice. Raises Permanent."""
    with client_rows(send.client_id):
        again = Send.objects.select_for_update().get(pk=send.pk)
        if again.state not in (Send.State.FAILED, Send.State.UNKNOWN):
            raise Permanent("only a failed or unknown send can be sent again", code="not_repeatable")
        if again.params_sealed is None or again.integration_id is None:
            raise Permanent("what was sent is no longer stored, or its integration is gone", code="not_repeatable")
        again.state, again.error_code, again.failed_at = Send.State.QUEUED, "", None
        again.save(update_fields=["state", "error_code", "failed_at"])
        _emit(again)


def confirm(send: Send) -> None:
    """A person says that a send whose outcome is unknown did arrive. Raises Permanent for any other."""
    with client_rows(send.client_id):
        known = Send.objects.select_for_update().get(pk=send.pk)
        if known.state != Send.State.UNKNOWN:
            raise Permanent("only a send whose outcome is unknown can be confirmed", code="not_unknown")
        change(known, Send.State.SENT)


def _check_usable(integration: Integration) -> None:
    if integration.paused_at is not None:
        raise NeedsUser("this integration is paused", code="integration_disabled")
    if integration.status == Integration.Status.NEEDS_REAUTH:
        raise NeedsUser("this integration must be connected again", code="invalid_credentials")


def _new(integration: Integration, action: str, params: dict[str, Any], source: Send.Source) -> Send:
    entry = integration.entry
    send = Send(
        client_id=integration.client_id,
        integration=integration,
        provider=integration.provider,
        channel=entry.channel,
        action=action,
        source=source,
    )
    send.params, send.recipient = params, recipient_of(entry.channel, params)
    send.recipient_index = index_of(send.recipient)
    return send


def _store(send: Send) -> tuple[Send, bool]:
    if send.key is not None and (earlier := _earlier(send)):
        return earlier, False
    if send.source in AUTOMATIC and has_opted_out(send.client_id, recipients_of(send.channel, send.params)):
        raise Permanent("the recipient does not want automatic messages", code="opted_out")
    try:
        with transaction.atomic():
            send.save(force_insert=True)
    except IntegrityError:
        # Another call with the same key was faster.
        if (earlier := _earlier(send)) is None:
            raise
        return earlier, False
    note_send(send)
    _emit(send)
    return send, True


def _earlier(send: Send) -> Send | None:
    """The send of the same key, if there is one of the last day. Raises Permanent if it asked for something else."""
    old = timezone.now() - timedelta(hours=KEY_HOURS)
    Send.objects.filter(key=send.key, created_at__lt=old).update(key=None, key_mark=None)
    earlier = Send.objects.filter(key=send.key).first()
    if earlier is not None and bytes(earlier.key_mark or b"") != send.key_mark:
        raise Permanent("this idempotency key was used for another send", code="idempotency_conflict")
    return earlier


def _emit(send: Send) -> None:
    assert send.integration_id is not None  # noqa: S101 - `repeat` has checked it, and a new send has one
    mailbox = f"send:{send.integration_id.hex}:{bytes(send.recipient_index).hex()}"
    emit(KIND, mailbox=mailbox, client=send.client_id, payload={"send": str(send.pk)})


def _key(client: UUID, key: str) -> bytes:
    return crypto.digest(f"{client}|{key}".encode(), "integrations.send.key")


def _mark(send: Send) -> bytes:
    asked = [str(send.integration_id), send.action, send.params]
    return crypto.digest(json.dumps(asked, sort_keys=True).encode(), "integrations.send.mark")


def forget_old_keys() -> int:
    """Free the keys of sends that are older than a day. Returns how many."""
    old = timezone.now() - timedelta(hours=KEY_HOURS)
    return Send.objects.filter(key__isnull=False, created_at__lt=old).update(key=None, key_mark=None)
