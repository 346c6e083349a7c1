"""Outgoing webhooks: the reference library accepts the signature, every redirect is checked, a retry keeps its id."""

import json
from urllib.parse import quote

import pytest

from plugfn.errors import (
    Forbidden,
    GiveUp,
    InvalidParams,
    NeedsReconnect,
    RateLimited,
    TryLater,
    Unavailable,
)
from plugfn.net.guard import Guard
from plugfn.providers.http import provider
from plugfn.providers.http.conftest import EVENT, SECRET
from plugfn.testing.bench import Bench
from plugfn.webhooks.standard import new_secret

LOOPBACK = ("127.0.0.1/32",)


async def test_a_delivery_is_accepted_by_the_reference_library(connected, receiver):
    async with connected(headers={"Authorization": "Bearer abc-123"}) as bench:
        done = await bench.call("webhooks.send", EVENT | {"timestamp": "2026-01-02T03:04:05-03:00"})
    [delivered] = receiver.control("GET", "/deliveries")
    assert (done.status, done.redirects, done.id) == (204, 0, delivered["id"])
    assert delivered["body"] == EVENT | {"timestamp": "2026-01-02T06:04:05Z"}
    assert receiver.requests("/hooks")[0]["headers"]["authorization"] == "Bearer abc-123"


async def test_during_a_rotation_the_old_secret_still_verifies_a_delivery(connected, receiver):
    async with connected(secret=new_secret(), old_secrets=[SECRET]) as bench:
        await bench.call("webhooks.send", EVENT)
    assert len(receiver.requests("/hooks")[0]["headers"]["webhook-signature"].split(" ")) == 2
    assert len(receiver.control("GET", "/deliveries")) == 1


async def test_a_wrong_secret_needs_the_user(connected):
    async with connected(secret=new_secret()) as bench:
        with pytest.raises(NeedsReconnect):
            await bench.call("webhooks.send", EVENT)


async def test_without_a_secret_nothing_is_sent(connected, receiver):
    async with connected(secret=None) as bench:
        with pytest.raises(InvalidParams):
            await bench.call("webhooks.send", EVENT)
    assert receiver.requests() == []


async def test_a_retry_has_the_same_id_and_body_and_the_receiver_recognises_it(connected, receiver):
    receiver.fault("POST /hooks", kind="truncate", after=True, count=1)
    async with connected() as bench:
        await bench.call("webhooks.send", EVENT)
        assert [row.outcome for row in await bench.logs()] == ["retry", "ok"]
    first, second = receiver.requests("/hooks")
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert first["body"] == second["body"]
    [delivered] = receiver.control("GET", "/deliveries")
    assert delivered["times"] == 2


async def test_two_calls_have_two_ids(connected, receiver):
    async with connected() as bench:
        await bench.call("webhooks.send", EVENT)
        await bench.call("webhooks.send", EVENT)
    assert len(receiver.control("GET", "/deliveries")) == 2


async def test_a_410_ends_the_connection_until_the_user_reconnects(connected, receiver):
    async with connected("/status/410") as bench:
        for _ in range(2):
            with pytest.raises(NeedsReconnect):
                await bench.call("webhooks.send", EVENT)
    assert len(receiver.requests()) == 1


@pytest.mark.parametrize(
    ("path", "error"),
    [("/status/429?retry_after=90", RateLimited), ("/status/503", Unavailable), ("/status/403", GiveUp),
     ("/status/500", Unavailable), ("/close", Unavailable), ("/status/425?retry_after=90", TryLater)],
)  # fmt: skip
async def test_each_failure_of_a_receiver_is_its_own_error(connected, path, error):
    async with connected(path) as bench:
        with pytest.raises(error):
            await bench.call("webhooks.send", EVENT, timeout=0.5)


async def test_a_call_to_a_slow_receiver_times_out(connected):
    async with connected("/slow?seconds=20") as bench:
        with pytest.raises(Unavailable) as caught:
            await bench.call("webhooks.send", EVENT, timeout=2)
    assert caught.value.maybe_done


