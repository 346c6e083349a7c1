"""`scripts/bench pages`: pages, API calls and the admin's lists beside millions of rows and beside a hundredth of them.

Each figure of the large database is measured in turn with the same page of the small one and with an empty page of the
same server, so that a slower machine slows all three. bench_pages_list.py says what is measured.
"""

import argparse
import hashlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import embedded
from bench_ingest import make_environment, manage, only_run, web_server
from bench_pages_list import ALL, EMPTY, Page
from ponte_demo.percentile import percentile

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".local" / "bench-pages"
TRANSACTIONS, EVENTS, SMALLER = 1_000_000, 10_000_000, 100
# To reach: the 95th percentile beside that of the small database, and the median beside the empty page's.
GROWTH, BESIDE_EMPTY = 1.5, 12
WARM_UP = 5
# Loading writes gigabytes that can be written again at any time.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "512MB",
}
UNLIMITED = dict.fromkeys(("API_CALLS_PER_USER", "API_CALLS_PER_CLIENT", "API_CALLS_PER_ADDRESS"), "1000000")
# What the seeded rows depend on. Migrations change them as they change an operator's.
SOURCES = ("bench_pages_rows.py", "bench_pages_seed.py", "bench_pages_load.py", "bench_pages_messages.py")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench pages", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")
    parser.add_argument("--requests", type=int, default=60, help="requests of each page (default 60)")
    parser.add_argument("--transactions", type=int, default=TRANSACTIONS, help="of the large database (1,000,000)")
    parser.add_argument("--events", type=int, default=EVENTS, help="of the large database (10,000,000)")
    parser.add_argument("--keep", action="store_true", help="keep the seeded rows (8 GB) for the next run")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(only_run(FOLDER / "run.lock"))
        large = stack.enter_context(place("large", options.transactions, options.events, keep=options.keep))
        small = stack.enter_context(
            place("small", options.transactions // SMALLER, options.events // SMALLER, keep=options.keep)
        )
        figures = measure(large, small, options.requests)
    show(figures)
    if options.json:
        print(json.dumps({"empty_p50_ms": figures.empty_p50, "pages": [result.shown() for result in figures.results]}))
    return report(figures)


@dataclass(frozen=True)
class Place:
    """A running server with its database: its port, and what the seed says about its rows."""

    port: int
    seeded: Mapping[str, str]


@contextmanager
def place(name: str, transactions: int, events: int, *, keep: bool) -> Iterator[Place]:
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    mark, wanted = folder / "seeded", fingerprint(transactions, events)
    fresh = not (mark.exists() and mark.read_text() == wanted)
    if fresh:
        embedded.Servers(folder).remove()
        mark.unlink(missing_ok=True)
    with ExitStack() as stack:
        if not keep:
            stack.callback(remove, folder)
        urls = stack.enter_context(embedded.servers(folder, settings=QUICK))
        environment = {**make_environment(urls), "DJANGO_SETTINGS_MODULE": "core.settings", "WEB_CONCURRENCY": "1"}
        manage(environment, "migrate", "--noinput", "--database", "owner", "-v", "0")
        if fresh:
            print(f"seeding {transactions:,} transactions and {events:,} events", file=sys.stderr, flush=True)
        seeded = run_seed(environment, [str(transactions), str(events)] if fresh else [])
        mark.write_text(wanted)
        server = {**environment, **UNLIMITED, "DJANGO_SETTINGS_MODULE": "bench_pages_settings", "LOG_LEVEL": "WARNING"}
        yield Place(stack.enter_context(web_server(server, log=f"pages-{name}")), seeded)


def remove(folder: Path) -> None:
    (folder / "seeded").unlink(missing_ok=True)
    embedded.Servers(folder).remove()


def fingerprint(transactions: int, events: int) -> str:
    content = b"".join((ROOT / "scripts" / name).read_bytes() for name in SOURCES)
    return f"{transactions} {events} {hashlib.sha256(content).hexdigest()}"


def run_seed(environment: Mapping[str, str], arguments: list[str]) -> dict[str, str]:
    command = [sys.executable, "scripts/bench_pages_seed.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit("bench: the rows could not be seeded: see above")
    seeded: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return seeded


class Visitor:
    """One user's browser: a connection to a server that stays open, and their cookie."""

    def __init__(self, at: Place, page: Page) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", at.port, timeout=60)
        self.path = page.path.format(**at.seeded)
        self.headers = {"Cookie": f"sessionid={at.seeded[page.who]}", "Accept-Language": "pt-BR"}
        self.queries, self.status = 0, 0

    def ask(self) -> float:
        """Ask for the page; returns the milliseconds."""
        began = time.perf_counter()
        self.connection.request("GET", self.path, headers=self.headers)
        answer = self.connection.getresponse()
        answer.read()
        taken = 1000 * (time.perf_counter() - began)
        self.status, self.queries = answer.status, int(answer.headers.get("X-Queries", 0))
        return taken


@dataclass
class Result:
    """The milliseconds of one page in both databases. `status` is 200, or why there are none."""

    page: Page
    status: int = 200
    queries: int = 0
    large: list[float] = field(default_factory=list)
    small: list[float] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "name": self.page.name,
            "p50_ms": at(self.large, 0.50),
            "p95_ms": at(self.large, 0.95),
            "small_p95_ms": at(self.small, 0.95),
            "queries": self.queries,
        }


@dataclass
class Figures:
    empty: list[float] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    @property
    def empty_p50(self) -> float | None:
        return at(self.empty, 0.50)


def at(values: list[float], share: float) -> float | None:
    found = percentile(sorted(values), share)
    return None if found is None else round(found, 2)


def measure(large: Place, small: Place, requests: int) -> Figures:
    """All figures of one run. A page that does not answer 200 is reported with its status and not measured."""
    figures = Figures()
    empty = Visitor(large, EMPTY)
    warm(empty)
    if empty.status != 200:
        sys.exit(f"bench: the empty page answers {empty.status}: see .local/bench-pages-large.log")
    for page in ALL:
        result = Result(page)
        figures.results.append(result)
        here, there = Visitor(large, page), Visitor(small, page)
        result.status = max(warm(here), warm(there))
        if result.status != 200:
            continue
        for _ in range(requests):
            figures.empty.append(empty.ask())
            result.large.append(here.ask())
            result.small.append(there.ask())
        result.queries = here.queries
    return figures


def warm(visitor: Visitor) -> int:
    for _ in range(WARM_UP):
        visitor.ask()
    return visitor.status


def misses(result: Result, empty: float) -> list[str]:
    """Which targets a page misses."""
    shown = result.shown()
    found = []
    if shown["p95_ms"] > GROWTH * shown["small_p95_ms"]:
        found.append(f"p95 is {shown['p95_ms'] / shown['small_p95_ms']:.1f} × that of the small database")
    if shown["p50_ms"] > BESIDE_EMPTY * empty:
        found.append(f"p50 is {shown['p50_ms'] / empty:.1f} × that of the empty page")
    return found


def report(figures: Figures) -> int:
    """Name the pages that are missing or fail: the run has failed if there is one."""
    missing = [f"{result.page.path} ({result.status})" for result in figures.results if result.status != 200]
    if missing:
        print(f"bench: these pages do not answer 200: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


def show(figures: Figures) -> None:
    empty = figures.empty_p50 or 0.0
    table = Table(title=f"Pages beside millions of rows, milliseconds (empty page: {empty})")
    for name in ("page", "p50", "p95", "small p95", "queries", "misses its target"):
        table.add_column(name, justify="left" if name in ("page", "misses its target") else "right")
    for result in figures.results:
        if result.status != 200:
            table.add_row(result.page.name, "–", "–", "–", "–", f"answers {result.status}")
            continue
        name, *values = result.shown().values()
        table.add_row(name, *map(str, values), "; ".join(misses(result, empty)))
    Console(stderr=True, width=int(os.environ.get("COLUMNS", "120"))).print(table)


if __name__ == "__main__":
    sys.exit(main())
