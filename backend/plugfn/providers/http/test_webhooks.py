"""Deliveries to a connection: Standard Webhooks' own library signs them, and forged or malformed ones are refused."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from plugfn.errors import ConfigurationError
from plugfn.providers.http import provider
from plugfn.providers.http.conftest import EVENT, SECRET
from plugfn.registry import ProviderRegistry
from plugfn.testing.bench import Bench
from plugfn.webhooks.hub import Outcome
from plugfn.webhooks.standard import new_secret

OPERATORS = new_secret()
SETTINGS = {"webhook_secrets": [OPERATORS]}


def signed(body: bytes, secret: str = SECRET, *, message_id: str = "msg_1", at: datetime | None = None):
    at = at or datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }


@pytest.fixture
async def bench():
    access = {"url": "https://receiver.example/", "secret": SECRET}
    async with Bench(provider, settings=SETTINGS, credentials=access) as made:
        url = await made.plug.connections.new_webhook_url(made.connection.id, made.user_id)
        made.place = {"connection_id": made.connection.id, "secret": url.rpartition("/")[2]}
        yield made


async def received(bench, body, headers):
    return await bench.receive(body, headers, **bench.place)


async def test_an_event_is_received_once(bench):
    body = json.dumps(EVENT | {"timestamp": "2026-11-20T13:11:12Z"}).encode()
    assert (await received(bench, body, signed(body))).outcome is Outcome.HANDLED
    assert (await received(bench, body, signed(body))).outcome is Outcome.DUPLICATE
    (event,) = bench.events
    assert (event.name, event.id, dict(event.payload)) == ("event.received", "msg_1", EVENT)
    assert event.occurred_at == datetime(2026, 11, 20, 13, 11, 12, tzinfo=UTC)


async def test_the_operators_secret_proves_too_and_another_does_not(bench):
    body = json.dumps(EVENT).encode()
    assert (await received(bench, body, signed(body, OPERATORS))).status == 200
    assert (await received(bench, body, signed(body, new_secret()))).status == 401
    assert (await received(bench, body + b" ", signed(body))).status == 401
    assert len(bench.events) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b"null",
        b'{"type": 1}',
        b'{"type": ""}',
        b'{"type": "a b"}',
        b'{"data": {}}',
        b'{"type": "a", "data": 1}',
    ],
)
async def test_a_body_that_is_no_event_is_malformed(bench, body):
    assert (await received(bench, body, signed(body))).status == 400


@pytest.mark.parametrize("stamp", ["yesterday", "2026-11-20T13:11:12", 5, None])
async def test_a_time_without_a_zone_or_meaning_is_left_out(bench, stamp):
    body = json.dumps(EVENT | {"timestamp": stamp}).encode()
    assert (await received(bench, body, signed(body))).status == 200
    assert bench.events[0].occurred_at is None


def test_a_secret_in_the_settings_that_cannot_sign_is_an_error():
    with pytest.raises(ConfigurationError, match="webhook_secrets"):
        ProviderRegistry({"http": {"webhook_secrets": ["hunter2"]}}).register(provider)
