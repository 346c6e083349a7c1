"""Staff look at integrations, sends and calls, test, pause and repeat, and read a content only with the permission."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from apps.audit.models import Entry
from apps.clients.factories import UserFactory
from apps.integrations.conftest import PERSON, UAZAPI_TOKEN
from apps.integrations.factories import call_row, of_send, send_row
from apps.integrations.models import Integration, Send
from apps.integrations.plug import plug
from apps.integrations.sending.request import request_send
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db(transaction=True)
HELLO = {"to": PERSON, "text": "<script>alert(1)</script> Olá"}


@pytest.fixture
def enter(client, settings):
    """Enter the admin as somebody of this group."""
    settings.STAFF_MFA_REQUIRED = False

    def as_one_of(group: str):
        person = UserFactory(is_staff=True)
        person.groups.add(Group.objects.get(name=group))
        client.force_login(person)
        return client

    return as_one_of


def do(browser, row, action, **more):
    url = reverse(f"admin:integrations_{row._meta.model_name}_changelist")
    return browser.post(url, {"action": action, "_selected_action": str(row.pk), **more}, follow=True)


def now(row):
    with client_rows(row.client_id):
        return Integration.objects.get(pk=row.pk)


def test_no_page_shows_a_secret_a_number_or_a_content(enter, whatsapp, run_due):
    send, _new = request_send(whatsapp, HELLO, source=Send.Source.API)
    run_due()
    staff = enter("support")
    for model, row in (("integration", whatsapp), ("send", send)):
        listed = staff.get(reverse(f"admin:integrations_{model}_changelist"), {"q": str(row.pk)})
        detail = staff.get(reverse(f"admin:integrations_{model}_change", args=[row.pk]))
        assert (listed.status_code, detail.status_code) == (200, 200)
        for text in (listed.text, detail.text):
            assert not [word for word in (UAZAPI_TOKEN, "98888", "alert(1)") if word in text], model
    assert "+55 ••• 7777" in detail.text
    calls = staff.get(reverse("admin:integrations_actionlog_changelist"), {"q": str(whatsapp.pk)}).text
    assert "messages.send_text" in calls
    assert "98888" not in calls
    found = staff.get(reverse("admin:integrations_integration_changelist"), {"q": str(whatsapp.client_id)})
    assert str(whatsapp.pk) in found.text
    assert str(whatsapp.pk) not in staff.get(reverse("admin:integrations_integration_changelist"), {"q": "Ana"}).text


def test_an_integration_is_tested_outside_of_a_transaction_and_paused_with_a_reason(enter, whatsapp, uazapi):
    staff = enter("operators")
    uazapi.fault("GET /instance/status", kind="answer", status=500, count=1)
    assert "0 de 1" in do(staff, whatsapp, "test_now").text
    assert now(whatsapp).status == "error"
    assert "1 de 1" in do(staff, whatsapp, "test_now").text
    assert now(whatsapp).status == "connected"
    do(staff, whatsapp, "pause")
    assert now(whatsapp).paused_at is None
    do(staff, whatsapp, "pause", reason="the client asked for it")
    assert now(whatsapp).paused_at
    do(staff, whatsapp, "resume")
    assert now(whatsapp).paused_at is None
    entries = Entry.objects.filter(action__startswith="integration.").order_by("pk")
    assert [entry.action for entry in entries] == [
        f"integration.{verb}" for verb in ("test_now", "test_now", "pause", "resume")
    ]
    assert {entry.client for entry in entries} == {whatsapp.client_id}
    assert entries[2].reason == "the client asked for it"


def test_a_failed_send_is_repeated_with_a_reason_and_a_sent_one_is_not(enter, whatsapp, run_due):
    send, _new = request_send(whatsapp, HELLO, source=Send.Source.API)
    run_due()
    staff = enter("support")
    assert "Só" in do(staff, send, "send_again", reason="x").text
    with client_rows(whatsapp.client_id):
        Send.objects.update(state="unknown")
    do(staff, send, "send_again", reason="the client asked for it")
    assert of_send(send).state == "queued"
    assert [entry.reason for entry in Entry.objects.filter(action="send.send_again")] == ["the client asked for it"]


def test_a_content_needs_the_permission_is_shown_as_text_and_the_look_is_audited(enter, whatsapp):
    send, _new = request_send(whatsapp, HELLO, source=Send.Source.API)
    url = reverse("admin:integrations_send_content", args=[send.pk])
    assert enter("support").get(url).status_code == 403
    assert not Entry.objects.filter(action="send.content").exists()
    page = enter("operators").get(url).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert Entry.objects.get(action="send.content").client == whatsapp.client_id
    with client_rows(whatsapp.client_id):
        Send.objects.update(params_sealed=None)
    assert "alert(1)" not in enter("operators").get(url).text


def test_who_may_only_look_tests_and_pauses_nothing(enter, whatsapp):
    staff = enter("support")
    do(staff, whatsapp, "pause", reason="x")
    assert now(whatsapp).paused_at is None
    send = send_row(whatsapp, state="failed")
    call_row(whatsapp)
    client = UserFactory(is_staff=True)
    staff.force_login(client)
    for name in ("integration", "send", "actionlog"):
        assert staff.get(reverse(f"admin:integrations_{name}_changelist")).status_code == 403
    assert staff.get(reverse("admin:integrations_limits")).status_code == 403
    assert of_send(send).state == "failed"


def test_the_limits_and_the_first_page_show_what_is_now(enter, whatsapp, uazapi, run_due):
    send_row(whatsapp, state="failed")
    for _ in range(5):
        uazapi.fault("POST /send/text", kind="reset")
        request_send(whatsapp, HELLO, source=Send.Source.API)
    staff = enter("operators")
    assert "/120 · 60 s" in staff.get(reverse("admin:integrations_limits")).text
    with client_rows(whatsapp.client_id):
        Integration.objects.update(sealed=b"")
    # This process knows what it read a moment ago.
    plug().plug.store._recent.void()
    assert "não pode ser lid" in staff.get(reverse("admin:integrations_limits")).text
    first = staff.get(reverse("admin:index")).text
    assert "falharam hoje" in first
    assert reverse("admin:integrations_send_changelist") + "?state=failed" in first
    assert staff.get(reverse("admin:integrations_send_changelist"), {"state": "failed"}).status_code == 200
