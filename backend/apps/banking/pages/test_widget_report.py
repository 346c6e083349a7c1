"""The beacon: it counts what our own page reports, and refuses everything else."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from apps.banking.models import WidgetFigure
from apps.banking.pages import widget_report
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    client = Client()
    client.force_login(MembershipFactory(role="member").user)
    return client


def send(visitor, body, **more):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return visitor.post(reverse("banking:connect-report"), raw, content_type="application/json", **more).status_code


def test_a_report_is_counted_under_the_version_of_the_settings(visitor, settings):
    settings.PLUGGY_CONNECT_SDK_VERSION = "v2.8.2"
    assert send(visitor, {"kind": "sdk_loaded", "code": "", "ms": 250}) == 204
    figure = WidgetFigure.objects.get()
    assert (figure.kind, figure.sdk_version, figure.total_ms) == ("sdk_loaded", "v2.8.2", 250)


@pytest.mark.parametrize(
    ("body", "status"),
    [({"kind": "opened", "who": "ana"}, 400), (b"{", 400), (b"x" * 400, 413), ({"kind": "token_made"}, 400)],
)
def test_what_our_page_never_sends_is_refused(visitor, body, status):
    assert send(visitor, body) == status
    assert not WidgetFigure.objects.exists()


def test_a_form_is_no_report(visitor):
    assert visitor.post(reverse("banking:connect-report"), {"kind": "opened"}).status_code == 415


def test_another_site_cannot_report():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(MembershipFactory().user)
    assert send(strict, {"kind": "opened"}) == 403


def test_a_stranger_cannot_report(db):
    assert send(Client(), {"kind": "opened"}) == 302
    assert not WidgetFigure.objects.exists()


def test_a_session_reports_only_so_much(visitor, monkeypatch, fresh_budget):
    fresh_budget()
    monkeypatch.setattr(widget_report, "BY_SESSION", 3)
    assert [send(visitor, {"kind": "opened"}) for _ in range(4)] == [204, 204, 204, 429]
    assert WidgetFigure.objects.get().count == 3


def test_without_valkey_nothing_is_counted_and_nothing_breaks(visitor, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert send(visitor, {"kind": "opened"}) == 503
