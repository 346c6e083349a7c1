"""Each way in which a call can fail: whether the vendor may have acted, and what error the caller gets."""

import asyncio
import logging

import pytest

from plugfn.errors import Unavailable
from plugfn.net.conftest import OK, SECRET, answer, then_close, vendor
from plugfn.net.vendor import VendorHttp


async def test_requests_to_other_origins_count_for_the_call(pool, server):
    http = vendor(pool, server)
    server.answer = then_close
    with pytest.raises(Unavailable):
        await http.elsewhere(server.url).post("/")
    assert http.in_doubt
    server.answer = OK
    await http.elsewhere(server.url).post("/")
    assert http.changed


async def _reset(writer):
    writer.transport.abort()


def _half(data: bytes):
    async def send(writer):
        writer.write(data)
        await writer.drain()
        writer.close()

    return send


@pytest.mark.parametrize(
    "failing",
    [
        then_close, _reset, _half(b"HTTP/1.1 200"), _half(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        _half(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), _half(b"SSH-2.0-OpenSSH_9\r\n\r\n"),
        _half(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), _half(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000),
    ],
)  # fmt: skip
async def test_a_sent_request_without_a_complete_answer_may_have_been_done(pool, server, failing):
    server.answer = failing
    http = vendor(pool, server)
    with pytest.raises(Unavailable) as caught:
        await http.post("/pay", json={"card": SECRET})
    assert (caught.value.code, caught.value.maybe_done) == ("no_answer", True)
    assert http.in_doubt
    assert not http.changed
    assert SECRET not in repr(caught.value) + str(caught.value)


async def test_a_refused_connection_means_nothing_was_done(pool, server):
    http = VendorHttp(pool, "http://127.0.0.1:1", trusted=True)
    with pytest.raises(Unavailable) as caught:
        await http.post("/", json={})
    assert (caught.value.code, caught.value.maybe_done, http.in_doubt) == ("connect", False, False)


async def test_an_unresolvable_name_means_nothing_was_done(pool):
    for trusted in (True, False):
        with pytest.raises(Unavailable) as caught:
            await VendorHttp(pool, "https://no-such-host.invalid", trusted=trusted).get("/")
        assert (caught.value.code, caught.value.maybe_done) == ("dns", False)


async def test_a_call_cancelled_while_it_waits_for_the_answer_is_in_doubt(pool, server):
    arrived = asyncio.Event()

    async def hang(_writer):
        arrived.set()
        await asyncio.sleep(30)

    server.answer = hang
    http = vendor(pool, server)
    call = asyncio.create_task(http.delete("/x"))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert http.in_doubt
    server.answer = OK
    assert (await vendor(pool, server).get("/")).ok


async def test_an_answered_call_is_not_in_doubt_and_reports_changes(pool, server):
    http = vendor(pool, server)
    await http.get("/")
    assert (http.in_doubt, http.changed) == (False, False)
    await http.post("/")
    assert (http.in_doubt, http.changed) == (False, True)


async def test_a_hundred_and_twenty_calls_run_at_once(pool, server):
    async def slow(writer):
        await asyncio.sleep(0.1)
        writer.write(OK)

    server.answer = slow
    found = await asyncio.gather(*[vendor(pool, server).get(f"/{number}") for number in range(120)])
    assert all(one.ok for one in found)
    assert server.connections == 120


async def test_a_connection_is_reused_by_other_calls(pool, server):
    for _ in range(5):
        await vendor(pool, server).get("/")
    assert server.connections == 1


async def test_no_secret_is_in_a_log_or_a_repr(pool, server, caplog):
    caplog.set_level(logging.DEBUG)
    server.answer = answer(b'{"body": "b-77"}', "Set-Cookie: session=cookie-55")
    http = vendor(pool, server)
    await http.post("/", params={"key": "query-66"}, json={"p": "body-88"})
    assert "send_request_headers" in caplog.text
    for secret in (SECRET, "cookie-55", "query-66", "body-88", "b-77"):
        assert secret not in caplog.text + repr(http)
