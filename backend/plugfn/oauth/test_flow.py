"""Tests of connecting: the whole flow with an authorization server in another process."""

import asyncio
import base64
import hashlib
import time
import traceback
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from plugfn.connection import ConnectionStatus
from plugfn.errors import (
    ConfigurationError,
    GiveUp,
    InvalidCall,
    InvalidParams,
    InvalidState,
    NeedsReconnect,
    NoConnection,
    PlugFnError,
    TryLater,
    Unavailable,
    Unexpected,
    UnknownName,
)
from plugfn.oauth.pending import KIND
from plugfn.testing.oauth_site import BASE_URL, CLIENT_ID, CLIENT_SECRET, Site, made


def parts(url: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_the_authorization_url_has_every_required_parameter(site):
    url = await site.begin()
    sent = parts(url)
    assert url.startswith(f"{site.emulator.url}/authorize?")
    assert sent["response_type"] == "code"
    assert sent["client_id"] == CLIENT_ID
    assert sent["redirect_uri"] == f"{BASE_URL}/oauth/acme/callback"
    assert sent["scope"] == "read write"
    assert sent["code_challenge_method"] == "S256"
    assert len(base64.urlsafe_b64decode(sent["state"] + "==")) == 32
    assert CLIENT_SECRET not in url


async def test_a_finished_sign_in_creates_a_working_connection(site):
    done = await site.connect(redirect_after="/settings?tab=2")
    assert (done.redirect_after, done.missing_scopes) == ("/settings?tab=2", ())
    assert done.connection.account == "acct-1"
    assert done.connection.label == "The account acct-1"
    assert done.connection.scopes == ("read", "write")
    assert done.connection.expires_at is not None
    assert (await site.me(done.connection)).account == "acct-1"
    assert await site.connections.list("ana") == [await site.connections.get(done.connection.id, "ana")]


async def test_the_code_is_exchanged_with_the_verifier_and_the_same_redirect_uri(site):
    url = await site.begin()
    await site.connections.callback("ana", "acme", await site.visit(url))
    [request] = site.token_requests()
    digest = hashlib.sha256(request["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == parts(url)["code_challenge"]
    assert request["redirect_uri"] == parts(url)["redirect_uri"]
    assert request["grant_type"] == "authorization_code"


async def test_a_vendor_without_pkce_and_with_basic_authentication(emulator):
    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, pkce=False, client_auth="client_secret_basic", scope_separator=","))
    async with site.plug:
        sent = parts(await site.begin())
        assert "code_challenge" not in sent
        assert sent["scope"] == "read,write"
        await site.connect(scopes=["read"])
        [request] = site.token_requests()
        assert "code_verifier" not in request
        assert "client_secret" not in request


async def test_the_store_holds_neither_the_state_nor_the_verifier(site):
    state = parts(await site.begin())["state"]
    values = site.plug.store._values
    assert len([place for place in values if place[0] == KIND]) == 1
    shown = repr(values)
    assert state not in shown
    assert "ana" not in shown


async def test_a_state_can_be_used_once(site):
    query = await site.visit(await site.begin())
    await site.connections.callback("ana", "acme", query)
    with pytest.raises(InvalidState):
        await site.connections.callback("ana", "acme", query)
    assert len(site.token_requests()) == 1


async def test_one_of_many_simultaneous_callbacks_exchanges_the_code(site):
    query = await site.visit(await site.begin())
    outcomes = await asyncio.gather(
        *(site.connections.callback("ana", "acme", query) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(outcome, InvalidState) for outcome in outcomes) == 19
    assert len(site.token_requests()) == 1
    assert len(await site.connections.list("ana")) == 1


async def test_another_users_state_is_refused_and_stays_valid_for_its_owner(site):
    query = await site.visit(await site.begin("ana"))
    with pytest.raises(InvalidState):
        await site.connections.callback("bob", "acme", query)
    assert site.token_requests() == []
    assert await site.connections.list("bob") == []
    assert (await site.connections.callback("ana", "acme", query)).connection.user_id == "ana"


async def test_a_state_expires_after_ten_minutes(site):
    query = await site.visit(await site.begin())
    with time_machine.travel(time.time() + 601), pytest.raises(InvalidState):
        await site.connections.callback("ana", "acme", query)


@pytest.mark.parametrize("state", ["", "x", "x" * 100_000, "é\x00", "\ud800"])
async def test_an_unknown_state_is_refused(site, state):
    with pytest.raises(InvalidState):
        await site.connections.callback("ana", "acme", {"state": state, "code": "c"})
    with pytest.raises(InvalidState):
        await site.connections.callback("ana", "acme", {"code": "c"})


async def test_another_providers_state_is_refused(emulator):
    peer = emulator("oauth")
    site = Site(peer)
    other = made(peer.url)
    object.__setattr__(other, "name", "other")
    site.plug.providers._integrations["other"] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    site.plug.providers.register(other)
    async with site.plug:
        query = await site.visit(await site.begin())
        with pytest.raises(InvalidState):
            await site.connections.callback("ana", "other", query)


async def test_the_users_refusal_is_reported_and_uses_up_the_state(site):
    site.options(consent="access_denied")
    query = await site.visit(await site.begin())
    with pytest.raises(NeedsReconnect) as caught:
        await site.connections.callback("ana", "acme", query)
    assert caught.value.code == "access_denied"
    assert "not</b>" not in str(caught.value)
    with pytest.raises(InvalidState):
        await site.connections.callback("ana", "acme", query)
    assert await site.connections.list("ana") == []


@pytest.mark.parametrize(
    ("code", "error", "shown"),
    [
        ("server_error", TryLater, "server_error"),
        ("temporarily_unavailable", TryLater, "temporarily_unavailable"),
        ("invalid_scope", GiveUp, "invalid_scope"),
        ("<script>alert(1)</script>", GiveUp, "authorization_failed"),
    ],
)
async def test_other_authorization_errors_say_what_to_do_and_repeat_nothing(site, code, error, shown):
    site.options(consent=code)
    query = await site.visit(await site.begin())
    with pytest.raises(error) as caught:
        await site.connections.callback("ana", "acme", query)
    assert caught.value.code == shown
    assert "script" not in str(caught.value)


@pytest.mark.parametrize("code", [None, "", "x" * 5000])
async def test_a_callback_without_a_usable_code_is_refused(site, code):
    query = await site.visit(await site.begin())
    query = {"state": query["state"]} | ({} if code is None else {"code": code})
    with pytest.raises(InvalidParams):
        await site.connections.callback("ana", "acme", query)
    assert site.token_requests() == []


async def test_a_refused_code_asks_the_user_to_connect_again(site):
    query = await site.visit(await site.begin())
    with pytest.raises(NeedsReconnect) as caught:
        await site.connections.callback("ana", "acme", query | {"code": "guessed"})
    assert caught.value.code == "invalid_grant"
    assert "hunter2" not in str(caught.value)


async def test_a_declared_issuer_must_be_in_the_callback(emulator):
    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, issuer="https://acme.example"))
    async with site.plug:
        for issuer in ("", "https://evil.example"):
            site.options(issuer=issuer)
            with pytest.raises(InvalidState) as caught:
                await site.connect()
            assert caught.value.code == "issuer"
        assert site.token_requests() == []
        site.options(issuer="https://acme.example")
        await site.connect()


