"""Tests of connections: typed credentials, ownership, webhook URLs, disconnecting."""

import asyncio
from typing import Annotated, Any
from uuid import uuid4

import pytest
from pydantic import Field, SecretStr

from plugfn.connection import ConnectionStatus
from plugfn.connections import ConnectionOperations, connecting
from plugfn.crypto import new_key
from plugfn.definition import Call, Form, Model, Origin, Provider
from plugfn.errors import (
    AmbiguousConnection,
    Forbidden,
    InvalidCall,
    InvalidParams,
    NeedsReconnect,
    NoConnection,
    Unavailable,
    UnknownName,
    WebhookRejected,
)
from plugfn.inbound import Webhooks
from plugfn.plug import PlugFn
from plugfn.storage.memory import MemoryStore
from plugfn.testing.oauth_site import Site, made


class Credentials(Model):
    host: Annotated[str, Field(max_length=100)]
    password: SecretStr


class Vendor:
    """Decides whether credentials are valid."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, call: Call[Credentials]) -> str:
        self.asked.append(call.credentials.host)
        if call.credentials.password.get_secret_value() != "right":
            raise NeedsReconnect("The password is wrong.", code="http_401")
        return f"me at {call.credentials.host}"


def a_provider(name: str = "box", test: Any = None, webhooks: Webhooks | None = None) -> Provider:
    return Provider(
        name=name,
        label=name.title(),
        auth=Form(Credentials),
        docs_url="https://box.example",
        origin=lambda settings, credentials: Origin("https://box.example", trusted=True),
        test=test,
        webhooks=webhooks,
    )


GOOD = {"host": "mail.example", "password": "right"}
OWN_URLS = Webhooks(verify=lambda inbound, keys: None, parse=lambda inbound, keys: None, per_connection=True)  # type: ignore[arg-type,return-value]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def plug(vendor: Vendor):
    plug = PlugFn(encryption_key=new_key(), base_url="https://app.example/plug")
    plug.providers.register(a_provider(test=vendor, webhooks=OWN_URLS), a_provider("mute"))
    async with plug:
        yield plug


@pytest.fixture
def connections(plug: PlugFn) -> ConnectionOperations:
    return plug.connections


async def test_typed_credentials_create_a_connection(plug, connections):
    made = await connections.create("ana", "box", GOOD, label="Work")
    assert (made.user_id, made.provider, made.label, made.status) == ("ana", "box", "Work", ConnectionStatus.ACTIVE)
    assert await connections.list("ana") == [made]
    assert await connections.list("ana", "mute") == []
    found = await connections.credentials(plug.providers.get("box"), made)
    assert found == Credentials(**GOOD)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "host"),
        ({"host": "h"}, "password"),
        (GOOD | {"passwort": "hunter2"}, "passwort"),
        (GOOD | {"host": "hunter2" * 100}, "host"),
        (GOOD | {"password": 5}, "password"),
        ("hunter2", ""),
        (None, ""),
        ([], ""),
    ],
)
async def test_wrong_credentials_are_refused_with_fields_and_without_values(connections, given, field):
    with pytest.raises(InvalidParams) as caught:
        await connections.create("ana", "box", given)
    assert field in {problem.field for problem in caught.value.problems}
    assert "hunter2" not in f"{caught.value} {caught.value.as_dict()} {caught.value.__cause__}"
    assert await connections.list("ana") == []


async def test_credentials_can_be_tested_before_they_are_stored(connections, vendor):
    with pytest.raises(NeedsReconnect):
        await connections.create("ana", "box", GOOD | {"password": "wrong"}, test=True)
    assert await connections.list("ana") == []
    made = await connections.create("ana", "box", GOOD, test=True)
    assert made.label == "me at mail.example"
    assert vendor.asked == ["mail.example"] * 2
    assert (await connections.create("ana", "box", GOOD, label="Mine", test=True)).label == "Mine"


async def test_new_credentials_make_a_connection_usable_again(plug, connections):
    made = await connections.create("ana", "box", GOOD)
    await connections.needs_reauth(made, "http_401", Credentials(**GOOD))
    with pytest.raises(NeedsReconnect) as caught:
        await connections.resolve(plug.providers.get("box"), "ana", None)
    assert caught.value.code == "http_401"
    with pytest.raises(NeedsReconnect):
        await connections.update(made.id, "ana", GOOD | {"password": "wrong"}, test=True)
    with pytest.raises(InvalidParams):
        await connections.update(made.id, "ana", {"host": 5})
    assert (await connections.get(made.id, "ana")).status is ConnectionStatus.NEEDS_REAUTH
    updated = await connections.update(made.id, "ana", GOOD | {"host": "new.example"}, test=True)
    assert (updated.id, updated.status, updated.error_code) == (made.id, ConnectionStatus.ACTIVE, "")
    found = await connections.credentials(plug.providers.get("box"), updated)
    assert isinstance(found, Credentials)
    assert found.host == "new.example"


async def test_another_users_connection_is_reported_as_not_found(plug, connections):
    made = await connections.create("ana", "box", GOOD)
    before = await plug.store.with_credentials(made.id)
    for doing in (
        lambda: connections.get(made.id, "bob"),
        lambda: connections.test(made.id, "bob"),
        lambda: connections.rename(made.id, "bob", "mine now"),
        lambda: connections.update(made.id, "bob", GOOD),
        lambda: connections.refresh(made.id, "bob"),
        lambda: connections.disconnect(made.id, "bob"),
        lambda: connections.new_webhook_url(made.id, "bob"),
        lambda: connections.resolve(plug.providers.get("box"), "bob", made.id),
        lambda: connections.resolve(plug.providers.get("box"), "bob", None),
    ):
        with pytest.raises(NoConnection) as caught:
            await doing()
        assert "ana" not in str(caught.value)
    assert await connections.list("bob") == []
    assert before == await plug.store.with_credentials(made.id)


async def test_a_connection_id_is_needed_among_several_and_must_be_of_the_provider(plug, connections):
    box, mute = plug.providers.get("box"), plug.providers.get("mute")
    with pytest.raises(NoConnection):
        await connections.resolve(box, "ana", None)
    first = await connections.create("ana", "box", GOOD)
    assert (await connections.resolve(box, "ana", None)).id == first.id
    second = await connections.create("ana", "box", GOOD)
    with pytest.raises(AmbiguousConnection):
        await connections.resolve(box, "ana", None)
    assert (await connections.resolve(box, "ana", second.id)).id == second.id
    with pytest.raises(InvalidCall) as caught:
        await connections.resolve(mute, "ana", first.id)
    assert caught.value.code == "other_provider"
    with pytest.raises(UnknownName):
        await connections.create("ana", "bx", GOOD)


async def test_the_stored_row_shows_nothing_about_the_user(plug, connections):
    made = await connections.create("ana", "box", GOOD | {"host": "hunter2.example"}, label="Ana's hunter2")
    row, sealed = await plug.store.with_credentials(made.id)
    assert "hunter2" not in f"{row!r} {row.label} {row.account} {sealed!r}"
    assert "hunter2" not in f"{made!r} {connections!r}"


async def test_the_limit_of_connections_holds_for_simultaneous_calls(connections, monkeypatch):
    monkeypatch.setattr(connecting, "MOST_FOR_A_USER", 5)
    outcomes = await asyncio.gather(
        *(connections.create("ana", "box", GOOD) for _ in range(12)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, InvalidCall)]
    assert len(refused) == 7
    assert {error.code for error in refused} == {"too_many_connections"}
    assert len(await connections.list("ana")) == 5
    await connections.create("bob", "box", GOOD)


@pytest.mark.parametrize("label", ["x" * 201, "line\nbreak", "\x00"])
async def test_a_label_that_cannot_be_shown_is_refused(connections, label):
    with pytest.raises(InvalidParams):
        await connections.create("ana", "box", GOOD, label=label)
    made = await connections.create("ana", "box", GOOD, label="é 🐘")
    with pytest.raises(InvalidParams):
        await connections.rename(made.id, "ana", label)
    assert (await connections.rename(made.id, "ana", "New")).label == "New"


async def test_last_used_at_is_written_once_a_minute(plug, connections):
    box = plug.providers.get("box")
    made = await connections.create("ana", "box", GOOD)
    await connections.credentials(box, made)
    first = (await connections.get(made.id, "ana")).last_used_at
    assert first is not None
    await connections.credentials(box, await connections.get(made.id, "ana"))
    assert (await connections.get(made.id, "ana")).last_used_at == first


async def test_simultaneous_changes_are_all_stored(connections):
    made = await connections.create("ana", "box", GOOD)
    await asyncio.gather(
        connections.rename(made.id, "ana", "New"),
        connections.new_webhook_url(made.id, "ana"),
        connections.update(made.id, "ana", GOOD | {"host": "new.example"}),
        connections.needs_reauth(made, "late", Credentials(**GOOD)),
    )
    assert (await connections.get(made.id, "ana")).label == "New"


async def test_a_connection_has_a_webhook_url_that_is_shown_once_and_can_be_replaced(plug, connections):
    box = plug.providers.get("box")
    made = await connections.create("ana", "box", GOOD)
    with pytest.raises(WebhookRejected):
        await connections.webhook_keys(box, made.id, "")
    url = await connections.new_webhook_url(made.id, "ana")
    prefix, _, secret = url.rpartition("/")
    assert prefix == f"https://app.example/plug/webhooks/box/{made.id}"
    assert len(secret) == 43
    keys = await connections.webhook_keys(box, made.id, secret)
    assert keys.connection is not None
    assert keys.connection.id == made.id
    assert keys.credentials == Credentials(**GOOD)
    assert secret not in f"{keys!r} {plug.store._connections!r}"
    another = (await connections.new_webhook_url(made.id, "ana")).rpartition("/")[2]
    for wrong in (secret, secret[:-1], another + "x", "", "\ud800", "é"):
        with pytest.raises(WebhookRejected) as caught:
            await connections.webhook_keys(box, made.id, wrong)
        assert caught.value.status == 404
    await connections.webhook_keys(box, made.id, another)


async def test_a_webhook_url_opens_nothing_else(plug, connections):
    box, mute = plug.providers.get("box"), plug.providers.get("mute")
    mine, other = await connections.create("ana", "box", GOOD), await connections.create("bob", "box", GOOD)
    secret = (await connections.new_webhook_url(mine.id, "ana")).rpartition("/")[2]
    for provider, connection_id in ((box, other.id), (mute, mine.id), (box, uuid4().hex), (box, "")):
        with pytest.raises(WebhookRejected):
            await connections.webhook_keys(provider, connection_id, secret)
    without = await connections.create("ana", "mute", GOOD)
    with pytest.raises(InvalidCall):
        await connections.new_webhook_url(without.id, "ana")


async def test_unreadable_credentials_are_reported_and_do_not_hide_others(plug, connections):
    box = plug.providers.get("box")
    made = await connections.create("ana", "box", GOOD, label="Work")
    other = PlugFn(encryption_key=new_key(), database=plug.store)
    other.providers.register(box)
    with pytest.raises(NeedsReconnect) as caught:
        await other.connections.credentials(box, made)
    assert caught.value.code == "unreadable"
    assert [one.label for one in await other.connections.list("ana")] == [""]
    assert (await connections.get(made.id, "ana")).status is ConnectionStatus.ACTIVE
    assert (await connections.list("ana"))[0].label == "Work"


async def test_sealed_credentials_moved_to_another_row_do_not_open(plug, connections):
    box = plug.providers.get("box")
    mine = await connections.create("ana", "box", GOOD)
    theirs = await connections.create("bob", "box", GOOD)
    _, stolen = await plug.store.with_credentials(theirs.id)
    row = await plug.store.connection(mine.id)
    await plug.store.update_connection(row, stolen)
    with pytest.raises(NeedsReconnect) as caught:
        await connections.credentials(box, mine)
    assert caught.value.code == "unreadable"


async def test_disconnecting_revokes_the_tokens(emulator):
    site = Site(emulator("oauth"))
    async with site.plug:
        connection = (await site.connect()).connection
        assert await site.connections.disconnect(connection.id, "ana") == "revoked"
        assert not site.grants()[0]["alive"]
        assert await site.connections.list("ana") == []
        with pytest.raises(NoConnection):
            await site.connections.disconnect(connection.id, "ana")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "answer", "status": 500}, "http_500"),
        ({"kind": "reset"}, "no_answer"),
        ({"kind": "hang"}, "timeout"),
    ],
)
async def test_a_connection_is_removed_even_if_the_revocation_fails(emulator, monkeypatch, fault, outcome):
    monkeypatch.setattr("plugfn.oauth.revocation.SECONDS", 0.2)
    site = Site(emulator("oauth"))
    async with site.plug:
        connection = (await site.connect()).connection
        site.emulator.fault("POST /revoke", **fault)
        assert await site.connections.disconnect(connection.id, "ana") == outcome
        assert await site.connections.list("ana") == []


async def test_a_bug_in_revoke_is_logged_without_the_tokens(emulator, caplog):
    async def broken(call: Any) -> None:
        raise RuntimeError(call.credentials.access_token.get_secret_value())

    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, revoke=broken))
    async with site.plug:
        connection = (await site.connect()).connection
        token = (await site.tokens(connection)).access_token.get_secret_value()
        assert await site.connections.disconnect(connection.id, "ana") == "provider_bug"
        assert "RuntimeError" in caplog.text
        assert token not in caplog.text


async def test_disconnecting_reports_that_the_vendor_cannot_revoke(emulator, connections):
    made_box = await connections.create("ana", "box", GOOD)
    assert await connections.disconnect(made_box.id, "ana") == "unsupported"
    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, revoke=None))
    async with site.plug:
        connection = (await site.connect()).connection
        assert await site.connections.disconnect(connection.id, "ana") == "unsupported"


async def test_disconnecting_waits_for_a_refresh_and_revokes_its_new_tokens(emulator):
    site = Site(emulator("oauth"))
    async with site.plug:
        connection = (await site.connect()).connection
        site.options(seconds=0.2)
        await site.end_soon(connection)
        calling = asyncio.create_task(site.me(connection, timeout=1))
        await asyncio.sleep(0.1)
        assert await site.connections.disconnect(connection.id, "ana") == "revoked"
        await asyncio.gather(calling, return_exceptions=True)
        assert not site.grants()[0]["alive"]


async def test_oauth_and_typed_credentials_are_not_interchangeable(emulator, connections):
    with pytest.raises(InvalidCall):
        await connections.authorization_url("ana", "box")
    box = await connections.create("ana", "box", GOOD)
    with pytest.raises(InvalidCall):
        await connections.refresh(box.id, "ana")
    site = Site(emulator("oauth"))
    async with site.plug:
        connection = (await site.connect()).connection
        with pytest.raises(InvalidCall):
            await site.connections.update(connection.id, "ana", {"access_token": "x"})
        with pytest.raises(InvalidParams, match="authorization_url"):
            await site.connections.create("ana", site.provider.name, {"token": "x"})


async def test_typed_tokens_cannot_claim_an_account(emulator):
    """Otherwise a user could claim any account and get its events."""
    site = Site(emulator("oauth"))
    async with site.plug:
        victim = (await site.connect()).connection
        typed = {"access_token": "stolen-or-made-up", "account": "acct-1"}
        claimed = await site.connections.create("mallory", "acme", typed)
        assert claimed.account == ""
        assert [one.id for one in await site.connections.of_account("acme", "acct-1")] == [victim.id]


@pytest.mark.parametrize(
    "expires_at", ["2030-01-01T00:00:00", "soon", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]
)
async def test_the_expiry_of_typed_tokens_must_have_a_time_zone(emulator, expires_at):
    site = Site(emulator("oauth"))
    async with site.plug:
        with pytest.raises(InvalidParams):
            await site.connections.create("ana", "acme", {"access_token": "x", "expires_at": expires_at})


async def test_a_connection_of_an_unregistered_provider_can_be_removed():
    store = MemoryStore()
    before = PlugFn(encryption_key=new_key(), database=store)
    before.providers.register(a_provider())
    connection = await before.connections.create("ana", "box", GOOD)
    after = PlugFn(encryption_key=new_key(), database=store)
    assert await after.connections.disconnect(connection.id, "ana") == "unsupported"
    assert await after.connections.list("ana") == []


async def test_a_connection_with_an_invalid_origin_can_be_removed(emulator):
    peer = emulator("oauth")
    site = Site(peer)
    async with site.plug:
        connection = (await site.connect()).connection
        object.__setattr__(site.provider, "origin", lambda settings, credentials: Origin("no url", trusted=True))
        assert await site.connections.disconnect(connection.id, "ana") == "invalid_params"
        assert await site.connections.list("ana") == []


async def test_an_odd_error_code_of_a_vendor_can_be_stored(connections):
    made_box = await connections.create("ana", "box", GOOD)
    await connections.needs_reauth(made_box, "bad\x00\ud800code" * 50, Credentials.model_validate(GOOD))
    marked = await connections.get(made_box.id, "ana")
    assert (marked.status, marked.error_code[:7], len(marked.error_code)) == ("needs_reauth", "badcode", 100)


async def test_a_label_in_typed_tokens_is_made_printable(emulator):
    site = Site(emulator("oauth"))
    async with site.plug:
        typed = {"access_token": "x", "label": "<b>\x00\n" + "x" * 5000}
        connection = await site.connections.create("ana", "acme", typed)
        assert connection.label == "<b>" + "x" * 197
        assert (await site.tokens(connection)).label == connection.label


@pytest.mark.parametrize(
    ("url", "trusted", "error"),
    [
        ("https://no host", True, InvalidParams),
        ("http://10.0.0.1", False, Forbidden),
        ("http://[::1]:8080", False, Forbidden),
        ("http://127.0.0.1", True, None),
        ("postgresql://10.0.0.1", False, None),
        ("https://vendor.example", False, None),
    ],
)
async def test_credentials_with_an_unreachable_origin_are_refused_at_once(url, trusted, error):
    plug = PlugFn(encryption_key=new_key())
    box = a_provider()
    plug.providers.register(box)
    before = await plug.connections.create("ana", "box", GOOD)
    object.__setattr__(box, "origin", lambda settings, credentials: Origin(url, trusted))
    if error is None:
        await plug.connections.create("ana", "box", GOOD)
        return
    with pytest.raises(error):
        await plug.connections.create("ana", "box", GOOD)
    with pytest.raises(error):
        await plug.connections.update(before.id, "ana", GOOD)
    assert await plug.connections.list("ana") == [before]


async def test_without_the_database_nothing_is_revoked(emulator, monkeypatch):
    async def away(*_args: Any) -> None:
        raise Unavailable("the database cannot be reached", code="store")

    site = Site(emulator("oauth"))
    async with site.plug:
        connection = (await site.connect()).connection
        monkeypatch.setattr(site.plug.store, "put_new", away)
        with pytest.raises(Unavailable):
            await site.connections.disconnect(connection.id, "ana")
        assert site.grants()[0]["alive"]
