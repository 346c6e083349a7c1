"""The life of an item: every test user, updates and what forbids them, deletion, lists."""

import pytest

GOOD = {"user": "user-ok", "password": "password-ok"}
NOBODY = "00000000-0000-4000-8000-000000000000"


def _code(emulator, answer):
    return emulator.status, answer.get("codeDescription")


def test_a_new_item_is_updating_and_passes_through_its_steps_to_success(start):
    emulator = start("--speed", "8")
    item = emulator.connect(wait=False)
    assert (item["status"], item["executionStatus"]) == ("UPDATING", "CREATED")
    seen = []

    def look():
        seen.append(emulator.get("/items/" + item["id"]))
        return seen[-1]

    emulator.until(look, lambda i: i["status"] == "UPDATED")
    steps = list(dict.fromkeys(i["executionStatus"] for i in seen))
    known = ["CREATED", "LOGIN_IN_PROGRESS", "ACCOUNTS_IN_PROGRESS", "CREDITCARDS_IN_PROGRESS",
             "TRANSACTIONS_IN_PROGRESS", "PAYMENT_DATA_IN_PROGRESS", "INVESTMENTS_IN_PROGRESS",
             "INVESTMENTS_TRANSACTIONS_IN_PROGRESS", "IDENTITY_IN_PROGRESS", "LOANS_IN_PROGRESS",
             "SUCCESS"]  # fmt: skip
    assert steps == [step for step in known if step in steps]
    assert len(steps) > 6
    assert seen[-1]["lastUpdatedAt"]
    assert seen[-1]["nextAutoSyncAt"]
    assert seen[-1]["statusDetail"] is None


@pytest.mark.parametrize(
    ("user", "status", "execution"),
    [
        ("user-ok", "UPDATED", "SUCCESS"),
        ("user-logged", "OUTDATED", "ALREADY_LOGGED_IN"),
        ("user-locked", "LOGIN_ERROR", "ACCOUNT_LOCKED"),
        ("user-error", "OUTDATED", "UNEXPECTED_ERROR"),
        ("user-unavailable", "OUTDATED", "SITE_NOT_AVAILABLE"),
        ("user-connection-error", "OUTDATED", "CONNECTION_ERROR"),
        ("user-account-need-actions", "LOGIN_ERROR", "ACCOUNT_NEEDS_ACTION"),
        ("user-account-need-actions-provider-message", "LOGIN_ERROR", "ACCOUNT_NEEDS_ACTION"),
        ("user-account-credentials-reset", "LOGIN_ERROR", "ACCOUNT_CREDENTIALS_RESET"),
        ("user-not-supported", "OUTDATED", "USER_NOT_SUPPORTED"),
        ("user-ok-account-error", "UPDATED", "PARTIAL_SUCCESS"),
        ("user-ok-account-warning", "UPDATED", "SUCCESS"),
        ("user-ok-perf-3x", "UPDATED", "SUCCESS"),
        ("user-ok-perf-5001x", "LOGIN_ERROR", "INVALID_CREDENTIALS"),
        ("somebody", "LOGIN_ERROR", "INVALID_CREDENTIALS"),
    ],
)
def test_each_test_user_ends_as_the_vendor_says(emulator, user, status, execution):
    item = emulator.connect(user)
    assert (item["status"], item["executionStatus"]) == (status, execution)
    assert (item["error"] is None) == (status == "UPDATED")


def test_the_provider_message_reaches_the_error(emulator):
    item = emulator.connect("user-account-need-actions-provider-message")
    assert item["error"]["providerMessage"].startswith("Aceite")


def test_a_partial_success_names_the_product_that_failed(emulator):
    item = emulator.connect("user-ok-account-error")
    detail = item["statusDetail"]
    assert (detail["creditCards"]["isUpdated"], detail["accounts"]["isUpdated"]) == (False, True)
    assert detail["creditCards"]["warnings"][0]["code"] == "001"
    assert detail["accountStatements"] is None
    types = {a["type"] for a in emulator.get("/accounts", itemId=item["id"])["results"]}
    assert types == {"BANK"}


def test_a_warning_comes_with_success_and_everything_updated(emulator):
    detail = emulator.connect("user-ok-account-warning")["statusDetail"]
    assert detail["accounts"]["warnings"]
    assert all(product["isUpdated"] for product in detail.values() if product)


def test_a_pending_approval_sends_an_error_and_then_resolves_by_itself(start):
    emulator = start("--speed", "10")
    item = emulator.connect("user-ok-auth-pending", wait=False)
    look = lambda: emulator.get("/items/" + item["id"])  # noqa: E731
    seen = emulator.until(look, lambda i: i["executionStatus"] == "USER_AUTHORIZATION_PENDING")
    assert (seen["status"], seen["error"]["code"]) == ("UPDATING", "USER_AUTHORIZATION_PENDING")
    assert emulator.settled(item["id"])["executionStatus"] == "SUCCESS"


