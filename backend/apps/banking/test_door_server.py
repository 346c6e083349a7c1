"""The door as it is deployed: gunicorn, the Procfile's options, real sockets, and a database that fails."""

import json
import os
import signal
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests
from django.conf import settings

from apps.banking.door import BODY_LIMIT
from apps.events.accept import PATIENCE
from apps.events.books import audit, read_books
from apps.events.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/banking/webhooks/pluggy/"
HEADERS = {"Authorization": "Bearer a-webhook-secret-for-tests-alone", "Content-Type": "application/json"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def door(start_process, wait_until):
    """Starts the web server with extra environment variables. Returns (its URL, its process)."""

    def start(**environment):
        port = free_port()
        server = start_process(
            "gunicorn", "core.asgi:application", "--bind", f"127.0.0.1:{port}", "-c", "gunicorn.conf.py", **environment
        )

        def listening() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(listening, 20, "the web server")
        return f"http://127.0.0.1:{port}{PATH}", server

    return start


def body(event_id: str | None = None, **more) -> bytes:
    content = {"event": "item/updated", "eventId": event_id or str(uuid.uuid4()), "itemId": "a-known-item", **more}
    return json.dumps(content).encode()


def post(url: str, content: bytes, **headers) -> requests.Response:
    return requests.post(url, data=content, headers={**HEADERS, **headers}, timeout=10)


def chunks(content: bytes, size: int = 4096):
    yield from (content[start : start + size] for start in range(0, len(content), size))


def test_a_chunked_body_without_a_length_is_read_whole(door):
    url, _ = door()
    content = body("chunked", filler="x" * 20_000)
    assert post(url, chunks(content)).json() == {"status": "accepted"}
    assert Event.objects.get().raw_payload == content


def test_a_chunked_body_over_the_limit_is_answered_413_and_not_read_to_its_end(door):
    url, _ = door()
    sent = 0

    def endless():
        nonlocal sent
        while sent < 50 * BODY_LIMIT:
            sent += 4096
            yield b"x" * 4096

    try:
        assert post(url, endless()).status_code == 413
    except requests.ConnectionError:
        # The server may close the connection while we send. That is a refusal too, if nothing was stored.
        assert sent < 50 * BODY_LIMIT
    assert not Event.objects.exists()


def test_the_same_event_a_thousand_times_in_parallel_is_one_row(door):
    url, _ = door()
    session, content = requests.Session(), body("the-same")
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    def deliver(_):
        return session.post(url, data=content, headers=HEADERS, timeout=20).json()["status"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(deliver, range(1000)))
    assert (answers.count("accepted"), answers.count("duplicate")) == (1, 999)
    assert Event.objects.count() == 1
    assert read_books().balanced
    assert audit() == {}


def test_without_a_broker_the_answer_is_still_200(door):
    url, _ = door(REDIS_URL="redis://127.0.0.1:1/0")
    assert post(url, body()).status_code == 200
    assert Event.objects.count() == 1


def test_without_a_database_the_answer_is_503_in_time_and_the_event_is_not_claimed_to_be_stored(door):
    url, server = door(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    answer = post(url, body())
    assert (answer.status_code, answer.json()) == (503, {"error": "unavailable"})
    assert b"Traceback" not in server.log.read_bytes()


def test_a_database_that_never_answers_is_503_in_time(door):
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(64)
        url, _ = door(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{hole.getsockname()[1]}/none")
        for _ in range(3):
            assert post(url, body()).status_code == 503
    assert PATIENCE < 2


def test_after_the_database_dropped_every_session_the_next_event_is_stored(door):
    url, _ = door()
    assert post(url, body("before")).status_code == 200
    _end_sessions()
    assert post(url, body("after")).status_code == 200
    assert set(Event.objects.values_list("event_id", flat=True)) == {"before", "after"}


def _end_sessions() -> None:
    from django.db import connection

    with psycopg.connect(**{**connection.get_connection_params(), "autocommit": True}) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() "
            "AND usename = current_user AND pid <> pg_backend_pid()"
        )
    connection.close()


def test_an_event_answered_200_survives_a_kill_of_the_server_and_its_redelivery_is_a_duplicate(door):
    url, server = door()
    accepted = [event_id for event_id in (f"e-{n}" for n in range(50)) if post(url, body(event_id)).ok]
    os.killpg(server.pid, signal.SIGKILL)
    assert len(accepted) == 50
    assert set(Event.objects.values_list("event_id", flat=True)) == set(accepted)
    again, _ = door()
    assert {post(again, body(event_id)).json()["status"] for event_id in accepted} == {"duplicate"}
    assert read_books().accepted == 50


def test_an_event_blocked_by_a_database_lock_is_503_and_its_redelivery_is_stored_once(door):
    """The insert waits for another transaction that holds the same key and does not end."""
    from django.db import connection

    url, _ = door()
    blocker = psycopg.connect(**connection.get_connection_params())
    blocker.execute(
        "INSERT INTO events_event (source, event_id, kind, mailbox, payload, state, outcome, attempts, error_type, "
        "error_code, depth) VALUES ('pluggy', 'held', 'item/updated', 'm', '', 'pending', '', 0, '', '', 0)"
    )
    answer = post(url, body("held"))
    assert answer.status_code == 503
    blocker.rollback()
    blocker.close()
    assert post(url, body("held")).json() == {"status": "accepted"}
    assert Event.objects.count() == 1


def test_a_slow_sender_does_not_keep_the_others_waiting(door):
    url, _ = door(WEB_CONCURRENCY="1", WEB_THREADS="4")
    port = int(url.split(":")[2].split("/")[0])
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    for connection in slow:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n".encode())
    assert post(url, body()).status_code == 200
    for connection in slow:
        connection.close()


def test_the_log_of_a_request_holds_no_secret_and_no_token(door):
    url, server = door(LOG_FORMAT="json")
    token = "A" * 43
    requests.post(f"{url}{token}/", data=body(cpf="761.092.776-73"), headers=HEADERS, timeout=10)
    requests.post(f"{url}{token}/", data=body(), headers={**HEADERS, "Authorization": "Bearer x"}, timeout=10)
    requests.get(f"{url}{token}/", timeout=10)
    log = server.log.read_text()
    assert log.count("Webhook ") == 3
    assert "Webhook item/updated accepted and queued for processing" in log
    for text in (token, settings.PLUGGY_WEBHOOK_SECRETS[0], "761.092"):
        assert text not in log
