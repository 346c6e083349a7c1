"""Webhook deliveries: payloads, copies, secrets, retries, losses."""

import base64
import hashlib
import hmac
import threading
import time
from itertools import pairwise

import pytest


def _hook(emulator, receiver, event="all", **more):
    return emulator.post("/webhooks", {"event": event, "url": receiver.url, **more})


def _counts(emulator):
    return emulator.get("/_sandbox/webhooks", summary="1")["counts"]


def _delivered(emulator, count, state="delivered"):
    return emulator.until(lambda: _counts(emulator), lambda c: c[state] >= count)


def test_a_first_connection_sends_events_of_login_transactions_and_the_item(emulator, receiver):
    _hook(emulator, receiver)
    item = emulator.connect(clientUserId="ana")
    got = [one["body"] for one in receiver.wait(5)]
    assert sorted(one["event"] for one in got) == [
        "item/created", "item/login_succeeded", *["transactions/created"] * 3]  # fmt: skip
    for body in got:
        assert (body["itemId"], body["clientUserId"], body["triggeredBy"]) == (item["id"], "ana", "CLIENT")
        assert body["clientId"] == "5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90"
    assert len({one["eventId"] for one in got}) == 5
    assert next(one["id"] for one in got if one["event"] == "item/created") == item["id"]


def test_an_event_of_new_transactions_has_all_that_is_needed_to_fetch_them(emulator, receiver):
    _hook(emulator, receiver, "transactions/created")
    emulator.connect()
    body = receiver.wait(3)[0]["body"]
    rows = emulator.get("/v2/transactions", accountId=body["accountId"])["results"]
    assert body["transactionsCount"] == len(rows)
    assert body["transactionsMinDate"] == min(row["date"] for row in rows)
    assert body["transactionsCreatedAtFrom"] == min(row["createdAt"] for row in rows)
    linked = emulator.session.get(body["createdTransactionsLinkV2"], timeout=10).json()
    assert len(linked["results"]) == len(rows)
    assert "/v2/" not in body["createdTransactionsLink"]


def test_an_error_event_carries_the_error(emulator, receiver):
    _hook(emulator, receiver, "item/error")
    emulator.connect("nobody")
    error = receiver.wait(1)[0]["body"]["error"]
    assert (error["code"], error["parameter"]) == ("INVALID_CREDENTIALS", "password")


def test_events_of_deletions_and_connectors_name_no_trigger(emulator, receiver):
    _hook(emulator, receiver)
    item = emulator.connect()["id"]
    emulator.post(f"/_sandbox/items/{item}/evolve", {"delete": 1})
    emulator.delete("/items/" + item)
    emulator.post("/_sandbox/connectors/201/status", {"status": "UNSTABLE"})
    for kind in ("item/deleted", "transactions/deleted", "connector/status_updated"):
        assert "triggeredBy" not in receiver.wait_for(kind)[0]["body"]
    status = receiver.wait_for("connector/status_updated")[0]["body"]
    assert (status["id"], status["connectorId"], status["data"]) == ("201", 201, {"status": "UNSTABLE"})


def test_headers_go_to_application_webhooks_and_never_to_an_items_own_url(emulator, receiver):
    _hook(emulator, receiver, headers={"Authorization": "Bearer secret"})
    emulator.connect(webhookUrl=receiver.url + "/item")
    got = receiver.wait(10)
    by_path = {path: [g for g in got if g["path"] == path] for path in ("/hook", "/hook/item")}
    assert all(g["headers"].get("Authorization") == "Bearer secret" for g in by_path["/hook"])
    assert not any("Authorization" in g["headers"] for g in by_path["/hook/item"])
    ids = [{g["body"]["eventId"] for g in part} for part in by_path.values()]
    assert ids[0] == ids[1]
    assert {g["headers"]["Content-Type"] for g in got} == {"application/json"}


def test_webhooks_for_all_events_and_for_one_event_both_get_the_event(emulator, receiver):
    _hook(emulator, receiver)
    emulator.post("/webhooks", {"event": "item/created", "url": receiver.url + "2"})
    emulator.connect()
    twice = receiver.wait_for("item/created", 2)
    assert twice[0]["body"]["eventId"] == twice[1]["body"]["eventId"]
    assert twice[0]["raw"] == twice[1]["raw"]


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_signature_is_made_over_the_raw_body_when_configured(start, receiver, encoding):
    emulator = start("--allow-local-webhooks", "--hmac-secret", "s3", "--hmac-header", "X-Sig", "--hmac-prefix",
                     "sha256=", "--hmac-encoding", encoding)  # fmt: skip
    _hook(emulator, receiver, "item/created")
    emulator.connect()
    got = receiver.wait(1)[0]
    mac = hmac.digest(b"s3", got["raw"], hashlib.sha256)
    text = mac.hex() if encoding == "hex" else base64.b64encode(mac).decode()
    assert got["headers"]["X-Sig"] == f"sha256={text}"


