"""Tests of the console program, run as its user runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BACKEND = HERE.parents[1]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PLUGFN_", "GITHUB_"))}
    return subprocess.run(
        [sys.executable, str(HERE / "console.py"), *arguments],
        env={**clean, "PYTHONPATH": str(BACKEND), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_step_says_what_it_did(emulator):
    github = emulator("github")
    done = run("--sandbox", github.url)
    assert done.returncode == 0, done.stderr
    said = [line.strip() for line in done.stdout.splitlines()]
    for line in (
        "GitHub is connected as ana.",
        "HTTP is connected as a receiver, and tested.",
        "github   ana          active   repo",
        "ana/loja: 0 open issues",
        "NotFound (http_404), what next: fix_call",
        "20 of 20, 1 failed",
        "call 19: http_404",
        "dry run: conditions hold: True, would send {'text': 'A bug in the kitchen'}",
        "workflow 'Report bugs' is active",
        "forged: rejected, answered 401",
        "first: handled, answered 200",
        "again: duplicate, answered 200",
        "workflow run: succeeded, tell succeeded",
        "the receiver was sent {'text': 'A bug in the roof'}",
        "http: unsupported",
        "github: revoked",
    ):
        assert line in said, done.stdout
    assert said.count("opened: A bug in the roof") == 1
    assert any(line.startswith("github.repos.get") and "23 attempts, 91% succeeded" in line for line in said)


def test_a_repeated_idempotency_key_opens_one_issue(emulator):
    github = emulator("github")
    done = run(PLUGFN_SANDBOX=github.url)
    assert done.stdout.count("issue 1: The roof leaks") == 2
    assert len(github.requests("/repos/ana/loja/issues")) == 1
    assert github.control("GET", "/world")["tokens"] == 0


def test_the_tour_runs_twice_on_one_database_file(emulator, tmp_path):
    github, database = emulator("github"), f"sqlite:///{tmp_path / 'plugfn.db'}"
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    for _ in range(2):
        done = run("--sandbox", github.url, PLUGFN_DATABASE=database, PLUGFN_ENCRYPTION_KEY=key)
        assert done.returncode == 0, done.stderr
    assert len(github.requests("/repos/ana/loja/issues")) == 2
    assert b"The roof leaks" not in (tmp_path / "plugfn.db").read_bytes()


def test_without_an_emulator_the_tour_starts_one():
    done = run()
    assert done.returncode == 0, done.stderr
    assert "github: revoked" in done.stdout


def test_the_command_in_the_readme_names_the_program():
    (command,) = re.findall(
        r"^PYTHONPATH=backend python (\S+console.py)$", (HERE / "README.md").read_text(), re.MULTILINE
    )
    assert BACKEND.parent / command == HERE / "console.py"


def test_a_tour_that_cannot_begin_says_why():
    assert (done := run("--sandbox", "http://127.0.0.1:1")).returncode == 1
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert (done := run("--real", "--repo", "ana/house")).returncode == 2
    assert "GITHUB_CLIENT_ID" in done.stderr


def test_after_a_vendors_failure_the_tour_ends_and_says_what_to_do_next(emulator):
    github = emulator("github")
    github.fault("GET /repos/*", kind="answer", status=401, body={"message": "Bad credentials"}, count=None)
    done = run("--sandbox", github.url)
    assert done.returncode == 1, done.stdout
    assert "What next: reconnect" in done.stderr
    assert "Traceback" not in done.stderr
