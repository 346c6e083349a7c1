"""An export holds a client's integrations without secrets; erasing ends them at their vendors first; old rows go."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.clients import erasure
from apps.clients.export import write
from apps.clients.factories import ClientFactory, MembershipFactory
from apps.clients.personal_data import OF_CLIENTS, purge
from apps.events.models import Event
from apps.integrations.conftest import PERSON, UAZAPI_TOKEN
from apps.integrations.connect.ending import ASK_AGAIN, KIND, end_all
from apps.integrations.factories import call_row, integration_row, send_row
from apps.integrations.key_rotation import PlugFnSecrets
from apps.integrations.models import ActionLog, Integration, Send, ShortLived
from apps.integrations.plug import _made, plug
from apps.integrations.sending.request import request_send
from apps.integrations.store.scope import acting_for
from lib.rotation import Checked
from lib.row_security import client_rows, system_rows
from plugfn.testing.emulator import Emulator

pytestmark = pytest.mark.django_db(transaction=True)
HELLO = {"to": PERSON, "text": "Olá, Ana"}


def days_ago(number: int):
    return timezone.now() - timedelta(days=number)


def test_an_export_opens_sends_and_leaves_secrets_out(whatsapp, tenant, run_due):
    request_send(whatsapp, HELLO, source=Send.Source.API)
    run_due()
    other = ClientFactory()
    send_row(integration_row(other), recipient="+5511900000000")
    document = json.loads(b"".join(write(MembershipFactory(client=tenant, role="owner"))))
    data = document["data"]
    (send,) = data["integrations.send"]
    assert (send["params"], send["recipient"]) == (HELLO, PERSON)
    assert {call["provider"] for call in data["integrations.actionlog"]} == {"whatsapp_uazapi"}
    (row,) = data["integrations.integration"]
    assert row["provider"] == "whatsapp_uazapi"
    assert not {"sealed", "label", "account"} & set(row)
    assert "integrations.shortlived" not in data
    text = json.dumps(document)
    assert UAZAPI_TOKEN not in text
    assert "900000000" not in text


@pytest.fixture
def slack(emulators, settings, tenant) -> Iterator[tuple[Emulator, Integration]]:
    """The emulator, and the client's workspace there."""
    emulator, before = emulators("slack"), settings.PLUGFN_PROVIDERS["slack"]
    own = {"client_id": "x", "client_secret": "x", "api_url": f"{emulator.url}/api"}
    settings.PLUGFN_PROVIDERS["slack"] = {**before, **own}
    _made.cache_clear()
    with acting_for(tenant.pk):
        made = plug().connections.create(str(tenant.pk), "slack", {"access_token": "xoxb-of-the-tests"})
    with client_rows(tenant.pk):
        row = Integration.objects.get(pk=made.id)
    yield emulator, row
    settings.PLUGFN_PROVIDERS["slack"] = before
    _made.cache_clear()


def test_erasing_a_client_revokes_its_access_and_leaves_nothing(tenant, slack, run_due):
    emulator, row = slack
    send_row(row, recipient=PERSON)
    call_row(row)
    kept = integration_row(ClientFactory())
    order = erasure.ask(MembershipFactory(client=tenant, role="owner"), tenant.name)
    erasure.go_on()
    order.refresh_from_db()
    assert order.waits_for == {"integrations": 1}
    (event,) = Event.objects.filter(kind=KIND)
    assert (event.data, event.client_id) == ({"integration": str(row.pk)}, tenant.pk)
    assert emulator.requests("/api/auth.revoke") == []
    for _ in range(5):
        run_due()
        erasure.go_on()
    order.refresh_from_db()
    assert order.finished_at
    (request,) = emulator.requests("/api/auth.revoke")
    assert "xoxb-of-the-tests" in str(request)
    with system_rows("the tests"):
        assert list(Integration.objects.all()) == [kept]
        for holding in OF_CLIENTS:
            if holding.model._meta.app_label == "integrations":
                assert not [rows for rows in holding.pieces(tenant.pk) if rows.exists()], holding.label


def test_a_worker_that_gave_up_is_asked_again_after_an_hour(tenant):
    integration_row(tenant)
    assert end_all(tenant.pk) == end_all(tenant.pk) == 1
    assert Event.objects.filter(kind=KIND).count() == 1
    Event.objects.update(state="dead", finished_at=timezone.now())
    end_all(tenant.pk)
    assert Event.objects.filter(kind=KIND).count() == 1
    Event.objects.update(received_at=timezone.now() - ASK_AGAIN - timedelta(minutes=1))
    end_all(tenant.pk)
    assert Event.objects.filter(kind=KIND).count() == 2


def test_contents_keys_and_rows_end_when_they_are_too_old(tenant, settings):
    settings.SEND_CONTENT_DAYS, settings.SEND_DAYS, settings.CALL_LOG_DAYS = 30, 365, 90
    row = integration_row(tenant)
    old = {days: send_row(row, state="sent", params=HELLO, created_at=days_ago(days)) for days in (1, 31, 366)}
    waiting = send_row(row, state="queued", params=HELLO, created_at=days_ago(400))
    with client_rows(tenant.pk):
        Send.objects.filter(pk=waiting.pk).update(key=b"k" * 16)
        Send.objects.filter(pk=old[1].pk).update(key=b"j" * 16, created_at=timezone.now())
        for days in (1, 91):
            call_row(row, started_at=days_ago(days))
        ShortLived.objects.create(client=tenant, kind="a", key="1", value=b"", expires_at=days_ago(1))
        ShortLived.objects.create(client=tenant, kind="a", key="2", value=b"", expires_at=days_ago(-1))
    purge()
    with client_rows(tenant.pk):
        assert {send.pk for send in Send.objects.all()} == {old[1].pk, old[31].pk, waiting.pk}
        assert {send.pk for send in Send.objects.filter(params_sealed=None)} == {old[31].pk}
        assert {send.pk for send in Send.objects.filter(key__isnull=False)} == {old[1].pk}
        assert ActionLog.objects.count() == ShortLived.objects.count() == 1
    settings.SEND_CONTENT_DAYS = settings.SEND_DAYS = settings.CALL_LOG_DAYS = 0
    purge()
    with client_rows(tenant.pk):
        assert Send.objects.count() == 3


def test_after_a_rotation_the_new_key_opens_what_plugfn_sealed(whatsapp, tenant, settings):
    old, new = settings.ENCRYPTION_KEYS[0], base64.b64encode(bytes([7] * 32)).decode()

    def token() -> str:
        with acting_for(tenant.pk):
            return plug().connections.shown(whatsapp.pk.hex, str(tenant.pk))["token"]["last4"]

    settings.ENCRYPTION_KEYS = [new, old]
    assert PlugFnSecrets().check() == Checked(readable=1, outdated=1)
    said = StringIO()
    call_command("rotate_keys", stdout=said, stderr=said)
    assert "integrations.Integration: 1 rows encrypted again" in said.getvalue()
    settings.ENCRYPTION_KEYS = [new]
    assert PlugFnSecrets().check() == Checked(readable=1)
    assert token() == UAZAPI_TOKEN[-4:]
    settings.ENCRYPTION_KEYS = [old]
    assert PlugFnSecrets().check().unreadable == [whatsapp.pk.hex]
    assert PlugFnSecrets().rotate().unreadable == [whatsapp.pk.hex]
