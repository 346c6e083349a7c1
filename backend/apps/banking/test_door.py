"""The door: which webhooks it accepts and refuses, and that 200 means stored."""

import json
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from django.db import connections
from django.test import Client

from apps.banking.aggregators.pluggy.webhooks.authenticity import make_path_token, sign
from apps.banking.door import BODY_LIMIT
from apps.banking.factories import ConnectionFactory
from apps.clients.factories import MembershipFactory
from apps.events.accept import PATIENCE
from apps.events.books import read_books
from apps.events.models import Event
from lib.client_address import trusted_proxies
from lib.doorway import ANSWERS

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

URL = "/api/banking/webhooks/pluggy/"
SECRET = "a-webhook-secret-for-tests-alone"


def notification(**changes) -> dict:
    return {
        "event": "item/updated",
        "eventId": "0c1f2f3e-0000-4000-8000-000000000001",
        "itemId": "a5c763cb-0952-457b-9936-630f161c5f7a",
        **changes,
    }


def post(body, url=URL, secret=SECRET, content_type="application/json", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if secret:
        headers["authorization"] = f"Bearer {secret}"
    return Client().post(url, raw, content_type=content_type, headers=headers)


@pytest.fixture
def start_lock():
    """Locks a table for everybody else."""

    @contextmanager
    def lock(table: str, mode: str = "ACCESS EXCLUSIVE"):
        with psycopg.connect(**connections["owner"].get_connection_params()) as other:
            other.execute(f"LOCK TABLE {table} IN {mode} MODE")
            yield

    return lock


def test_a_notification_is_stored_before_it_is_answered():
    response = post(notification())
    assert (response.status_code, response.json()) == (200, {"status": "accepted"})
    event = Event.objects.get()
    assert (event.source, event.kind) == ("pluggy", "item/updated")
    assert event.mailbox == "pluggy:item:a5c763cb-0952-457b-9936-630f161c5f7a"
    assert event.data == notification()


def test_a_redelivery_answers_200_and_stores_nothing():
    post(notification())
    assert post(notification()).json() == {"status": "duplicate"}
    assert Event.objects.count() == 1


def test_the_same_event_many_times_in_parallel_is_one_row():
    def deliver(_: int) -> str:
        while (answer := post(notification())).status_code == 503:  # a machine that stands still; senders retry
            continue
        return answer.json()["status"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(deliver, range(200)))
    assert answers.count("accepted") == 1
    assert answers.count("duplicate") == 199
    assert Event.objects.count() == 1


def test_an_unknown_event_is_stored_and_finished_as_unhandled():
    assert post(notification(event="payment_intent/created", paymentIntentId="x")).status_code == 200
    assert Event.objects.get().outcome == "unhandled"


@pytest.mark.parametrize(
    "kind", ["pix_v2/created", "open-finance/consent.revoked", "item/updated/v2.1", "x", "ação/criada", "🙂" * 100]
)
def test_any_printable_kind_of_tomorrow_is_stored_as_unhandled(kind, caplog):
    caplog.set_level(logging.INFO)
    assert post(notification(event=kind)).status_code == 200
    assert list(Event.objects.values_list("kind", "outcome")) == [(kind, "unhandled")]
    assert kind in caplog.text


def test_kinds_of_a_stranger_make_no_new_series_in_the_metrics():
    def series() -> set:
        return {tuple(sample.labels.values()) for metric in ANSWERS.collect() for sample in metric.samples}

    post(notification())
    before = series()
    for number in range(3):
        post(notification(eventId=f"e-{number}", event=f"kind-{number}"))
    assert series() == before


def test_the_answer_is_the_same_whether_the_item_is_known_or_not():
    first = post(notification(eventId="e-1"))
    second = post(notification(eventId="e-2", itemId=str(uuid.uuid4())))
    assert first.content == second.content


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET.upper()])
def test_without_the_secret_nothing_is_stored(secret):
    response = post(notification(), secret=secret)
    assert (response.status_code, response.json()) == (401, {"error": "unauthorized"})
    assert not Event.objects.exists()


def test_several_secrets_are_accepted_while_one_replaces_another(settings):
    settings.PLUGGY_WEBHOOK_SECRETS = ["new-secret", SECRET]
    assert post(notification(eventId="e-1")).status_code == 200
    assert post(notification(eventId="e-2"), secret="new-secret").status_code == 200