async def test_the_redirect_uri_can_be_set_and_is_exact(emulator):
    peer = emulator("oauth")
    own = "https://other.example/cb?x=1"
    settings = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": own}
    site = Site(peer, integrations={"acme": settings})
    async with site.plug:
        site.options(redirect_uri=own)
        await site.connect()
        assert [request["redirect_uri"] for request in site.token_requests()] == [own]


async def test_missing_scopes_are_reported(site):
    site.options(granted=["read"])
    done = await site.connect()
    assert done.connection.scopes == ("read",)
    assert done.missing_scopes == ("write",)


async def test_an_answer_without_scopes_grants_what_was_asked_for(site):
    site.options(override={"scope": None})
    done = await site.connect(scopes=["read", "read", "admin:org"])
    assert done.connection.scopes == ("read", "admin:org")
    assert done.missing_scopes == ()


@pytest.mark.parametrize("scopes", [["a b"], ["a,b"], [""], ['"'], ["é"], ["x"] * 101, "read"])
async def test_invalid_scopes_are_refused(site, scopes):
    with pytest.raises(InvalidParams):
        await site.begin(scopes=scopes)


@pytest.mark.parametrize("user_id", ["", "x" * 256, "nul\x00", "line\nbreak", "\ud800"])
async def test_an_invalid_user_id_is_refused(site, user_id):
    with pytest.raises(InvalidParams):
        await site.begin(user_id)


