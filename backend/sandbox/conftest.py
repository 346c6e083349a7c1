"""Emulators as real subprocesses, a receiver for their webhooks, and a report of the SDKs that could not run."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

BACKEND = Path(__file__).resolve().parents[1]
CLIENT_ID = "5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90"
CLIENT_SECRET = "pluggy_sk_sandbox_only"
DONE = ("UPDATED", "OUTDATED", "LOGIN_ERROR")


@pytest.fixture
def peer_missing() -> Callable[[str, str], None]:
    """Call it with an SDK's name and the reason: it skips the test, and pytest's report at the end says so."""
    return lambda name, reason: pytest.skip(f"NOT RUN: {name}: {reason}")


class Process:
    """One running emulator, and an HTTP session for it.

    `line`: what it printed when ready; `url`: where it listens; `answer`: the last answer to `call`.
    """

    def __init__(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"sandbox.{name}", *arguments]
        self.process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline().strip()
        self.url = self.line.rpartition(" ")[2]
        self.session = requests.Session()
        self.session.trust_env = False
        self.answer: Any = None

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        options = {"json": body, "timeout": 10, "allow_redirects": False} | more
        self.answer = self.session.request(method, self.url + path, **options)
        kind = self.answer.headers.get("Content-Type", "")
        return self.answer.json() if self.answer.content and "json" in kind else self.answer.text

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; returns its exit status."""
        self.session.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(10)
        self.process.stdout.close()
        return status


class Emulator(Process):
    """Pluggy's emulator. Every call returns the decoded body; `status` and `headers` are those of the last answer."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("pluggy", "--port", "0", "--speed", "50", *arguments)
        self.status = 0
        self.headers: Any = {}

    def log_in(self) -> "Emulator":
        key = self.post("/auth", {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET})["apiKey"]
        self.session.headers["X-API-KEY"] = key
        return self

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.session.request(method, self.url + path, json=body, timeout=20, **more)
        self.status, self.headers = answer.status_code, answer.headers
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, {} if body is None else body)

    def patch(self, path: str, body: Any = None) -> Any:
        return self.call("PATCH", path, {} if body is None else body)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    def connect(self, user: str = "user-ok", connector: int = 2, wait: bool = True, **more: Any) -> Any:
        parameters = more.pop("parameters", {"user": user, "password": "password-ok"})
        item = self.post("/items", {"connectorId": connector, "parameters": parameters, **more})
        assert self.status == 200, item
        return self.settled(item["id"]) if wait else item

    def settled(self, item_id: str, *states: str) -> Any:
        """The item once it reached one of these statuses (default: any final one)."""
        return self.until(lambda: self.get(f"/items/{item_id}"), lambda i: i["status"] in (states or DONE))

    def until(
        self, look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 15, pause: float = 0.03
    ) -> Any:
        deadline = time.monotonic() + seconds
        while not good(seen := look()):
            assert time.monotonic() < deadline, seen
            time.sleep(pause)
        return seen


@dataclass
class Receiver:
    """An HTTP server that receives webhooks and stores them.

    Answers the next of `statuses`, else `status` (a number, or a function of the request), with the body that `reply`
    makes. The sandbox imports nothing of the product, so it cannot use `plugfn.testing.stub_http`."""

    url: str = ""
    status: Any = 200
    statuses: list[int] = field(default_factory=list)
    reply: Callable[[dict[str, Any]], bytes] = lambda _: b""
    got: list[dict[str, Any]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> tuple[int, bytes]:
        """Store a request. Returns the status and the body to answer."""
        one = {"path": path, "headers": headers, "raw": raw, "body": _json(raw)}
        usual = self.status(one) if callable(self.status) else self.status
        status = self.statuses.pop(0) if self.statuses else usual
        with self.changed:
            self.got.append({**one, "status": status, "at": time.monotonic()})
            self.changed.notify_all()
        return status, self.reply(one)

    def wait(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.got) >= count, seconds), self.kinds()
        return list(self.got)

    def kinds(self) -> list[str]:
        return [one["body"]["event"] for one in self.got]

    def wait_for(self, kind: str, count: int = 1, seconds: float = 10) -> list[dict[str, Any]]:
        with self.changed:
            assert self.changed.wait_for(lambda: self.kinds().count(kind) >= count, seconds), self.kinds()
        return [one for one in self.got if one["body"]["event"] == kind]


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = receiver.take(self.path, dict(self.headers), raw)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Quiet."""

    return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def start() -> Iterator[Callable[..., Emulator]]:
    """Starts emulators with extra arguments, logged in; ends them all."""
    running: list[Emulator] = []

    def begin(*arguments: str) -> Emulator:
        running.append(Emulator(*arguments))
        return running[-1].log_in()

    yield begin
    for emulator in running:
        emulator.stop()


@pytest.fixture(scope="session")
def _shared() -> Iterator[Emulator]:
    emulator = Emulator("--allow-local-webhooks", "--retry-scale", "0.0001", "--no-rate-limits")
    yield emulator
    emulator.stop()


@pytest.fixture(scope="session")
def strict() -> Iterator[Emulator]:
    """An emulator with Pluggy's real rules for webhook URLs."""
    emulator = Emulator()
    yield emulator.log_in()
    emulator.stop()


@pytest.fixture
def emulator(_shared: Emulator) -> Emulator:
    """An emulator as after its start, without rate limits, 50 times faster, webhooks to this machine allowed."""
    _shared.post("/_sandbox/reset")
    return _shared.log_in()
