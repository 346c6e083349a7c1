"""Idle connections: reused while fresh, never after the other side has closed them."""

import asyncio

import httpcore2
import pytest

from plugfn.net import keepalive
from plugfn.net.conftest import OK, answer, serving
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.net.vendor import VendorHttp


def _idle(pool: Pool) -> int:
    connections = pool.connections(trusted=True)
    return sum(len(waiting) for waiting in connections._idle.values())


async def _calls(pool: Pool, url: str, count: int) -> bool:
    found = await asyncio.gather(*[VendorHttp(pool, url, trusted=True).get("/") for _ in range(count)])
    return all(one.ok for one in found)


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used(pool, server):
    async def once(writer):
        writer.write(OK)
        await writer.drain()
        writer.close()

    server.answer = once
    for _ in range(5):
        assert await _calls(pool, server.url, 1)
        await asyncio.sleep(0.02)
    assert server.connections == 5


async def test_a_connection_that_waited_too_long_is_not_used(pool, server, monkeypatch):
    monkeypatch.setattr(keepalive, "IDLE_SECONDS", 0.05)
    await _calls(pool, server.url, 1)
    await asyncio.sleep(0.1)
    await _calls(pool, server.url, 1)
    assert server.connections == 2


async def test_surplus_connections_are_closed(pool, server, monkeypatch):
    monkeypatch.setattr(keepalive, "MOST_IDLE", 3)
    assert await _calls(pool, server.url, 20)
    assert _idle(pool) == 20
    pool.connections(trusted=True)._swept -= 2.0
    assert await _calls(pool, server.url, 1)
    assert _idle(pool) == 3


async def test_connections_of_an_unused_origin_are_closed(pool, monkeypatch):
    monkeypatch.setattr(keepalive, "IDLE_SECONDS", 0.05)
    async with serving() as one, serving() as other:
        await _calls(pool, one.url, 3)
        await asyncio.sleep(0.1)
        pool.connections(trusted=True)._swept -= 2.0
        await _calls(pool, other.url, 1)
        assert len(pool.connections(trusted=True)._idle) == 1


async def test_more_calls_than_places_all_run(server, monkeypatch):
    monkeypatch.setattr(keepalive, "MOST_BUSY", 2)
    pool = Pool(Guard())
    assert await _calls(pool, server.url, 50)
    assert server.connections <= 2
    await pool.close()


async def test_failed_and_cancelled_calls_release_their_place(server, monkeypatch):
    monkeypatch.setattr(keepalive, "MOST_BUSY", 1)
    pool = Pool(Guard())
    server.answer = lambda _writer: asyncio.sleep(5)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await _calls(pool, server.url, 1)
    server.answer = OK
    assert await _calls(pool, server.url, 5)
    await pool.close()


async def test_two_requests_never_share_a_connection_at_the_same_time(pool, server):
    async def slowly(writer):
        await asyncio.sleep(0.002)
        writer.write(OK)

    server.answer = slowly

    async def caller():
        for _ in range(10):
            await VendorHttp(pool, server.url, trusted=True).get("/")
            pool.connections(trusted=True)._swept -= 2.0  # sweep as often as possible, between the other requests

    await asyncio.gather(*[caller() for _ in range(20)])
    assert len(server.seen) == 200
    assert server.connections == 20


async def test_closing_closes_idle_connections_and_the_pool_stays_usable(pool, server):
    await _calls(pool, server.url, 5)
    await pool.close()
    assert await _calls(pool, server.url, 1)
    assert server.connections == 6


def test_httpcore2_still_has_what_this_module_uses():
    assert {"has_expired", "is_idle", "aclose", "handle_async_request"} <= set(dir(httpcore2.AsyncHTTPConnection))


ANOTHERS = answer(b'"another')
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: y\r\n\r\n"


@pytest.mark.parametrize(
    "first",
    [
        OK + ANOTHERS,
        OK + b"x",
        OK + b"\r\n",
        CHUNKED + ANOTHERS,
        CHUNKED + b"0",
        answer(b"{}", status="204 No Content"),
        answer(b"{}", status="304 Old"),
    ],
)
async def test_bytes_after_an_answer_are_not_read_as_the_next_answer(pool, server, first):
    http = VendorHttp(pool, server.url, trusted=True)
    server.answer = first
    await http.get("/", checked=False)
    server.answer = OK
    assert (await http.get("/")).body == b"{}"
    assert server.connections == 2


async def test_decrypted_bytes_after_an_answer_are_not_read_as_the_next_answer(authority, tmp_path):
    async def both(writer):
        writer.write(OK)
        writer.write(ANOTHERS)  # a record of its own, which comes in the same packet

    pool = Pool(Guard(), tls=authority.client())
    async with serving(tls=authority.server("localhost", tmp_path)) as server:
        http = VendorHttp(pool, f"https://localhost:{server.port}", trusted=True)
        server.answer = both
        assert (await http.get("/")).body == b"{}"
        server.answer = OK
        assert (await http.get("/")).body == b"{}"
        assert server.connections == 2
        assert (await http.get("/")).ok
        assert server.connections == 2
    await pool.close()
