"""The generic endpoints: list, detail, change, pause, send and disconnect, and never another client's."""

import json
from uuid import UUID, uuid4

import pytest

from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory
from apps.integrations.conftest import PERSON, UAZAPI_TOKEN
from apps.integrations.factories import call_row, integration_row, of_send, send_row
from apps.integrations.models import Integration, Send
from apps.integrations.sending.request import request_send
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/integrations"
HELLO = {"to": PERSON, "text": "Olá"}


def now(row: Integration) -> Integration:
    with client_rows(row.client_id):
        return Integration.objects.get(pk=row.pk)


def test_the_list_has_pages_and_no_secret(program, tenant, whatsapp):
    others = [integration_row(tenant, "http", name=f"hook {number}") for number in range(3)]
    first = program.get(BASE, limit=2)[1]
    rest = program.get(f"{BASE}/", limit=2, cursor=first["next_cursor"])[1]
    found = [row["id"] for row in first["integrations"] + rest["integrations"]]
    assert sorted(found) == sorted(str(row.pk) for row in (whatsapp, *others))
    assert rest["next_cursor"] is None
    assert "credentials" not in first["integrations"][0]
    assert UAZAPI_TOKEN not in json.dumps(first)


def test_a_detail_shows_the_account_and_marks_of_secrets(program, whatsapp):
    shown = program.get(f"{BASE}/{whatsapp.pk}")[1]["integration"]
    assert shown["credentials"]["token"] == {"set": True, "last4": UAZAPI_TOKEN[-4:]}
    assert shown["account"]


def test_any_provider_is_connected_and_changed_by_the_generic_call(program, tenant, loopback, uazapi):
    credentials = {"base_url": uazapi.url, "token": UAZAPI_TOKEN}
    status, answer = program.post(BASE, {"provider": "whatsapp_uazapi", "credentials": credentials, "name": "A"})
    assert status == 200, answer
    path = f"{BASE}/{answer['integration']['id']}"
    status, answer = program.patch(path, {"name": "B", "keeps_content": True})
    assert (answer["integration"]["name"], answer["integration"]["keeps_content"]) == ("B", True)
    status, answer = program.patch(path, {"credentials": {**credentials, "token": "not-the-right-token"}})
    assert (status, answer["error_code"]) == (409, "INVALID_CREDENTIALS")
    status, answer = program.patch(path, {"credentials": {"token": UAZAPI_TOKEN, "phone": "+5511988887777"}})
    assert (status, answer["integration"]["name"]) == (200, "B")
    status, answer = program.patch(path, {"credentials": {"phone": None}})
    credentials = answer["integration"]["credentials"]
    assert (status, credentials["phone"], credentials["token"]["last4"]) == (200, None, UAZAPI_TOKEN[-4:])
    status, answer = program.patch(path, {"credentials": {"base_url": None}})
    assert (status, list(answer["details"])) == (400, ["token"])
    status, answer = program.post(BASE, {"provider": "slack", "credentials": {}})
    assert (status, answer["error_code"]) == (409, "CONNECTED_ELSEWHERE")
    status, answer = program.post(BASE, {"provider": "fax", "credentials": {}})
    assert (status, list(answer["details"])) == (400, ["provider"])


def test_a_stored_secret_is_never_sent_to_a_server_that_somebody_enters_later(program, whatsapp, uazapi):
    before = len(uazapi.requests("/instance/status"))
    path = f"{BASE}/{whatsapp.pk}"
    elsewhere = uazapi.url.replace("127.0.0.1", "localhost")
    status, answer = program.patch(path, {"credentials": {"base_url": elsewhere}})
    assert (status, list(answer["details"])) == (400, ["token"])
    assert len(uazapi.requests("/instance/status")) == before
    status, answer = program.patch(path, {"credentials": {"base_url": elsewhere, "token": UAZAPI_TOKEN}})
    assert (status, answer["integration"]["credentials"]["base_url"]) == (200, elsewhere)


