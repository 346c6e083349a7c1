"""`scripts/bench ingest`: webhooks accepted a second, compared with the usual design and an empty view."""

import argparse
import fcntl
import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from rich.console import Console
from rich.table import Table

import bench_djstripe
import embedded
from embedded.ports import free_port
from load import Result, flood, get, offer, post

ROOT = Path(__file__).resolve().parent.parent
PATH = "/api/banking/webhooks/pluggy/"
CONNECTIONS = 64
# Connections that load the admin's first page, one after the other, beside a quarter of the offered webhooks.
PAGES = 16
PEERS = {"DJANGO_SETTINGS_MODULE": "bench_settings"}
RUNS = ("ours", "peer", "empty", "djstripe", "duplicates", "offered", "beside_pages", "pages")
# Those that store new events.
OUR_RUNS = ("ours", "offered", "beside_pages")
OFFERED = 1_000
SECRET = secrets.token_urlsafe(32)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench ingest", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")
    parser.add_argument("--seconds", type=float, default=8, help="length of a measurement (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each; the median counts (default 3)")
    options = parser.parse_args()
    figures = measure(options.seconds, options.rounds)
    show(figures)
    if options.json:
        print(json.dumps(figures))


def measure(seconds: float, rounds: int) -> dict[str, float | None]:
    """All figures of one run. Ours and the peers take turns, so that a slower machine slows all of them."""
    folder = ROOT / ".local" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(only_run(folder / "run.lock"))
        urls = stack.enter_context(embedded.servers(folder))
        environment = make_environment(urls)
        manage(environment, "migrate", "--noinput", "--database", "owner", "-v", "0")
        database = stack.enter_context(psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True))
        prepare(database)
        servers = Servers(
            stack.enter_context(web_server(environment)),
            stack.enter_context(web_server({**environment, **PEERS}, "bench_peers:application")),
            stack.enter_context(djstripe(folder, database, urls, environment)),
        )
        return take_turns(database, servers, log_in(environment), seconds, rounds)


@dataclass(frozen=True)
class Servers:
    """The ports of the servers; `djstripe` is None where it cannot be installed."""

    ours: int
    peers: int
    djstripe: int | None


@contextmanager
def djstripe(
    folder: Path, database: psycopg.Connection, urls: dict[str, str], environment: dict[str, str]
) -> Iterator[int | None]:
    """Run dj-stripe's endpoint beside ours, with a new database on the same server."""
    packages = folder / "djstripe"
    if problem := bench_djstripe.install(packages):
        print(f"bench: dj-stripe is left out, because it could not be installed: {problem}", file=sys.stderr)
        yield None
        return
    database.execute("DROP DATABASE IF EXISTS bench_djstripe WITH (FORCE)")
    database.execute("CREATE DATABASE bench_djstripe")
    theirs = {
        **environment,
        "DJANGO_SETTINGS_MODULE": "bench_djstripe_settings",
        "DJSTRIPE_DATABASE_URL": urlsplit(urls["DATABASE_OWNER_URL"])._replace(path="/bench_djstripe").geturl(),
        "PYTHONPATH": f"{environment['PYTHONPATH']}{os.pathsep}{packages}",
    }
    prepare = [sys.executable, "-c", "import bench_djstripe; bench_djstripe.prepare()"]
    subprocess.run(prepare, cwd=ROOT, env=theirs, check=True)
    with web_server(theirs, "bench_djstripe:application") as port:
        yield port


