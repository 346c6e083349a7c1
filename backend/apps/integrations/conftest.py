"""Fixtures for integrations: emulators, clients with integrations at them, and a worker's turn."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from plugfn.providers.database_postgres.conftest import Door, relay
from plugfn.testing.emulator import Emulator

UAZAPI_TOKEN = "uazapi-sandbox-instance-token"
PERSON = "+5511988887777"


@pytest.fixture(scope="session")
def emulators() -> Iterator[Callable[[str], Emulator]]:
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
def uazapi(emulators, loopback) -> Emulator:
    emulator = emulators("uazapi")
    emulator.control("POST", "/people", {"number": PERSON.removeprefix("+"), "name": "Ana"})
    return emulator


@pytest.fixture
def smtp(emulators, loopback) -> Emulator:
    return emulators("smtp")


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
def program(caller, tenant):
    """A program of the client, which may read and write."""
    from apps.clients.factories import MembershipFactory

    return caller(MembershipFactory(client=tenant, role="owner"))


@pytest.fixture
def client_postgres(transactional_db) -> Iterator[dict[str, Any]]:
    """The login of a PostgreSQL, as a client enters it: the test run's own, behind a TCP port."""
    connection.ensure_connection()
    own = connection.connection.info
    door = Door(relay(f"{own.host}/.s.PGSQL.{own.port}"))
    login = {"user": own.user, "password": own.password or "none"}
    yield {"host": "127.0.0.1", "port": door.port, "database": own.dbname, **login}
    door.close()


@pytest.fixture
def run_due() -> Callable[[], int]:
    """Run the task of each mailbox that is due, as a worker would. Returns how many there were."""
    from celery import current_app

    from apps.events.kinds import task_of
    from apps.events.ring import _stamp_due, in_tasks

    def run() -> int:
        due = _stamp_due()
        for kind, mailboxes in in_tasks(due):
            current_app.tasks[task_of(kind)[0]](*mailboxes)
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
