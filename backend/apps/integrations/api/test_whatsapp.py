"""WhatsApp by the REST API: the bodies, answers and codes of the contract, and nothing is sent twice."""

import json
import threading
import time

import pytest
from django.db import connection

from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory
from apps.integrations.api import waiting
from apps.integrations.conftest import PERSON, UAZAPI_TOKEN
from apps.integrations.factories import integration_row
from apps.integrations.models import Contact, Integration, Send
from apps.integrations.sending.recipient import index_of
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/integrations/whatsapp"
HELLO = {"phone": PERSON, "message": "Olá! Como posso ajudar?"}


def rows_of(client, model=Send) -> list:
    with client_rows(client.pk):
        return list(model.objects.all())


def configured(program, uazapi, **more) -> tuple[int, dict]:
    return program.post(f"{BASE}/configure", {"api_url": f"{uazapi.url}/v1", "api_token": UAZAPI_TOKEN, **more})


def test_a_number_is_connected_tested_and_shown_without_its_token(program, uazapi, tenant):
    status, answer = configured(program, uazapi, phone_number="+55 11 98888-7777", name="Vendas")
    assert (status, answer["success"]) == (200, True), answer
    shown = answer["integration"]
    assert {shown[name] for name in ("type", "status", "name")} == {"whatsapp", "connected", "Vendas"}
    assert shown["created_at"].endswith("Z")
    assert shown["credentials"]["token"] == {"set": True, "last4": UAZAPI_TOKEN[-4:]}
    assert (shown["credentials"]["base_url"], shown["credentials"]["phone"]) == (uazapi.url, "+5511988887777")
    status, answer = program.post(f"{BASE}/test")
    assert (status, answer["message"]) == (200, "Connection successful")
    assert answer["latency_ms"] >= 0
    lists = program.get(f"{BASE}/status")[1], program.get("/api/integrations/")[1]
    assert UAZAPI_TOKEN not in json.dumps([answer, *lists])
    assert [row.action for row in Entry.objects.filter(action__startswith="integration.").order_by("pk")] == [
        "integration.connect",
        "integration.test",
    ]
    # Again changes the same one, also with the slash.
    assert program.post(f"{BASE}/configure/", {"api_url": uazapi.url, "api_token": UAZAPI_TOKEN})[0] == 200
    assert len(rows_of(tenant, Integration)) == 1


def test_wrong_credentials_store_nothing_and_have_the_code_of_the_contract(program, uazapi, tenant, settings):
    status, answer = configured(program, uazapi, api_token="another-token-than-the-right-one")
    assert (status, answer["success"], answer["error_code"]) == (409, False, "INVALID_CREDENTIALS")
    status, answer = program.post(f"{BASE}/configure", {"api_url": "http://127.0.0.1:9", "api_token": UAZAPI_TOKEN})
    assert (status, answer["error_code"]) == (503, "CONNECTION_FAILED")
    assert int(program.answer["Retry-After"]) >= 1
    settings.ALLOWED_NETWORKS = []
    status, answer = configured(program, uazapi)
    assert (status, answer["error_code"]) == (403, "ADDRESS_NOT_ALLOWED")
    assert rows_of(tenant, Integration) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "api_token"),
        ({"api_url": "nowhere", "api_token": UAZAPI_TOKEN}, "api_url"),
        ({"api_url": "http://gateway.example", "api_token": UAZAPI_TOKEN}, "api_url"),
        ({"api_url": "https://gateway.example", "api_token": "short"}, "api_token"),
        ({"api_url": "https://gateway.example", "api_token": UAZAPI_TOKEN, "phone_number": "12"}, "phone_number"),
        ({"api_token": UAZAPI_TOKEN, "colour": "red"}, "colour"),
    ],
)
def test_wrong_fields_are_named_as_the_caller_named_them(program, body, field):
    status, answer = program.post(f"{BASE}/configure", body)
    assert (status, answer["error_code"], list(answer["details"])) == (400, "INVALID_INPUT", [field])
    assert UAZAPI_TOKEN not in json.dumps(answer)


def test_the_servers_default_address_is_used(program, uazapi, settings):
    settings.INTEGRATION_DEFAULTS = {"whatsapp_uazapi": {"base_url": uazapi.url}}
    assert program.post(f"{BASE}/configure", {"api_token": UAZAPI_TOKEN})[0] == 200


