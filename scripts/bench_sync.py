"""`scripts/bench sync`: transactions a second from the bank to the database, compared with other ways to write.

Starts its own database, Valkey, sandbox and worker. bench_sync_inside.py does the measuring.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.table import Table

import embedded

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
ROWS = {
    "rows": "transactions of one account, from the sandbox",
    "end_to_end_rows_per_s": "webhook stored → fetched, mapped, written, committed by a worker",
    "end_to_end_repeat_rows_per_s": "the same rows listed and compared again",
    "noop_rows_written": "rows that the repeat wrote",
    "peak_rss_mb": "largest memory of the worker's largest process",
    "write_rows_per_s": "plain rows → digest, compare, seal, COPY, merge, commit",
    "write_with_mapping_rows_per_s": "the same from the API's parsed JSON",
    "write_repeat_rows_per_s": "the same rows again",
    "bare_rows_per_s": "COPY and merge of lines made beforehand, same table and batches",
    "ratio": "write ÷ bare, in the median round (target: at least 0.5)",
    "ratio_per_core": "the same per core second of client and database",
    "bulk_create_rows_per_s": "bulk_create(update_conflicts) of values made beforehand",
    "bulk_create_ratio": "write ÷ bulk_create, rows per core second (target: at least 5)",
    "bulk_create_wall_ratio": "the same, rows per second",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench sync", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")
    parser.add_argument("--rows", type=int, default=100_000, help="transactions, a multiple of 100 (default 100,000)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="measurements of each way to write; the median counts (default 3)"
    )
    options = parser.parse_args()
    figures = measure(options.rows, options.rounds)
    if figures is None:
        return 1
    show(figures)
    if options.json:
        print(json.dumps(figures))
    return 0


def measure(rows: int, rounds: int) -> dict[str, Any] | None:
    """All figures of one run. None if a part failed: that part has printed the reason."""
    with ExitStack() as stack:
        urls = stack.enter_context(embedded.servers(ROOT / ".local" / "bench-sync"))
        environment = make_environment(urls)
        environment["PLUGGY_API_URL"] = stack.enter_context(sandbox(environment))
        migrate = [sys.executable, "backend/manage.py", "migrate", "--noinput", "--database", "owner", "-v", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        pid = stack.enter_context(worker(environment))
        inside = [sys.executable, "scripts/bench_sync_inside.py", str(rows), str(rounds), str(pid)]
        done = subprocess.run(inside, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def make_environment(urls: Mapping[str, str]) -> dict[str, str]:
    known = dict(line.split("=", 1) for line in (ROOT / ".local" / "env").read_text().splitlines() if "=" in line)
    quiet = {"DEBUG": "false", "LOG_LEVEL": "INFO", "SECURE_SSL_REDIRECT": "false", "WORKER_CONCURRENCY": "1"}
    paths = f"{ROOT / 'backend'}{os.pathsep}{ROOT / 'scripts'}"
    return {**os.environ, **known, **urls, **quiet, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "core.settings"}


@contextmanager
def sandbox(environment: Mapping[str, str]) -> Iterator[str]:
    """The bank's address. It has no rate limits and very short pauses, so that it does not limit the figures."""
    options = ["--speed", "100", "--no-rate-limits", "--keys-from-environment"]
    command = [sys.executable, "-m", "sandbox.pluggy", *options]
    with running(command, environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for just above
        yield process.stdout.readline().decode().strip().rpartition(" ")[2]


@contextmanager
def worker(environment: Mapping[str, str]) -> Iterator[int]:
    """The Procfile's worker, with one process for its tasks. Yields its pid."""
    line = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("worker: "))
    line = line.removeprefix("worker: ").replace("${WORKER_CONCURRENCY:-4}", "1").replace("${LOG_LEVEL:-INFO}", "INFO")
    path = ROOT / ".local" / "bench-worker.log"
    with path.open("wb") as log:
        command = [sys.executable, "-m", *shlex.split(line)]
        with running(command, environment, stdout=log, stderr=subprocess.STDOUT) as process:
            wait_for(lambda: b"ready." in path.read_bytes(), process)
            yield process.pid


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], *, stdout: IO[bytes] | int, stderr: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=stdout, stderr=stderr)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("bench: the worker did not start: see .local/bench-worker.log")
        time.sleep(0.1)


def show(figures: Mapping[str, Any]) -> None:
    table = Table(title="Syncing one account")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("meaning")
    for name, value in figures.items():
        table.add_row(name, f"{value:,}", ROWS.get(name, ""))
    Console(stderr=True).print(table)


if __name__ == "__main__":
    sys.exit(main())
