"""A small HTTP load generator: open connections, prepared requests. A latency counts from when its request was due.

One process, one asyncio loop and a minimal reader of answers: it needs a fraction of a core while the measured servers
need all others. It connects to loopback only.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field

# Seconds after which a measurement has failed.
PATIENCE = 120
# Seconds between opening one connection and the next.
RAMP = 0.005


@dataclass
class Result:
    """Answers by status, and the seconds each took."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    client_cpu_seconds: float = 0.0

    @property
    def answers(self) -> int:
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` of the answers came."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Connection(asyncio.Protocol):
    """One open connection, with at most one request on it."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.buffer = b""
        self.due = 0.0
        self.answered: asyncio.Future[bool] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP connection has
        self.transport = transport

    def ask(self, request: bytes, due: float) -> "asyncio.Future[bool]":
        """Send. The future is done when the answer has arrived."""
        self.due = due
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answered

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.buffer = b""
        self.result.statuses[int(head[9:12])] += 1
        self.result.latencies.append(time.perf_counter() - self.due)
        self._done(True)

    def connection_lost(self, error: Exception | None) -> None:
        self._done(False)

    def _done(self, came: bool) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_result(came)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    if not found:
        raise ValueError("the server's answer has no Content-Length: it cannot be measured")
    return int(rest.split(b"\r\n", 1)[0])


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a request."""
    lines = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def get(path: str, headers: dict[str, str]) -> bytes:
    """The bytes of a request without a body."""
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "127.0.0.1", **headers}.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()


def flood(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Result:
    """Each connection sends its next request as soon as the last one is answered."""
    return asyncio.run(_measure(_flood(port, requests, connections, seconds)))


def offer(port: int, requests: Iterator[bytes], connections: int, seconds: float, rate: float) -> Result:
    """Send `rate` requests a second, even if the server falls behind. Latencies count from when a request was due."""
    return asyncio.run(_measure(_offer(port, requests, connections, seconds, rate)))


async def _measure(work: Coroutine[object, object, Result]) -> Result:
    cpu = time.process_time()
    result = await asyncio.wait_for(work, PATIENCE)
    result.client_cpu_seconds = time.process_time() - cpu
    return result


async def _open(port: int, number: int, result: Result) -> Connection:
    """Open a connection a while after the one before, so that all server processes get some of them."""
    await asyncio.sleep(number * RAMP)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Connection(result), "127.0.0.1", port)
    return connection


async def _flood(port: int, requests: Iterator[bytes], count: int, seconds: float) -> Result:
    result = Result()
    start = time.perf_counter()
    end = start + seconds

    async def keep_asking(number: int) -> None:
        connection = await _open(port, number, result)
        while time.perf_counter() < end and (request := next(requests, None)):
            if not await connection.ask(request, time.perf_counter()):
                return

    await asyncio.gather(*map(keep_asking, range(count)))
    result.seconds = time.perf_counter() - start
    return result


async def _offer(port: int, requests: Iterator[bytes], count: int, seconds: float, rate: float) -> Result:
    result = Result()
    connections = await asyncio.gather(*(_open(port, number, result) for number in range(count)))
    start = time.perf_counter()
    due = iter(start + n / rate for n in range(int(seconds * rate)))

    async def take_turns(connection: Connection) -> None:
        for moment in due:
            await asyncio.sleep(max(0, moment - time.perf_counter()))
            if not await connection.ask(next(requests), moment):
                return

    await asyncio.gather(*map(take_turns, connections))
    result.seconds = time.perf_counter() - start
    return result