def test_the_header_of_the_secret_is_configurable(settings):
    settings.PLUGGY_WEBHOOK_HEADER, settings.PLUGGY_WEBHOOK_PREFIX = "X-Webhook-Secret", ""
    assert post(notification(), secret=None, **{"x-webhook-secret": SECRET}).status_code == 200
    assert post(notification()).status_code == 401


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_an_hmac_of_the_raw_body_is_a_proof_once_it_is_configured(settings, encoding):
    body = json.dumps(notification()).encode()
    signature = sign(body, "hmac-secret", encoding)
    assert post(body, secret=None, **{"x-pluggy-signature": signature}).status_code == 401
    settings.PLUGGY_HMAC_SECRETS, settings.PLUGGY_HMAC_ENCODING = ["hmac-secret"], encoding
    assert post(body, secret=None, **{"x-pluggy-signature": signature}).status_code == 200
    assert post(body + b" ", secret=None, **{"x-pluggy-signature": signature}).status_code == 401


def test_a_token_in_the_path_is_a_proof_for_deliveries_without_headers():
    token = make_path_token(uuid.uuid4())
    assert post(notification(), url=f"{URL}{token}/", secret=None).status_code == 200


@pytest.mark.parametrize("token", ["x", "A" * 43, make_path_token.__name__, "%00", "ção"])
def test_a_forged_path_token_is_refused(token):
    assert post(notification(), url=f"{URL}{token}/", secret=None).status_code == 401


def test_a_token_with_one_changed_character_is_refused():
    token = make_path_token(uuid.uuid4())
    altered = ("A" if token[0] != "A" else "B") + token[1:]
    assert post(notification(), url=f"{URL}{altered}/", secret=None).status_code == 401


def post_with_token(member: uuid.UUID, application: str = "", secret=None, **changes):
    """A notification that only the member's token proves."""
    return post(notification(**changes), url=f"{URL}{make_path_token(member, application)}/", secret=secret)


def test_a_members_token_proves_an_event_about_an_item_of_that_member():
    connection = ConnectionFactory()
    assert post_with_token(connection.member_id, itemId=connection.vendor_id).status_code == 200
    assert Event.objects.get().token_member == connection.member_id


@pytest.mark.parametrize(
    "who", ["a member of the same client", "a member of another client", "a member that was deleted"]
)
def test_a_token_proves_nothing_about_the_item_of_another_member(who):
    connection = ConnectionFactory()
    others = {
        "a member of the same client": lambda: MembershipFactory(client=connection.client).pk,
        "a member of another client": lambda: MembershipFactory().pk,
        "a member that was deleted": uuid.uuid4,
    }
    response = post_with_token(others[who](), itemId=connection.vendor_id)
    forged = post(notification(), url=f"{URL}{'A' * 43}/", secret=None)
    assert (response.status_code, response.content) == (forged.status_code, forged.content)
    # Each answer has a number of its own.
    numbers = {answer.headers.pop("X-Request-Id") for answer in (response, forged)}
    assert len(numbers) == 2
    assert response.headers == forged.headers
    assert response.status_code == 401
    assert not Event.objects.exists()


@pytest.mark.parametrize("event", ["item/updated", "boleto/updated"])
def test_a_token_proves_nothing_about_an_item_that_the_notification_names_as_its_event(event):
    connection = ConnectionFactory()
    changes = {"event": event, "eventId": connection.vendor_id, "itemId": None}
    assert post_with_token(uuid.uuid4(), **changes).status_code == 401


def test_an_event_about_an_unknown_item_is_stored_with_the_member_of_its_token():
    ConnectionFactory()
    member = uuid.uuid4()
    assert post_with_token(member).json() == {"status": "accepted"}
    assert Event.objects.get().token_member == member


def test_an_item_whose_member_was_deleted_is_left_to_the_worker():
    connection = ConnectionFactory()
    member = connection.member_id
    connection.member.delete()
    assert post_with_token(member, itemId=connection.vendor_id).status_code == 200
    assert Event.objects.get().token_member == member


