"""The door for vendors: which deliveries it takes and refuses, and that 200 means stored."""

import asyncio
import base64
import json
import logging
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connections
from django.test import Client as Browser
from standardwebhooks.webhooks import Webhook

from apps.events.books import read_books
from apps.events.models import Event
from apps.integrations.incoming import door, proofs
from apps.integrations.incoming.factories import TOKEN, UAZAPI, example, post
from apps.integrations.incoming.room import Room
from apps.integrations.models import Integration
from apps.integrations.store.scope import acting_for
from core.asgi import application
from lib import background_loop
from lib.client_address import trusted_proxies
from lib.doorway import ANSWERS, Request
from lib.row_security import client_rows
from plugfn.providers.email_sendgrid.signature import SIGNATURE, TIMESTAMP
from plugfn.providers.github.webhooks import signature as github_signature
from plugfn.providers.slack.webhooks import signature as slack_signature

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

MESSAGE = example("whatsapp_uazapi", "message.received")
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
HTTP_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OPERATOR = "the-operators-secret"


def message(identity: str) -> dict:
    return MESSAGE | {"message": MESSAGE["message"] | {"messageid": identity}}


@pytest.fixture
def operator(settings):
    """The operator's secrets for vendors with one address for all."""
    settings.PLUGFN_PROVIDERS = {name: {"webhook_secrets": [OPERATOR]} for name in ("github", "slack")}


@pytest.fixture
def sendgrid(connect):
    public = SENDGRID_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    access = {"api_key": "SG." + "x" * 40, "from_email": "loja@example.com"}
    return connect("email_sendgrid", access | {"webhook_key": base64.b64encode(public).decode()})