async def test_the_same_account_renews_its_connection(site):
    first = (await site.connect()).connection
    old = await site.tokens(first)
    await site.connections.needs_reauth(first, "invalid_grant", old)
    with pytest.raises(NeedsReconnect):
        await site.me(first)
    again = (await site.connect()).connection
    assert again.id == first.id
    assert (again.status, again.error_code) == (ConnectionStatus.ACTIVE, "")
    assert again.created_at == first.created_at
    assert (await site.tokens(again)).access_token != old.access_token
    assert (await site.me(again)).account == "acct-1"


async def test_connecting_again_without_a_new_refresh_token_keeps_the_old_one(site):
    first = (await site.connect()).connection
    before = await site.tokens(first)
    site.options(refresh_tokens=False)
    again = (await site.connect()).connection
    after = await site.tokens(again)
    assert (again.id, after.refresh_token) == (first.id, before.refresh_token)
    assert after.access_token != before.access_token


async def test_a_refresh_token_is_not_kept_for_an_unknown_account(site):
    site.options(name_account=False)
    first = (await site.connect()).connection
    site.options(refresh_tokens=False)
    again = (await site.connect(connection_id=first.id)).connection
    assert again.id == first.id
    assert (await site.tokens(again)).refresh_token is None


async def test_a_label_that_the_user_chose_stays(site):
    first = (await site.connect()).connection
    await site.connections.rename(first.id, "ana", "Mine")
    assert (await site.connect()).connection.label == "Mine"


async def test_a_vendors_account_name_is_made_printable(site):
    site.options(override={"account": {"id": "x\n" * 1000, "name": " \u202eAcme\x00\r\n" + "x" * 5000}})
    label = (await site.connect()).connection.label
    assert label.startswith("Acme")
    assert label.isprintable()
    assert len(label) <= 200
    assert len(await site.connections.list("ana")) == 1


async def test_another_account_or_user_gets_its_own_connection(site):
    mine = (await site.connect()).connection
    theirs = (await site.connect("bob")).connection
    site.options(account="acct-2")
    second = (await site.connect()).connection
    assert len({mine.id, theirs.id, second.id}) == 3
    assert [one.id for one in await site.connections.of_account("acme", "acct-1")] == sorted([mine.id, theirs.id])


async def test_simultaneous_sign_ins_to_one_account_make_one_connection(site):
    queries = [await site.visit(await site.begin()) for _ in range(8)]
    done = await asyncio.gather(*(site.connections.callback("ana", "acme", query) for query in queries))
    assert len({one.connection.id for one in done}) == 1


async def test_a_connection_is_renewed_by_its_own_account_only(site):
    first = (await site.connect()).connection
    assert (await site.connect(connection_id=first.id)).connection.id == first.id
    site.options(account="acct-2")
    with pytest.raises(InvalidCall) as caught:
        await site.connect(connection_id=first.id)
    assert caught.value.code == "other_account"
    with pytest.raises(NoConnection):
        await site.begin("bob", connection_id=first.id)


