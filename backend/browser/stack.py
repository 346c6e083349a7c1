"""The running parts that a browser test uses: the web server, a worker and the bank, with the test's database."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from apps.banking.conftest import CLIENT_ID, CLIENT_SECRET, Bank
from browser.mail import Mail
from sandbox.github.world import CLIENT_ID as GITHUB_ID
from sandbox.github.world import CLIENT_SECRET as GITHUB_SECRET

# Executions that take a minute at a bank take about a second, so that a page has time to show each of their steps.
SPEED = 20
READY_SECONDS = 120


@dataclass(frozen=True)
class Stack:
    """`url`: of the web server; `github`: where a test may start GitHub's emulator. The processes' output is in their
    `log`."""

    url: str
    github: str
    bank: Bank
    mail: Mail
    web: Any
    worker: Any

    def logs(self) -> str:
        return self.web.log.read_text(errors="replace") + self.worker.log.read_text(errors="replace")


def environment(given: dict[str, str], url: str, github: str, bank: Bank, mail: Mail) -> dict[str, str]:
    """The environment of the web server and the worker."""
    ours = {
        "PUBLIC_URL": url,
        "PLUGGY_API_URL": bank.url,
        "PLUGGY_CLIENT_ID": CLIENT_ID,
        "PLUGGY_CLIENT_SECRET": CLIENT_SECRET,
        "PLUGGY_CONNECT_SDK_URL": f"{bank.url}/pluggy-connect.js",
        "CONNECT_INCLUDE_SANDBOX": "true",
        "STAFF_MFA_REQUIRED": "false",
        "WEB_CONCURRENCY": "1",
        "GITHUB_URL": github,
        "GITHUB_API_URL": github,
        "GITHUB_CLIENT_ID": GITHUB_ID,
        "GITHUB_CLIENT_SECRET": GITHUB_SECRET,
        "ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    # Only the process that drives the browser may ignore that an event loop runs.
    return (
        {name: value for name, value in given.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"} | ours | mail.environment
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(
    url: str, github: str, bank: Bank, mail: Mail, start: Callable[..., Any], wait_until: Callable[..., None]
) -> Stack:
    """Start the web server at `url` and a worker; returns when both are ready."""
    address = url.removeprefix("http://")
    web = start("gunicorn", "core.asgi:application", "--bind", address, "-c", "gunicorn.conf.py")
    queues = ("-Q", "sync,quick,background", "-c", "2", "--without-gossip", "--without-mingle")
    worker = start("celery", "-A", "core", "worker", *queues)
    wait_until(lambda: _is_live(url), READY_SECONDS, "the web server")
    wait_until(lambda: b"ready." in worker.log.read_bytes(), READY_SECONDS, "the worker's readiness")
    return Stack(url, github, bank, mail, web, worker)


def _is_live(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/live", timeout=20).ok
    except requests.RequestException:
        return False