def post_sendgrid(path: str, events: list):
    body, stamp = json.dumps(events).encode(), str(int(time.time()))
    proof = base64.b64encode(SENDGRID_KEY.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    return post(path, body, **{SIGNATURE: proof, TIMESTAMP: stamp})


def post_github(name: str, secret: str = OPERATOR):
    body = json.dumps(example("github", name)).encode()
    headers = {"x-github-event": name.partition(".")[0], "x-github-delivery": "72d3162e-cc78"}
    return post("/webhooks/github/", body, **headers, **{"x-hub-signature-256": github_signature(secret, body)})


def post_slack(name: str, secret: str = OPERATOR):
    body, stamp = json.dumps(example("slack", name)).encode(), str(int(time.time()))
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": slack_signature(secret, stamp, body)}
    return post("/webhooks/slack/", body, **headers)


def refused(answer) -> tuple[int, str]:
    """The status and the code. The body has no other names than every error of Ponte."""
    body = answer.json()
    assert body.keys() == {"success", "error", "error_code", "details", "timestamp"}
    assert body["success"] is False
    return answer.status_code, body["error_code"]


@contextmanager
def locked(table: str):
    """Locks a table for everybody else."""
    with psycopg.connect(**connections["owner"].get_connection_params()) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_message_is_stored_before_it_is_answered(connect, django_assert_num_queries):
    whatsapp = connect()
    with django_assert_num_queries(0):
        answer = post(whatsapp.path, MESSAGE)
    assert answer.status_code == 200
    assert answer.json().keys() == {"success", "processed_at"}
    event, hexadecimal = Event.objects.get(), whatsapp.row.pk.hex
    assert (event.kind, event.source, event.event_id) == (
        "integration/event",
        f"uazapi:{hexadecimal}",
        "messages:AC01:",
    )
    assert event.client_id == whatsapp.client.pk
    assert event.mailbox.startswith(f"from:{hexadecimal}:")
    assert "5511988887777" not in event.mailbox
    data = event.data
    assert data.pop("payload")["text"] == "bom dia"
    assert data == {
        "provider": "whatsapp_uazapi",
        "integration": hexadecimal,
        "name": "message.received",
        "account": "",
        "occurred_at": "2026-09-21T14:13:21+00:00",
    }
    assert TOKEN not in event.raw_payload.decode()


def test_a_repetition_answers_200_and_stores_nothing(connect):
    whatsapp = connect()
    assert [post(whatsapp.path, MESSAGE).status_code for _ in range(3)] == [200] * 3
    assert Event.objects.count() == read_books().accepted == 1


def test_the_events_of_one_person_share_a_mailbox_and_those_of_another_do_not(connect):
    whatsapp = connect()
    other = {"sender_pn": "5511977776666@s.whatsapp.net", "chatid": "5511977776666@s.whatsapp.net"}
    post(whatsapp.path, MESSAGE)
    post(whatsapp.path, message("AC02"))
    post(whatsapp.path, MESSAGE | {"message": MESSAGE["message"] | other | {"messageid": "AC03"}})
    post(whatsapp.path, example("whatsapp_uazapi", "connection.changed"))
    mailboxes = list(Event.objects.order_by("pk").values_list("mailbox", flat=True))
    assert mailboxes[0] == mailboxes[1] != mailboxes[2]
    assert mailboxes[3] == f"from:{whatsapp.row.pk.hex}"


@pytest.mark.parametrize("more", ["", "messages/text", "/messages", "a/b/c/d"])
def test_what_a_vendor_appends_to_the_address_is_ignored(connect, more):
    whatsapp = connect()
    assert post(whatsapp.path + more, MESSAGE).status_code == 200
    assert post(whatsapp.path.rstrip("/"), MESSAGE).status_code == 200
    assert Event.objects.count() == 1


def test_a_delivery_of_many_events_is_stored_whole(sendgrid):
    sent = [{"event": "delivered", "email": f"p{n}@example.com", "sg_event_id": f"e-{n}"} for n in range(450)]
    assert post_sendgrid(sendgrid.path, sent).status_code == 200
    assert Event.objects.count() == 450
    assert Event.objects.values("mailbox").distinct().count() == 450
    assert set(Event.objects.values_list("client", flat=True)) == {sendgrid.client.pk}
    # A repetition with one more stores that one.
    assert post_sendgrid(sendgrid.path, [*sent, sent[0] | {"sg_event_id": "new"}]).status_code == 200
    assert Event.objects.count() == 451


def test_a_delivery_with_more_events_than_the_vendor_sends_is_too_large(sendgrid):
    assert refused(post_sendgrid(sendgrid.path, [{}] * 4001)) == (413, "TOO_LARGE")
    assert not Event.objects.exists()


def test_ids_that_no_column_can_hold_and_missing_ids_are_stored(sendgrid):
    odd = ["é" * 50, "x\u0000y", "\ud800", ""]
    assert post_sendgrid(sendgrid.path, [{"event": "open", "sg_event_id": each} for each in odd]).status_code == 200
    assert {len(each) for each in Event.objects.values_list("event_id", flat=True)} == {32, 64}
    assert Event.objects.count() == 4


def test_a_vendor_with_one_address_for_all_proves_itself_by_the_operators_secret(operator):
    assert post_github("issues.opened").status_code == 200
    assert post_github("ping").status_code == 200
    assert post_slack("message").status_code == 200
    assert refused(post_github("issues.opened", "wrong")) == (401, "INVALID_SIGNATURE")
    assert refused(post_slack("message", "wrong")) == (401, "INVALID_SIGNATURE")
    stored = {event.source: event for event in Event.objects.order_by("-pk")}
    assert stored.keys() == {"github", "slack"}
    assert {event.data["integration"] for event in stored.values()} == {None}
    assert stored["slack"].data["account"]
    assert stored["slack"].data["account"] not in stored["slack"].mailbox


def test_a_handshake_is_answered_as_the_vendor_wants_it(operator):
    answer = post_slack("url_verification")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert answer.content.decode() == example("slack", "url_verification")["challenge"]
    assert not Event.objects.exists()


def test_a_signed_event_of_any_program_is_stored(connect):
    own = connect("http", {"url": "https://receiver.example/", "secret": HTTP_SECRET})
    body, now = json.dumps({"type": "invoice.paid", "data": {"id": 7}}), datetime.now(UTC)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp()))}
    proof = Webhook(HTTP_SECRET).sign("msg_1", now, body)
    assert post(own.path, body.encode(), **headers, **{"webhook-signature": proof}).status_code == 200
    assert Event.objects.get().data["payload"] == {"type": "invoice.paid", "data": {"id": 7}}
    assert refused(post(own.path, body.encode(), **headers))[0] == 401