def test_the_secret_and_the_signature_prove_an_item_of_any_member_whatever_the_token_says(settings):
    settings.PLUGGY_HMAC_SECRETS = ["an-hmac-secret-for-tests"]
    connection = ConnectionFactory()
    url = f"{URL}{make_path_token(uuid.uuid4())}/"
    body = json.dumps(notification(eventId="signed", itemId=connection.vendor_id)).encode()
    assert post(body, url=url, secret=None, **{"x-pluggy-signature": sign(body, "wrong")}).status_code == 401
    assert post_with_token(uuid.uuid4(), secret=SECRET, itemId=connection.vendor_id).status_code == 200
    signature = sign(body, "an-hmac-secret-for-tests")
    assert post(body, url=url, secret=None, **{"x-pluggy-signature": signature}).status_code == 200
    assert set(Event.objects.values_list("token_member", flat=True)) == {None}


def test_a_webhook_without_a_token_asks_for_no_owner(start_lock):
    item = ConnectionFactory().vendor_id
    with start_lock("banking_connection"):
        assert post(notification(itemId=item)).status_code == 200
        assert post_with_token(uuid.uuid4(), secret=SECRET, itemId=item).json() == {"status": "duplicate"}


def test_a_webhook_whose_owner_cannot_be_looked_up_in_time_is_answered_503(start_lock):
    connection = ConnectionFactory()
    with start_lock("banking_connection"), ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        answers = list(
            pool.map(
                lambda n: post_with_token(connection.member_id, eventId=f"e-{n}", itemId=connection.vendor_id), range(4)
            )
        )
        # Far more than the promise, because the machine may be busy. A vendor waits 5 s for an answer.
        assert time.monotonic() - began < 5
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json() == {"error": "unavailable"}
    assert not Event.objects.exists()
    assert post_with_token(connection.member_id, itemId=connection.vendor_id).status_code == 200


def test_a_slow_look_up_and_a_slow_insert_share_one_promise(start_lock, caplog):
    connection = ConnectionFactory()
    with ExitStack() as until_later:
        lock = ExitStack()
        lock.enter_context(start_lock("banking_connection"))
        until_later.enter_context(start_lock("events_event", "EXCLUSIVE"))
        release = threading.Timer(PATIENCE * 0.7, lock.close)
        release.start()
        assert post_with_token(connection.member_id, itemId=connection.vendor_id).status_code == 503
        release.join()
    # The time of both was over, and not that of the insert alone, which began later.
    assert "could not be looked up or stored in time: TimeoutError" in caplog.text


def test_without_a_configured_secret_every_webhook_is_answered_503(settings):
    settings.PLUGGY_WEBHOOK_SECRETS = []
    response = post(notification(), secret="")
    assert (response.status_code, response.json()) == (503, {"error": "not_configured"})
    assert not Event.objects.exists()


def test_an_empty_secret_in_the_request_never_matches_an_empty_setting(settings):
    settings.PLUGGY_WEBHOOK_SECRETS = []
    assert post(notification(), secret=None, authorization="Bearer ").status_code == 503


def test_with_debug_and_no_secret_a_webhook_is_accepted_and_the_log_says_so(settings, caplog):
    settings.PLUGGY_WEBHOOK_SECRETS, settings.DEBUG, settings.TRUSTED_PROXIES = [], True, trusted_proxies([])
    assert post(notification(), secret=None, host="localhost").status_code == 200
    assert "without proof" in caplog.text


@pytest.mark.parametrize(
    "headers", [{"host": "ponte.example.com"}, {"x-forwarded-for": "203.0.113.9"}, {"via": "1.1 x"}]
)
def test_with_debug_and_no_secret_a_webhook_through_a_tunnel_is_refused(settings, headers):
    settings.PLUGGY_WEBHOOK_SECRETS, settings.DEBUG, settings.TRUSTED_PROXIES = [], True, trusted_proxies([])
    settings.ALLOWED_HOSTS = ["*"]
    assert post(notification(), secret=None, **{"host": "localhost", **headers}).status_code == 503
    assert not Event.objects.exists()


