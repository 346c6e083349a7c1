"""Toybank for tests: two empty banks in the registry, and a connection to one of them."""

import pytest

from apps.banking.aggregators.registry import AGGREGATORS
from apps.banking.aggregators.toy.application import ToyApplication
from apps.banking.aggregators.toy.definition import APPLICATIONS, TOY


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    """The one line in the registry, and two empty banks."""
    monkeypatch.setitem(AGGREGATORS, "toy", "apps.banking.aggregators.toy.definition.TOY")
    for application in APPLICATIONS:
        monkeypatch.setattr(application.bank, "links", {})


@pytest.fixture
def connected(work):
    """A connection whose first sync is done."""
    from apps.banking.aggregators.toy import factories

    factories.link()
    connection = factories.connect()
    factories.webhook()
    work()
    connection.refresh_from_db()
    return connection


@pytest.fixture
def applications(monkeypatch):
    """Gives the toy other applications for one test."""

    def give(*others: ToyApplication) -> None:
        monkeypatch.setitem(TOY.__dict__, "applications", lambda: others)

    return give
