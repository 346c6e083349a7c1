"""Fixtures: the shipped web server, and a database and a broker that a test may freeze."""

import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

import embedded
from apps.banking.conftest import _bank, bank  # noqa: F401 - pytest finds fixtures by their names


class Web:
    """A running gunicorn and its address."""

    def __init__(self, process, port: int) -> None:
        self.process, self.url = process, f"http://127.0.0.1:{port}"

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=10, allow_redirects=False)


@pytest.fixture
def start_web(start_process, wait_until) -> Callable[..., Web]:
    """Start gunicorn as the Procfile does, but with one process; returns when it answers."""

    def start(**environment: str) -> Web:
        port = free_port()
        command = ("gunicorn", "core.asgi:application", "-b", f"127.0.0.1:{port}")
        web = Web(start_process(*command, **{"WEB_CONCURRENCY": "1", **environment}), port)
        wait_until(lambda: _answers(web), 40, "the web server's first answer")
        return web

    return start


def _answers(web: Web) -> bool:
    try:
        return web.get("/health/live").ok
    except requests.RequestException:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def black_hole():
    """The port of a socket that accepts every connection and never answers."""
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(64)
        yield hole.getsockname()[1]


@pytest.fixture
def own_servers() -> Iterator[dict[str, str]]:
    """The addresses of a PostgreSQL and a Valkey for this test only, so it may freeze them."""
    with tempfile.TemporaryDirectory(prefix="ponte-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # the server's account is not ours when we are root
        with embedded.servers(Path(name), {}, {"fsync": "off"}) as urls:
            yield urls


@pytest.fixture(autouse=True)
def _forget_answers() -> None:
    """No test sees the answers of another."""
    from apps.reliability import health, metrics  # models cannot be imported before Django has started

    probes = (health.DATABASE, health.BACKLOG, health.BROKER, health.INTEGRATIONS)
    for probe in (*probes, metrics.SYNC_FIGURES, metrics.CALLS, metrics.FIGURES):
        probe.forget()