def test_clients_see_no_end_of_a_secret_that_is_the_operators(program, whatsapp, settings):
    settings.INTEGRATION_DEFAULTS = {"whatsapp_uazapi": {"token": UAZAPI_TOKEN}}
    shown = program.get(f"{BASE}/{whatsapp.pk}")[1]["integration"]
    assert shown["credentials"]["token"] == {"set": True, "last4": "", "is_default": True}
    settings.INTEGRATION_DEFAULTS = {"whatsapp_uazapi": {"token": "another-token-of-the-operator"}}
    shown = program.get(f"{BASE}/{whatsapp.pk}")[1]["integration"]
    assert shown["credentials"]["token"] == {"set": True, "last4": UAZAPI_TOKEN[-4:]}


def test_pause_and_resume_are_audited(program, whatsapp, run_due):
    assert program.post(f"{BASE}/{whatsapp.pk}/pause")[1]["integration"]["paused_at"]
    status, answer = program.post(f"{BASE}/{whatsapp.pk}/send", {"params": HELLO})
    assert (status, answer["error_code"]) == (409, "INTEGRATION_DISABLED")
    assert program.post(f"{BASE}/{whatsapp.pk}/resume")[1]["integration"]["paused_at"] is None
    status, answer = program.post(f"{BASE}/{whatsapp.pk}/test")
    assert (status, answer["success"]) == (200, True)
    entries = Entry.objects.filter(action__startswith="integration.").order_by("pk")
    assert [entry.action for entry in entries] == ["integration.pause", "integration.resume", "integration.test"]


def test_a_failed_test_says_what_is_wrong_and_how_long_it_took(program, whatsapp, uazapi):
    uazapi.fault("GET /instance/status", kind="answer", status=401)
    status, answer = program.post(f"{BASE}/{whatsapp.pk}/test")
    assert (status, answer["success"], answer["error_code"]) == (409, False, "INVALID_CREDENTIALS")
    assert answer["details"]["latency_ms"] >= 0
    assert now(whatsapp).status == Integration.Status.NEEDS_REAUTH


def test_a_new_webhook_address_is_shown_once_and_set_at_the_service(program, whatsapp, tenant, uazapi):
    webhook = program.post(f"{BASE}/{whatsapp.pk}/webhook-address")[1]["webhook"]
    assert (webhook["is_set"], webhook["error"]) == (True, "")
    assert f"/webhooks/uazapi/{whatsapp.pk.hex}/" in webhook["url"]
    assert json.loads(uazapi.requests("/webhook")[-1]["body"])["url"] == webhook["url"]
    status, answer = program.post(f"{BASE}/{integration_row(tenant, 'slack').pk}/webhook-address")
    assert (status, answer["error_code"]) == (409, "NO_WEBHOOK_ADDRESS")


def test_disconnecting_leaves_what_was_sent(program, whatsapp, run_due):
    number = program.post(f"{BASE}/{whatsapp.pk}/send", {"params": HELLO})[1]["message_id"]
    run_due()
    assert program.delete(f"{BASE}/{whatsapp.pk}")[0] == 200
    assert program.get(f"{BASE}/{whatsapp.pk}")[0] == 404
    send = program.get(f"{BASE}/sends/{number}")[1]["send"]
    assert (send["state"], send["integration_id"]) == ("sent", None)
    assert Entry.objects.get(action="integration.disconnect").details == {"revocation": "unsupported"}


def test_a_file_goes_through_the_generic_call_and_other_actions_do_not(program, whatsapp, uazapi, run_due, tenant):
    media = {"to": PERSON, "kind": "document", "data": "JVBERg==", "filename": "a.pdf"}
    path = f"{BASE}/{whatsapp.pk}/send"
    assert program.post(path, {"params": media, "action": "messages.send_media"})[0] == 202
    run_due()
    assert len(uazapi.requests("/send/media")) == 1
    assert list(program.post(path, {"params": {}, "action": "webhooks.set"})[1]["details"]) == ["action"]
    assert list(program.post(path, {"params": {**HELLO, "colour": 1}})[1]["details"]) == ["colour"]
    status, answer = program.post(f"{BASE}/{integration_row(tenant, 'github').pk}/send", {"params": {}})
    assert (status, answer["error_code"]) == (409, "CANNOT_SEND")


