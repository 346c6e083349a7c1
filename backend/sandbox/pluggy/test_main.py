"""Starting and ending the emulator as a process."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .options import DEFAULT_CLIENT_ID, parse

BACKEND = Path(__file__).resolve().parents[2]


def test_it_prints_one_exact_line_when_it_listens(start):
    emulator = start()
    assert emulator.line == f"pluggy sandbox listening on {emulator.url}"
    assert emulator.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_on_a_signal_also_during_an_execution(start, number):
    emulator = start("--speed", "0.01")
    emulator.connect(wait=False)
    assert emulator.stop(number) == 0


def test_a_taken_port_is_one_clear_line_and_status_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "sandbox.pluggy", "--port", port]
        done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"pluggy sandbox: cannot listen on 127.0.0.1:{port}:")
    assert done.stdout == ""


def test_the_same_seed_makes_the_same_item_accounts_and_amounts(start):
    def picture(seed):
        emulator = start("--seed", seed, "--today", "2026-10-15")
        item = emulator.connect()
        accounts = emulator.get("/accounts", itemId=item["id"])["results"]
        rows = emulator.get("/v2/transactions", accountId=accounts[0]["id"])["results"]
        return (
            item["id"],
            [(a["id"], a["balance"], a["owner"]) for a in accounts],
            [(r["id"], r["amount"]) for r in rows],
        )

    assert picture("7") == picture("7")
    assert picture("7") != picture("8")


def test_keys_of_the_environment_replace_the_defaults_and_the_first_signing_secret_signs(monkeypatch):
    for name, value in (("CLIENT_ID", "an-id"), ("CLIENT_SECRET", "a-secret"), ("HMAC_SECRET", "new-key, old-key")):
        monkeypatch.setenv(f"PLUGGY_{name}", value)
    options = parse(["--keys-from-environment"])
    assert (options.client_id, options.client_secret, options.hmac_secret) == ("an-id", "a-secret", "new-key")
    assert parse([]).client_id == DEFAULT_CLIENT_ID
