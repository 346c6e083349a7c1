"""Rows of integrations for tests. `connected` connects to an emulator; the others only store rows."""

from collections.abc import Mapping
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.clients.factories import ClientFactory
from apps.clients.models import Client
from apps.integrations import models
from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.connect.verbs import connect
from apps.integrations.conversations.person import WAYS
from apps.integrations.models import ActionLog, Integration, Send
from apps.integrations.sending.recipient import index_of
from lib.row_security import client_rows


class IntegrationFactory(DjangoModelFactory[models.Integration]):
    class Meta:
        model = models.Integration

    client = factory.SubFactory(ClientFactory)
    provider = "whatsapp_uazapi"
    type = factory.LazyAttribute(lambda row: BY_PROVIDER[row.provider].type)
    is_sole = factory.LazyAttribute(lambda row: not BY_PROVIDER[row.provider].several)
    created_at = updated_at = factory.LazyFunction(timezone.now)
    sealed = b""


class ContactFactory(DjangoModelFactory[models.Contact]):
    class Meta:
        model = models.Contact

    client = factory.SubFactory(ClientFactory)
    name = factory.Sequence(lambda n: f"Contact {n}")
    phone = factory.Sequence(lambda n: f"+55119{80000000 + n}")
    created_at = updated_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[models.Contact], *_args: Any, **values: Any) -> models.Contact:
        sealed = {name: values.pop(name) for name in ("name", *WAYS) if name in values}
        row = model_class(**values)
        for name, value in sealed.items():
            setattr(row, name, value)
            if name in WAYS and value:
                setattr(row, f"{name}_index", index_of(value))
        row.save(force_insert=True)
        return row


class ConversationFactory(DjangoModelFactory[models.Conversation]):
    class Meta:
        model = models.Conversation

    contact = factory.SubFactory(ContactFactory)
    client = factory.SelfAttribute("contact.client")
    channel = "whatsapp"
    opened_at = last_message_at = factory.LazyFunction(timezone.now)


class MessageFactory(DjangoModelFactory[models.Message]):
    class Meta:
        model = models.Message

    conversation = factory.SubFactory(ConversationFactory)
    client = factory.SelfAttribute("conversation.client")
    integration = factory.SelfAttribute("conversation.integration")
    direction = "in"
    state = "received"
    vendor_id = factory.Sequence(lambda n: f"MESSAGE{n}")
    at = factory.LazyFunction(timezone.now)
    length = 5

    @classmethod
    def _create(cls, model_class: type[models.Message], *_args: Any, **values: Any) -> models.Message:
        content = values.pop("content", "")
        row = model_class(**values)
        row.content = content
        row.save(force_insert=True)
        return row


def integration_row(client: Client, provider: str = "email_smtp", **values: Any) -> Integration:
    """An integration without credentials, for tests that never call its vendor."""
    entry = BY_PROVIDER[provider]
    with client_rows(client.pk):
        return Integration.objects.create(
            client=client, provider=provider, type=entry.type, is_sole=not entry.several, sealed=b"", **values
        )


def send_row(integration: Integration, **values: Any) -> Send:
    """A send through it, as if it had been asked for, without an event."""
    with client_rows(integration.client_id):
        send = Send(
            client_id=integration.client_id,
            integration=integration,
            provider=integration.provider,
            channel=integration.entry.channel,
            action=integration.entry.sends,
            source=Send.Source.API,
            recipient_index=bytes(16),
        )
        for name, value in values.items():
            setattr(send, name, value)
        send.save(force_insert=True)
    return send


def call_row(integration: Integration, **values: Any) -> ActionLog:
    """A row of the action log."""
    usual: dict[str, Any] = {"call_id": "1", "attempt": 1, "action": "a", "milliseconds": 1, "outcome": "ok"}
    known = {"provider": integration.provider, "connection_id": integration.pk.hex, "source": "call"}
    with client_rows(integration.client_id):
        return ActionLog.objects.create(
            client_id=integration.client_id, **{"started_at": timezone.now(), **usual, **known, **values}
        )


def connected(client: Client, provider: str, credentials: Mapping[str, Any]) -> Integration:
    """An integration at an emulator."""
    return connect(client.pk, BY_PROVIDER[provider], credentials).integration


def of_send(send: Send) -> Send:
    """The send as it is stored now."""
    with client_rows(send.client_id):
        return Send.objects.get(pk=send.pk)
