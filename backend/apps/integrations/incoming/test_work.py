"""What becomes of vendors' events: each changes the integrations that it concerns, and those of no other client."""

import pytest
from django.utils import timezone

from apps.clients.factories import ClientFactory
from apps.events.models import Event
from apps.integrations.incoming import work
from apps.integrations.incoming.delivery import KIND
from apps.integrations.incoming.factories import example, post
from apps.integrations.models import Integration
from apps.integrations.store.scope import acting_for
from apps.integrations.tasks import process_integration_event
from lib import crypto
from lib.row_security import client_rows
from plugfn.vault.sealed_connections import account_digests

pytestmark = pytest.mark.django_db(transaction=True)
Status = Integration.Status


@pytest.fixture
def told(monkeypatch):
    """What the handlers of messages and of news are told."""
    told = []

    def message(integration, payload, at, event):
        told.append((integration.pk, event.data["name"], payload["id"], at and at.year))
        assert list(Integration.objects.values_list("client", flat=True)) == [integration.client_id]

    def news(integration, name, payload, at):
        told.append((integration.pk, name, payload["id"], at and at.year))

    monkeypatch.setattr(work, "message_received", message)
    monkeypatch.setattr(work, "news", news)
    return told


def work_off() -> list[str]:
    """Run the task of every mailbox. Returns the outcomes, the oldest event's first."""
    for mailbox in set(Event.objects.filter(kind=KIND, state="pending").values_list("mailbox", flat=True)):
        process_integration_event(mailbox)
    return list(Event.objects.filter(kind=KIND).order_by("pk").values_list("outcome", flat=True))


def linked(whatsapp, state: str) -> None:
    name = "connection.changed.linked" if state == "connected" else "connection.changed"
    body = example("whatsapp_uazapi", name)
    post(whatsapp.path, body | {"instance": body["instance"] | {"status": state}})
    work_off()


def status(connected) -> tuple[str, str]:
    with client_rows(connected.client.pk):
        return Integration.objects.values_list("status", "last_error").get(pk=connected.row.pk)


def test_messages_and_news_go_to_their_handlers_and_the_rest_is_stored(connect, told):
    whatsapp = connect()
    post(whatsapp.path, example("whatsapp_uazapi", "message.received_in_group"))
    assert work_off() == ["stored"]
    assert told == []
    for name in ("message.received", "message.sent", "message.status"):
        post(whatsapp.path, example("whatsapp_uazapi", name))
    assert set(work_off()) == {"stored", "handled"}
    number = whatsapp.row.pk
    assert [(each[0], each[1]) for each in told].count((number, "message.received")) == 1
    assert {name for _, name, _, _ in told} == {"message.received", "message.sent", "message.status"}
    assert (number, "message.received", "AC01", 2026) in told


def test_events_of_an_integration_that_is_paused_are_handled_and_of_one_that_is_gone_are_not(connect, told, own_plug):
    whatsapp = connect()
    with client_rows(whatsapp.client.pk):
        Integration.objects.update(paused_at=timezone.now())
    post(whatsapp.path, example("whatsapp_uazapi", "message.received"))
    assert work_off() == ["handled"]
    assert len(told) == 1
    post(whatsapp.path, example("whatsapp_uazapi", "message.sent"))
    with acting_for(whatsapp.client.pk):
        own_plug.connections.disconnect(whatsapp.row.pk.hex, str(whatsapp.client.pk))
    assert work_off() == ["handled", "gone"]
    assert len(told) == 1


def test_the_status_follows_what_the_vendor_says_and_each_change_is_announced(connect):
    whatsapp = connect()
    for state in ("disconnected", "disconnected", "connecting", "connected", "connected"):
        linked(whatsapp, state)
    assert status(whatsapp) == (Status.CONNECTED, "")
    linked(whatsapp, "disconnected")
    assert status(whatsapp) == (Status.DISCONNECTED, "disconnected")
    changes = Event.objects.filter(kind="integration.changed").order_by("pk")
    assert [(change.data["before"], change.data["status"]) for change in changes] == [
        ("connected", "disconnected"),
        ("disconnected", "connected"),
        ("connected", "disconnected"),
    ]
    assert {change.data["integration"] for change in changes} == {str(whatsapp.row.pk)}
    assert {change.client_id for change in changes} == {whatsapp.client.pk}
    assert None not in {change.caused_by for change in changes}


def test_credentials_that_the_vendor_refuses_stay_refused_whatever_the_phone_does(connect):
    whatsapp = connect()
    with client_rows(whatsapp.client.pk):
        Integration.objects.update(status=Status.NEEDS_REAUTH)
    linked(whatsapp, "connected")
    linked(whatsapp, "disconnected")
    assert status(whatsapp)[0] == Status.NEEDS_REAUTH
    assert not Event.objects.filter(kind="integration.changed").exists()


def at_account(account: str, **values) -> Integration:
    """A workspace of Slack that a new client connected."""
    client = ClientFactory()
    digest = account_digests(crypto.ring(), "slack", account)[0] if account else ""
    with client_rows(client.pk):
        return Integration.objects.create(
            client=client, provider="slack", type="slack", sealed=b"", account=digest, **values
        )


def test_an_event_of_an_account_reaches_every_client_who_connected_it(monkeypatch, door_of_slack):
    seen = []

    def apply(integration, _event, document):
        seen.append((integration.pk, document["name"]))
        # Each client's part runs among the rows of this client alone.
        assert list(Integration.objects.values_list("client", flat=True)) == [integration.client_id]

    monkeypatch.setattr(work, "_apply", apply)
    account = door_of_slack("message").data["account"]
    same = [at_account(account), at_account(account, paused_at=timezone.now())]
    at_account("T-another"), at_account("")
    assert work_off() == ["stored"]
    assert sorted(seen) == sorted((one.pk, "message") for one in same)


def test_an_event_of_an_account_that_no_client_connected_is_foreign(door_of_slack):
    door_of_slack("message")
    at_account("T-another"), at_account("")
    assert work_off() == ["foreign"]


@pytest.fixture
def door_of_slack(settings):
    """Posts an example of Slack's, and returns its event."""
    from apps.integrations.incoming.test_door import OPERATOR, post_slack

    settings.PLUGFN_PROVIDERS = {"slack": {"webhook_secrets": [OPERATOR]}}

    def send(name: str) -> Event:
        assert post_slack(name).status_code == 200
        return Event.objects.get(kind=KIND)

    return send