def test_the_status_counts_and_says_what_is_left(program, whatsapp, run_due):
    status, answer = program.get(f"{BASE}/status")
    assert status == 200
    assert (answer["status"], answer["messages_sent_today"]) == ("connected", 0)
    before = answer["rate_limit_remaining"]
    program.post(f"{BASE}/send", HELLO)
    run_due()
    answer = program.get(f"{BASE}/status")[1]
    assert answer["messages_sent_today"] == 1
    assert answer["rate_limit_remaining"] < before <= 120


def test_a_message_is_queued_and_then_sent(program, whatsapp, uazapi, run_due):
    status, answer = program.post(f"{BASE}/send", HELLO)
    assert (status, answer["status"], answer["sent_at"]) == (202, "queued", None)
    run_due()
    sent = program.get(f"/api/integrations/sends/{answer['message_id']}")[1]["send"]
    assert (sent["state"], sent["source"], sent["recipient"]) == ("sent", "api", "+55 ••• 7777")
    assert sent["vendor_id"]
    (request,) = uazapi.requests("/send/text")
    assert HELLO["message"] in str(request["body"])
    assert HELLO["message"] not in json.dumps(sent)


def test_one_key_is_one_send_and_another_content_is_a_conflict(program, whatsapp, uazapi, run_due):
    key = {"Idempotency-Key": "order 17/ü".replace("ü", "u")}
    first = program.post(f"{BASE}/send", HELLO, headers=key)[1]
    assert "Idempotency-Replayed" not in program.answer
    status, again = program.post(f"{BASE}/send/", HELLO, headers=key)
    assert (status, again["message_id"]) == (202, first["message_id"])
    assert program.answer["Idempotency-Replayed"] == "true"
    run_due()
    status, again = program.post(f"{BASE}/send", HELLO, headers=key)
    assert (status, again["status"]) == (200, "sent")
    status, refused = program.post(f"{BASE}/send", {**HELLO, "message": "other"}, headers=key)
    assert (status, refused["error_code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert len(uazapi.requests("/send/text")) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "tab\tin it", "açaí"])
def test_a_key_that_cannot_be_printed_is_refused(program, whatsapp, tenant, key):
    status, answer = program.post(f"{BASE}/send", HELLO, headers={"Idempotency-Key": key})
    assert (status, list(answer["details"])) == (400, ["Idempotency-Key"])
    assert rows_of(tenant) == []


def test_a_call_waits_until_the_message_is_sent_and_holds_no_transaction(program, whatsapp, run_due):
    def work():
        try:
            while not run_due():
                time.sleep(0.05)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    status, answer = program.post(f"{BASE}/send?wait=10", HELLO)
    worker.join()
    assert (status, answer["status"]) == (200, "sent")
    assert answer["sent_at"].endswith("Z")


def test_a_call_does_not_wait_longer_than_asked_or_while_too_many_wait(program, whatsapp, monkeypatch):
    started = time.monotonic()
    assert program.post(f"{BASE}/send?wait=1", HELLO)[0] == 202
    assert 1 <= time.monotonic() - started < 5
    monkeypatch.setattr(waiting, "_slots", threading.BoundedSemaphore(1))
    with waiting._slots:
        started = time.monotonic()
        assert program.post(f"{BASE}/send?wait=10", HELLO)[0] == 202
        assert time.monotonic() - started < 5
    assert program.post(f"{BASE}/send?wait=11", HELLO)[0] == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone": "not a number"}, "phone"),
        ({"phone": "+55 11 1234"}, "phone"),
        ({"phone": 5511988887777}, "phone"),
        ({"message": "  "}, "message"),
        ({"message": "x" * 4097}, "message"),
        ({"to": PERSON}, "to"),
    ],
)
def test_a_number_that_is_no_number_is_an_error_of_its_field(program, whatsapp, tenant, change, field):
    status, answer = program.post(f"{BASE}/send", {**HELLO, **change})
    assert (status, answer["error_code"]) == (400, "INVALID_INPUT")
    assert list(answer["details"]) == [field]
    assert "not a number" not in json.dumps(answer)
    assert rows_of(tenant) == []