def test_users_with_two_accounts_or_companies_have_more_accounts(emulator):
    for user in ("user-ok-two-checking-accounts", "user-ok-multi-company"):
        item = emulator.connect(user)
        kinds = [a["subtype"] for a in emulator.get("/accounts", itemId=item["id"])["results"]]
        assert kinds.count("CHECKING_ACCOUNT") == 2


def test_products_can_be_chosen(emulator):
    item = emulator.connect(products=["ACCOUNTS", "TRANSACTIONS"])
    assert emulator.get("/investments", itemId=item["id"])["total"] == 0
    assert emulator.get("/identity", itemId=item["id"])["codeDescription"] == "IDENTITY_NOT_FOUND"
    assert {a["type"] for a in emulator.get("/accounts", itemId=item["id"])["results"]} == {"BANK"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"parameters": GOOD}, 400, None),
        ({"connectorId": 2}, 400, "PARAMETERS_NOT_PROVIDED"),
        ({"connectorId": 2, "parameters": {}}, 400, "PARAMETERS_NOT_PROVIDED"),
        ({"connectorId": 2, "parameters": GOOD, "products": ["NONSENSE"]}, 400, None),
        ({"connectorId": 99999, "parameters": GOOD}, 404, "CONNECTOR_NOT_FOUND"),
        ({"connectorId": 2, "parameters": {"user": "x"}}, 400, "CONNECTOR_VALIDATION_ERROR"),
        ({"connectorId": 2, "parameters": "bm90IHJzYQ=="}, 400, None),
    ],
)
def test_bad_bodies_are_refused_with_their_code(emulator, body, status, code):
    assert _code(emulator, emulator.post("/items", body)) == (status, code)


def test_validation_details_name_the_field(emulator):
    answer = emulator.post("/items", {"connectorId": 12, "parameters": {"user": "u", "cooperative": "1"}})
    assert [(d["code"], d["parameter"]) for d in answer["details"]] == [
        ("002", "cooperative"), ("002", "user"), ("001", "password")]  # fmt: skip


def test_encrypted_parameters_are_opened_with_the_published_key(emulator):
    import base64
    import json

    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key = serialization.load_pem_public_key(emulator.get("/_sandbox/public-key")["publicKey"].encode())
    form = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    sealed = base64.b64encode(key.encrypt(json.dumps(GOOD).encode(), form)).decode()
    assert emulator.connect(parameters=sealed)["status"] == "UPDATED"


def test_avoid_duplicates_gives_the_existing_id_in_both_places(emulator):
    first = emulator.connect()
    answer = emulator.post("/items", {"connectorId": 2, "parameters": GOOD, "avoidDuplicates": True})
    assert _code(emulator, answer) == (400, "ITEM_USER_ALREADY_EXISTS")
    assert answer["items"] == [{"id": first["id"]}]
    assert answer["data"] == {"itemIds": [first["id"]]}
    emulator.post("/_sandbox/switches", {"duplicates_status": 409})
    emulator.post("/items", {"connectorId": 2, "parameters": GOOD, "avoidDuplicates": True})
    assert emulator.status == 409


def test_without_avoid_duplicates_the_same_user_gets_a_second_item_with_other_ids(emulator):
    first, second = emulator.connect(), emulator.connect()
    ids = [{a["id"] for a in emulator.get("/accounts", itemId=i["id"])["results"]} for i in (first, second)]
    assert not ids[0] & ids[1]


def test_an_update_while_one_runs_is_refused(start):
    emulator = start("--speed", "1")
    item = emulator.connect(wait=False)
    assert _code(emulator, emulator.patch("/items/" + item["id"])) == (400, "ITEM_IS_ALREADY_UPDATING")


def test_an_update_changes_nothing_when_nothing_happened_at_the_bank(emulator):
    item = emulator.connect()
    before = emulator.get("/_sandbox/state", itemId=item["id"])["items"][0]
    emulator.patch("/items/" + item["id"], {})
    after_item = emulator.settled(item["id"])
    after = emulator.get("/_sandbox/state", itemId=item["id"])["items"][0]
    assert after_item["lastUpdatedAt"] > item["lastUpdatedAt"]
    assert {**after, "item": 0} == {**before, "item": 0}


def test_two_failed_logins_make_the_third_wait(emulator):
    item = emulator.connect("user-locked")
    path = "/items/" + item["id"]
    assert emulator.patch(path)["codeDescription"] == "LAST_EXECUTION_HAD_LOGIN_ERROR"
    emulator.patch(path, {"parameters": {"user": "user-locked", "password": "password-ok"}})
    assert emulator.settled(item["id"])["consecutiveFailedLoginAttempts"] == 2
    answer = emulator.patch(path, {"parameters": GOOD})
    assert _code(emulator, answer) == (400, "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES")
    assert answer["data"]["maxConsecutiveFailedLoginAttempts"] == 2
    assert answer["data"]["canRetryAfterDate"] > item["updatedAt"]