async def test_the_vendor_is_asked_for_an_account_missing_in_the_answer(emulator):
    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, identify=True))
    async with site.plug:
        site.options(name_account=False)
        first, second = await site.connect(), await site.connect()
        assert first.connection.id == second.connection.id
        assert (first.connection.account, first.connection.label) == ("acct-1", "Acct-1")
        peer.fault("GET /api/me", kind="answer", status=500, count=None)
        assert (await site.connect()).connection.label == ""


async def test_without_an_account_the_only_waiting_connection_is_renewed(site):
    site.options(name_account=False)
    first, second = (await site.connect()).connection, (await site.connect()).connection
    assert first.id != second.id
    await site.connections.needs_reauth(first, "invalid_grant", await site.tokens(first))
    assert (await site.connect()).connection.id == first.id
    assert (await site.me(first)).account == "acct-1"


async def test_a_failing_identify_does_not_lose_the_connection(emulator):
    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, identify=True))
    async with site.plug:
        site.options(name_account=False)
        peer.fault("GET /api/me", kind="reset")
        done = await site.connect()
        assert (await site.me(done.connection)).account == "acct-1"


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ({"kind": "answer", "status": 500, "body": "oops"}, Unavailable, "http_500"),
        ({"kind": "answer", "status": 429, "headers": {"Retry-After": "7"}}, TryLater, "http_429"),
        ({"kind": "answer", "status": 302, "headers": {"Location": "https://evil.example"}}, Unexpected, "http_302"),
        ({"kind": "answer", "status": 200, "body": "<html>token=abc"}, Unexpected, "not_json"),
        ({"kind": "answer", "status": 200, "body": []}, Unexpected, "not_an_object"),
        ({"kind": "answer", "status": 200, "body": {"ok": False, "error": "invalid_code"}}, NeedsReconnect, None),
        ({"kind": "answer", "status": 200, "body": {"error": "bad_verification_code"}}, NeedsReconnect, None),
        ({"kind": "answer", "status": 200, "body": {"error": {"code": 1}}}, Unexpected, "error"),
        ({"kind": "answer", "status": 200, "body": "x" * 300_000}, Unexpected, "too_big"),
        ({"kind": "answer", "status": 401, "body": {"error": "invalid_client"}}, GiveUp, "invalid_client"),
        ({"kind": "reset"}, Unavailable, "no_answer"),
    ],
)
async def test_a_failing_exchange_is_a_typed_error_and_stores_nothing(site, fault, error, code):
    site.emulator.fault("POST /token", **fault)
    with pytest.raises(error) as caught:
        await site.connect()
    assert code is None or caught.value.code == code
    assert caught.value.provider == "acme"
    assert await site.connections.list("ana") == []


@pytest.mark.parametrize(
    "override",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "two\r\nlines: x"},
        {"access_token": "not ascii é"},
        {"access_token": "x" * 20_000},
        {"token_type": None},
        {"token_type": "mac"},
        {"refresh_token": "with space"},
        {"scope": {"read": True}},
        {"scope": ["read", 1]},
    ],
)
async def test_a_token_answer_is_checked_also_under_200(site, override):
    site.options(override=override)
    with pytest.raises(Unexpected) as caught:
        await site.connect()
    assert "\r" not in str(caught.value)
    assert await site.connections.list("ana") == []


@pytest.mark.parametrize(("override", "seconds"), [({"expires_in": "3600"}, 3600), ({"expires_in": 60.5}, 60)])
async def test_a_lifetime_may_come_as_text_or_with_a_fraction(site, override, seconds):
    site.options(override=override)
    done = await site.connect()
    assert done.connection.expires_at is not None
    assert abs((done.connection.expires_at - done.connection.created_at).total_seconds() - seconds) < 5


