"""SendGrid's events are verified by their signature, renamed to the common names, and handled once."""

import asyncio
import base64
import json
import time
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from unittest.mock import ANY

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook

from plugfn.errors import ConfigurationError, WebhookRejected
from plugfn.inbound import Inbound, Keys
from plugfn.mail.events import TRIGGERS, EmailEvent
from plugfn.providers.email_sendgrid import provider
from plugfn.providers.email_sendgrid.conftest import PLAIN, events
from plugfn.providers.email_sendgrid.signature import SIGNATURE, TIMESTAMP, WINDOW, proves, verify
from plugfn.providers.email_sendgrid.webhooks import MOST_EVENTS, NAMES, parse
from plugfn.registry import ProviderRegistry
from plugfn.webhooks.hub import Outcome

# SendGrid's published example of a signature.
KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcw"
    "HBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="
)
STAMP = "1588788367"
SIGNED = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
BODY = b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'

EVENTS = events()
OWN = ec.generate_private_key(ec.SECP256R1())


def shown(key):
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def inbound(body=BODY, stamp=STAMP, signature=SIGNED, late=0.0):
    at = datetime.fromtimestamp(int(STAMP) + late, UTC)
    return Inbound(body, {SIGNATURE: signature, TIMESTAMP: stamp}, received_at=at)


def test_sendgrids_published_signature_is_accepted():
    verify(inbound(), Keys((KEY,)))
    verify(inbound(), Keys((shown(OWN.public_key()), KEY)))


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + b" "},
        {"stamp": "1588788368"},
        {"stamp": ""},
        {"stamp": "1588788367.0"},
        {"stamp": "+1588788367"},
        {"stamp": "١٥٨٨٧٨٨٣٦٧"},
        {"signature": ""},
        {"signature": "not base64"},
        {"signature": SIGNED[:-4]},
        {"signature": SIGNED + "\n"},
        {"signature": base64.b64encode(b"\x30\x06\x02\x01\x00\x02\x01\x00").decode()},
        {"late": WINDOW + 1},
        {"late": -WINDOW - 1},
    ],
)
def test_a_changed_or_delayed_delivery_is_rejected(changed):
    with pytest.raises(WebhookRejected):
        verify(inbound(**changed), Keys((KEY,)))


def test_a_delivery_within_the_time_window_is_accepted():
    for late in (WINDOW, -WINDOW):
        verify(inbound(late=late), Keys((KEY,)))


def test_without_a_key_every_delivery_is_rejected():
    with pytest.raises(WebhookRejected) as rejected:
        verify(inbound(), Keys())
    assert rejected.value.code == "WEBHOOK_SECRET_NOT_FOUND"


@given(
    body=st.text(st.characters(codec="utf-8"), max_size=200),
    stamp=st.integers(0, 10**12 - 1).map(str),
    spoilt=st.sampled_from(["", "body", "stamp", "signature", "key"]),
    at=st.integers(0, 1000),
)
def test_sendgrids_own_library_agrees_about_every_signature(body, stamp, spoilt, at):
    signature = bytearray(OWN.sign((stamp + body).encode(), ec.ECDSA(SHA256())))
    if spoilt == "signature":
        signature[at % len(signature)] ^= 1 + at % 255
    encoded = base64.b64encode(bytes(signature)).decode()
    body += " " if spoilt == "body" else ""
    stamp = str(int(stamp) ^ 1) if spoilt == "stamp" else stamp
    key = KEY if spoilt == "key" else shown(OWN.public_key())
    try:
        believed = EventWebhook(key).verify_signature(body, encoded, stamp)
    except ValueError:
        believed = False
    assert proves(key, stamp, body.encode(), encoded) == believed == (spoilt == "")


@pytest.mark.parametrize(
    "wrong",
    [
        "secret",
        "",
        pytest.param(shown(ed25519.Ed25519PrivateKey.generate().public_key()), id="Ed25519"),
        pytest.param(shown(ec.generate_private_key(ec.SECP384R1()).public_key()), id="P-384"),
        KEY[:-8],
    ],
)
def test_an_invalid_key_is_refused_when_it_is_set(wrong):
    with pytest.raises(ConfigurationError, match="webhook_secrets"):
        ProviderRegistry({"email_sendgrid": {"webhook_secrets": [wrong]}}).register(provider)


def delivered(*events):
    return Inbound(json.dumps(events).encode())


@pytest.mark.parametrize("example", EVENTS, ids=lambda example: example["delivery"]["event"])
def test_an_event_gets_the_common_name_and_fields(example):
    (event,) = parse(delivered(example["delivery"]), Keys()).events
    common = {
        "email": "ana@example.com",
        "message_id": "q9ZkT4mJQnS7cYx1b0vWuA",
        "reference": "r-0123456789abcdef",
        "timestamp": 1795176000,
        "event_id": ANY,
    }
    assert event.name == example["name"]
    assert event.payload == EmailEvent().model_dump() | common | example["payload"]
    assert event.id == example["delivery"]["sg_event_id"]
    assert event.occurred_at == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_every_event_has_an_example_and_a_trigger():
    assert set(NAMES) == {example["delivery"]["event"] for example in EVENTS}
    assert set(NAMES.values()) == {trigger.name for trigger in TRIGGERS}


