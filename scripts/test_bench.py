"""`scripts/bench` names what it can measure, and refuses anything else."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("bench")


def bench(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([BENCH, *arguments], check=False, capture_output=True, text=True, timeout=120, cwd="/")


def test_help_names_every_measurement():
    result = bench("--help")
    assert result.returncode == 0
    assert "ingest|incoming|sync" in result.stdout


@pytest.mark.parametrize("arguments", [(), ("everything",)])
def test_anything_else_is_refused_with_one_clear_line(arguments):
    result = bench(*arguments)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "scripts/bench ingest, incoming, sync, mailbox, pages, plugfn or send" in result.stderr


@pytest.mark.parametrize("what", ["ingest", "sync", "mailbox", "pages", "plugfn", "send"])
def test_each_measurement_explains_itself(what):
    result = bench(what, "--help")
    assert result.returncode == 0
    assert "--json" in result.stdout


def test_plugfn_is_measured_beside_the_bare_client():
    result = bench("plugfn", "--json", "--rounds", "1", "--seconds", "0.2", "--concurrent", "10")
    assert result.returncode == 0, result.stderr
    measured = json.loads(result.stdout)
    assert set(measured) == {"actions_per_s", "bare_per_s", "ratio", "verifications_per_s"}
    assert min(measured.values()) > 0


def test_mypy_checks_every_script_and_the_command_that_is_named_like_a_test():
    files = {file.stem for file in BENCH.parent.glob("*.py") if not file.stem.startswith("test_")}
    settings = tomllib.loads((BENCH.parents[1] / "pyproject.toml").read_text())["tool"]["mypy"]
    assert set(settings["modules"]) == files | {"apps.banking.management.commands.test_webhook"}