async def test_a_receiver_that_answers_with_a_long_body_has_accepted(connected, receiver):
    receiver.fault("POST /hooks", kind="answer", status=200, body="x" * 500_000)
    async with connected() as bench:
        assert (await bench.call("webhooks.send", EVENT)).status == 200


@pytest.mark.parametrize(
    "event",
    [
        {"type": "", "data": {}}, {"type": "a b", "data": {}}, {"type": "a..b", "data": {}}, {"type": "a", "data": []},
        {"type": "a"}, {"type": "a", "data": {}, "timestamp": "2026-01-02T03:04:05"}, {"type": "a", "data": {}, "x": 1},
        {"type": "a\n", "data": {}}, {"type": "a" * 200, "data": {}}, {"type": "a", "data": {"x": "y" * 300_000}},
        {"type": "a", "data": {"x": float("nan")}}, {"type": "a", "data": {"x": object()}},
    ],
)  # fmt: skip
async def test_an_invalid_event_is_refused_before_anything_is_sent(connected, receiver, event):
    async with connected() as bench:
        with pytest.raises(InvalidParams):
            await bench.call("webhooks.send", event)
    assert receiver.requests() == []


async def test_the_connections_test_delivers_a_small_event(connected, receiver):
    async with connected() as bench:
        assert await bench.test() == "127.0.0.1"
    assert receiver.control("GET", "/deliveries")[0]["body"]["type"] == "connection.test"


# --- where it may go ---


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]",
     "[64:ff9b::7f00:1]", "169.254.169.254", "10.0.0.1", "[fd00:ec2::254]", "[2002:7f00:1::1]", "0.0.0.0"],
)  # fmt: skip
async def test_every_spelling_of_a_private_address_is_refused(connected, receiver, host):
    port = receiver.url.rpartition(":")[2]
    with pytest.raises((Forbidden, Unavailable)) as caught:
        async with connected(f"http://{host}:{port}/hooks", allowed_networks=()) as bench:
            await bench.call("webhooks.send", EVENT, timeout=0.5)
    assert isinstance(caught.value, Forbidden) or caught.value.code == "dns"
    assert receiver.requests() == []


async def test_plain_http_needs_the_operators_permission(receiver):
    with pytest.raises(InvalidParams):
        async with Bench(provider, credentials={"url": receiver.url + "/hooks", "secret": SECRET}) as bench:
            await bench.call("webhooks.send", EVENT)
    assert receiver.requests() == []


async def test_a_name_is_resolved_once_and_connected_to_the_checked_address(connected, receiver, monkeypatch):
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def lookup(_guard, _host, _port):
        return answers.pop(0)

    monkeypatch.setattr(Guard, "_lookup", lookup)
    port = receiver.url.rpartition(":")[2]
    async with connected(f"http://rebind.example:{port}/hooks", allowed_networks=LOOPBACK) as bench:
        await bench.call("webhooks.send", EVENT)
        assert answers == [["127.0.0.2"]]  # resolved once: the address that was checked is the one connected to
        receiver.fault("POST /hooks", kind="reset")
        with pytest.raises(Unavailable):
            await bench.call("webhooks.send", EVENT, timeout=0.3)
        with pytest.raises(Forbidden):
            await bench.call("webhooks.send", EVENT)
    assert len(receiver.control("GET", "/deliveries")) == 1


# --- redirects ---


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_unless_it_is_allowed(connected, receiver, code):
    async with connected(f"/redirect/{code}?to={quote(receiver.url)}/hooks") as bench:
        with pytest.raises(GiveUp):
            await bench.call("webhooks.send", EVENT)
    assert receiver.requests("/hooks") == []


@pytest.mark.parametrize("code", [307, 308])
async def test_an_allowed_redirect_keeps_method_body_and_signature(connected, receiver, code):
    async with connected(f"/redirect/{code}?to=/hooks%23top", redirects=1) as bench:
        done = await bench.call("webhooks.send", EVENT)
    assert (done.status, done.redirects) == (204, 1)
    assert receiver.control("GET", "/deliveries")[0]["id"] == done.id


