"""Deliveries are verified or rejected, read leniently, and stripped of secrets."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.connection import Connection, ConnectionStatus
from plugfn.errors import WebhookRejected
from plugfn.inbound import Inbound, Keys
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.providers.whatsapp_uazapi.definition import provider
from plugfn.providers.whatsapp_uazapi.webhooks import parse, verify
from plugfn.registry import ProviderRegistry
from plugfn.storage.memory import MemoryStore
from plugfn.webhooks.hub import Outcome, WebhookHub

TOKEN = "fixture-instance-token"
SECRETS = (TOKEN, "123.456.789-09", "ana@example.org", "paga em dia", "c2VjcmV0LW1lZGlhLWtleQ==")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
CONNECTION = Connection("c1", "ana", "whatsapp_uazapi", ConnectionStatus.ACTIVE, NOW, NOW)
CASES = sorted((Path(__file__).parent / "fixtures" / "events").glob("*.json"))
JSON = {"content-type": "application/json"}


def keys(**more):
    credentials = UazapiInstance.model_validate({"base_url": "https://gateway.example", "token": TOKEN} | more)
    return Keys(connection=CONNECTION, credentials=credentials)


def case(name):
    return json.loads((Path(__file__).parent / "fixtures" / "events" / f"{name}.json").read_text())


def delivery(body, **headers):
    return Inbound(json.dumps(body).encode(), JSON | headers, received_at=NOW)


def rejected(inbound, own_keys=None):
    with pytest.raises(WebhookRejected) as caught:
        verify(inbound, own_keys or keys())
    return caught.value


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_delivery_becomes_its_events_without_secrets(path):
    example = json.loads(path.read_text())
    inbound = delivery(example["delivery"])
    verify(inbound, keys(phone="+5511900000001", instance_name="loja"))
    events = parse(inbound, keys()).events
    assert [{"name": each.name, "id": each.id, "payload": dict(each.payload)} for each in events] == example["events"]
    assert all(event.connection_id == "c1" for event in events)
    payloads = json.dumps([dict(event.payload) for event in events])
    assert not any(secret in payloads for secret in SECRETS)


def test_every_declared_event_has_an_example_that_its_payload_fits():
    for trigger in provider.triggers:
        for event in case(trigger.name)["events"]:
            assert trigger.payload.model_validate(event["payload"])


def test_a_missing_or_wrong_token_is_rejected():
    body = case("message.received")["delivery"]
    verify(delivery(body), keys())
    for wrong in ({"token": "another-token-entirely"}, {"token": ""}, {"token": None}, {"token": [TOKEN]}):
        assert rejected(delivery(body | wrong)).status == 401
    assert rejected(delivery({name: value for name, value in body.items() if name != "token"})).status == 401
    assert rejected(delivery(body | {"token": TOKEN + " "})).status == 401


def test_without_credentials_every_delivery_is_rejected():
    body = case("message.received")["delivery"]
    for nothing in (Keys(), Keys(connection=CONNECTION), Keys(secrets=(TOKEN,)), Keys(credentials={"token": TOKEN})):
        assert rejected(delivery(body), nothing).code == "WEBHOOK_SECRET_NOT_FOUND"


def test_a_delivery_of_another_account_or_instance_is_rejected():
    body = case("message.received")["delivery"]
    verify(delivery(body), keys(phone="11 90000-0001", instance_name="loja"))
    rejected(delivery(body), keys(phone="+5511900000002"))
    rejected(delivery(body), keys(instance_name="outra"))
    verify(delivery(body | {"owner": "", "instanceName": ""}), keys(phone="+5511900000001", instance_name="loja"))


def test_the_accounts_number_is_the_same_with_and_without_the_ninth_digit():
    body = case("message.received")["delivery"] | {"owner": "553188886666"}
    verify(delivery(body), keys(phone="+5531988886666"))


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_only_json_is_accepted(kind):
    body = case("message.received")["delivery"]
    assert rejected(Inbound(json.dumps(body).encode(), {"content-type": kind})).status == 415
    verify(Inbound(json.dumps(body).encode(), {"content-type": "Application/JSON; charset=utf-8"}), keys())


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"[" * 100_000, b"1" * 5000])
def test_a_body_that_is_not_a_json_object_is_malformed(body):
    assert rejected(Inbound(body, JSON)).status == 400


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [*case("message.received")["delivery"]["message"], "chatlid", "MessageIDs", "Chat", "Timestamp", "IsFromMe"]

PARTS = ["message", "chat", "event", "instance", "state", "status", "type"]


@given(
    kind=st.sampled_from(["messages", "messages_update", "connection", "labels", ""]) | JSONISH,
    parts=st.dictionaries(
        st.sampled_from(["message", "chat", "event", "instance", "state", "status", "type"]), JSONISH
    ),
    message=st.dictionaries(st.sampled_from(FIELDS), JSONISH, max_size=8),
    event=st.dictionaries(st.sampled_from(FIELDS), JSONISH, max_size=4),
)
def test_any_delivery_is_read_or_malformed(kind, parts, message, event):
    body = {"message": message, "event": event} | parts | {"EventType": kind, "token": TOKEN}
    try:
        parsed = parse(delivery(body), keys())
    except ValueError:
        return  # what the hub answers 400
    for each in parsed.events:
        json.dumps(dict(each.payload), allow_nan=False)


class Known:
    """Returns the connection's keys for a URL with its id and its secret."""

    async def webhook_keys(self, _provider, connection_id, secret):
        if (connection_id, secret) != ("c1", "unguessable"):
            raise WebhookRejected("nothing here", status=404)
        return keys()