def test_an_unknown_event_is_passed_on_unchanged():
    row = {"event": "account_status_change", "sg_event_id": "e1", "type": "compliance_suspend", "extra": [1]}
    (event,) = parse(delivered(row), Keys()).events
    assert (event.name, event.id, event.payload) == ("account_status_change", "e1", row)


@pytest.mark.parametrize(
    "body", [b"{}", b"1", b'{"event": "open"}', b"x", b"\xff", b"[NaN]", b"[" * 100_000, b'[{"event": "open"}']
)
def test_a_body_that_is_not_an_array_is_malformed(body):
    with pytest.raises(WebhookRejected) as rejected:
        parse(Inbound(body), Keys())
    assert rejected.value.status == 400


@pytest.mark.parametrize(
    "odd", [{}, {"event": 1, "email": "x"}, {"event": "a\n"}, {"event": None, "sg_event_id": "e9"}]
)
def test_an_event_without_a_name_does_not_affect_the_others(odd):
    """SendGrid would repeat a refused delivery for a day, together with the valid events in it."""
    good = {"event": "open", "sg_event_id": "e1"}
    first, second = parse(delivered(odd, good), Keys()).events
    assert (first.name, first.payload, first.id) == ("unknown", odd, odd.get("sg_event_id"))
    assert (second.name, second.id) == ("email.opened", "e1")


def test_a_row_that_is_not_an_object_is_ignored_and_logged(caplog):
    (event,) = parse(delivered(1, {"event": "open"}, "private@example.com", None), Keys()).events
    assert event.name == "email.opened"
    assert "3 events" in caplog.text
    assert "private" not in caplog.text


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["email", "timestamp", "sg_event_id", "sg_message_id", "reason", "status", "type", "attempt", "url"]


@given(st.sampled_from([*NAMES, "other"]), st.dictionaries(st.sampled_from(FIELDS), JSONISH))
def test_unexpected_fields_never_break_an_event(kind, fields):
    try:
        (event,) = parse(delivered({**fields, "event": kind}), Keys()).events
    except WebhookRejected:
        return  # NaN and infinities are not JSON
    json.dumps(dict(event.payload), allow_nan=False)


async def receive(bench, account, body, **options):
    url = await bench.plug.connections.new_webhook_url(bench.connection.id, "ana")
    secret = options.pop("secret", url.rpartition("/")[2])
    return await bench.receive(body, account.headers(body, **options), connection_id=bench.connection.id, secret=secret)


async def test_a_delivery_is_handled_once_and_names_its_connection(account):
    body = json.dumps([example["delivery"] for example in EVENTS]).encode()
    async with account.bench() as bench:
        url = await bench.plug.connections.new_webhook_url(bench.connection.id, "ana")
        where = {"connection_id": bench.connection.id, "secret": url.rpartition("/")[2]}
        first = await bench.receive(body, account.headers(body), **where)
        again = await bench.receive(body, account.headers(body), **where)
        assert {event.connection_id for event in bench.events} == {bench.connection.id}
    assert (first.status, first.outcome) == (200, Outcome.HANDLED)
    assert (again.status, again.outcome) == (200, Outcome.DUPLICATE)
    assert [event.name for event in bench.events] == [example["name"] for example in EVENTS]


async def test_an_unverified_delivery_is_not_handled(account):
    body = json.dumps([EVENTS[0]["delivery"]]).encode()
    async with account.bench() as bench:
        assert (await receive(bench, account, body, secret="guessed")).status == 404
        assert (await receive(bench, account, body, timestamp=str(int(time.time()) - 700))).status == 401
    async with account.bench(webhook_key=KEY) as other:
        assert (await receive(other, account, body)).status == 401
    async with account.bench(webhook_key=None) as keyless:
        assert (await receive(keyless, account, body)).error.code == "WEBHOOK_SECRET_NOT_FOUND"
    assert bench.events + other.events + keyless.events == []


async def test_the_operators_key_verifies_events_of_every_connection(account):
    body = json.dumps([EVENTS[0]["delivery"]]).encode()
    settings = {"webhook_secrets": [KEY, account.keys["public_key"]]}
    async with account.bench(webhook_key=None, settings=settings) as bench:
        assert (await receive(bench, account, body)).outcome is Outcome.HANDLED


async def test_a_messages_events_have_the_ids_that_sending_it_returned(account, doorstep):
    async with account.bench() as bench:
        sent = await bench.call("messages.send", PLAIN)
        url = await bench.plug.connections.new_webhook_url(bench.connection.id, "ana")
        where = {"connection_id": bench.connection.id, "secret": url.rpartition("/")[2]}
        doorstep.bench = SimpleNamespace(receive=partial(bench.receive, **where))
        asked = {"url": doorstep.url, "events": [{"event": "delivered", "message_id": sent.message_id}]}
        delivery = await asyncio.to_thread(account.emulator.control, "POST", "/events", asked)
    assert delivery["status"] == 200
    (event,) = bench.events
    assert event.name == "email.delivered"
    assert (event.payload["message_id"], event.payload["reference"]) == (sent.message_id, sent.reference)
    assert event.payload["email"] == "ana@example.com"


def test_a_delivery_with_more_events_than_sendgrid_sends_is_refused():
    assert len(parse(delivered(*[{}] * MOST_EVENTS), Keys()).events) == MOST_EVENTS
    with pytest.raises(WebhookRejected) as rejected:
        parse(delivered(*[{}] * (MOST_EVENTS + 1)), Keys())
    assert rejected.value.status == 413
