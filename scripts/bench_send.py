"""`scripts/bench send`: messages sent and received a second, and whether any is lost or arrives twice.

Two processes of a worker send mails to a mail server on this machine. They take turns with two bare ones, which call
PlugFn's SMTP action in a loop: those have no store, no limits, no action log and no events. Midway the worker is killed
and another one finishes. Then WhatsApp messages come in, in turns with a bank's webhooks of the same size.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from typing import Any
from uuid import UUID

import psycopg
from redis import Redis
from rich.console import Console
from rich.table import Table

import embedded
from bench_ingest import make_environment, manage, only_run, web_server
from bench_send_processes import (
    ROOT,
    Bare,
    Environment,
    Spawned,
    bare,
    mail_server,
    parent_of,
    processor_seconds,
    procfile,
    wait_until,
)
from bench_send_webhooks import flood_in_turns

LIMITS = {"WEBHOOKS_PER_MINUTE": "0", "WEBHOOKS_PER_ADDRESS": "0", "ALLOWED_NETWORKS": "127.0.0.0/8"}
# Seconds of a turn. A worker that rests for long would lose its leases.
BARE_TURN, WORKER_TURN = 2.0, 6.0
# The slowest that the queues may empty, a second; and what a killed worker's lease and the sweep add.
SLOWEST, LEASE_SECONDS = 5, 180
ROWS = {
    "sends_per_s": "mails that a worker with two processes sends",
    "bare_per_s": "mails that two bare processes send, in turns with it",
    "ratio": "sends ÷ bare (target: at least 0.3)",
    "ratio_per_core": "the same for each second of processor time, with the database's and the mail server's",
    "core_ms_per_send": "processor time of a send: worker, database, mail server",
    "requests_per_s": "sends asked for, one after the other",
    "incoming_per_s": "WhatsApp messages that the web processes accepted",
    "bank_webhooks_per_s": "a bank's webhooks of the same size, in turns with them",
    "incoming_ratio": "incoming ÷ bank (target: at least 0.7)",
    "worked_per_s": "incoming messages that the worker stored in conversations",
    "unknown": "sends that were under way when the worker was killed, and are shown as unknown",
    "lost": "sends neither at the mail server nor unknown, and incoming messages without a row",
    "duplicated": "mails that arrived more than once",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench send", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")
    parser.add_argument("--sends", type=int, default=10_000, help="mails (default 10,000)")
    parser.add_argument("--messages", type=int, default=10_000, help="incoming messages (default 10,000)")
    parser.add_argument("--clients", type=int, default=100, help="clients that share both (default 100)")
    options = parser.parse_args()
    figures = measure(options.sends, options.messages, options.clients)
    show(figures)
    if options.json:
        print(json.dumps(figures))
    return 0


def measure(sends: int, messages: int, clients: int) -> dict[str, Any]:
    """All figures of one run."""
    folder = ROOT / ".local" / "bench-send"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(only_run(folder / "run.lock"))
        urls = stack.enter_context(embedded.servers(folder))
        environment = {**make_environment(urls), **LIMITS, "DJANGO_SETTINGS_MODULE": "core.settings"}
        manage(environment, "migrate", "--noinput", "--database", "owner", "-v", "0")
        database = stack.enter_context(psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True))
        start_empty(database, urls["REDIS_URL"])
        port, server = stack.enter_context(mail_server(folder, environment))
        addresses = inside(environment, "prepare", clients, port)
        stack.enter_context(procfile("beat", environment))
        bench = Bench(environment, database, server, folder / "mails")
        return {**bench.send(sends), **bench.receive(messages, addresses), **bench.losses(messages)}


def start_empty(database: psycopg.Connection, redis_url: str) -> None:
    database.execute("TRUNCATE clients_client, events_event, events_mailbox, events_tally RESTART IDENTITY CASCADE")
    Redis.from_url(redis_url).flushdb()


def inside(environment: Environment, *work: object) -> Any:
    """What bench_send_inside.py prints."""
    command = [sys.executable, "scripts/bench_send_inside.py", *map(str, work)]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(environment), check=True, stdout=subprocess.PIPE, text=True, timeout=1200
    )
    return json.loads(done.stdout.splitlines()[-1])


@dataclass
class Turns:
    """What one side did in its turns."""

    mails: int = 0
    seconds: float = 0.0
    cores: float = 0.0

    @property
    def rate(self) -> float:
        return self.mails / self.seconds

    @property
    def cost(self) -> float:
        """Processor seconds of a mail."""
        return self.cores / self.mails


@dataclass
class Bench:
    """What a measurement works with. `mails` is the file of the mail server."""

    environment: Environment
    database: psycopg.Connection
    server: Spawned
    mails: Path
    ours: Turns = field(default_factory=Turns)
    theirs: Turns = field(default_factory=Turns)

    def send(self, sends: int) -> dict[str, float]:
        """Send all mails: the first half by a worker that is killed then."""
        folder = self.mails.parent / "bare"
        requests = inside(self.environment, "request", sends)
        with (
            mail_server(folder, self.environment) as (bare_port, server),
            bare(bare_port, self.environment) as others,
            procfile("worker", self.environment) as worker,
        ):
            self.take_turns(worker, others, server, sends)
        with procfile("worker", self.environment):
            self.wait_until_done(sends)
        return {
            "sends_per_s": round(self.ours.rate, 1),
            "bare_per_s": round(self.theirs.rate, 1),
            "ratio": round(self.ours.rate / self.theirs.rate, 3),
            "ratio_per_core": round(self.theirs.cost / self.ours.cost, 3),
            "core_ms_per_send": round(1000 * self.ours.cost, 2),
            "requests_per_s": requests,
        }

    def take_turns(self, worker: Spawned, others: Bare, server: Spawned, sends: int) -> None:
        """Until half is sent; then the worker is killed with its processes."""
        wait_until(lambda: self.arrived() > sends // 50, 120, "the start of the worker")
        while self.arrived() < sends // 2:
            with worker.resting():
                self.bare_turn(others, server)
            self.worker_turn(worker)
        worker.end(SIGKILL)

    def bare_turn(self, others: Bare, server: Spawned) -> None:
        pids = [*others.pids, server.pid]
        cores, began = processor_seconds(pids), time.monotonic()
        self.theirs.mails += others.send(BARE_TURN)
        self.theirs.seconds += time.monotonic() - began
        self.theirs.cores += processor_seconds(pids) - cores

    def worker_turn(self, worker: Spawned) -> None:
        pids = [worker.pid, *self.servers()]
        cores, began, before = processor_seconds(pids), time.monotonic(), self.arrived()
        time.sleep(WORKER_TURN)
        self.ours.mails += self.arrived() - before
        self.ours.seconds += time.monotonic() - began
        self.ours.cores += processor_seconds(pids) - cores

    def servers(self) -> list[int]:
        """The processes of database, broker and mail server."""
        [(backend,)] = self.database.execute("SELECT pg_backend_pid()").fetchall()
        broker = Redis.from_url(self.environment["REDIS_URL"]).info("server")["process_id"]
        return [self.server.pid, parent_of(backend), broker]

    def arrived(self) -> int:
        return self.mails.read_bytes().count(b"\n")

    def receive(self, messages: int, addresses: list[str]) -> dict[str, float]:
        """Post the messages, in turns with as many webhooks of a bank; then a worker stores them."""
        with web_server(dict(self.environment), log="send-web") as port:
            accepted = flood_in_turns(port, addresses, messages)
        self.database.execute("DELETE FROM events_event WHERE kind = 'item/updated'")
        began = time.monotonic()
        with procfile("worker", self.environment):
            self.wait_until_done(messages)
        return {**accepted, "worked_per_s": round(messages / (time.monotonic() - began), 1)}

    def wait_until_done(self, events: int) -> None:
        """Wait until no event waits any more."""

        def done() -> bool:
            [(waiting,)] = self.database.execute("SELECT count(*) FROM events_event WHERE state = 'pending'").fetchall()
            return int(waiting) == 0

        wait_until(done, events / SLOWEST + LEASE_SECONDS, "the work on all events")

    def losses(self, messages: int) -> dict[str, int]:
        arrived = Counter(line.partition("@")[0] for line in self.mails.read_text().split())
        sends: list[tuple[UUID, str]] = self.database.execute("SELECT id, state FROM integrations_send").fetchall()
        unknown = {number.hex for number, state in sends if state == "unknown"}
        [(stored,)] = self.database.execute("SELECT count(*) FROM integrations_message WHERE direction = 'in'")
        missing = [number for number, _ in sends if number.hex not in arrived and number.hex not in unknown]
        return {
            "unknown": len(unknown),
            "lost": len(missing) + messages - stored,
            "duplicated": sum(count > 1 for count in arrived.values()),
        }


def show(figures: Mapping[str, Any]) -> None:
    table = Table(title="Sending and receiving messages")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("meaning")
    for name, meaning in ROWS.items():
        table.add_row(name, f"{figures[name]:,}", meaning)
    Console(stderr=True).print(table)


if __name__ == "__main__":
    sys.exit(main())