def test_new_credentials_after_a_login_error_heal_the_item_and_keep_its_id(emulator):
    item = emulator.connect("user-locked")
    emulator.patch("/items/" + item["id"], {"parameters": GOOD})
    healed = emulator.settled(item["id"])
    assert (healed["executionStatus"], healed["consecutiveFailedLoginAttempts"]) == ("SUCCESS", 0)


def test_more_than_five_failures_need_support(emulator):
    item = emulator.connect()
    for _ in range(6):
        emulator.post(f"/_sandbox/items/{item['id']}/fail", {"code": "SITE_NOT_AVAILABLE"})
    assert emulator.patch("/items/" + item["id"])["codeDescription"] == "TOO_MANY_CONSECUTIVE_ERRORS"


def test_subscription_switches_forbid_with_their_codes(emulator):
    item = emulator.connect()
    path = "/items/" + item["id"]
    cases = {"updates_disabled": "CLIENT_HAS_ITEM_UPDATES_DISABLED",
             "sandbox_updates_forbidden": "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED"}  # fmt: skip
    for switch, code in cases.items():
        emulator.post("/_sandbox/switches", {switch: True})
        assert emulator.patch(path)["codeDescription"] == code
        emulator.post("/_sandbox/switches", {switch: False})
    emulator.post("/_sandbox/switches", {"min_update_hours": 8, "free_plan": True})
    answer = emulator.patch(path)
    assert _code(emulator, answer) == (409, "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY")
    assert answer["data"]["minUpdateFrequencyAllowedInHours"] == 8
    body = {"connectorId": 2, "parameters": GOOD}
    assert emulator.post("/items", body)["codeDescription"] == "CREATE_ITEMS_API_FREE_DISABLED"


def test_a_plan_limits_the_number_of_items(start):
    emulator = start("--max-items", "1")
    emulator.connect()
    answer = emulator.post("/items", {"connectorId": 2, "parameters": GOOD})
    assert _code(emulator, answer) == (409, "ITEM_CREATION_LIMIT_EXCEEDED")
    assert answer["data"] == {"itemsLimit": 1}


def test_meu_pluggy_items_cannot_be_updated_and_are_not_synced(emulator):
    item = emulator.connect(connector=200)
    assert item["nextAutoSyncAt"] is None
    assert emulator.patch("/items/" + item["id"])["message"] == "MeuPluggy item cant be updated"


def test_deletion_takes_everything_with_it(emulator):
    item = emulator.connect()
    account = emulator.get("/accounts", itemId=item["id"])["results"][0]["id"]
    assert emulator.delete("/items/" + item["id"]) == {"count": 1}
    assert emulator.get("/items/" + item["id"])["codeDescription"] == "ITEM_NOT_FOUND"
    assert emulator.get("/accounts/" + account)["codeDescription"] == "ACCOUNT_NOT_FOUND"
    emulator.get("/v2/transactions", accountId=account)
    assert emulator.status == 404


def test_auto_sync_stops_on_demand_until_the_next_forced_update(emulator):
    item = emulator.connect()
    assert emulator.patch(f"/items/{item['id']}/disable-auto-sync")["nextAutoSyncAt"] is None
    emulator.patch("/items/" + item["id"])
    assert emulator.settled(item["id"])["nextAutoSyncAt"]


def test_auto_sync_runs_by_the_clock_and_brings_new_rows(start, receiver):
    emulator = start("--auto-sync-hours", "0.0002", "--allow-local-webhooks")
    item = emulator.connect(webhookUrl=receiver.url)
    first = receiver.wait_for("item/updated")[0]["body"]
    assert first["triggeredBy"] == "SYNC"
    assert len(emulator.get("/_sandbox/webhooks", event="transactions/created", itemId=item["id"])["events"]) > 3


def test_items_are_listed_newest_first_by_user_and_connector_unless_forbidden(emulator):
    one = emulator.connect(clientUserId="a")
    two = emulator.connect(connector=0, clientUserId="b")
    page = emulator.get("/v2/items")
    assert ([i["id"] for i in page["results"]], page["next"]) == ([two["id"], one["id"]], None)
    assert [i["id"] for i in emulator.get("/v2/items", clientUserId="a")["results"]] == [one["id"]]
    assert [i["id"] for i in emulator.get("/v2/items", connectorId="0")["results"]] == [two["id"]]
    emulator.post("/_sandbox/switches", {"list_items": False})
    assert _code(emulator, emulator.get("/v2/items")) == (403, "LIST_ITEMS_FEATURE_NOT_ENABLED")


@pytest.mark.parametrize(("path", "status"), [("/items/nope", 400), (f"/items/{NOBODY}", 404)])
def test_ids_are_checked_before_they_are_looked_up(emulator, path, status):
    emulator.get(path)
    assert emulator.status == status