@pytest.mark.parametrize("phone", ["11 8888-7777", "(11) 98888-7777", "+551188887777", "5511988887777", "011988887777"])
def test_a_brazilian_number_is_one_person_with_and_without_the_ninth_digit(program, whatsapp, tenant, phone):
    status, answer = program.post(f"{BASE}/send", {**HELLO, "phone": phone})
    if phone == "5511988887777":
        # Without the plus a number is one of Brazil's own, and this has too many digits.
        assert status in (202, 400), answer
        return
    assert status == 202, answer
    (send,) = rows_of(tenant)
    assert send.recipient == PERSON


def test_a_number_that_is_not_on_whatsapp_fails_with_a_code(program, whatsapp, run_due):
    number = program.post(f"{BASE}/send", {**HELLO, "phone": "+5521977776666"})[1]["message_id"]
    run_due()
    assert program.get(f"/api/integrations/sends/{number}")[1]["send"]["error_code"] == "not_on_whatsapp"
    key = {"Idempotency-Key": "k"}
    program.post(f"{BASE}/send", {**HELLO, "phone": "+5521977776666"}, headers=key)
    run_due()
    status, answer = program.post(f"{BASE}/send", {**HELLO, "phone": "+5521977776666"}, headers=key)
    assert (status, answer["error_code"], answer["details"]["code"]) == (409, "SEND_FAILED", "not_on_whatsapp")


def test_a_person_who_opted_out_gets_nothing(program, whatsapp, tenant):
    with client_rows(tenant.pk):
        Contact.objects.create(client=tenant, phone_index=index_of(PERSON), opted_out_at="2026-11-01T00:00Z")
    status, answer = program.post(f"{BASE}/send", HELLO)
    assert (status, answer["error_code"]) == (409, "OPTED_OUT")
    assert rows_of(tenant) == []


def test_without_an_integration_of_the_client_everything_is_404(program, tenant):
    integration_row(MembershipFactory().client, "whatsapp_uazapi")
    for method, path, body in (("POST", "send", HELLO), ("POST", "test", None), ("GET", "status", None)):
        status, answer = program.call(method, f"{BASE}/{path}", body)
        assert (status, answer["error_code"]) == (404, "INTEGRATION_NOT_FOUND"), path


def test_a_paused_integration_and_refused_credentials_have_codes_of_their_own(program, tenant):
    row = integration_row(tenant, "whatsapp_uazapi", paused_at="2026-11-22T00:00Z")
    status, answer = program.post(f"{BASE}/send", HELLO)
    assert (status, answer["error_code"]) == (409, "INTEGRATION_DISABLED")
    assert program.get(f"{BASE}/status")[1]["error_code"] == "INVALID_CREDENTIALS"  # nothing can be read of it
    with client_rows(tenant.pk):
        Integration.objects.filter(pk=row.pk).update(paused_at=None, status="needs_reauth")
    status, answer = program.post(f"{BASE}/send", HELLO)
    assert (status, answer["error_code"]) == (409, "INVALID_CREDENTIALS")


def test_too_many_messages_at_once_are_told_to_wait_and_none_that_was_accepted_is_lost(
    program, whatsapp, tenant, settings, uazapi, run_due
):
    settings.API_CALLS_PER_USER = 5
    answers = [program.post(f"{BASE}/send", {**HELLO, "message": f"n {number}"}) for number in range(8)]
    assert [status for status, _answer in answers] == [202] * 5 + [429] * 3
    assert answers[-1][1]["error_code"] == "RATE_LIMIT_EXCEEDED"
    assert int(program.answer["Retry-After"]) >= 1
    assert {str(send.pk) for send in rows_of(tenant)} == {answer["message_id"] for _s, answer in answers[:5]}
    while run_due():
        pass
    assert len(uazapi.requests("/send/text")) == 5


def test_who_may_only_read_sends_and_connects_nothing(caller, tenant, whatsapp):
    reader = caller(MembershipFactory(client=tenant), "read")
    assert reader.get(f"{BASE}/status")[0] == 200
    for path in ("send", "configure", "test"):
        assert reader.post(f"{BASE}/{path}", HELLO)[1]["error_code"] == "SCOPE_MISSING"
    viewer = caller(MembershipFactory(client=tenant, role="viewer"), "read")
    assert viewer.post(f"{BASE}/send", HELLO)[0] == 403
