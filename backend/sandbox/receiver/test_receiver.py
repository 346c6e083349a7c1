"""The receiver as a separate process. These tests also cover what small emulators share: records, faults, resets."""

import json
import time
from datetime import UTC, datetime

import pytest
import requests
from standardwebhooks import Webhook

from sandbox.conftest import Process

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def process():
    running = Process("receiver")
    yield running
    assert running.stop() == 0


@pytest.fixture
def url(process):
    requests.post(process.url + "/_sandbox/reset", timeout=5).raise_for_status()
    return process.url


def _deliver(url: str, secret: str = SECRET, name: str = "msg_1") -> int:
    body, now = '{"type":"a","data":{}}', datetime.now(UTC)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }
    return requests.post(url + "/hooks", data=body, headers=headers, timeout=5).status_code


def test_a_signed_delivery_is_accepted_and_a_repetition_counted(url):
    assert [_deliver(url), _deliver(url), _deliver(url, name="msg_2")] == [204, 204, 204]
    deliveries = requests.get(url + "/_sandbox/deliveries", timeout=5).json()
    assert [(one["id"], one["times"]) for one in deliveries] == [("msg_1", 2), ("msg_2", 1)]


def test_a_delivery_of_another_secret_is_refused_until_the_secret_is_changed(url):
    other = "whsec_" + "A" * 32
    assert _deliver(url, other) == 401
    requests.put(url + "/_sandbox/secret", json={"secret": other}, timeout=5)
    assert _deliver(url, other) == 204
    assert requests.put(url + "/_sandbox/secret", json=[], timeout=5).status_code == 400


@pytest.mark.parametrize("headers", [{}, {"webhook-id": "a", "webhook-timestamp": "x", "webhook-signature": "v1"}])
def test_a_delivery_without_a_valid_signature_is_refused(url, headers):
    assert requests.post(url + "/hooks", data="{}", headers=headers, timeout=5).status_code == 401


def test_requests_are_recorded_but_for_the_controls(url):
    requests.put(url + "/status/204?a=1", data="x", timeout=5)
    [seen] = requests.get(url + "/_sandbox/requests", timeout=5).json()
    assert (seen["method"], seen["path"], seen["query"], seen["body"]) == ("PUT", "/status/204", {"a": "1"}, "x")


def test_a_fault_happens_count_times_and_only_where_its_pattern_fits(url):
    fault = {"kind": "answer", "pattern": "GET /text", "count": 1, "status": 503, "body": {"x": 1}}
    assert requests.post(url + "/_sandbox/faults", json=fault, timeout=5).status_code == 204
    assert requests.get(url + "/echo", timeout=5).status_code == 200
    struck = requests.get(url + "/text", timeout=5)
    assert (struck.status_code, struck.json()) == (503, {"x": 1})
    assert requests.get(url + "/text", timeout=5).status_code == 200


def test_faults_are_listed_with_how_often_they_happened_and_switched_off_one_by_one(url):
    several = {"faults": [{"kind": "answer", "pattern": "GET /text"}, {"kind": "reset", "pattern": "GET /big"}]}
    requests.post(url + "/_sandbox/faults", json=several, timeout=5)
    requests.get(url + "/text", timeout=5)
    listed = requests.get(url + "/_sandbox/faults", timeout=5).json()["faults"]
    assert [(fault["kind"], fault["happened"]) for fault in listed] == [("answer", 1), ("reset", 0)]
    requests.delete(url + f"/_sandbox/faults?id={listed[0]['id']}", timeout=5)
    left = requests.get(url + "/_sandbox/faults", timeout=5).json()["faults"]
    assert [fault["kind"] for fault in left] == ["reset"]


def test_one_wrong_fault_among_several_switches_none_on(url):
    several = {"faults": [{"kind": "reset"}, {"kind": "unheard-of"}]}
    assert requests.post(url + "/_sandbox/faults", json=several, timeout=5).status_code == 400
    assert requests.get(url + "/_sandbox/faults", timeout=5).json() == {"faults": []}


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_connection_can_break_after_the_request_took_effect(url, kind):
    requests.post(url + "/_sandbox/faults", json={"kind": kind, "after": True}, timeout=5)
    with pytest.raises(requests.exceptions.RequestException):
        _deliver(url)
    assert len(requests.get(url + "/_sandbox/deliveries", timeout=5).json()) == 1


def test_an_answer_can_be_late(url):
    requests.post(url + "/_sandbox/faults", json={"kind": "latency", "seconds": 0.2}, timeout=5)
    started = time.monotonic()
    assert requests.get(url + "/text", timeout=5).status_code == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("fault", [{"kind": "unheard-of"}, {"unknown": 1}, {}])
def test_a_wrong_fault_is_refused(url, fault):
    assert requests.post(url + "/_sandbox/faults", data=json.dumps(fault), timeout=5).status_code == 400
