"""A delivery starts the workflows of the users whose connections it concerns."""

import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import pytest

from plugfn.connection import Connection, ConnectionStatus
from plugfn.definition import Call, Form, Model, Origin, Provider, Result, Trigger
from plugfn.inbound import Event, Inbound, Keys, Parsed, Webhooks
from plugfn.testing.bench import Bench
from plugfn.vault.sealed_connections import Vault

SECRET = "a-webhook-secret"


class Ping(Result):
    text: str = ""


class Say(Model):
    words: str


class Said(Result):
    number: int


def verify(inbound: Inbound, keys: Keys) -> None:
    assert hmac.compare_digest(sign(inbound.body), inbound.headers["x-signature"])


def parse(inbound: Inbound, _keys: Keys) -> Parsed:
    read = json.loads(inbound.body)
    return Parsed((Event("acme", "ping", read, id=read["id"], account=read["account"]),))


def sign(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, sha256).hexdigest()


@pytest.fixture
async def bench():
    said = []
    provider = Provider(
        name="acme",
        label="Acme",
        auth=Form(Model),
        docs_url="https://acme.example",
        origin=lambda settings, credentials: Origin("https://acme.example", trusted=True),
        triggers=(Trigger("ping", Ping, "A ping."),),
        webhooks=Webhooks(verify, parse),
    )

    @provider.action("words.say", summary="Says.")
    async def say(call: Call[Model], params: Say) -> Said:
        said.append((call.connection.user_id, params.words))
        return Said(number=len(said))

    async with Bench(provider, credentials={}, settings={"webhook_secrets": [SECRET]}) as found:
        found.said = said
        yield found


WORKFLOW = {
    "name": "Answer",
    "trigger": {"provider": "acme", "event": "ping"},
    "steps": [{"id": "say", "action": "acme.words.say", "params": {"words": "Heard {{ text }}"}}],
}


async def deliver(bench, number: int, account: str) -> int:
    body = json.dumps({"id": str(number), "account": account, "text": "hello"}).encode()
    return (await bench.receive(body, {"x-signature": sign(body)})).status


async def test_it_runs_only_for_users_of_the_events_account(bench, monkeypatch):
    bruno = await bench.plug.connections.create("bruno", "acme", {})

    async def of_account(provider: str, account: str):
        return {"anas": [bench.connection], "brunos": [bruno]}.get(account, [])

    monkeypatch.setattr(bench.plug.connections, "of_account", of_account)
    for user in ("ana", "bruno"):
        await bench.plug.workflows.create(user, WORKFLOW)
    for number, account in enumerate(("anas", "nobodys", "anas")):
        assert await deliver(bench, number, account) == 200
    assert await deliver(bench, 0, "anas") == 200
    await bench.plug._listener.settle()
    assert bench.said == [("ana", "Heard hello"), ("ana", "Heard hello")]
    assert await bench.plug.workflows.runs("bruno") == []


async def account_of(bench, user_id: str, account: str) -> Connection:
    """A connection with an account, as stored: only its digest."""
    now = datetime.now(UTC)
    made = Connection(uuid4().hex, user_id, "acme", ConnectionStatus.ACTIVE, now, now, account=account)
    await Vault(bench.plug.store, bench.plug.ring).add(made, Model())
    return made


async def test_an_event_finds_its_account_among_stored_digests(bench):
    mine, bobs, other = [
        await account_of(bench, user, account) for user, account in (("eva", "a1"), ("bob", "a1"), ("eva", "a2"))
    ]
    stored = await bench.plug.store.connections(provider="acme")
    assert not {"a1", "a2"} & {row.account for row in stored}
    for user in ("eva", "bob", "ana"):
        await bench.plug.workflows.create(user, WORKFLOW)
    event = Event("acme", "ping", {"text": "hello"}, id="1", account="a1")
    runs = await bench.plug.workflows.handle(event)
    assert sorted((run.user_id, run.event.connection_id) for run in runs) == [("bob", bobs.id), ("eva", mine.id)]
    for account in ("", "nobodys", stored[0].account):
        assert await bench.plug.workflows.handle(replace(event, id="2", account=account)) == []
    assert await deliver(bench, 3, "a2") == 200
    await bench.plug._listener.settle()
    assert sorted(bench.said) == [("bob", "Heard hello"), ("eva", "Heard hello"), ("eva", "Heard hello")]
    (last, _first) = await bench.plug.workflows.runs("eva")
    assert last.event.connection_id == other.id


async def test_closing_waits_for_running_workflows(bench, monkeypatch):
    async def of_account(provider: str, account: str):
        return [bench.connection]

    monkeypatch.setattr(bench.plug.connections, "of_account", of_account)
    await bench.plug.workflows.create("ana", WORKFLOW)
    assert await deliver(bench, 1, "anas") == 200
    await bench.plug.close()
    assert len(bench.said) == 1
