"""The door as it is deployed: gunicorn, the Procfile's options, real sockets, and a database that fails."""

import fcntl
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings

from apps.banking.aggregators.pluggy.webhooks.authenticity import make_path_token
from apps.banking.door import BODY_LIMIT
from apps.events.accept import PATIENCE
from apps.events.books import audit, read_books
from apps.events.models import Event
from core.waiting import ADDRESS_LIMIT

pytestmark = pytest.mark.django_db(transaction=True)

BACKEND = Path(__file__).parents[2]
PATH = "/api/banking/webhooks/pluggy/"
HEADERS = {"Authorization": "Bearer a-webhook-secret-for-tests-alone", "Content-Type": "application/json"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_live(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=20).ok
    except requests.RequestException:
        return False


def start_door(start, wait_until, **environment):
    """Start the web server. Returns (the webhooks' URL, its process)."""
    port = free_port()
    server = start(
        "gunicorn", "core.asgi:application", "--bind", f"127.0.0.1:{port}", "-c", "gunicorn.conf.py", **environment
    )
    # The port is open before a worker that answers has started.
    wait_until(lambda: listens(port) and is_live(port), 60, "the web server")
    return f"http://127.0.0.1:{port}{PATH}", server


@pytest.fixture
def door(start_process, wait_until):
    """Starts a web server of one process, with extra environment variables. Returns (its URL, its process)."""
    return lambda **environment: start_door(start_process, wait_until, **{"WEB_CONCURRENCY": "1", **environment})


@pytest.fixture(scope="module")
def usual_door(own_stores, processes_in, wait_until, tmp_path_factory):
    """The webhooks' URL at a web server with the usual number of processes, which all tests that name it share."""
    with processes_in({**os.environ, **own_stores}, tmp_path_factory.mktemp("door")) as start:
        yield start_door(start, wait_until)[0]


def body(event_id: str | None = None, **more) -> bytes:
    content = {"event": "item/updated", "eventId": event_id or str(uuid.uuid4()), "itemId": "a-known-item", **more}
    return json.dumps(content).encode()


def post(url: str, content: bytes, **headers) -> requests.Response:
    return requests.post(url, data=content, headers={**HEADERS, **headers}, timeout=10)


def chunks(content: bytes, size: int = 4096):
    yield from (content[start : start + size] for start in range(0, len(content), size))


def test_a_chunked_body_without_a_length_is_read_whole(usual_door):
    content = body("chunked", filler="x" * 20_000)
    assert post(usual_door, chunks(content)).json() == {"status": "accepted"}
    assert Event.objects.get().raw_payload == content


def test_a_chunked_body_over_the_limit_is_answered_413_and_not_read_to_its_end(usual_door):
    sent = 0

    def endless():
        nonlocal sent
        while sent < 50 * BODY_LIMIT:
            sent += 4096
            yield b"x" * 4096

    try:
        assert post(usual_door, endless()).status_code == 413
    except requests.ConnectionError:
        # The server may close the connection while we send. That is a refusal too, if nothing was stored.
        assert sent < 50 * BODY_LIMIT
    assert not Event.objects.exists()


def test_the_same_event_a_thousand_times_in_parallel_is_one_row(usual_door):
    session, content = requests.Session(), body("the-same")
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    late = []

    def deliver(_):
        while (answer := session.post(usual_door, data=content, headers=HEADERS, timeout=20)).status_code == 503:
            late.append(answer)  # a machine that stands still; senders retry
        return answer.json()["status"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(deliver, range(1000)))
    # A row that is committed too late for its sender is a duplicate for everybody.
    accepted = 0 if late and "accepted" not in answers else 1
    assert (answers.count("accepted"), answers.count("duplicate")) == (accepted, 1000 - accepted)
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


def test_after_the_database_dropped_every_session_the_next_event_is_stored(usual_door):
    assert post(usual_door, body("before")).status_code == 200
    _end_sessions()
    assert post(usual_door, body("after")).status_code == 200
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


def test_an_event_blocked_by_a_database_lock_is_503_and_its_redelivery_is_stored_once(usual_door):
    """The insert waits for another transaction that holds the same key and does not end."""
    from django.db import connection

    blocker = psycopg.connect(**connection.get_connection_params())
    blocker.execute(
        "INSERT INTO events_event (source, event_id, kind, mailbox, payload, state, outcome, attempts, error_type, "
        "error_code, depth) VALUES ('pluggy', 'held', 'item/updated', 'm', '', 'pending', '', 0, '', '', 0)"
    )
    answer = post(usual_door, body("held"))
    assert answer.status_code == 503
    blocker.rollback()
    blocker.close()
    # On a busy machine the first one may be committed when the lock ends, before the server gives it up.
    assert post(usual_door, body("held")).json() in ({"status": "accepted"}, {"status": "duplicate"})
    assert Event.objects.count() == 1


def address(url: str) -> tuple[str, int]:
    return "127.0.0.1", int(url.split(":")[2].split("/", maxsplit=1)[0])


def begin(url: str, *, secret: bool = True, more: bytes = b"", method: str = "POST", path: str = PATH) -> socket.socket:
    """Open a connection and send a request whose body of 100 bytes does not follow."""
    opened = socket.create_connection(address(url), timeout=30)
    proof = f"Authorization: {HEADERS['Authorization']}\r\n" if secret else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{proof}"
    opened.sendall(f"{head}Content-Length: 100\r\n\r\n".encode() + more)
    return opened


def threads_of(server) -> int:
    """The threads of all processes of the web server."""
    members = subprocess.run(
        ["pgrep", "-g", str(server.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in members)


def test_two_thousand_unfinished_bodies_cost_no_thread_and_webhooks_are_answered(door):
    url, server = door(TRUSTED_PROXIES="127.0.0.1")
    assert post(url, body()).ok
    before = threads_of(server)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    slow = [begin(url, more=b"{") for _ in range(2000)]
    try:
        assert all(post(url, body()).ok for _ in range(20))
        assert requests.get(url.replace(PATH, "/health/live"), timeout=10).ok
        # The probe's thread began after the first look.
        assert threads_of(server) <= before + 1
    finally:
        for connection in slow:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_body_of_a_sender_without_proof_is_not_waited_for(usual_door):
    assert begin(usual_door, secret=False).recv(100).startswith(b"HTTP/1.1 401")


def test_a_request_that_does_not_arrive_within_its_time_is_answered_408_and_logged(door, wait_until):
    url, server = door()
    half_head = socket.create_connection(address(url), timeout=30)
    half_head.sendall(b"POST /api/ban")
    silent = socket.create_connection(address(url), timeout=30)
    half_body, page = begin(url, more=b"{"), begin(url, path="/admin/login/", secret=False)
    for connection in (half_head, silent, half_body, page):
        with connection, connection.makefile("rb") as stream:
            assert stream.read().startswith(b"HTTP/1.1 408")  # it reads until the server closes
    wait_until(lambda: "refused with 400: incomplete" in server.log.read_text(), 10, "the log line")
    assert post(url, body()).ok


def test_one_address_pushes_out_only_its_own_unfinished_requests(door):
    url, _ = door(PUBLIC_URL="http://127.0.0.1")
    first = begin(url, more=b"{")
    others = [begin(url, more=b"{") for _ in range(ADDRESS_LIMIT)]
    assert first.recv(100).startswith(b"HTTP/1.1 408")
    assert post(url, body()).ok
    for connection in (first, *others):
        connection.close()


def test_while_the_threads_of_all_pages_wait_webhooks_and_probes_are_answered(door, process_environment):
    url, _ = door(WEB_THREADS="2", SECURE_SSL_REDIRECT="false")
    admin, cookies = url.replace(PATH, "/admin/"), {"sessionid": "a" * 32}
    with psycopg.connect(process_environment["DATABASE_OWNER_URL"]) as owner, ThreadPoolExecutor(4) as pool:
        owner.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        waiting = [pool.submit(requests.get, admin, cookies=cookies, timeout=30) for _ in range(4)]
        time.sleep(0.5)
        assert post(url, body()).ok
        assert requests.get(url.replace(PATH, "/health/live"), timeout=5).ok
        assert not any(one.done() for one in waiting)
        owner.rollback()
        assert {one.result().status_code for one in waiting} == {200}


def test_a_log_that_nobody_reads_stops_no_webhook(process_environment, wait_until):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "core.asgi:application",
        "-c",
        "gunicorn.conf.py",
        "-b",
        f"127.0.0.1:{port}",
    ]
    server = subprocess.Popen(command, cwd=BACKEND, env=process_environment, stdout=writer, stderr=writer)
    try:
        wait_until(lambda: listens(port) and is_live(port), 60, "the web server")
        session = requests.Session()
        for _ in range(200):  # about 40 kB of log lines
            assert session.post(f"http://127.0.0.1:{port}{PATH}", data=body(), headers=HEADERS, timeout=10).ok
    finally:
        os.close(reader)
        os.close(writer)
        server.terminate()
        server.wait(20)


def test_on_sigterm_every_request_in_flight_is_answered_and_idle_connections_do_not_delay_the_end(door, wait_until):
    from django.db import connection

    url, server = door()
    idle = requests.Session()
    assert idle.post(url, data=body(), headers=HEADERS, timeout=10).ok
    with psycopg.connect(**connection.get_connection_params()) as blocker, ThreadPoolExecutor(8) as pool:
        blocker.execute("LOCK TABLE events_event IN SHARE MODE")
        flying = [pool.submit(post, url, body(f"e-{n}")) for n in range(8)]
        time.sleep(0.3)
        os.kill(server.pid, signal.SIGTERM)
        time.sleep(0.3)
        blocker.rollback()
        answers = {f"e-{n}": one.result().status_code for n, one in enumerate(flying)}
    assert set(answers.values()) <= {200, 503}
    stored = set(Event.objects.values_list("event_id", flat=True))
    assert {event_id for event_id, status in answers.items() if status == 200} <= stored
    assert 200 in answers.values()
    assert server.wait(20) == 0
    # gunicorn alone would wait 25 seconds for the idle connection.
    assert "Forcing close" not in server.log.read_text()


def fifty_requests(name: str) -> list[dict]:
    """Requests of every kind of answer. `name` makes their events' ids different."""
    good, token = body(f"{name}-1"), make_path_token(uuid.uuid4())
    plain = {"Content-Type": "application/json"}
    proofs = [HEADERS, plain, {**HEADERS, "Authorization": "Bearer wrong"}, {**HEADERS, "Authorization": ""}]
    bodies = [good, good, b"{", b"[]", b"null", b"\xff", b"", b"x" * (BODY_LIMIT + 1), body("x" * 101), body("\x00")]
    types = ["text/plain", "", "application/json; charset=utf-8", "APPLICATION/JSON", "application/json,x", "é"]
    paths = [f"{token}/", "x/", "%00/", "%C3%A7/", f"{token}", "a/b/", "?a=b", f"{token}/?x=y", "//", "..;/"]
    methods = ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", "LOCK"]
    return [
        *({"data": good, "headers": proof} for proof in proofs),
        *({"data": content} for content in bodies),
        *(
            {"data": body(f"{name}-t{n}"), "headers": {**HEADERS, "Content-Type": kind.encode()}}
            for n, kind in enumerate(types)
        ),
        *({"data": body(f"{name}-p{n}"), "path": path} for n, path in enumerate(paths)),
        *({"data": body(f"{name}-q{n}"), "path": path, "headers": plain} for n, path in enumerate(paths)),
        *({"method": method} for method in methods),
        {"data": good, "path": "../nobank/"},
        # Not a chunked body: the development server reads none.
        {"data": good, "path": "../pluggy/"},
    ]


def test_the_development_server_gives_the_same_answers(usual_door, start_process, wait_until):
    port = free_port()
    start_process("manage", "runserver", "--noreload", str(port))
    wait_until(lambda: listens(port), 30, "the development server")
    ours, theirs = fifty_requests("a"), fifty_requests("b")
    assert len(ours) >= 50
    for one, other in zip(ours, theirs, strict=True):
        assert _answered(usual_door, **one) == _answered(f"http://127.0.0.1:{port}{PATH}", **other), one


def _answered(url: str, method: str = "POST", path: str = "", **options) -> tuple:
    request = requests.Request(method, url, **{"headers": HEADERS, **options}).prepare()
    request.url = url + path  # not normalized
    request.method = method
    answer = requests.Session().send(request, timeout=10)
    content = answer.content if answer.headers.get("Content-Type") == "application/json" else b""
    # A path that is no webhook's has the API's form of error, with the time.
    content = re.sub(rb'"timestamp": "[^"]*"', b"", content)
    return answer.status_code, answer.headers.get("Content-Type"), answer.headers.get("Allow"), content


def test_the_log_of_a_request_holds_no_secret_and_no_token(door, wait_until):
    url, server = door(LOG_FORMAT="json")
    token = "A" * 43
    requests.post(f"{url}{token}/", data=body(cpf="761.092.776-73"), headers=HEADERS, timeout=10)
    requests.post(f"{url}{token}/", data=body(), headers={**HEADERS, "Authorization": "Bearer x"}, timeout=10)
    requests.get(f"{url}{token}/", timeout=10)
    wait_until(lambda: server.log.read_text().count("Webhook ") == 3, 10, "the log lines")
    log = server.log.read_text()
    assert "Webhook item/updated accepted and queued for processing" in log
    for text in (token, settings.PLUGGY_WEBHOOK_SECRETS[0], "761.092"):
        assert text not in log
