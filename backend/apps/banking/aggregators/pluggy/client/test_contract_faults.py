"""The contract with faults, expired keys and limits of the emulator, over real HTTP."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.conftest import PERSON, SANDBOX_ID, SANDBOX_SECRET, connected
from apps.banking.aggregators.pluggy.errors import (
    CredentialsRefused,
    OutcomeUnknown,
    PluggyTemporary,
)
from lib.errors import PonteError, Temporary, Throttled, Unexpected


@pytest.fixture
def client(sandbox, redis) -> PluggyClient:
    return PluggyClient(sandbox.url, SANDBOX_ID, SANDBOX_SECRET, redis=redis)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_expires_early_is_replaced_once_for_all_workers(client, sandbox, status):
    item_id = connected(client)["id"]
    sandbox.tell("switches", {"unauthorized_status": status})
    time.sleep(1.1)  # a key's time of issue is in whole seconds
    sandbox.tell("expire-keys")
    time.sleep(1.1)
    with ThreadPoolExecutor(20) as pool:
        assert {row["id"] for row in pool.map(lambda _: client.item(item_id), range(20))} == {item_id}
    assert sandbox.asked("POST /auth") == 2


def test_a_wrong_secret_is_refused_once(sandbox, redis):
    client = PluggyClient(sandbox.url, SANDBOX_ID, "wrong", redis=redis)
    for _ in range(3):
        with pytest.raises(CredentialsRefused):
            client.item(PERSON)
    assert sandbox.asked("POST /auth") == 1


FAULTS = [
    ({"kind": "429", "retry_after": 7}, PluggyTemporary, "HTTP_429"),
    ({"kind": "500"}, PluggyTemporary, "INTERNAL_SERVER_ERROR"),
    ({"kind": "502"}, PluggyTemporary, "HTTP_502"),
    ({"kind": "503"}, PluggyTemporary, None),
    ({"kind": "reset"}, Temporary, "reset"),
    ({"kind": "truncate"}, PonteError, None),
]


@pytest.mark.parametrize(("fault", "kind", "code"), FAULTS, ids=[fault["kind"] for fault, _, _ in FAULTS])
def test_a_fault_is_one_typed_error_and_the_next_call_works(client, sandbox, fault, kind, code):
    item_id = connected(client)["id"]
    before = sandbox.asked("GET /items/{id}")
    sandbox.tell("faults", {**fault, "pattern": "GET /items/*", "count": 1})
    with pytest.raises(kind) as caught:
        client.item(item_id)
    assert isinstance(caught.value, Temporary | Unexpected)
    assert code is None or caught.value.code == code
    assert sandbox.asked("GET /items/{id}") == before + 1
    if fault["kind"] == "429":
        assert caught.value.retry_after == 7
        with pytest.raises(Throttled):
            client.item(item_id)
    else:
        assert client.item(item_id)["id"] == item_id


def test_an_interrupted_creation_is_found_and_not_repeated(client, sandbox):
    sandbox.tell("faults", {"kind": "reset", "pattern": "POST /items", "count": 1})
    with pytest.raises(OutcomeUnknown):
        client.create_item(2, {"user": "user-ok", "password": "password-ok"}, client_user_id=PERSON)
    assert sandbox.asked("POST /items") == 1


def test_the_documented_limits_are_never_exceeded_by_many_workers(sandbox, redis):
    clients = [PluggyClient(sandbox.url, SANDBOX_ID, SANDBOX_SECRET, redis=redis) for _ in range(4)]
    item_id = connected(clients[0])["id"]

    def hammer(number):
        client, throttled = clients[number % 4], 0
        for _ in range(24):
            try:
                client.accounts(item_id).__next__()
                client.investments(item_id).__next__()
            except Throttled:
                throttled += 1
        return throttled

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(hammer, range(20))) > 0
    report = sandbox.ask("requests")
    assert report["over_limit"] == 0
    assert report["endpoints"]["GET /accounts"]["statuses"].keys() == {"200"}
    assert report["endpoints"]["GET /accounts"]["count"] == 342


FIXTURES = Path(__file__).parents[1] / "fixtures" / "api"
CAPTURED = [path for path in sorted(FIXTURES.glob("*.json")) if "body" in json.loads(path.read_text())]


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_each_captured_error_arrives_as_its_code_over_the_wire(client, sandbox, path):
    doc = json.loads(path.read_text())
    fault = {"kind": "error", "pattern": "GET /connectors/{id}", "status": doc["status"], "body": doc["body"]}
    sandbox.tell("faults", fault)
    with pytest.raises(PonteError) as caught:
        client.connector(2)
    assert caught.value.code == path.stem
