"""What health and metrics count of integrations: clients and states, and none of their data."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.clients.factories import ClientFactory
from apps.integrations.factories import call_row, integration_row, send_row
from apps.integrations.figures import read_figures, read_health
from apps.reliability import health, metrics
from apps.reliability.test_metrics import read

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _forget_answers():
    for probe in (health.INTEGRATIONS, metrics.FIGURES):
        probe.forget()


@pytest.fixture
def some():
    now = timezone.now()
    first, second = ClientFactory(), ClientFactory()
    row = integration_row(first, "email_smtp")
    integration_row(first, "email_sendgrid", status="error")
    integration_row(second, "email_smtp", status="needs_reauth")
    integration_row(second, "database_postgres", paused_at=now)
    for state, minutes in (("sent", 1), ("sent", 90), ("queued", 2), ("failed", 3)):
        send_row(row, state=state, created_at=now - timedelta(minutes=minutes))
    call_row(row)
    return first


def test_the_health_of_integrations_has_the_form_of_the_contract(some):
    answer = Browser().get("/health/integrations")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    found = answer.json()
    assert set(found) == {"whatsapp", "email", "database", "github", "slack", "http"}
    # The first client has one that works and one that does not.
    assert found["email"] == {"configured_clients": 2, "connected": 1, "errors": 2}
    assert found["database"] == {"configured_clients": 1, "connected": 1, "errors": 0}
    assert found["slack"] == {"configured_clients": 0, "connected": 0, "errors": 0}
    assert str(some.pk) not in answer.text


def test_the_health_is_one_query_of_the_table_and_counts_for_fifteen_seconds(some):
    with CaptureQueriesContext(connection) as asked:
        read_health()
    assert len([query for query in asked if "integrations_integration" in query["sql"]]) == 1
    first = Browser().get("/health/integrations").json()
    integration_row(ClientFactory(), "slack")
    assert Browser().get("/health/integrations").json() == first


def test_metrics_show_sends_calls_and_integrations(some):
    shown = read()
    assert shown["ponte_sends_last_hour", "email", "sent"] == 1
    assert shown["ponte_sends_last_hour", "email", "failed"] == 1
    assert 119 <= shown["ponte_sends_waiting_seconds",] < 180
    assert shown["ponte_integration_calls_last_hour", "ok", "email_smtp"] == 1
    assert shown["ponte_integrations", "connected", "email_smtp"] == 1
    assert shown["ponte_integrations", "paused", "database"] == 1
    assert read_figures().oldest_waiting_seconds >= 119
