"""The doctor: an installation that works has nothing to mend; what is broken is named with its remedy."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from apps.banking.aggregators.registry import aggregator
from apps.banking.factories import ConnectionFactory, ConnectorFactory, SyncRunFactory
from apps.clients.factories import UserFactory
from apps.events.models import Event
from apps.integrations.factories import IntegrationFactory
from apps.integrations.models import Integration
from apps.reliability import heartbeat
from apps.reliability.doctor import arrivals, examine, integrations, machine, vendor, widget
from apps.reliability.doctor.finding import Check, Level, bad

pytestmark = pytest.mark.django_db


def found(name: str):
    return next(line.finding for line in examine.examine() if line.check.name == name)


@pytest.fixture
def running(db, settings, bank):
    """A worker and beat, as their traces show them, and the script of the widget."""
    settings.PLUGGY_CONNECT_SDK_URL = f"{bank.url}/pluggy-connect.js"
    heartbeat.beat("worker@here")
    PeriodicTask.objects.filter(task=machine.SWEEP).update(last_run_at=datetime.now(UTC))


def test_an_installation_that_polls_and_works_has_nothing_to_mend(bank, running, settings):
    settings.PUBLIC_URL = ""
    levels = {line.check.name: line.finding.level for line in examine.examine()}
    assert set(levels.values()) <= {Level.GOOD, Level.WAITING}, levels
    assert levels["connection"] == Level.WAITING


def test_each_line_that_is_not_good_says_what_to_do(settings):
    settings.PLUGGY_CLIENT_ID = ""
    for line in examine.examine():
        if line.finding.level in (Level.BAD, Level.WARNING):
            assert str(line.finding.todo), line.check.name


def test_no_worker_and_no_beat_are_named():
    PeriodicTask.objects.filter(task=machine.SWEEP).update(last_run_at=datetime.now(UTC) - timedelta(hours=1))
    assert machine.look_at_workers().level == Level.BAD
    silent = machine.look_at_beat()
    assert silent.level == Level.BAD
    assert "60" in silent.found or "1" in silent.found
    PeriodicTask.objects.filter(task=machine.SWEEP).update(enabled=False)
    assert "events.sweep" in machine.look_at_beat().found


def test_a_worker_and_beat_that_run_are_good(running):
    assert machine.look_at_workers().level == Level.GOOD
    assert machine.look_at_beat().level == Level.GOOD


def test_a_broker_that_is_down_is_named_and_what_needs_it_is_skipped(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert found("broker").level == Level.BAD
    assert found("worker").level == Level.SKIPPED
    assert found("credentials").level == Level.SKIPPED
    assert found("subscription").level == Level.SKIPPED


def test_a_clock_that_differs_is_named(monkeypatch):
    assert machine.look_at_clock().level == Level.GOOD
    monkeypatch.setattr(machine, "CLOCK_TOLERANCE", timedelta(seconds=-1))
    assert machine.look_at_clock().level == Level.WARNING


def test_credentials_that_pluggy_refuses_are_named(bank, settings):
    settings.PLUGGY_CLIENT_SECRET = "another-secret"
    refused = vendor.look_at_credentials()
    assert refused.level == Level.BAD
    assert "another-secret" not in f"{refused.found}{refused.todo}"


def test_missing_credentials_are_named_by_their_settings(settings):
    settings.PLUGGY_CLIENT_SECRET = ""
    missing = vendor.look_at_credentials()
    assert missing.level == Level.BAD
    assert "PLUGGY_CLIENT_SECRET" in missing.found


def test_an_aggregator_that_does_not_answer_is_no_fault_of_the_credentials(settings):
    settings.PLUGGY_API_URL = "http://127.0.0.1:9"
    assert vendor.look_at_credentials().level == Level.WARNING


def test_the_script_of_the_widget_is_looked_for_where_browsers_load_it(bank, settings):
    settings.PLUGGY_CONNECT_SDK_URL = f"{bank.url}/pluggy-connect.js"
    assert widget.look_at_widget().level == Level.GOOD
    settings.PLUGGY_CONNECT_SDK_URL = f"{bank.url}/no-such-script.js"
    assert "404" in widget.look_at_widget().found
    settings.PLUGGY_CONNECT_SDK_URL = f"{bank.url}/_sandbox/counts"
    assert widget.look_at_widget().level == Level.BAD
    settings.PLUGGY_CONNECT_SDK_URL = "http://127.0.0.1:9/pluggy-connect.js"
    assert widget.look_at_widget().level == Level.WARNING
    settings.CONNECT_PAGE = False
    assert widget.look_at_widget().level == Level.GOOD


def test_a_limit_of_the_plan_is_told_by_its_code():
    assert vendor.look_at_plan().level == Level.GOOD
    SyncRunFactory(
        state="failed",
        error_type="product_not_available",
        error_code="CLIENT_HAS_ITEM_UPDATES_DISABLED",
        finished_at=datetime.now(UTC) + timedelta(minutes=1),
    )
    assert "CLIENT_HAS_ITEM_UPDATES_DISABLED" in vendor.look_at_plan().found


def test_a_trial_that_offers_only_the_sandbox_is_told():
    ConnectorFactory(is_sandbox=True)
    assert vendor.look_at_plan().level == Level.WARNING
    ConnectorFactory(is_sandbox=False)
    assert vendor.look_at_plan().level == Level.GOOD


def test_a_subscription_that_is_missing_is_told_with_the_command_that_makes_it(bank, settings):
    settings.PUBLIC_URL, settings.DEBUG = "https://ponte.example.com", False
    missing = vendor.look_at_subscription()
    assert missing.level == Level.BAD
    assert "register_webhooks" in missing.todo
    url = settings.PUBLIC_URL + reverse("webhook", args=["pluggy"])
    for step in aggregator("pluggy").application().subscription().steps_to_register(url):
        step.act()
    assert vendor.look_at_subscription().level == Level.GOOD


@pytest.mark.django_db(transaction=True)
def test_a_test_event_makes_the_round_trip_through_the_public_address(start_web, settings, bank):
    web = start_web()
    settings.PUBLIC_URL = web.url
    assert vendor.look_at_round_trip().level == Level.GOOD
    assert Event.objects.get().kind == vendor.HARMLESS
    settings.PLUGGY_WEBHOOK_SECRETS = ["another-webhook-secret-for-tests-alone"]
    refused = vendor.look_at_round_trip()
    assert (refused.level, "401" in refused.found) == (Level.BAD, True)


def test_an_address_that_nothing_answers_is_told(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    assert "PUBLIC_URL" in vendor.look_at_round_trip().found
    assert vendor.look_at_round_trip().level == Level.BAD


def test_the_last_webhook_and_the_last_sync_are_told(settings):
    assert arrivals.look_at_webhooks().level == Level.WAITING
    event = Event.objects.create(source="pluggy", event_id="1", kind="item/updated", mailbox="m", payload=b"")
    Event.objects.create(source="ponte", event_id="2", kind="connection.updated", mailbox="m", payload=b"")
    # The one that the doctor has just posted says nothing about the aggregator.
    Event.objects.create(source="pluggy", event_id="3", kind=vendor.HARMLESS, mailbox="m", payload=b"")
    assert arrivals.look_at_webhooks().level == Level.GOOD
    Event.objects.filter(pk=event.pk).update(received_at=datetime.now(UTC) - timedelta(days=5))
    assert arrivals.look_at_webhooks().level == Level.WARNING
    connection = ConnectionFactory(last_synced_at=None)
    assert vendor.look_at_connections().level == Level.WAITING
    connection.last_synced_at = datetime.now(UTC)
    connection.save()
    assert vendor.look_at_connections().level == Level.GOOD


def test_events_that_were_given_up_are_told():
    Event.objects.create(
        source="pluggy",
        event_id="1",
        kind="item/updated",
        mailbox="m",
        payload=b"",
        state="dead",
        finished_at=datetime.now(UTC),
    )
    assert arrivals.look_at_backlog().level == Level.WARNING


def test_a_check_that_fails_itself_does_not_hide_the_others(monkeypatch):
    def fall_ill():
        raise RuntimeError("secret-value")

    monkeypatch.setattr(
        examine,
        "CHECKS",
        (Check("a", "A", fall_ill), Check("b", "B", lambda: bad("x", "y")), Check("c", "C", fall_ill, ("b",))),
    )
    lines = list(examine.examine())
    assert [line.finding.level for line in lines] == [Level.BAD, Level.BAD, Level.SKIPPED]
    assert "secret-value" not in lines[0].finding.found


def test_the_command_prints_each_line_and_fails_if_something_must_be_mended(settings, bank, running):
    settings.PUBLIC_URL = ""
    output = StringIO()
    call_command("doctor", stdout=output)
    assert "ok    Database" in output.getvalue()
    settings.PLUGGY_CLIENT_SECRET = "another-secret"
    with pytest.raises(CommandError, match="credentials"):
        call_command("doctor", stdout=output)


def test_the_command_speaks_json_and_portuguese(settings, bank, running):
    settings.PUBLIC_URL = ""
    output = StringIO()
    call_command("doctor", "--json", "--language", "pt-br", stdout=output)
    checks = {check["check"]: check for check in json.loads(output.getvalue())["checks"]}
    assert list(checks) == [check.name for check in examine.CHECKS]
    assert checks["connection"]["found"] == "Nenhum banco está conectado ainda."


def test_only_staff_see_the_page(client, bank, running, settings):
    settings.PUBLIC_URL = ""
    for name in ("doctor", "doctor-report"):
        assert client.get(reverse(name)).status_code == 302
        client.force_login(UserFactory())
        assert client.get(reverse(name)).status_code == 403
        client.logout()
    client.force_login(UserFactory(is_staff=True))
    assert 'hx-trigger="load"' in client.get(reverse("doctor")).content.decode()
    report = client.get(reverse("doctor-report"), headers={"accept-language": "en"}).content.decode()
    assert report.count("Nothing stands in the way.") == 1
    assert report.count("<li") >= len(examine.CHECKS)


def test_staff_without_a_second_factor_set_one_up_first_where_it_is_required(client, settings):
    settings.STAFF_MFA_REQUIRED = True
    client.force_login(UserFactory(is_staff=True))
    for name in ("doctor", "doctor-report"):
        assert client.get(reverse(name)).headers["Location"] == reverse("mfa_activate_totp")


def test_integrations_need_a_public_address_and_work(settings):
    assert integrations.look_at_integrations().level == Level.WAITING
    row = IntegrationFactory()
    assert integrations.look_at_integrations().level == Level.GOOD
    Integration.objects.filter(pk=row.pk).update(status="needs_reauth")
    assert "1" in integrations.look_at_integrations().found
    settings.PUBLIC_URL = ""
    assert "PUBLIC_URL" in integrations.look_at_integrations().found
    Integration.objects.update(status="connected", provider="email_smtp")
    assert integrations.look_at_integrations().level == Level.GOOD