@pytest.mark.parametrize("lifetime", [-1, "soon", "-5", True, 1e300, "9" * 400, 10**400, [3600], "nan", "inf"])
async def test_an_invalid_lifetime_does_not_lose_the_tokens(site, lifetime):
    """The vendor has used up the code or the refresh token: without the tokens the user would have to sign in again."""
    site.options(override={"expires_in": lifetime})
    done = await site.connect()
    assert done.connection.expires_at is None
    assert (await site.connections.refresh(done.connection.id, "ana")).status == "active"


async def test_scopes_may_come_as_a_list(site):
    site.options(override={"scope": ["read", "admin"]})
    done = await site.connect()
    assert (done.connection.scopes, done.missing_scopes) == (("read", "admin"), ("write",))


async def test_an_error_with_status_200_is_an_error(site):
    """An error that a vendor (GitHub, Slack) sends with status 200 does not make a connection."""
    site.options(errors_with_200=True)
    query = await site.visit(await site.begin())
    with pytest.raises(NeedsReconnect):
        await site.connections.callback("ana", "acme", query | {"code": "guessed"})
    assert await site.connections.list("ana") == []


async def test_our_wrong_client_secret_does_not_ask_the_user_to_reconnect(emulator):
    site = Site(emulator("oauth"), integrations={"acme": {"client_id": CLIENT_ID, "client_secret": "wrong-hunter2"}})
    async with site.plug:
        with pytest.raises(GiveUp) as caught:
            await site.connect()
    assert caught.value.code == "invalid_client"
    assert "hunter2" not in str(caught.value)


async def test_unknown_and_unfit_providers_are_refused(site):
    with pytest.raises(UnknownName):
        await site.connections.authorization_url("ana", "acmee")
    with pytest.raises(UnknownName):
        await site.connections.callback("ana", "acmee", {})


@pytest.mark.parametrize("setting", ["authorize_url", "token_url"])
@pytest.mark.parametrize("url", ["http://acme.example/x", "ftp://acme.example", "nonsense"])
async def test_urls_that_receive_secrets_must_be_https(emulator, setting, url):
    settings = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, setting: url}

    async def connect() -> None:
        site = Site(emulator("oauth"), integrations={"acme": settings})
        async with site.plug:
            await site.connect()

    with pytest.raises(ConfigurationError) as caught:
        await connect()
    assert setting in str(caught.value)


async def test_failures_show_no_secret(site):
    site.emulator.fault("POST /token", kind="answer", status=400, body={"error": "invalid_grant", "x": "hunter2"})
    with pytest.raises(PlugFnError) as caught:
        await site.connect()
    shown = f"{caught.value!r} {caught.value.as_dict()} {caught.value.__cause__!r}"
    for secret in ("hunter2", CLIENT_SECRET, *site.token_requests()[0].values()):
        assert secret in ("authorization_code", CLIENT_ID) or secret not in shown


async def test_an_error_from_another_server_is_refused_too(emulator):
    """RFC 9207, 2.4: an answer from another server must not count as the user's refusal."""
    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, issuer="https://acme.example"))
    async with site.plug:
        query = await site.visit(await site.begin())
        with pytest.raises(InvalidState) as caught:
            await site.connections.callback(
                "ana", "acme", {"state": query["state"], "error": "access_denied", "iss": "https://evil.example"}
            )
        assert caught.value.code == "issuer"


async def test_a_bug_in_read_tokens_does_not_show_the_tokens(emulator):
    def broken(document):
        raise RuntimeError(document["access_token"])

    peer = emulator("oauth")
    site = Site(peer, provider=made(peer.url, read_tokens=broken))
    async with site.plug:
        with pytest.raises(Unexpected) as caught:
            await site.connect()
    assert caught.value.code == "wrong_shape"
    token = next(iter(site.grants()[0]["access"]))
    assert token not in "".join(traceback.format_exception(caught.value))
