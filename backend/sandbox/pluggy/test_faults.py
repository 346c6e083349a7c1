"""Faults of the API and of webhooks, switched on at run time."""

import time

import pytest
import requests


def _fault(emulator, **fault):
    answer = emulator.post("/_sandbox/faults", fault)
    assert emulator.status == 200, answer
    return answer["faults"][0]


def _api(emulator, kind, **more):
    return _fault(emulator, target="api", kind=kind, **{"pattern": "GET /categories", "count": 1, **more})


def test_a_429_carries_retry_after_and_ends_after_its_count(emulator):
    _api(emulator, "429", retry_after=7)
    emulator.get("/categories")
    assert (emulator.status, emulator.headers["Retry-After"]) == (429, "7")
    emulator.get("/categories")
    assert emulator.status == 200


@pytest.mark.parametrize("kind", ["500", "503"])
def test_server_errors_are_json(emulator, kind):
    _api(emulator, kind)
    answer = emulator.get("/categories")
    assert (emulator.status, answer["code"]) == (int(kind), int(kind))


def test_a_502_is_html_as_a_proxy_writes_it(emulator):
    _api(emulator, "502")
    answer = emulator.session.get(emulator.url + "/categories", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (502, "text/html")


def test_any_status_and_body_can_be_answered(emulator):
    body = {"code": 429, "codeDescription": "BALANCE_OPEN_FINANCE_RATE_LIMIT", "message": "limit"}
    _api(emulator, "error", status=429, body=body)
    assert (emulator.get("/categories"), emulator.status) == (body, 429)


def test_truncated_json_cannot_be_parsed(emulator):
    _api(emulator, "truncate")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        emulator.get("/categories")
    assert emulator.status == 200


def test_a_reset_breaks_the_connection(emulator):
    _api(emulator, "reset")
    with pytest.raises(requests.ConnectionError):
        emulator.get("/categories")
    assert emulator.get("/categories")["total"] > 100


def test_a_hang_outlasts_an_impatient_client(emulator):
    _api(emulator, "hang")
    with pytest.raises(requests.Timeout):
        emulator.session.get(emulator.url + "/categories", timeout=0.2)


def test_latency_delays_the_true_answer(emulator):
    _api(emulator, "latency", seconds=0.2)
    started = time.monotonic()
    assert emulator.get("/categories")["total"] > 100
    assert time.monotonic() - started >= 0.2


def test_an_expired_key_stays_expired_and_a_new_one_works(emulator):
    _api(emulator, "expired_key")
    for _ in range(2):
        answer = emulator.get("/categories")
        assert (emulator.status, answer) == (403, {"code": 403, "message": "Missing or invalid authorization token"})
    emulator.log_in()
    emulator.get("/categories")
    assert emulator.status == 200


def test_patterns_choose_endpoints_and_some_requests_can_pass_first(emulator):
    _api(emulator, "500", pattern="GET /v2/*", count=None)
    assert emulator.get("/categories")["total"] > 100
    emulator.get("/v2/items")
    assert emulator.status == 500
    emulator.delete("/_sandbox/faults")
    _api(emulator, "500", skip=1)
    assert [(emulator.get("/categories"), emulator.status)[1] for _ in range(3)] == [200, 500, 200]


def test_faults_are_listed_with_how_often_they_happened_and_cleared_one_by_one(emulator):
    first = _api(emulator, "500")
    _api(emulator, "503", pattern="GET /loans")
    emulator.get("/categories")
    listed = emulator.get("/_sandbox/faults")["faults"]
    assert [fault["happened"] for fault in listed] == [1, 0]
    assert emulator.delete(f"/_sandbox/faults?id={first['id']}") == {"cleared": 1}
    assert emulator.delete("/_sandbox/faults") == {"cleared": 1}


def test_a_request_can_take_effect_before_its_answer_is_spoiled(emulator):
    hook = {"event": "all", "url": "http://localhost:9/x"}
    _api(emulator, "503", pattern="POST /webhooks", after=True)
    emulator.post("/webhooks", hook)
    assert (emulator.status, emulator.get("/webhooks")["total"]) == (503, 1)
    _api(emulator, "503", pattern="POST /webhooks")
    emulator.post("/webhooks", {**hook, "event": "item/created"})
    assert (emulator.status, emulator.get("/webhooks")["total"]) == (503, 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "nonsense"},
        {"kind": "drop"},
        {"kind": "500", "colour": 1},
        {"target": "x"},
        {"kind": "500", "count": "3"},
        {"kind": "500", "seconds": None},
    ],
)
def test_unknown_faults_are_refused(emulator, fault):
    emulator.post("/_sandbox/faults", fault)
    assert emulator.status == 400


def _hooked(emulator, receiver, kind, **more):
    emulator.post("/webhooks", {"event": "all", "url": receiver.url, "headers": {"Authorization": "Bearer right"}})
    _fault(emulator, target="webhook", kind=kind, **more)
    emulator.connect()


def test_dropped_deliveries_never_come_but_the_oracle_knows_them(emulator, receiver):
    _hooked(emulator, receiver, "drop", pattern="item/created")
    receiver.wait(4)
    assert "item/created" not in receiver.kinds()
    counts = emulator.get("/_sandbox/webhooks", event="item/created")["counts"]
    assert (counts["events"], counts["dropped"]) == (1, 1)


def test_duplicates_are_the_same_event_twice(emulator, receiver):
    _hooked(emulator, receiver, "duplicate")
    ids = [g["body"]["eventId"] for g in receiver.wait(10)]
    assert sorted(ids) == sorted(list(set(ids)) * 2)


def test_a_delay_holds_deliveries_back(emulator, receiver):
    _hooked(emulator, receiver, "delay", pattern="item/created", seconds=0.4)
    receiver.wait(4)
    assert "item/created" not in receiver.kinds()
    receiver.wait_for("item/created")


def test_a_burst_holds_everything_and_lets_go_at_once(emulator, receiver):
    _hooked(emulator, receiver, "burst", seconds=0.6)
    got = receiver.wait(5)
    assert got[-1]["at"] - got[0]["at"] < 0.3


def test_reordering_mixes_the_order(emulator, receiver):
    emulator.post("/webhooks", {"event": "boleto/updated", "url": receiver.url})
    _fault(emulator, target="webhook", kind="reorder", seconds=0.5)
    for number in range(12):
        emulator.post("/_sandbox/emit", {"event": "boleto/updated", "payload": {"boletoId": number}})
    order = [g["body"]["boletoId"] for g in receiver.wait(12)]
    assert sorted(order) == list(range(12))
    assert order != list(range(12))


def test_a_wrong_secret_replaces_the_header(emulator, receiver):
    _hooked(emulator, receiver, "wrong_secret", count=1)
    secrets = sorted(g["headers"]["Authorization"] for g in receiver.wait(5))
    assert secrets[:4] == ["Bearer right"] * 4
    assert secrets[4] != "Bearer right"


def test_a_fault_with_a_probability_hits_some_deliveries(emulator, receiver):
    emulator.post("/webhooks", {"event": "boleto/updated", "url": receiver.url})
    _fault(emulator, target="webhook", kind="drop", probability=0.5)
    for number in range(60):
        emulator.post("/_sandbox/emit", {"event": "boleto/updated", "payload": {"boletoId": number}})
    dropped = emulator.get("/_sandbox/webhooks", summary="1")["counts"]["dropped"]
    assert 10 < dropped < 50