def test_deliveries_are_not_signed_unless_a_secret_is_configured(emulator, receiver):
    _hook(emulator, receiver, "item/created")
    emulator.connect()
    assert "X-Pluggy-Signature" not in receiver.wait(1)[0]["headers"]


def test_an_event_is_tried_nine_times_under_one_id_and_then_lost(emulator, receiver):
    receiver.status = 503
    _hook(emulator, receiver, "item/created")
    emulator.connect()
    got = receiver.wait(9)
    _delivered(emulator, 1, "lost")
    assert len(receiver.got) == 9
    assert len({g["body"]["eventId"] for g in got}) == 1
    gaps = [b["at"] - a["at"] for a, b in pairwise(got)]
    assert gaps[2] > 0.3
    assert gaps[5] > 0.6
    assert max(gaps[i] for i in (0, 1, 3, 4, 6, 7)) < 0.3


def test_a_receiver_that_comes_back_gets_the_event(emulator, receiver):
    receiver.status = lambda one: 503 if len(receiver.got) < 4 else 204
    _hook(emulator, receiver, "item/created")
    emulator.connect()
    _delivered(emulator, 1)
    assert [g["status"] for g in receiver.got] == [503, 503, 503, 503, 204]


def test_401_is_never_retried(emulator, receiver):
    receiver.status = 401
    _hook(emulator, receiver, "item/created")
    emulator.connect()
    _delivered(emulator, 1, "refused")
    time.sleep(0.2)
    assert len(receiver.got) == 1


def test_login_succeeded_is_tried_three_times_only(emulator, receiver):
    receiver.status = 500
    _hook(emulator, receiver, "item/login_succeeded")
    emulator.connect()
    _delivered(emulator, 1, "lost")
    assert len(receiver.got) == 3


def test_a_slow_receiver_times_out_and_a_redirect_is_no_success(start, receiver):
    emulator = start("--allow-local-webhooks", "--webhook-timeout", "0.2", "--retry-scale", "0")
    gate = threading.Event()
    receiver.status = lambda one: (gate.wait(1), 200)[1] if len(receiver.got) < 1 else 302
    _hook(emulator, receiver, "item/login_succeeded")
    emulator.connect()
    _delivered(emulator, 1, "lost")
    gate.set()
    attempts = emulator.get("/_sandbox/webhooks", event="item/login_succeeded")["events"][0]["deliveries"][0][
        "attempts"
    ]
    assert attempts[0]["error"]
    assert 302 in [a["status"] for a in attempts] or all(a["error"] for a in attempts)


def test_lost_events_in_a_row_disable_the_webhook_until_it_is_enabled_again(start):
    emulator = start("--allow-local-webhooks", "--retry-scale", "0", "--disable-after", "2")
    hook = emulator.post("/webhooks", {"event": "all", "url": "http://127.0.0.1:9/x"})
    emulator.connect()
    path = "/webhooks/" + hook["id"]
    emulator.until(lambda: emulator.get(path), lambda h: h["disabledAt"])
    before = _counts(emulator)["deliveries"]
    emulator.post("/_sandbox/emit", {"event": "boleto/updated", "payload": {"boletoId": "1"}})
    assert _counts(emulator)["deliveries"] == before
    assert emulator.patch(path, {"enabled": True})["disabledAt"] is None


def test_a_deleted_webhook_is_not_tried_again(emulator, receiver):
    receiver.status = 503
    hook = _hook(emulator, receiver, "item/created")
    emulator.connect()
    receiver.wait(3)
    emulator.delete("/webhooks/" + hook["id"])
    _delivered(emulator, 1, "lost")
    assert len(receiver.got) == 3


def test_events_can_be_delivered_again_under_their_old_ids(emulator, receiver):
    _hook(emulator, receiver, "item/created")
    emulator.connect()
    _delivered(emulator, 1)
    assert emulator.post("/_sandbox/resend", {"event": "item/created"}) == {"events": 1, "deliveries": 1}
    ids = {g["body"]["eventId"] for g in receiver.wait(2)}
    assert len(ids) == 1


def test_any_event_can_be_emitted(emulator, receiver):
    _hook(emulator, receiver)
    emulator.post("/_sandbox/emit", {"event": "payment_intent/created", "payload": {"paymentRequestId": "7"}})
    body = receiver.wait(1)[0]["body"]
    assert (body["event"], body["paymentRequestId"]) == ("payment_intent/created", "7")


def test_updates_of_many_rows_come_in_batches_of_four_hundred_ids(emulator, receiver):
    _hook(emulator, receiver, "transactions/updated")
    item = emulator.connect("user-ok-perf-10x")["id"]
    emulator.post(f"/_sandbox/items/{item}/evolve", {"update": 900})
    sizes = sorted(len(g["body"]["transactionIds"]) for g in receiver.wait(3))
    assert sizes == [100, 400, 400]