@pytest.mark.parametrize("code", [301, 302, 303])
async def test_a_redirect_that_would_lose_the_body_is_never_followed(connected, receiver, code):
    async with connected(f"/redirect/{code}?to=/hooks", redirects=3) as bench:
        with pytest.raises(GiveUp):
            await bench.call("webhooks.send", EVENT)
    assert receiver.requests("/hooks") == []


async def test_redirects_end_after_as_many_as_are_allowed(connected, receiver):
    again = quote("/redirect/307?to=/redirect/307", safe="")
    async with connected(f"/redirect/307?to={again}", redirects=2) as bench:
        with pytest.raises(GiveUp):
            await bench.call("webhooks.send", EVENT)
    assert len(receiver.requests()) == 3


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data", "http://127.0.0.2:{port}/hooks", "http://[::1]:{port}/hooks",
        "http://[::ffff:10.0.0.1]/", "http://2130706434:{port}/hooks", "//127.0.0.2:{port}/hooks", "http://0x7f.2:{port}/",
        "http://user:pass@127.0.0.1:{port}/hooks", "ftp://127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1:22/",
        "http://127.0.0.1:{port}\\@127.0.0.2/", "http://[", "http://127.0.0.1:99999/", "gopher://127.0.0.1:{port}/",
    ],
)  # fmt: skip
async def test_a_redirect_to_a_forbidden_url_is_refused(connected, receiver, to):
    port = receiver.url.rpartition(":")[2]
    target = quote(to.format(port=port), safe="")
    async with connected(f"/redirect/307?to={target}", redirects=3, allowed_networks=LOOPBACK) as bench:
        with pytest.raises(Forbidden):
            await bench.call("webhooks.send", EVENT)
    assert [request["path"] for request in receiver.requests()] == ["/redirect/307"]


async def test_a_redirect_without_a_location_gives_up(connected):
    async with connected("/redirect/307", redirects=1) as bench:
        with pytest.raises(GiveUp):
            await bench.call("webhooks.send", EVENT)


async def test_the_users_headers_are_not_sent_to_another_host(connected, receiver):
    port = receiver.url.rpartition(":")[2]
    back = quote(f"/redirect/307?to={quote(receiver.url + '/hooks', safe='')}", safe="")
    other = quote(f"http://localhost:{port}", safe="") + back
    async with connected(
        f"/redirect/307?to={other}", redirects=3, headers={"Authorization": "Bearer abc-123"}
    ) as bench:
        done = await bench.call("webhooks.send", EVENT)
    assert done.redirects == 2
    sent = [request["headers"].get("authorization") for request in receiver.requests()]
    assert sent == ["Bearer abc-123", None, None]


async def test_a_delivery_that_failed_after_a_redirect_has_an_unknown_outcome(connected, receiver):
    port = receiver.url.rpartition(":")[2]
    other = quote(f"http://localhost:{port}/close", safe="")
    async with connected(f"/redirect/307?to={other}", redirects=1) as bench:
        with pytest.raises(Unavailable) as caught:
            await bench.call("webhooks.send", EVENT, timeout=0.5)
    assert caught.value.maybe_done


async def test_errors_logs_and_rows_hold_no_address_secret_or_body(connected, receiver, caplog):
    caplog.set_level("DEBUG")
    async with connected("/status/500?token=t-12345", headers={"Authorization": "Bearer abc-123"}) as bench:
        with pytest.raises(Unavailable) as caught:
            await bench.call("webhooks.send", {"type": "a", "data": {"cpf": "d-999"}}, timeout=0.5)
        shown = caplog.text + str(caught.value) + json.dumps(caught.value.as_dict()) + repr(await bench.logs())
    for secret in ("t-12345", "abc-123", SECRET, "d-999"):
        assert secret not in shown