def test_sends_are_filtered_and_paged_newest_first(program, whatsapp, run_due):
    asked = [program.post(f"{BASE}/{whatsapp.pk}/send", {"params": HELLO})[1]["message_id"] for _ in range(3)]
    run_due()
    page = program.get(f"{BASE}/sends/", limit=2)[1]
    rest = program.get(f"{BASE}/sends", limit=2, cursor=page["next_cursor"])[1]
    assert [send["id"] for send in page["sends"] + rest["sends"]] == asked[::-1]
    assert [send["id"] for send in program.get(f"{BASE}/sends", state="sent")[1]["sends"]] == asked[:1]
    assert len(program.get(f"{BASE}/sends", channel="whatsapp", integration=str(whatsapp.pk))[1]["sends"]) == 3
    assert program.get(f"{BASE}/sends", channel="email")[1]["sends"] == []
    assert program.get(f"{BASE}/sends", state="lost")[0] == 400
    assert program.get(f"{BASE}/sends", colour="red")[0] == 400


def test_a_failed_send_is_repeated_and_a_sent_one_is_not(program, whatsapp, run_due):
    send, _new = request_send(whatsapp, HELLO, source=Send.Source.API)
    path = f"{BASE}/sends/{send.pk}/repeat"
    status, answer = program.post(path)
    assert (status, answer["error_code"]) == (409, "NOT_REPEATABLE")
    run_due()
    with client_rows(whatsapp.client_id):
        Send.objects.update(state="failed", error_code="x")
    status, answer = program.post(path)
    assert (status, answer["send"]["state"], answer["send"]["error_code"]) == (202, "queued", "")
    run_due()
    assert of_send(send).state == "sent"
    assert Entry.objects.filter(action="send.repeat").count() == 1


def test_calls_show_outcomes_and_nothing_else(program, whatsapp, run_due):
    program.post(f"{BASE}/{whatsapp.pk}/send", {"params": HELLO})
    run_due()
    calls = program.get(f"{BASE}/calls", integration=str(whatsapp.pk), outcome="ok")[1]["calls"]
    assert "messages.send_text" in {call["action"] for call in calls}
    assert {call["integration_id"] for call in calls} == {str(whatsapp.pk)}
    assert PERSON.strip("+") not in json.dumps(calls)
    assert program.get(f"{BASE}/calls", outcome="failed")[1]["calls"] == []
    first = program.get(f"{BASE}/calls", limit=1)[1]
    assert program.get(f"{BASE}/calls", limit=1, cursor=first["next_cursor"])[1]["calls"] != first["calls"]


def test_another_clients_rows_are_as_if_they_did_not_exist(program, tenant):
    other = MembershipFactory().client
    row = integration_row(other, "whatsapp_uazapi")
    send = send_row(row, state="failed")
    call_row(row)
    for number in (row.pk, uuid4(), UUID(int=0)):
        verbs = ("test", "pause", "resume", "send", "webhook-address")
        calls = [("GET", ""), ("PATCH", ""), ("DELETE", ""), *(("POST", verb) for verb in verbs)]
        for method, path in calls:
            body = {"params": HELLO} if path == "send" else {"name": "mine"} if method == "PATCH" else None
            status, answer = program.call(method, f"{BASE}/{number}/{path}", body)
            assert (status, answer["error_code"]) == (404, "INTEGRATION_NOT_FOUND"), (method, path)
    for path in (f"sends/{send.pk}", f"sends/{uuid4()}"):
        assert program.get(f"{BASE}/{path}")[0] == program.post(f"{BASE}/{path}/repeat")[0] == 404
    for name in ("", "sends", "calls"):
        answer = program.get(f"{BASE}/{name}")[1]
        assert answer[name or "integrations"] == []
    assert program.get(f"{BASE}/sends", integration=str(row.pk))[1]["sends"] == []
    email = {"to": ["a@example.com"], "subject": "x", "text": "x", "integration": str(row.pk)}
    assert program.post(f"{BASE}/email/send", email)[1]["error_code"] == "INTEGRATION_NOT_FOUND"
    assert now(row).name == ""


def test_an_unknown_path_is_404_and_a_stranger_401(program, stranger, whatsapp):
    assert program.get(f"{BASE}/fax/send")[0] == 404
    assert program.get(f"{BASE}/whatsapp/send")[0] == 405
    assert stranger.get(BASE)[0] == stranger.post(f"{BASE}/whatsapp/send", HELLO)[0] == 401