def test_without_the_operators_secret_a_vendor_is_asked_to_come_again(settings):
    settings.PLUGFN_PROVIDERS = {}
    assert refused(post_github("issues.opened")) == (503, "PROCESSING_FAILED")


def test_an_integration_without_a_key_for_proofs_asks_the_vendor_to_come_again(connect):
    own = connect("email_sendgrid", {"api_key": "SG." + "x" * 40, "from_email": "loja@example.com"})
    assert refused(post_sendgrid(own.path, []))[0] == 503


def test_only_the_right_secret_of_the_right_integration_finds_an_address(connect):
    mine, theirs = connect(), connect()
    unknown, secret = "0" * 32, mine.path.split("/")[4]
    stranger = f"/webhooks/uazapi/{unknown}/{secret}/"
    paths = [
        stranger,
        f"/webhooks/uazapi/{theirs.row.pk.hex}/{secret}/",
        f"/webhooks/sendgrid/{mine.row.pk.hex}/{secret}/",
        f"/webhooks/uazapi/{mine.row.pk.hex}/{secret}x/",
        f"/webhooks/uazapi/{mine.row.pk.hex}/",
        f"/webhooks/uazapi/{mine.row.pk.hex}//",
        f"/webhooks/uazapi/x/{secret}/",
        f"/webhooks/uazapi/{mine.row.pk.hex}/{'é' * 300}/",
        "/webhooks/uazapi/",
        "/webhooks/smtp/",
        f"/webhooks/supabase/{mine.row.pk.hex}/{secret}/",
        "/webhooks/nobody/",
        "/webhooks/github/x/y/",
        "/webhooks/whatsapp_uazapi/",
    ]
    answers = [post(path, MESSAGE) for path in paths]
    assert {refused(answer) for answer in answers} == {(404, "NOT_FOUND")}
    assert len({answer.json()["error"] for answer in answers}) == 1
    assert not Event.objects.exists()
    assert post(mine.path, MESSAGE).status_code == 200


def test_a_rotated_secret_stops_working_within_a_second_and_the_new_one_works_at_once(connect):
    whatsapp = connect()
    old = whatsapp.path
    assert post(old, message("1")).status_code == 200
    whatsapp.rotate()
    rotated = time.monotonic()
    assert post(whatsapp.path, message("2")).status_code == 200
    while post(old, message("3")).status_code != 404:
        assert time.monotonic() - rotated < proofs.FRESH + 1
    assert post(old, message("4")).status_code == 404
    assert post(whatsapp.path, message("5")).status_code == 200


def test_without_a_newer_secret_a_rotated_one_ends_with_the_second(connect, monkeypatch):
    whatsapp = connect()
    old = whatsapp.path
    assert post(old, message("1")).status_code == 200
    whatsapp.rotate()
    # Nobody posts to the new address; the number alone says that the old one is void.
    monkeypatch.setattr(proofs, "FRESH", 0.0)
    assert post(old, message("2")).status_code == 404


