"""The oracle and the rest of the control plane."""

NOBODY = "00000000-0000-4000-8000-000000000000"


def test_the_oracle_counts_requests_by_endpoint_and_status_but_not_its_own(emulator):
    emulator.post("/_sandbox/reset")
    emulator.get("/items/" + NOBODY)
    emulator.get("/items/x")
    emulator.get("/categories")
    report = emulator.get("/_sandbox/requests", last="2")
    assert report["endpoints"]["GET /items/{id}"]["statuses"] == {"404": 1, "400": 1}
    assert report["total"] == 3
    assert [r["endpoint"] for r in report["last"]] == ["GET /items/{id}", "GET /categories"]


def test_the_oracle_shows_the_same_data_as_the_api(emulator):
    item = emulator.connect()
    state = emulator.get("/_sandbox/state", itemId=item["id"])["items"][0]
    assert state["accounts"] == emulator.get("/accounts", itemId=item["id"])["results"]
    for account, rows in state["transactions"].items():
        assert rows == emulator.get("/v2/transactions", accountId=account)["results"]
    assert state["investments"] == emulator.get("/investments", itemId=item["id"])["results"]
    assert state["loans"] == emulator.get("/loans", itemId=item["id"])["results"]
    assert state["identity"] == emulator.get("/identity", itemId=item["id"])
    assert state["counts"]["transactions"] == 71


def test_a_failure_can_be_made_and_keeps_the_data(emulator, receiver):
    item = emulator.connect(webhookUrl=receiver.url)["id"]
    failed = emulator.post(f"/_sandbox/items/{item}/fail", {"code": "SITE_NOT_AVAILABLE"})
    assert (failed["status"], failed["error"]["code"]) == ("OUTDATED", "SITE_NOT_AVAILABLE")
    assert emulator.get("/accounts", itemId=item)["total"] == 3
    assert receiver.wait_for("item/error")[0]["body"]["triggeredBy"] == "SYNC"
    emulator.post(f"/_sandbox/items/{item}/fail", {"code": "NONSENSE"})
    assert emulator.status == 400


def test_a_login_failure_stops_auto_sync(emulator):
    item = emulator.connect()["id"]
    failed = emulator.post(f"/_sandbox/items/{item}/fail", {"code": "ACCOUNT_LOCKED"})
    assert (failed["status"], failed["nextAutoSyncAt"]) == ("LOGIN_ERROR", None)


def test_a_reset_deletes_everything_that_it_is_not_asked_to_keep(emulator):
    emulator.connect()
    hook = emulator.post("/webhooks", {"event": "all", "url": "http://localhost:9/x"})
    emulator.post("/_sandbox/reset", {"keep": ["webhooks"]})
    assert emulator.get("/_sandbox/state") == {"items": [], "webhooks": [hook]}
    emulator.post("/_sandbox/reset")
    assert emulator.get("/_sandbox/state")["webhooks"] == []


def test_the_end_of_a_consent_can_be_changed(emulator):
    item = emulator.connect()["id"]
    moved = emulator.post(f"/_sandbox/items/{item}/consent", {"expiresAt": "2030-01-01"})
    assert (moved["consentExpiresAt"], moved["status"]) == ("2030-01-01T00:00:00.000Z", "UPDATED")
    assert emulator.get("/consents", itemId=item)["results"][0]["expiresAt"] == "2030-01-01T00:00:00.000Z"


def test_switches_can_be_set_at_the_start_and_survive_a_reset(start):
    emulator = start("--switch", "v1_transactions_gone", "--switch", "unauthorized_status=401")
    emulator.post("/_sandbox/reset")
    assert emulator.post("/_sandbox/switches", {})["unauthorized_status"] == 401
    emulator.get("/transactions", accountId=NOBODY)
    assert emulator.status == 410


def test_unknown_switches_and_items_are_refused(emulator):
    for switches in ({"nonsense": True}, {"list_items": 1}, {"unauthorized_status": "401"}):
        emulator.post("/_sandbox/switches", switches)
        assert emulator.status == 400
    emulator.post(f"/_sandbox/items/{NOBODY}/sync")
    assert emulator.status == 404


def test_every_error_is_json_also_for_unknown_paths_and_methods(emulator):
    for method, path, status in (("GET", "/nonsense", 404), ("PUT", "/items", 405), ("POST", "/categories", 405)):
        answer = emulator.call(method, path)
        assert (emulator.status, answer["code"]) == (status, status)
        assert emulator.headers["Content-Type"].startswith("application/json")
    answer = emulator.session.post(emulator.url + "/items", data=b"{broken", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
