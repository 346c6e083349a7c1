"""A stub of Pluggy whose answers a test sets, over real HTTP, and a client for it with the real Valkey."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from apps.banking.aggregators.pluggy.classify import classify_item
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.client.pages import Doc, Docs
from apps.banking.aggregators.verdict import Health
from lib.http import JsonClient
from plugfn.testing.stub_http import Behaviour, Request, StubServer, reply

CLIENT_ID = "00000000-0000-4000-8000-00000000000c"
PERSON = "9b2d7c5e-1111-4222-8333-444455556666"
ENDED = (Health.OK, Health.PARTIAL, Health.TEMPORARY, Health.NEEDS_USER, Health.PERMANENT)
BACKEND = Path(__file__).resolve().parents[4]
SANDBOX_ID = "5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90"
SANDBOX_SECRET = "pluggy_sk_sandbox_only"


def jwt(number: int = 0, *, life: float = 7200) -> str:
    """A key like Pluggy's: three parts; the middle one says when the key ends."""
    now = int(time.time())
    parts = ({"alg": "RS256"}, {"clientId": CLIENT_ID, "n": number, "iat": now, "exp": now + life})
    head, claims = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{head}.{claims}.c2ln"


def pages_of(count: int) -> Callable[[Request], bytes]:
    """A server with `count` cursor pages."""

    def answer(request: Request) -> bytes:
        at = int(request.target.partition("after=")[2] or 0)
        return reply({"results": [{"id": str(at)}], "next": f"?after={at + 1}" if at + 1 < count else None})

    return answer


class FakePluggy(StubServer):
    """Issues keys, and answers other requests with the function `answer`, which a test sets."""

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
        """The requests that arrived at `path`."""
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


class Sandbox:
    """The emulator's process, and its control endpoint."""

    def __init__(self) -> None:
        options = ("--port", "0", "--speed", "50", "--allow-local-webhooks")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.pluggy", *options],
            cwd=BACKEND,
            env={**os.environ, "PYTHONPATH": str(BACKEND)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().strip().rpartition(" ")[2]
        self.http = JsonClient(self.url)

    def tell(self, path: str, body: Any = None) -> Any:
        answer = self.http.request("POST", f"/_sandbox/{path}", json=body or {})
        assert answer.status == 200, answer.body
        return answer.body

    def ask(self, path: str) -> Any:
        return self.http.request("GET", f"/_sandbox/{path}").body

    def asked(self, endpoint: str) -> int:
        """How many requests arrived at an endpoint."""
        return self.ask("requests")["endpoints"].get(endpoint, {"count": 0})["count"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The emulator, reset to its start."""
    running.tell("reset")
    return running


def settled(client: PluggyClient, item_id: str, healths: tuple[Health, ...] = ENDED) -> Doc:
    """Wait until the item's verdict has one of these healths, and return the item."""
    end = time.monotonic() + 20
    while (verdict := classify_item(item := client.item(item_id))).health not in healths:
        assert time.monotonic() < end, verdict
        time.sleep(0.05)
    return item


def connected(client: PluggyClient, user: str = "user-ok", connector: int = 2, **more: Any) -> Doc:
    """A new item at the emulator whose first run has ended."""
    parameters = {"user": user, "password": "password-ok"}
    item = client.create_item(connector, parameters, client_user_id=PERSON, **more)
    return settled(client, item["id"])


def rows(pages: Iterable[Docs]) -> Docs:
    """All rows of all pages."""
    return [row for page in pages for row in page]