def test_a_changed_credential_counts_as_soon_as_the_number_is_read(connect, own_plug, monkeypatch):
    monkeypatch.setattr(proofs, "FRESH", 0.0)
    whatsapp = connect()
    assert post(whatsapp.path, message("1")).status_code == 200
    with acting_for(whatsapp.client.pk):
        own_plug.connections.update(
            whatsapp.row.pk.hex, str(whatsapp.client.pk), UAZAPI | {"token": "another-token"}, test=False
        )
    assert refused(post(whatsapp.path, message("2"))) == (401, "INVALID_SIGNATURE")
    assert post(whatsapp.path, message("2") | {"token": "another-token"}).status_code == 200


def test_an_integration_that_is_gone_has_no_address(connect, own_plug, monkeypatch):
    whatsapp = connect()
    assert post(whatsapp.path, message("1")).status_code == 200
    with acting_for(whatsapp.client.pk):
        own_plug.connections.disconnect(whatsapp.row.pk.hex, str(whatsapp.client.pk))
    monkeypatch.setattr(proofs, "FRESH", 0.0)
    assert post(whatsapp.path, message("2")).status_code == 404


def test_a_client_who_is_gone_leaves_no_address(connect):
    whatsapp = connect()
    assert post(whatsapp.path, message("1")).status_code == 200
    Event.objects.all().delete()
    with client_rows(whatsapp.client.pk):
        Integration.objects.all().delete()
        whatsapp.client.delete()
    # What is cached still proves it, and the database refuses the row.
    assert refused(post(whatsapp.path, message("2"))) == (400, "INVALID_PAYLOAD")
    assert post(whatsapp.path, message("3")).status_code == 404


@pytest.mark.parametrize("wrong", [{"token": "wrong-token-of-12"}, {"token": None}, {"token": [TOKEN]}])
def test_a_body_without_the_instances_token_is_refused(connect, wrong):
    assert refused(post(connect().path, MESSAGE | wrong)) == (401, "INVALID_SIGNATURE")
    assert not Event.objects.exists()