MALFORMED = {
    "not JSON": b"{",
    "trailing JSON": b'{"event":"item/updated","eventId":"e"} {}',
    "an array": b"[]",
    "null": b"null",
    "a string": b'"item/updated"',
    "no event": b'{"eventId":"e"}',
    "no event id": b'{"event":"item/updated"}',
    "event a number": b'{"event":1,"eventId":"e"}',
    "event id a number": b'{"event":"item/updated","eventId":1}',
    "event id null": b'{"event":"item/updated","eventId":null}',
    "event id empty": b'{"event":"item/updated","eventId":""}',
    "event id too long": b'{"event":"item/updated","eventId":"' + b"e" * 101 + b'"}',
    "event too long": b'{"event":"item/' + b"u" * 100 + b'","eventId":"e"}',
    "event empty": b'{"event":"","eventId":"e"}',
    "event with a line break": b'{"event":"item/updated\\nforged","eventId":"e"}',
    "event with a line separator": b'{"event":"item/updated\\u2028forged","eventId":"e"}',
    "event with an escape sequence": b'{"event":"item/\\u001b[2J","eventId":"e"}',
    "event that reverses text": b'{"event":"item/\\u202edetadpu","eventId":"e"}',
    "event with a lone surrogate": b'{"event":"item/\\udc80","eventId":"e"}',
    "NUL in the id": b'{"event":"item/updated","eventId":"e\\u0000"}',
    "a raw NUL": b'{"event":"item/updated","eventId":"e\x00"}',
    "a lone surrogate": b'{"event":"item/updated","eventId":"\\ud800"}',
    "invalid UTF-8": b'{"event":"item/updated","eventId":"\xff"}',
    "UTF-16": json.dumps({"event": "item/updated", "eventId": "e"}).encode("utf-16"),
    "absurd nesting": b'{"event":"item/updated","eventId":"e","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an endless number": b'{"event":"item/updated","eventId":"e","a":' + b"9" * 50_000 + b"}",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_is_not_a_notification_is_answered_400_and_not_stored(body):
    response = post(body)
    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    assert len(response.content) < 200
    assert not Event.objects.exists()


def test_a_nan_in_an_unused_field_is_accepted():
    assert post(b'{"event":"item/updated","eventId":"e","a":NaN}').status_code == 200


def test_a_body_over_the_limit_is_answered_413():
    filler = "x" * BODY_LIMIT
    assert post(notification(filler=filler)).status_code == 413
    assert not Event.objects.exists()


def test_a_body_of_exactly_the_limit_is_accepted():
    size = BODY_LIMIT - len(json.dumps(notification(filler="")))
    assert post(notification(filler="x" * size)).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_answered_415(content_type):
    assert post(json.dumps(notification()).encode(), content_type=content_type).status_code == 415


def test_a_content_type_with_a_charset_is_accepted():
    body = json.dumps(notification()).encode()
    assert post(body, content_type="application/json; charset=utf-8").status_code == 200


@pytest.mark.parametrize("path", ["nobank/", "nobank/token/", "Pluggy/"])
def test_an_aggregator_that_is_not_registered_is_answered_404(path):
    response = Client().post(f"/api/banking/webhooks/{path}", b"{}", content_type="application/json")
    assert response.status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_another_method_is_answered_405(method):
    response = getattr(Client(), method)(URL)
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_events_of_one_item_share_a_mailbox_and_those_of_another_do_not():
    post(notification(eventId="1"))
    post(notification(eventId="2", event="transactions/created", accountId="a"))
    post(notification(eventId="3", itemId="another"))
    post({"event": "connector/status_updated", "eventId": "4", "connectorId": 201})
    post({"event": "connector/status_updated", "eventId": "5", "id": "201"})
    mailboxes = dict(Event.objects.values_list("event_id", "mailbox"))
    assert mailboxes["1"] == mailboxes["2"] != mailboxes["3"]
    assert mailboxes["4"] == mailboxes["5"] == "pluggy:connector:201"


def test_no_query_runs_in_the_request_and_the_books_balance(django_assert_num_queries):
    with django_assert_num_queries(0):
        post(notification())
    assert read_books().accepted == 1
    assert read_books().balanced


def test_the_log_contains_kind_outcome_and_time_but_no_secret_and_no_body(caplog):
    caplog.set_level(logging.INFO)
    token = make_path_token(uuid.uuid4())
    post(notification(accountHolder="Maria Souza"), url=f"{URL}{token}/")
    post(notification(), secret="wrong-secret")
    lines = [record.getMessage() for record in caplog.records if record.name == "apps.banking.door"]
    assert len(lines) == 2
    assert "Webhook item/updated accepted and queued for processing. Outcome: accepted. Response time:" in lines[0]
    for text in ("Maria", SECRET, "wrong-secret", token):
        assert text not in caplog.text
