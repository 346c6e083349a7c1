"""What people and programs do with an integration: connect, change, test, pause, resume, disconnect."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from apps.events.emit import emit
from apps.integrations.catalogue import Entry
from apps.integrations.connect.webhook import WebhookAddress, can_tell, tell_vendor
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from lib.row_security import client_rows
from plugfn.errors import InvalidCall, MissingScope, NeedsReconnect, PlugFnError

Status = Integration.Status


@dataclass(frozen=True)
class Tested:
    """The outcome of a test. `label` is the account as the vendor names it; `error` is None if it works."""

    milliseconds: int
    label: str = ""
    error: PlugFnError | None = None


@dataclass(frozen=True)
class Connected:
    """A new or changed integration, and the address for the vendor's webhooks if it has one of its own."""

    integration: Integration
    webhook: WebhookAddress | None = None
    is_new: bool = True


def connect(client: UUID, entry: Entry, credentials: Mapping[str, Any], *, name: str = "") -> Connected:
    """Connect with typed credentials, after asking the vendor whether they work. A second one of a type of which one
    is enough replaces the first one's credentials.

    Raises plugfn's errors, and changes nothing then: InvalidParams with the wrong fields, or what the test raises.
    """
    present = None if entry.several else _of_type(client, entry.type)
    if present is not None and present.provider == entry.provider:
        return change(present, credentials, name=name)
    if present is not None:
        raise InvalidCall("disconnect the present one first", code="already_connected", provider=entry.provider)
    started = time.perf_counter()
    with acting_for(client):
        made = plug().connections.create(str(client), entry.provider, credentials, test=_can_test(entry))
    integration = _tested_well(client, UUID(made.id), started, name)
    _announce(integration, "integration.connected")
    return Connected(integration, tell_vendor(integration))


def change(integration: Integration, credentials: Mapping[str, Any], *, name: str = "") -> Connected:
    """Replace the credentials, after asking the vendor. Raises as `connect`."""
    started = time.perf_counter()
    with acting_for(integration.client_id):
        plug().connections.update(
            integration.pk.hex, str(integration.client_id), credentials, test=_can_test(integration.entry)
        )
    changed = _tested_well(integration.client_id, integration.pk, started, name or integration.name)
    # A person entered the present address at the vendor, unless Ponte can enter one.
    return Connected(changed, tell_vendor(changed) if can_tell(changed) else None, is_new=False)


def signed_in(client: UUID, entry: Entry) -> Integration | None:
    """Note the integration that a person has just connected, or renewed, at the vendor's site. Returns it."""
    with client_rows(client):
        newest = Integration.objects.filter(provider=entry.provider).order_by("-updated_at").first()
    if newest is not None:
        test(newest)
        _announce(newest, "integration.connected")
    return newest


def rename(integration: Integration, name: str) -> None:
    """Give it a name of the person's own."""
    with client_rows(integration.client_id):
        Integration.objects.filter(pk=integration.pk).update(name=name)


def keep_content(integration: Integration, keeps: bool) -> None:
    """Whether the contents of messages are kept from now on."""
    with client_rows(integration.client_id):
        Integration.objects.filter(pk=integration.pk).update(keeps_content=keeps)


def test(integration: Integration) -> Tested:
    """Ask the vendor whether it works, and store what it said."""
    started, error, label = time.perf_counter(), None, ""
    try:
        with acting_for(integration.client_id):
            label = plug().connections.test(integration.pk.hex, str(integration.client_id))
    except PlugFnError as failure:
        error = failure
    outcome = Tested(_milliseconds_since(started), label, error)
    _store_test(integration, outcome)
    return outcome


def pause(integration: Integration) -> None:
    """Nothing is sent through it until it is resumed; what was asked for waits. What comes in is still stored."""
    with client_rows(integration.client_id):
        Integration.objects.filter(pk=integration.pk, paused_at=None).update(paused_at=timezone.now())


def resume(integration: Integration) -> None:
    """Use it again."""
    with client_rows(integration.client_id):
        Integration.objects.filter(pk=integration.pk).update(paused_at=None)


def disconnect(integration: Integration) -> str:
    """Revoke its access at the vendor where that is possible, and delete it with its secrets.

    Returns how the revocation went: "revoked", "unsupported", or an error's code.
    """
    with acting_for(integration.client_id):
        outcome: str = plug().connections.disconnect(integration.pk.hex, str(integration.client_id))
    _announce(integration, "integration.disconnected")
    return outcome


def _of_type(client: UUID, type_name: str) -> Integration | None:
    with client_rows(client):
        return Integration.objects.filter(type=type_name).first()


def _can_test(entry: Entry) -> bool:
    return entry.definition.test is not None


def _tested_well(client: UUID, number: UUID, started: float, name: str) -> Integration:
    """The row after a test that succeeded, with the test noted."""
    with client_rows(client):
        Integration.objects.filter(pk=number).update(
            name=name,
            status=Status.CONNECTED,
            tested_at=timezone.now(),
            tested_ms=_milliseconds_since(started),
            last_error="",
        )
        return Integration.objects.get(pk=number)


def _store_test(integration: Integration, tested: Tested) -> None:
    values: dict[str, Any] = {"tested_at": timezone.now(), "tested_ms": tested.milliseconds, "last_error": ""}
    if tested.error is None:
        values["status"] = Status.CONNECTED
    else:
        values |= {"last_error": tested.error.code[:100], "last_error_at": timezone.now()}
        values["status"] = _status_after(tested.error)
    with client_rows(integration.client_id):
        Integration.objects.filter(pk=integration.pk).update(**values)


def _status_after(error: PlugFnError) -> Any:
    """What a failed test says of an integration. PlugFn has marked one whose credentials the vendor refuses."""
    if isinstance(error, MissingScope):
        return Status.DISCONNECTED
    return F("status") if isinstance(error, NeedsReconnect) else Status.ERROR


def _announce(integration: Integration, kind: str) -> None:
    payload = {"integration": str(integration.pk), "provider": integration.provider, "type": integration.type}
    with client_rows(integration.client_id):
        emit(kind, mailbox=f"integration:{integration.pk.hex}", client=integration.client_id, payload=payload)


def _milliseconds_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