MALFORMED = {
    "nothing": b"",
    "not JSON": b"{",
    "an array": b"[]",
    "invalid UTF-8": b'{"token":"\xff"}',
    "absurd nesting": b'{"token":"x","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an endless number": b'{"token":"x","a":' + b"9" * 50_000 + b"}",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_cannot_be_read_is_malformed(connect, body):
    assert refused(post(connect().path, body)) == (400, "INVALID_PAYLOAD")
    assert not Event.objects.exists()


def test_another_method_size_or_kind_is_refused(connect):
    whatsapp = connect()
    answer = Browser().get(whatsapp.path)
    assert (*refused(answer), answer["Allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    assert refused(post(whatsapp.path, MESSAGE, content_type="text/plain")) == (415, "INVALID_PAYLOAD")
    assert refused(post(whatsapp.path, MESSAGE | {"filler": "x" * 1_048_576})) == (413, "TOO_LARGE")
    assert not Event.objects.exists()


def test_a_delivery_of_the_largest_size_is_read_beside_the_loop(connect, monkeypatch):
    whatsapp, threads = connect(), []
    inline = asyncio.to_thread

    async def noted(function, *arguments):
        threads.append(function.__name__)
        return await inline(function, *arguments)

    monkeypatch.setattr(asyncio, "to_thread", noted)
    size = 1_048_576 - len(json.dumps(MESSAGE | {"filler": ""}))
    assert post(whatsapp.path, MESSAGE | {"filler": "x" * size}).status_code == 200
    assert "read" in threads
    threads.clear()
    assert post(whatsapp.path, message("many parts") | {"filler": [0] * 2_000}).status_code == 200
    assert "read" in threads
    threads.clear()
    assert post(whatsapp.path, message("short")).status_code == 200
    assert "read" not in threads


def ask_asgi(path: str, *chunks: bytes, ends: bool = True, **headers: str) -> tuple[int, dict]:
    """The answer of the application as gunicorn asks it. The body comes in chunks, and may never end."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request"} if ends else {"type": "http.disconnect"})
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in {"content-type": "application/json", **headers}.items()]
    scope = {"type": "http", "method": "POST", "path": path, "headers": pairs, "client": ("127.0.0.1", 4711)}
    background_loop.run(application(scope, receive, send))
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(sent[1]["body"])).encode()
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_the_web_server_answers_in_its_loop(connect):
    whatsapp = connect()
    body = json.dumps(MESSAGE).encode()
    assert ask_asgi(whatsapp.path, body[:100], body[100:])[0] == 200
    assert Event.objects.count() == 1
    assert ask_asgi(whatsapp.path, body[:100], ends=False)[0] == 400
    assert ask_asgi(whatsapp.path, *[b" " * 100_000] * 11)[0] == 413
    assert ask_asgi(whatsapp.path, **{"content-length": "9" * 5000})[0] == 413
    assert ask_asgi("/webhooks/")[0] == 404
    assert Event.objects.count() == 1


def test_long_bodies_that_nothing_proves_yet_take_no_room_from_short_ones(operator, connect, monkeypatch):
    monkeypatch.setattr(door, "_room", Room(500_000))
    big = [b" " * 100_000] * 6
    status, body = ask_asgi("/webhooks/github/", *big)
    assert (status, body["error_code"]) == (503, "PROCESSING_FAILED")
    assert door._room.held == 0
    with door._room.share() as grow:
        grow(500_000)
        assert ask_asgi("/webhooks/github/", *big[:2])[0] == 503
        assert post(connect().path, MESSAGE).status_code == 200
    assert ask_asgi("/webhooks/github/", *big[:2])[0] == 401


def test_deliveries_that_say_nothing_are_accepted_and_stored_nowhere(connect):
    assert post(connect().path, example("whatsapp_uazapi", "ignored.presence")).status_code == 200
    assert not Event.objects.exists()


def test_more_than_the_limit_of_one_integration_wait_and_others_do_not(connect, settings):
    settings.WEBHOOKS_PER_MINUTE = 3
    busy, other = connect(), connect()
    answers = [post(busy.path, message(str(number))) for number in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert refused(answers[-1]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 20
    assert post(other.path, MESSAGE).status_code == 200
    # Who does not know the secret uses up nothing.
    assert {post(other.path[:-2] + "/", MESSAGE).status_code for _ in range(4)} == {404}
    assert post(other.path, message("2")).status_code == 200
    settings.WEBHOOKS_PER_MINUTE = 0
    assert post(busy.path, message("6")).status_code == 200


def test_a_vendor_with_one_address_has_a_limit_for_each_account(operator, settings):
    settings.WEBHOOKS_PER_MINUTE = 2
    assert [post_slack("message").status_code for _ in range(3)] == [200, 200, 429]
    assert post_github("issues.opened").status_code == 200


def test_more_than_the_limit_of_one_address_wait_if_the_address_is_certain(connect, settings):
    settings.WEBHOOKS_PER_ADDRESS, settings.TRUSTED_PROXIES = 2, trusted_proxies(["127.0.0.1"])
    whatsapp = connect()

    def statuses(forwarded: str) -> list[int]:
        header = {"x-forwarded-for": forwarded} if forwarded else {}
        return [post(whatsapp.path, message(f"{forwarded}{n}"), **header).status_code for n in range(3)]

    assert statuses("203.0.113.9") == [200, 200, 429]
    assert statuses("203.0.113.10") == [200, 200, 429]
    assert statuses("198.51.100.1, 203.0.113.9") == [429] * 3
    # Who hides behind a proxy that is not trusted, or behind one that names nobody, is not counted.
    assert statuses("") == [200] * 3
    assert post("/webhooks/nobody/", b"", **{"x-forwarded-for": "203.0.113.10"}).status_code == 429
    settings.WEBHOOKS_PER_ADDRESS = 0
    assert statuses("203.0.113.11") == [200] * 3


def test_while_nothing_can_be_read_or_stored_the_vendor_is_asked_to_come_again(connect):
    whatsapp = connect()
    began = time.monotonic()
    with locked("integrations_generation"):
        assert refused(post(whatsapp.path, MESSAGE)) == (503, "PROCESSING_FAILED")
    assert post(whatsapp.path, message("1")).status_code == 200
    with locked("events_event"):
        assert refused(post(whatsapp.path, MESSAGE)) == (503, "PROCESSING_FAILED")
    # Far more than the promise, because the machine may be busy.
    assert time.monotonic() - began < 9
    assert post(whatsapp.path, MESSAGE).status_code == 200


def test_guesses_cost_few_queries(connect, monkeypatch):
    whatsapp, queries = connect(), []
    query = proofs._query

    async def counted(live, asked):
        queries.append(asked)
        return await query(live, asked)

    monkeypatch.setattr(proofs, "_query", counted)
    monkeypatch.setattr(proofs, "FRESH", 60.0)
    assert post(whatsapp.path, MESSAGE).status_code == 200
    queries.clear()
    assert [post(whatsapp.path, message(str(number))).status_code for number in range(20)] == [200] * 20
    assert queries == []
    paths = [f"/webhooks/uazapi/{'0' * 32}/{'x' * 43}/", f"/webhooks/uazapi/{whatsapp.row.pk.hex}/{'x' * 43}/"] * 10

    async def guess_all():
        guesses = [door._answer(Request("POST", {}, None), path) for path in paths]
        return [answer.status for answer in await asyncio.gather(*guesses)]

    assert background_loop.run(guess_all()) == [404] * 20
    assert len(queries) <= 3


def test_what_goes_wrong_unexpectedly_is_logged_without_the_path(connect, monkeypatch, caplog):
    def fail(*_arguments):
        raise RuntimeError

    monkeypatch.setattr(door, "read", fail)
    whatsapp = connect()
    assert post(whatsapp.path, MESSAGE).status_code == 503
    assert "A webhook could not be answered: RuntimeError" in caplog.text
    assert whatsapp.path.split("/")[4] not in caplog.text


def test_nothing_secret_or_personal_stands_in_a_log_or_a_metric(connect, caplog, settings):
    caplog.set_level(logging.DEBUG)
    settings.WEBHOOKS_PER_MINUTE = 3
    whatsapp = connect()
    integration, secret = whatsapp.path.split("/")[3:5]
    secrets = (secret, integration, TOKEN, "5511988887777", "551188887777", "bom dia", "Ana", "123.456.789-09")
    caplog.clear()
    for path, body in (
        (whatsapp.path, MESSAGE),
        (whatsapp.path, MESSAGE | {"token": "wrong"}),
        (whatsapp.path, b"{"),
        (whatsapp.path, message("limited")),
        (whatsapp.path + "messages", b""),
        (whatsapp.path.replace(integration, "0" * 32), MESSAGE),
        (f"/webhooks/{secret}/", MESSAGE),
    ):
        post(path, body)
    lines = [record.getMessage() for record in caplog.records if record.name == door.__name__]
    assert len(lines) == 7
    assert "Webhook uazapi message.received accepted and queued for processing. Outcome: accepted." in lines[0]
    labels = {label for metric in ANSWERS.collect() for sample in metric.samples for label in sample.labels.values()}
    assert "limited" in labels
    for text in secrets:
        assert text not in caplog.text
        assert text not in labels


def test_the_door_sees_nothing_of_an_integration_but_what_proves_its_webhooks(connect):
    whatsapp = connect()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_proof(%s)", [whatsapp.row.pk])
        names = [column.name for column in cursor.description]
        ((pk, client, *_rest),) = cursor.fetchall()
    assert names == ["id", "client_id", "provider", "status", "label", "sealed", "created_at", "updated_at"]
    assert (pk, client) == (whatsapp.row.pk, whatsapp.client.pk)
