"""The emulator as a real subprocess, and an app's server that answers Slack's challenge."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

BACKEND = Path(__file__).resolve().parents[2]


class Slack:
    """The running emulator, and a session with a bot's token. `answer` is the last one."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "sandbox.slack"]
        self.process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip().rpartition(" ")[2]
        self.session = requests.Session()
        self.answer: Any = None

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        options = {"json": body, "timeout": 10, "allow_redirects": False} | more
        self.answer = self.session.request(method, self.url + path, **options)
        kind = self.answer.headers.get("Content-Type", "")
        return self.answer.json() if self.answer.content and "json" in kind else self.answer.text

    def control(self, path: str, body: Any = None) -> Any:
        return self.call("POST", f"/_sandbox/{path}", body)

    def api(self, method: str, body: Any = None, **more: Any) -> Any:
        return self.call("POST", f"/api/{method}", body, **more)

    def as_bot(self, **token: Any) -> str:
        value = str(self.control("tokens", token)["access_token"])
        self.session.headers["Authorization"] = f"Bearer {value}"
        return value

    def stop(self) -> None:
        self.session.close()
        self.process.terminate()
        self.process.communicate(timeout=10)


@pytest.fixture(scope="session")
def _slack() -> Iterator[Slack]:
    running = Slack()
    yield running
    running.stop()


@pytest.fixture
def slack(_slack: Slack) -> Slack:
    """An emulator as after its start, with a bot's token."""
    _slack.control("reset")
    _slack.as_bot()
    return _slack


class App:
    """An app's server: keeps what comes; answers `statuses` in turn, then 200; challenges are given back."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.url = ""

    def take(self, headers: dict[str, str], raw: bytes) -> tuple[int, bytes]:
        self.got.append({"headers": headers, "raw": raw})
        try:
            challenge = json.loads(raw).get("challenge", "")
        except ValueError:
            challenge = ""
        return (self.statuses.pop(0) if self.statuses else 200), challenge.encode()


@pytest.fixture
def app() -> Iterator[App]:
    found = App()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = found.take(dict(self.headers), raw)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/slack"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()
