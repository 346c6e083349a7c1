"""The shipped server, started as in the Procfile, and requests that never reach Django."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEADERS = b"Host: localhost\r\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(own_stores: dict[str, str], wait_until: Callable, tmp_path_factory) -> Iterator[tuple[int, Path]]:
    """Run the web line of the Procfile; yields its port and the path of its log."""
    port = free_port()
    (line,) = [line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:")]
    log = tmp_path_factory.mktemp("web") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", "-c", "exec " + line.removeprefix("web:")],
            cwd=ROOT,
            env={
                **os.environ,
                **own_stores,
                "PORT": str(port),
                "WEB_CONCURRENCY": "1",
                "WEB_THREADS": "2",
                "LOG_FORMAT": "json",
            },
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    wait_until(lambda: answer(port, b"GET /health/live HTTP/1.1\r\n" + HEADERS), 60, "the web server")
    yield port, log
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def answer(port: int, request: bytes) -> bytes:
    """The first line of the answer to `request` on a new connection; empty if the server does not listen."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request + b"Connection: close\r\n\r\n")
            return connection.makefile("rb").readline()
    except OSError:  # not yet, or too busy
        return b""


def test_long_lines_and_many_headers_are_refused(server):
    port, _ = server
    assert b" 414 " in answer(port, b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n" + HEADERS)
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(70))
    assert b" 431 " in answer(port, b"GET / HTTP/1.1\r\n" + HEADERS + many)


@pytest.mark.parametrize("place", [b"/api/banking/webhooks/pluggy/", b"/webhooks/uazapi/" + b"0" * 32 + b"/"])
def test_the_log_holds_no_token_of_a_path(server, place):
    port, log = server
    token = b"c2VjcmV0LXRva2VuLW9mLWEtbWVtYmVyc2hpcA"
    path = place + token + b"/"
    answer(port, b"POST " + path + b" HTTP/1.1\r\n" + HEADERS + b"Content-Type: application/json\r\n")
    answer(port, b"POST " + path + b" nonsense\r\n" + HEADERS)
    answer(port, b"PO ST " + path + b" HTTP/1.1\r\n" + HEADERS)
    assert token not in log.read_bytes()


def test_gunicorns_own_lines_have_the_form_of_pontes(server, wait_until: Callable):
    port, log = server
    answer(port, b"POST /api/banking/webhooks/pluggy/ HTTP/1.1\r\n" + HEADERS)
    wait_until(lambda: "apps.banking.door" in log.read_text(), what="the door's line")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    theirs = [line for line in lines if line["logger"] == "gunicorn.error"]
    assert {line["level"] for line in theirs} == {"info"}
    # A master says the first, and a worker the second.
    for words in ("Starting gunicorn", "ASGI server listening"):
        assert any(line["event"].startswith(words) for line in theirs)
    assert all(line["event"] and line["timestamp"].endswith("Z") for line in lines)


def test_the_environment_sets_the_number_of_processes(process_environment: dict[str, str]):
    command = shlex.split(
        "gunicorn --chdir backend core.asgi:application --config backend/gunicorn.conf.py --print-config"
    )
    environment = {**process_environment, "WEB_CONCURRENCY": "3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    shown = {name.strip(): value for name, _, value in (line.partition("= ") for line in done.stdout.splitlines())}
    assert (shown["workers"], shown["worker_class"], shown["chdir"]) == (
        "3",
        "core.web_worker.Worker",
        str(ROOT / "backend"),
    )


def test_a_worker_that_is_told_to_stop_while_it_starts_stops_at_once(process_environment: dict[str, str]):
    log = subprocess.PIPE
    command = [sys.executable, "-m", "gunicorn", "core.asgi:application", "--bind", f"127.0.0.1:{free_port()}"]
    environment = {**process_environment, "WEB_CONCURRENCY": "1"}
    server = subprocess.Popen(command, cwd=ROOT / "backend", env=environment, stderr=log, stdout=log, text=True)
    assert server.stderr is not None
    for line in server.stderr:
        if "Booting worker" in line:
            break
    time.sleep(0.3)  # it imports Django now
    server.terminate()
    _, rest = server.communicate(timeout=60)
    # gunicorn kills a worker that has not stopped after 25 s, and says so.
    assert "Worker exiting" in rest
    assert "SIGKILL" not in rest
