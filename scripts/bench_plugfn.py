"""Measures PlugFn: actions a second compared with a bare HTTP client, and webhook verifications a second.

Both sides make GET requests to one server in a process of its own, with the same number of calls under way. They
take turns, and read the JSON of each answer. The bare client is httpx2 with one connection pool. PlugFn does
all the work of an action: validation, connection, sealed credentials, breaker, rate budget, log row, metrics.
"""

import argparse
import asyncio
import hmac
import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256

import httpx2
from pydantic import SecretStr

from plugfn import PlugFn, new_key
from plugfn.definition import Call, Form, Model, Origin, Provider, RateLimit, Result, Settings
from plugfn.inbound import Inbound, Keys
from plugfn.providers import github_provider

ANSWER = json.dumps({"id": 7, "name": "house", "full_name": "ana/house", "private": False, "extra": "x" * 400}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
USER = "ana"


class Answerer(asyncio.Protocol):
    """A minimal HTTP server: the same answer to every request without a body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the connection to answer on."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP connection has
        self.transport, self.pending = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        *whole, self.pending = (self.pending + data).split(b"\r\n\r\n")
        self.transport.write((HEAD + ANSWER) * len(whole))


def serve(listening: socket.socket) -> None:
    """Serve until this process is ended."""

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Answerer, sock=listening)
        await server.serve_forever()

    asyncio.run(forever())


class BenchSettings(Settings):
    """The address of the server."""

    url: str


class Credentials(Model):
    """Credentials like any provider's."""

    token: SecretStr


class Get(Model):
    """Parameters like a real action's."""

    owner: str
    repo: str


class Repository(Result):
    """A result like a real action's."""

    id: int
    full_name: str
    private: bool


PROVIDER = Provider(
    name="bench",
    label="Bench",
    auth=Form(Credentials),
    docs_url="",
    settings=BenchSettings,
    origin=lambda settings, credentials: Origin(settings.url, trusted=True),
    headers=lambda credentials: {"Authorization": f"Bearer {credentials.token.get_secret_value()}"},
    limits=(RateLimit(1_000_000, 1),),
)


@PROVIDER.action("repos.get", summary="Reads a repository.", safe=True)
async def get(call: Call[Credentials], params: Get) -> Repository:
    """One GET."""
    return (await call.http.get(f"/repos/{params.owner}/{params.repo}")).read(Repository)


async def rate(call: Callable[[], Awaitable[object]], concurrent: int, seconds: float) -> float:
    """Calls a second, with `concurrent` calls at a time."""
    ends, done = time.perf_counter() + seconds, 0

    async def work() -> None:
        nonlocal done
        while time.perf_counter() < ends:
            await call()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*[work() for _ in range(concurrent)])
    return done / (time.perf_counter() - began)


async def measure(url: str, options: argparse.Namespace) -> dict[str, list[float]]:
    """The rates of each round."""
    limits = httpx2.Limits(max_connections=options.concurrent, max_keepalive_connections=options.concurrent)
    plug = PlugFn(encryption_key=new_key(), integrations={"bench": {"url": url}})
    plug.providers.register(PROVIDER)
    await plug.connections.create(USER, "bench", {"token": "a-token"})
    headers = {"Authorization": "Bearer a-token"}
    async with plug, httpx2.AsyncClient(limits=limits, headers=headers) as client:

        async def bare() -> object:
            return (await client.get(f"{url}/repos/ana/house")).json()

        async def action() -> object:
            return await plug.bench.repos.get(user_id=USER, params={"owner": "ana", "repo": "house"})

        await rate(bare, options.concurrent, 0.3)
        await rate(action, options.concurrent, 0.3)
        rates: dict[str, list[float]] = {"bare": [], "action": []}
        for _ in range(options.rounds):
            rates["bare"].append(await rate(bare, options.concurrent, options.seconds))
            rates["action"].append(await rate(action, options.concurrent, options.seconds))
    return rates


def verifications(seconds: float) -> float:
    """Signatures of GitHub deliveries of 2 KB checked in a second, on one core."""
    body = json.dumps({"action": "opened", "filling": "x" * 2000}).encode()
    signature = "sha256=" + hmac.new(b"a-secret", body, sha256).hexdigest()
    inbound = Inbound(body, {"x-hub-signature-256": signature, "content-type": "application/json"})
    keys, verify = Keys(("a-secret",)), github_provider.webhooks.verify
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        for _ in range(100):
            verify(inbound, keys)
        done += 100
    return done / (time.perf_counter() - began)


def run(options: argparse.Namespace) -> dict[str, float]:
    """Measure everything, with the server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        server = multiprocessing.get_context("fork").Process(target=serve, args=(listening,), daemon=True)
        server.start()
        try:
            rates = asyncio.run(measure(f"http://127.0.0.1:{listening.getsockname()[1]}", options))
        finally:
            server.terminate()
            server.join()
    ratio = statistics.median(bare / action for bare, action in zip(rates["bare"], rates["action"], strict=True))
    return {
        "actions_per_s": round(statistics.median(rates["action"])),
        "bare_per_s": round(statistics.median(rates["bare"])),
        "ratio": round(ratio, 2),
        "verifications_per_s": round(verifications(options.seconds)),
    }


def main() -> int:
    """`--json` prints one JSON object: actions_per_s, bare_per_s, ratio (bare ÷ actions), verifications_per_s."""
    parser = argparse.ArgumentParser(prog="scripts/bench plugfn", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--concurrent", type=int, default=100, help="calls under way at once (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side is measured (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a measurement (default: %(default)s)")
    options = parser.parse_args()
    figures = run(options)
    if options.json:
        print(json.dumps(figures))
        return 0
    print(f"PlugFn, {options.concurrent} calls at once   {figures['actions_per_s']:,} actions/s")
    print(f"the bare HTTP client             {figures['bare_per_s']:,} requests/s: {figures['ratio']} times the rate")
    print(f"webhook signatures checked       {figures['verifications_per_s']:,}/s on one core")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