def log_in(environment: dict[str, str]) -> str:
    """The cookie of a new superuser."""
    code = """
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
request = HttpRequest()
request.session = SessionStore()
user, _ = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
login(request, user, settings.AUTHENTICATION_BACKENDS[0])
request.session.save()
print(request.session.session_key)
"""
    command = [sys.executable, "backend/manage.py", "shell", "--no-imports", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return f"sessionid={done.stdout.split()[-1]}"


@contextmanager
def only_run(file: Path) -> Iterator[None]:
    """Allow one run at a time: a run empties the tables that it counts."""
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("bench: another measurement runs in this checkout: wait until it ends")
        yield


def take_turns(
    database: psycopg.Connection, servers: Servers, cookie: str, seconds: float, rounds: int
) -> dict[str, float | None]:
    sent = Events()
    ours, peers = servers.ours, servers.peers
    before = rows(database)
    for port, path in ((ours, PATH), (peers, "/obvious/"), (peers, "/empty/")):
        flood(port, requests(path, Events()), CONNECTIONS, 1)
    warm = rows(database) - before
    runs: dict[str, list[Result]] = {name: [] for name in RUNS}
    for _ in range(rounds):
        runs["ours"].append(flood(ours, requests(PATH, sent), CONNECTIONS, seconds))
        runs["peer"].append(flood(peers, requests("/obvious/", Events()), CONNECTIONS, seconds))
        runs["empty"].append(flood(peers, requests("/empty/", Events()), CONNECTIONS, seconds))
        if servers.djstripe:
            events = bench_djstripe.requests(post)
            runs["djstripe"].append(flood(servers.djstripe, events, CONNECTIONS, seconds))
        runs["duplicates"].append(flood(ours, requests(PATH, sent.again()), CONNECTIONS, seconds))
        runs["offered"].append(offer(ours, requests(PATH, sent), CONNECTIONS, seconds, OFFERED))
        with ThreadPoolExecutor(1) as pool:
            pages = pool.submit(flood, ours, repeat(get("/admin/", {"Cookie": cookie})), PAGES, seconds)
            runs["beside_pages"].append(offer(ours, requests(PATH, sent), CONNECTIONS, seconds, OFFERED / 4))
            runs["pages"].append(pages.result())
    return summary(runs, rows(database) - before - warm)


def summary(runs: dict[str, list[Result]], stored: int) -> dict[str, float | None]:
    accepted = sum(run.statuses[200] for name in OUR_RUNS for run in runs[name])
    rps, peer, empty, djstripe = (rate(runs[name]) for name in ("ours", "peer", "empty", "djstripe"))
    offered = runs["offered"]
    return {
        "rps": round(rps),
        "peer_rps": round(peer),
        "ratio": round(rps / peer, 2),
        "empty_view_rps": round(empty),
        "empty_ratio": round(rps / empty, 2),
        "djstripe_rps": round(djstripe) if djstripe else None,
        "djstripe_ratio": round(rps / djstripe, 2) if djstripe else None,
        "p50_ms": round(median([run.percentile(0.50) for run in offered]), 2),
        "p99_ms": round(median([run.percentile(0.99) for run in offered]), 2),
        "offered_rps": round(rate(offered)),
        "accepted": accepted,
        "rows": stored,
        "lost": accepted - stored,
        "duplicate_rps": round(rate(runs["duplicates"])),
        "p99_ms_at_full_load": round(median([run.percentile(0.99) for run in runs["ours"]]), 2),
        "page_load_p99_ms": round(median([run.percentile(0.99) for run in runs["beside_pages"]]), 2),
        "page_load_pages": round(rate(runs["pages"])),
        "failed": sum(run.answers - run.statuses[200] for some in runs.values() for run in some),
        "client_cpu_share": round(median([run.client_cpu_seconds / run.seconds for run in runs["empty"]]), 2),
    }


def rate(runs: list[Result]) -> float:
    return median([run.rate for run in runs]) if runs else 0


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


class Events:
    """Unique events. Their ids are stored, so that they can be sent again."""

    def __init__(self, ids: list[str] | None = None) -> None:
        self.ids: list[str] = []
        self.known = ids

    def __iter__(self) -> Iterator[bytes]:
        known = iter(self.known) if self.known is not None else iter(lambda: str(uuid.uuid4()), None)
        for event_id in known:
            self.ids.append(event_id)
            item = f"00000000-0000-4000-8000-{hash(event_id) % 10_000:012d}"
            yield json.dumps(
                {
                    "event": "item/updated",
                    "eventId": event_id,
                    "id": item,
                    "itemId": item,
                    "clientId": "00000000-0000-4000-8000-000000000001",
                    "clientUserId": str(uuid.uuid4()),
                    "triggeredBy": "SYNC",
                }
            ).encode()

    def again(self) -> "Events":
        return Events(self.ids * 4)


def requests(path: str, events: Events) -> Iterator[bytes]:
    return (post(path, body, {"Authorization": f"Bearer {SECRET}"}) for body in events)


def rows(database: psycopg.Connection) -> int:
    [(count,)] = database.execute("SELECT count(*) FROM events_event").fetchall()
    return int(count)


def prepare(database: psycopg.Connection) -> None:
    database.execute("DROP TABLE IF EXISTS bench_event")
    database.execute("CREATE TABLE bench_event (event_id text PRIMARY KEY, kind text, payload text)")
    database.execute("TRUNCATE events_event, events_mailbox, events_tally, events_replay RESTART IDENTITY")


def make_environment(urls: dict[str, str]) -> dict[str, str]:
    known = dict(line.split("=", 1) for line in (ROOT / ".local" / "env").read_text().splitlines() if "=" in line)
    ours = {
        "PLUGGY_WEBHOOK_SECRET": SECRET,
        "DEBUG": "false",
        "SECURE_SSL_REDIRECT": "false",
        "STAFF_MFA_REQUIRED": "false",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
    }
    paths = f"{ROOT / 'backend'}{os.pathsep}{ROOT / 'scripts'}"
    return {**os.environ, **known, **urls, **ours, "PYTHONPATH": paths}


def manage(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "backend/manage.py", *arguments], cwd=ROOT, env=environment, check=True)


@contextmanager
def web_server(environment: dict[str, str], application: str | None = None, log: str = "ours") -> Iterator[int]:
    """Run the Procfile's web process on a free port. The peers pass another application, for a server with threads.

    Its output goes to .local/bench-{application or log}.log.
    """
    port = free_port()
    line = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web: "))
    command = shlex.split(line.removeprefix("web: ").replace("0.0.0.0:$PORT", f"127.0.0.1:{port}"))
    if application:
        command[command.index("core.asgi:application")] = application
        command += ["--worker-class", "gthread", "--threads", "16"]
    output = (ROOT / ".local" / f"bench-{application or log}.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            sys.exit("bench: the web server did not start: see .local/bench-*.log")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("bench: the web server did not answer within 30 s: see .local/bench-*.log")


def show(figures: dict[str, float | None]) -> None:
    table = Table(title="Accepting webhooks: unique, authenticated, on disk before 200")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, value in figures.items():
        table.add_row(name, "–" if value is None else f"{value:,}")
    Console(stderr=True).print(table)


if __name__ == "__main__":
    main()
