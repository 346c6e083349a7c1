"""A Pluggy of the test's own choosing, over real HTTP, and a client of it with the real Valkey."""

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from apps.banking.aggregators.pluggy.client import PluggyClient
from lib.stub_http import Behaviour, Request, StubServer, reply

CLIENT_ID = "00000000-0000-4000-8000-00000000000c"


def jwt(number: int = 0, *, life: float = 7200) -> str:
    """A key as Pluggy's: three parts, of which the middle one says when it ends."""
    now = int(time.time())
    parts = ({"alg": "RS256"}, {"clientId": CLIENT_ID, "n": number, "iat": now, "exp": now + life})
    head, claims = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{head}.{claims}.c2ln"


def pages_of(count: int) -> Callable[[Request], bytes]:
    """A server of so many cursor pages."""

    def answer(request: Request) -> bytes:
        at = int(request.target.partition("after=")[2] or 0)
        return reply({"results": [{"id": str(at)}], "next": f"?after={at + 1}" if at + 1 < count else None})

    return answer


class FakePluggy(StubServer):
    """Issues keys, and answers all else by `answer`, which a test sets."""

    def __init__(self) -> None:
        super().__init__(self._respond)
        self.answer: Callable[[Request], Behaviour] = lambda _: reply({"id": "1"})
        self.authenticate: Callable[[Request], Behaviour] = self._issue
        self.issued: list[str] = []
        self.key_life: float = 7200

    def _respond(self, request: Request) -> Behaviour:
        return self.authenticate(request) if request.path == "/auth" else self.answer(request)

    def _issue(self, _: Request) -> bytes:
        self.issued.append(jwt(len(self.issued), life=self.key_life))
        return reply({"apiKey": self.issued[-1]})

    def made(self, path: str) -> list[Request]:
        """What arrived at `path`."""
        return [request for request in self.requests if request.path == path]


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture
def pluggy() -> Iterator[FakePluggy]:
    with FakePluggy() as server:
        yield server


@pytest.fixture
def make_client(pluggy: FakePluggy, redis: Redis) -> Callable[..., PluggyClient]:
    def make(**options: Any) -> PluggyClient:
        return PluggyClient(pluggy.url, CLIENT_ID, "pluggy_sk_hush", redis=redis, **options)

    return make


@pytest.fixture
def client(make_client: Callable[..., PluggyClient]) -> PluggyClient:
    return make_client()