@pytest.fixture
async def hub():
    registry, store = ProviderRegistry(), MemoryStore()
    registry.register(provider)
    webhook_hub = WebhookHub(registry, store, Known())
    webhook_hub.got = []
    webhook_hub.on("whatsapp_uazapi", "*", webhook_hub.got.append)
    return webhook_hub


async def receive(hub, body, secret="unguessable", connection="c1"):
    return await hub.receive("whatsapp_uazapi", delivery(body), connection, secret)


async def test_a_redelivery_is_handled_once_and_a_later_state_is_another_event(hub):
    body = case("message.status")["delivery"]
    assert (await receive(hub, body)).outcome is Outcome.HANDLED
    assert (await receive(hub, body)).outcome is Outcome.DUPLICATE
    assert (await receive(hub, body | {"state": "Read"})).outcome is Outcome.HANDLED
    assert [event.payload["state"] for event in hub.got] == ["delivered", "delivered", "read", "read"]


async def test_every_lost_connection_is_an_event(hub):
    body = case("connection.changed")["delivery"]
    for _ in range(2):
        assert (await receive(hub, body)).outcome is Outcome.HANDLED
    assert len(hub.got) == 2


async def test_a_presence_delivery_has_no_event_and_is_answered_200(hub):
    receipt = await receive(hub, case("ignored.presence")["delivery"])
    assert (receipt.status, receipt.outcome) == (200, Outcome.UNHANDLED)


async def test_a_wrong_address_is_404_a_wrong_token_401_and_a_big_body_413(hub):
    body = case("message.received")["delivery"]
    assert (await receive(hub, body, secret="guess")).status == 404
    assert (await receive(hub, body, connection="c2")).status == 404
    assert (await receive(hub, body | {"token": "wrong"})).status == 401
    assert (await receive(hub, body | {"padding": "x" * 1_048_576})).status == 413
    assert hub.got == []


async def test_nothing_of_a_rejected_delivery_is_logged_or_shown(hub, caplog):
    body = case("message.received")["delivery"]
    with caplog.at_level(logging.DEBUG):
        inbound = delivery(body)
        await receive(hub, body)
        refused = await receive(hub, body | {"token": "wrong-but-just-as-secret"})
    shown = caplog.text + repr([vars(record) for record in caplog.records]) + repr(inbound) + repr(hub.got)
    shown += repr(keys()) + repr(refused)
    for secret in (*SECRETS, "wrong-but-just-as-secret", "bom dia", "88887777", "8888-7777"):
        assert secret not in shown


def test_a_message_without_an_id_is_ignored():
    body = case("message.received")["delivery"]
    message = {name: value for name, value in body["message"].items() if name not in ("id", "messageid")}
    assert parse(delivery(body | {"message": message}), keys()).events == ()
    events = parse(delivery(body | {"message": message | {"id": "5511900000001:AC01"}}), keys()).events
    assert events[0].payload["id"] == "AC01"


def test_a_group_is_recognised_by_its_address_alone():
    body = case("message.received_in_group")["delivery"]
    hidden = body | {"message": body["message"] | {"isGroup": "False"}, "chat": {}}
    assert [event.name for event in parse(delivery(hidden), keys()).events] == ["message.received_in_group"]


def test_the_owners_messages_in_groups_are_no_events():
    body = case("message.received_in_group")["delivery"]
    assert parse(delivery(body | {"message": body["message"] | {"fromMe": True}}), keys()).events == ()


@pytest.mark.parametrize(
    ("text", "expected"), [("a\x00b", "ab"), ("a\ud800b", "a?b"), (7, "7"), (True, ""), ({}, ""), (None, "")]
)
def test_a_text_becomes_text_that_any_database_can_store(text, expected):
    body = case("message.received")["delivery"]
    (event,) = parse(delivery(body | {"message": body["message"] | {"text": text}}), keys()).events
    assert event.payload["text"] == expected


async def test_a_lone_surrogate_as_token_is_rejected(hub):
    body = case("message.received")["delivery"]
    assert (await receive(hub, body | {"token": "\ud800"})).status == 401


def test_an_event_without_a_connection_has_no_connection_id():
    inbound = delivery(case("message.received")["delivery"])
    assert parse(inbound, replace(keys(), connection=None)).events[0].connection_id is None
