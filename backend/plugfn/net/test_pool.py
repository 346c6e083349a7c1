"""Connection pools: for each event loop, after a fork, and through the guard."""

import asyncio
import os

import pytest

from plugfn.errors import Forbidden, Unavailable
from plugfn.net.conftest import serving
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.net.vendor import VendorHttp


class NameServer(Guard):
    """Gives one answer after another, and records the requests."""

    def __init__(self, *answers: list[str], allowed: tuple[str, ...] = ("127.0.0.1/32",)) -> None:
        super().__init__(allowed)
        self.answers, self.asked = list(answers), []

    async def _lookup(self, host, port):
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_the_connection_goes_to_the_checked_address():
    names = NameServer(["127.0.0.1"], ["127.0.0.2"])
    pool = Pool(names)
    async with serving() as good, serving("127.0.0.2", good.port) as inside:
        await VendorHttp(pool, f"http://rebind.example:{good.port}", trusted=False).get("/")
        assert names.asked == ["rebind.example"]
        await pool.close()
        with pytest.raises(Forbidden):
            await VendorHttp(pool, f"http://rebind.example:{good.port}", trusted=False).get("/")
        assert (len(good.seen), inside.seen) == (1, [])
    await pool.close()


async def test_a_name_is_not_resolved_a_second_time():
    pool = Pool(NameServer(["127.0.0.5"], allowed=("127.0.0.5/32",)))
    async with serving("127.0.0.5") as checked, serving("127.0.0.1", checked.port) as inside:
        await VendorHttp(pool, f"http://localhost:{checked.port}", trusted=False).get("/")
        assert (len(checked.seen), inside.seen) == (1, [])
    await pool.close()


async def test_a_reused_connection_ignores_a_changed_name():
    names = NameServer(["127.0.0.1"], ["127.0.0.2"])
    pool = Pool(names)
    async with serving() as good:
        for _ in range(3):
            await VendorHttp(pool, f"http://rebind.example:{good.port}", trusted=False).get("/")
        assert (good.connections, len(names.asked)) == (1, 1)
    await pool.close()


async def test_a_trusted_connection_is_never_used_by_an_untrusted_call():
    pool = Pool(Guard())
    async with serving() as server:
        await VendorHttp(pool, server.url, trusted=True).get("/")
        with pytest.raises(Forbidden):
            await VendorHttp(pool, server.url, trusted=False).get("/")
    await pool.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.1", "0x7f.1", "2130706433", "017700000001", "localhost", "localhost.", "127.0.0.1.", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
    ],
)  # fmt: skip
async def test_no_notation_of_loopback_reaches_a_local_server(host):
    pool = Pool(Guard())
    async with serving() as server:
        with pytest.raises((Forbidden, Unavailable)):
            await VendorHttp(pool, f"http://{host}:{server.port}", trusted=False).get("/")
        assert server.connections == 0
    await pool.close()


async def test_the_next_address_is_tried_when_the_first_refuses():
    pool = Pool(NameServer(["127.0.0.3", "127.0.0.1"], allowed=("127.0.0.0/8",)))
    async with serving() as server:
        assert (await VendorHttp(pool, f"http://two.example:{server.port}", trusted=False).get("/")).ok
    await pool.close()


async def test_a_connect_timeout_means_nothing_was_done(monkeypatch):
    monkeypatch.setattr("plugfn.net.vendor.TIMEOUTS", {"connect": 0.1, "pool": 1.0, "read": 1.0, "write": 1.0})

    class Slow(Guard):
        async def _lookup(self, host, port):
            await asyncio.sleep(5)

    pool = Pool(Slow())
    http = VendorHttp(pool, "http://slow.example", trusted=False)
    with pytest.raises(Unavailable) as caught:
        await http.get("/")
    assert (caught.value.code, caught.value.maybe_done, http.in_doubt) == ("timeout_connect", False, False)
    await pool.close()


async def test_a_silent_server_times_out_and_may_have_acted(monkeypatch):
    monkeypatch.setattr("plugfn.net.vendor.TIMEOUTS", {"connect": 1.0, "pool": 1.0, "read": 0.1, "write": 1.0})
    pool = Pool(Guard())
    async with serving() as server:
        server.answer = lambda _writer: asyncio.sleep(5)
        with pytest.raises(Unavailable) as caught:
            await VendorHttp(pool, server.url, trusted=True).post("/")
    assert (caught.value.code, caught.value.maybe_done) == ("timeout", True)
    await pool.close()


