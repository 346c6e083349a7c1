"""`scripts/bench incoming`: WhatsApp messages of a hundred integrations accepted a second, beside bank webhooks."""

import argparse
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import psycopg

import embedded
from bench_ingest import (
    CONNECTIONS,
    PATH,
    ROOT,
    Events,
    make_environment,
    manage,
    median,
    only_run,
    prepare,
    requests,
    rows,
    web_server,
)
from load import flood, post

INTEGRATIONS = 100
# That of the example.
TOKEN = "fixture-instance-token"  # noqa: S105 - it opens nothing
EXAMPLE = ROOT / "backend/plugfn/providers/whatsapp_uazapi/fixtures/events/message.received.json"
# A limit that is counted and never reached.
UNREACHED = "100000000"

_CONNECT = """
import json
from django.conf import settings
from apps.clients.models import Client
from apps.integrations.store.orm import OrmStore
from apps.integrations.store.scope import acting_for
from plugfn.plug import PlugFn
from plugfn.providers import load
from plugfn.sync import SyncPlugFn
made = PlugFn(encryption_key=tuple(settings.ENCRYPTION_KEYS), database=OrmStore())
made.providers.register(load("whatsapp_uazapi"))
plug, paths = SyncPlugFn(made), []
for number in range({count}):
    client = Client.objects.create(name=f"bench {{number}}")
    credentials = {{"base_url": "https://gateway.example", "token": "{token}"}}
    with acting_for(client.pk):
        connection = plug.connections.create(str(client.pk), "whatsapp_uazapi", credentials)
        url = plug.connections.new_webhook_url(connection.id, str(client.pk))
    paths.append("/webhooks/uazapi/" + "/".join(url.split("/")[-2:]) + "/")
print(json.dumps(paths))
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench incoming", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")
    parser.add_argument("--seconds", type=float, default=8, help="length of a measurement (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each; the median counts (default 3)")
    options = parser.parse_args()
    figures = measure(options.seconds, options.rounds)
    print(json.dumps(figures) if options.json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def measure(seconds: float, rounds: int) -> dict[str, float]:
    """The rates of both doors of one web server, in turns."""
    folder = ROOT / ".local" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(only_run(folder / "run.lock"))
        urls = stack.enter_context(embedded.servers(folder))
        limits = {"WEBHOOKS_PER_MINUTE": UNREACHED, "WEBHOOKS_PER_ADDRESS": UNREACHED}
        environment = {**make_environment(urls), **limits, "PUBLIC_URL": "http://127.0.0.1"}
        manage(environment, "migrate", "--noinput", "--database", "owner", "-v", "0")
        database = stack.enter_context(psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True))
        prepare(database)
        messages = Messages(connect(environment))
        port = stack.enter_context(web_server(environment, log="incoming"))
        for warm in (requests(PATH, Events()), iter(messages)):
            flood(port, warm, CONNECTIONS, 1)
        before = rows(database)
        banks, whatsapps = [], []
        for _ in range(rounds):
            banks.append(flood(port, requests(PATH, Events()), CONNECTIONS, seconds))
            whatsapps.append(flood(port, iter(messages), CONNECTIONS, seconds))
        accepted = sum(run.statuses[200] for run in (*banks, *whatsapps))
        bank, whatsapp = (median([run.rate for run in runs]) for runs in (banks, whatsapps))
        return {
            "bank_rps": round(bank),
            "incoming_per_s": round(whatsapp),
            "ratio": round(whatsapp / bank, 2),
            "bank_p99_ms": round(median([run.percentile(0.99) for run in banks]), 2),
            "incoming_p99_ms": round(median([run.percentile(0.99) for run in whatsapps]), 2),
            "failed": sum(run.answers - run.statuses[200] for run in (*banks, *whatsapps)),
            "lost": accepted - (rows(database) - before),
        }


def connect(environment: dict[str, str]) -> list[str]:
    """Connect the integrations, each of another client. Returns the paths of their webhooks."""
    code = _CONNECT.format(count=INTEGRATIONS, token=TOKEN)
    command = [sys.executable, str(Path("backend/manage.py")), "shell", "--no-imports", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    paths: list[str] = json.loads(done.stdout.splitlines()[-1])
    return paths


class Messages:
    """Requests with unique messages of a thousand people, to one integration after another."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        text = json.dumps(json.loads(EXAMPLE.read_text())["delivery"])
        text = text.replace("551188887777", "SENDER").replace("100000000000001@lid", "SENDER@lid")
        self.text = text.replace("AC01", "IDENTITY")
        self.numbers = count()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            number = next(self.numbers)
            text = self.text.replace("SENDER", f"55118888{number % 1000:04d}").replace("IDENTITY", uuid.uuid4().hex)
            yield post(self.paths[number % len(self.paths)], text.encode(), {})


if __name__ == "__main__":
    main()
