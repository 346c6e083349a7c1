"""Fixtures for integrations: emulators, clients with integrations at them, and a worker's turn."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from plugfn.testing.emulator import Emulator

UAZAPI_TOKEN = "uazapi-sandbox-instance-token"
PERSON = "+5511988887777"


@pytest.fixture(scope="session")
def _emulators() -> Iterator[Callable[[str], Emulator]]:
    """One process for each emulator that a test asks for, until the end of the run."""
    running: dict[str, Emulator] = {}

    def start(name: str) -> Emulator:
        if name not in running:
            running[name] = Emulator(name)
        running[name].reset()
        return running[name]

    yield start
    for emulator in running.values():
        emulator.stop()


@pytest.fixture
def loopback(settings):
    """People's servers may be on this machine, and mail may go to them without TLS."""
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.PLUGFN_PROVIDERS["email_smtp"]["allow_plaintext"] = True
    yield
    settings.PLUGFN_PROVIDERS["email_smtp"]["allow_plaintext"] = False


@pytest.fixture
def uazapi(_emulators, loopback) -> Emulator:
    emulator = _emulators("uazapi")
    emulator.control("POST", "/people", {"number": PERSON.removeprefix("+"), "name": "Ana"})
    return emulator


@pytest.fixture
def smtp(_emulators, loopback) -> Emulator:
    return _emulators("smtp")


@pytest.fixture
def tenant(transactional_db) -> Any:
    """A client."""
    from apps.clients.factories import ClientFactory

    return ClientFactory()


@pytest.fixture
def whatsapp(uazapi, tenant):
    """The client's WhatsApp at the emulator."""
    from apps.integrations.factories import connected

    return connected(tenant, "whatsapp_uazapi", {"base_url": uazapi.url, "token": UAZAPI_TOKEN})


@pytest.fixture
def mail(smtp, tenant):
    """The client's mail server at the emulator."""
    from apps.integrations.factories import connected

    where = smtp.control("GET", "/smtp")
    login = {"username": where["username"], "password": where["password"]}
    server = {"host": where["host"], "port": where["plain"], "security": "none", "from_email": "nota@example.com"}
    return connected(tenant, "email_smtp", {**server, **login})


@pytest.fixture
def run_due() -> Callable[[], int]:
    """Run the task of each mailbox that is due, as a worker would. Returns how many there were."""
    from celery import current_app

    from apps.events.kinds import task_of
    from apps.events.ring import _stamp_due

    def run() -> int:
        due = _stamp_due()
        for mailbox, kind in due:
            current_app.tasks[task_of(kind)[0]](mailbox)
        return len(due)

    return run


@pytest.fixture
def later() -> Callable[[], None]:
    """Makes the events that wait for a retry due now, and ends the pause that a vendor asked for."""
    from apps.events.models import Event
    from lib.redis_client import redis_client

    def change() -> None:
        redis_client().flushdb()
        Event.objects.filter(state=Event.State.PENDING).update(available_at="2020-01-01T00:00Z")

    return change
