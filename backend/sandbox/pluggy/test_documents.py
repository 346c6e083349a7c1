"""docs/sandbox.md names every option, user, connector, call, fault and switch that exists, and no other."""

import dataclasses
import re
from pathlib import Path

import pytest

from . import app, evolve, faults, users
from .connectors import catalogue
from .options import Options, _parser
from .world import Switches

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def _rows(heading):
    """The first cells of all tables under a heading, as their `code` words."""
    part = TEXT.split(f"# {heading}\n", 1)[1].split("\n#", 1)[0]
    return [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in part.splitlines() if line.startswith("| `")]


def _words(heading):
    return {word for row in _rows(heading) for word in row}


def test_the_options_are_those_of_the_command_line():
    real = {name for action in _parser()._actions for name in action.option_strings if name.startswith("--")}
    assert _words("Options") == real - {"--help"}


def test_the_users_are_those_the_bank_knows():
    documented = {w for w in _words("Users") if w.startswith("user-")}
    assert documented == users.WELL | set(users.FAILING) | {"user-ok-perf", "user-ok-perf-XXx"}


def test_the_connectors_are_those_of_the_catalogue():
    part = TEXT.split("| Connector |")[1].split("\n\n")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if re.match(r"\| \d", line)]
    assert {int(number) for cell in cells for number in re.findall(r"\d+", cell)} == set(catalogue())


def test_the_calls_are_the_routes_of_the_control_plane():
    documented = set(re.findall(r"`((?:GET|POST|DELETE) /_sandbox/[^`?]+)`", TEXT))
    routes = {(route.method, route.resource.canonical) for route in app.build(Options()).router.routes()}
    real = {f"{method} {path}" for method, path in routes if path.startswith("/_sandbox/") and method != "HEAD"}
    assert documented == real - {"GET /_sandbox/items/{id}/act"}


@pytest.mark.parametrize(
    ("heading", "real"),
    [
        ("Switches", {field.name for field in dataclasses.fields(Switches)}),
        ("The bank's days", evolve.FIELDS - {"accountId"}),
        ("Faults", {*faults.API, *faults.WEBHOOK}),
    ],
)
def test_switches_days_and_faults_are_the_real_ones(heading, real):
    documented = {word for word in _words(heading) if re.fullmatch(r"[a-z0-9_]+", word)}
    fields = {"target", "pattern", "probability", "count", "skip", "seconds", "retry_after", "status", "body", "after"}
    assert documented - fields == real


def test_the_numbers_of_user_ok_are_true(emulator):
    item = emulator.connect()["id"]
    counts = emulator.get("/_sandbox/counts", itemId=item)["items"][item]
    line = next(line for line in TEXT.splitlines() if line.startswith("| `user-ok` |"))
    assert (
        f"{counts['transactions']} transactions, {counts['bills']} bills, {counts['investments']} investments" in line
    )
    assert f"with {counts['investmentTransactions']} movements" in line