async def test_too_many_simultaneous_calls_wait_and_then_fail(monkeypatch):
    monkeypatch.setattr("plugfn.net.vendor.TIMEOUTS", {"connect": 1.0, "pool": 0.1, "read": 5.0, "write": 1.0})
    monkeypatch.setattr("plugfn.net.keepalive.MOST_BUSY", 1)
    pool = Pool(Guard())
    async with serving() as server:
        server.answer = lambda _writer: asyncio.sleep(5)
        first = asyncio.create_task(VendorHttp(pool, server.url, trusted=True).get("/"))
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable) as caught:
            await VendorHttp(pool, server.url, trusted=True).get("/")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert (caught.value.code, caught.value.maybe_done) == ("timeout_pool", False)
    await pool.close()


@pytest.mark.parametrize("trusted", [True, False])
async def test_the_certificate_must_match_the_name(authority, tmp_path, trusted):
    tls = authority.server("localhost", tmp_path)
    pool = Pool(NameServer(["127.0.0.1"]), tls=authority.client())
    async with serving(tls=tls) as server:
        assert (await VendorHttp(pool, f"https://localhost:{server.port}", trusted=trusted).get("/")).ok
        with pytest.raises(Unavailable) as caught:
            await VendorHttp(pool, f"https://127.0.0.1:{server.port}", trusted=trusted).get("/")
    assert (caught.value.code, caught.value.maybe_done) == ("tls", False)
    await pool.close()


async def test_a_guarded_hosts_certificate_is_verified(authority, tmp_path):
    pool = Pool(NameServer(["127.0.0.1"]), tls=authority.client())
    async with serving(tls=authority.server("good.example", tmp_path)) as server:
        assert (await VendorHttp(pool, f"https://good.example:{server.port}", trusted=False).get("/")).ok
        with pytest.raises(Unavailable) as caught:
            await VendorHttp(pool, f"https://other.example:{server.port}", trusted=False).get("/")
    assert caught.value.code == "tls"
    await pool.close()


async def test_an_untrusted_certificate_is_refused(authority, tmp_path):
    pool = Pool(Guard())
    async with serving(tls=authority.server("localhost", tmp_path)) as server:
        with pytest.raises(Unavailable) as caught:
            await VendorHttp(pool, f"https://localhost:{server.port}", trusted=True).get("/")
    assert caught.value.code == "tls"
    await pool.close()


async def test_the_environments_proxy_is_not_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    pool = Pool(Guard())
    async with serving() as server:
        assert (await VendorHttp(pool, server.url, trusted=True).get("/")).ok
    await pool.close()


def test_one_event_loop_after_another_can_use_it():
    pool = Pool(Guard())

    async def once():
        async with serving() as server:
            found = await VendorHttp(pool, server.url, trusted=True).get("/")
            await pool.close()
            return found.ok

    assert [asyncio.run(once()) for _ in range(3)] == [True, True, True]


def test_connections_of_a_closed_loop_are_dropped():
    pool = Pool(Guard())

    async def once():
        async with serving() as server:
            await VendorHttp(pool, server.url, trusted=True).get("/")
            return len(pool._pairs)

    assert [asyncio.run(once()) for _ in range(3)] == [1, 1, 1]


def test_simultaneous_loops_have_their_own_connections():
    pool = Pool(Guard())

    async def calls():
        async with serving() as server:
            found = await asyncio.gather(*[VendorHttp(pool, server.url, trusted=True).get("/") for _ in range(20)])
            await pool.close()
            return all(one.ok for one in found)

    async def both():
        return await asyncio.gather(*[asyncio.to_thread(asyncio.run, calls()) for _ in range(4)])

    assert asyncio.run(both()) == [True] * 4


def _in_the_child(pool: Pool, kept: list) -> bytes:
    """What a forked process has: its own connections, with the parent's still there but unused."""

    async def call() -> bool:
        async with serving() as server:
            found = await VendorHttp(pool, server.url, trusted=True).get("/")
            await pool.close()
            return found.ok and server.connections == 1

    return b"y" if asyncio.run(call()) and pool._parents == [kept] and not pool._pairs else b"n"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_opens_new_connections_and_the_parents_stay_open(monkeypatch):
    monkeypatch.setattr("plugfn.net.vendor.TIMEOUTS", {"connect": 1.0, "pool": 1.0, "read": 2.0, "write": 1.0})
    pool = Pool(Guard())
    said, say = os.pipe()

    async def parent():
        async with serving() as server:
            await VendorHttp(pool, server.url, trusted=True).get("/")
            child = os.fork()
            if child == 0:
                try:
                    os.write(say, _in_the_child(pool, pool._pairs))
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
            assert (await VendorHttp(pool, server.url, trusted=True).get("/")).ok
            assert server.connections == 1
            await pool.close()

    asyncio.run(parent())
    os.close(say)
    assert os.read(said, 1) == b"y"
    os.close(said)
