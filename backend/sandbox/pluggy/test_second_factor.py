"""MFA in one and two steps, the QR code, and Open Finance consent."""

import pytest

GOOD = {"user": "user-ok", "password": "password-ok"}


def _waiting(emulator, connector=5, user="user-ok"):
    item = emulator.connect(user, connector, wait=False)
    return emulator.settled(item["id"], "WAITING_USER_INPUT")


def _mfa(emulator, item, body):
    answer = emulator.post(f"/items/{item['id']}/mfa", body)
    return answer.get("codeDescription")


def test_a_two_step_login_waits_names_its_question_and_continues_with_the_code(emulator, receiver):
    emulator.post("/webhooks", {"event": "all", "url": receiver.url})
    item = _waiting(emulator)
    assert (item["executionStatus"], item["parameter"]["name"]) == ("WAITING_USER_INPUT", "token")
    assert item["parameter"]["expiresAt"] > item["updatedAt"]
    assert _mfa(emulator, item, {"token": "123456"}) is None
    done = emulator.settled(item["id"])
    assert (done["executionStatus"], done["parameter"]) == ("SUCCESS", None)
    assert done["nextAutoSyncAt"] is None
    receiver.wait_for("item/waiting_user_input")


def test_a_wrong_code_is_a_login_error(emulator):
    item = _waiting(emulator)
    _mfa(emulator, item, {"token": "999999"})
    done = emulator.settled(item["id"])
    assert (done["status"], done["executionStatus"]) == ("LOGIN_ERROR", "INVALID_CREDENTIALS_MFA")


@pytest.mark.parametrize(
    ("user", "kind", "value"),
    [("user-ok-img", "image", "123456"), ("user-ok-select", "select", "sms"), ("user-ok-phone", "number", "123456")],
)
def test_users_with_their_own_second_factor_work_at_any_connector(emulator, user, kind, value):
    item = _waiting(emulator, 2, user)
    assert item["parameter"]["type"] == kind
    assert _mfa(emulator, item, {item["parameter"]["name"]: value}) is None
    assert emulator.settled(item["id"])["executionStatus"] == "SUCCESS"


def test_each_wrong_answer_has_its_own_code(start):
    emulator = start("--speed", "4")
    plain = emulator.connect()
    assert _mfa(emulator, plain, {"token": "1"}) == "ITEM_MFA_NOT_FOUND"
    item = _waiting(emulator)
    assert _mfa(emulator, item, {"other": "1"}) == "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH"
    assert _mfa(emulator, item, {"token": "123456"}) is None
    assert _mfa(emulator, item, {"token": "123456"}) == "ITEM_MFA_ALREADY_PROVIDED"


def test_no_answer_in_time_ends_the_execution(start):
    emulator = start("--mfa-ttl", "5")
    item = _waiting(emulator)
    assert emulator.settled(item["id"])["executionStatus"] == "USER_INPUT_TIMEOUT"
    assert _mfa(emulator, item, {"token": "123456"}) == "ITEM_MFA_EXPIRED"


def test_a_patch_does_not_answer_a_second_factor(emulator):
    item = _waiting(emulator)
    answer = emulator.patch(f"/items/{item['id']}", {"parameters": {"token": "123456"}})
    assert answer["message"].startswith("An update is already in progress")


def test_a_one_step_login_needs_a_new_code_for_every_update(emulator):
    item = emulator.connect(connector=4, parameters={**GOOD, "token": "123456"})
    path = "/items/" + item["id"]
    missing = emulator.patch(path, {})
    assert (missing["codeDescription"], missing["data"]) == (
        "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR", {"parameter": "token"})  # fmt: skip
    used = emulator.patch(path, {"parameters": {"token": "123456"}})
    assert used["codeDescription"] == "MFA_PARAMERTER_WAS_ALREADY_USED_ERROR"
    emulator.patch(path, {"parameters": {"token": "222333"}})
    assert emulator.settled(item["id"])["executionStatus"] == "SUCCESS"


def test_a_wrong_one_step_code_is_a_login_error(emulator):
    item = emulator.connect(connector=17, parameters={**GOOD, "token": "654321"})
    assert item["executionStatus"] == "INVALID_CREDENTIALS_MFA"


def test_a_connector_can_require_one_step_and_two_steps_together(emulator):
    item = emulator.connect(connector=9, parameters={**GOOD, "token": "123456"}, wait=False)
    emulator.settled(item["id"], "WAITING_USER_INPUT")
    _mfa(emulator, item, {"token": "123456"})
    assert emulator.settled(item["id"])["status"] == "UPDATED"


def test_a_qr_code_waits_for_the_user_and_then_the_login_continues(start, receiver):
    emulator = start("--allow-local-webhooks", "--speed", "5")
    item = emulator.connect(connector=19, wait=False, webhookUrl=receiver.url)
    waiting = emulator.settled(item["id"], "WAITING_USER_ACTION")
    assert waiting["userAction"]["type"] == "qr"
    receiver.wait_for("item/waiting_user_action")
    emulator.post(f"/_sandbox/items/{item['id']}/act")
    assert emulator.settled(item["id"])["userAction"] is None


def _consent(emulator, decision, cpf="761.092.776-73", **more):
    item = emulator.connect(connector=600, parameters={"cpf": cpf}, wait=False, **more)
    waiting = emulator.settled(item["id"], "WAITING_USER_INPUT")
    page = emulator.session.get(waiting["parameter"]["data"], timeout=10)
    assert (page.status_code, item["id"] in page.text) == (200, True)
    form = {"itemId": item["id"], "decision": decision, "user": "ralph.bragg@gmail.com", "password": "P@ssword01"}
    answer = emulator.session.post(emulator.url + "/oauth/authorize", data=form, allow_redirects=False, timeout=10)
    return waiting, answer


def test_open_finance_asks_at_the_banks_page_and_returns_to_the_application(emulator):
    waiting, answer = _consent(emulator, "approve", oauthRedirectUri="https://app.example/back?x=1")
    assert waiting["parameter"]["type"] == "oauth"
    assert answer.headers["Location"] == f"/oauthCallback.html?itemId={waiting['id']}"
    back = emulator.session.get(emulator.url + answer.headers["Location"], allow_redirects=False, timeout=10)
    assert back.headers["Location"] == f"https://app.example/back?x=1&itemId={waiting['id']}"
    done = emulator.settled(waiting["id"])
    assert done["executionStatus"] == "SUCCESS"
    assert done["consentExpiresAt"] > done["createdAt"]
    assert emulator.get(f"/items/{done['id']}/resources")["total"] == 6


def test_a_refused_consent_is_a_login_error(emulator):
    waiting, _ = _consent(emulator, "deny")
    done = emulator.settled(waiting["id"])
    assert (done["status"], done["executionStatus"]) == ("LOGIN_ERROR", "USER_AUTHORIZATION_NOT_GRANTED")


@pytest.mark.parametrize(
    ("cpf", "end"), [("238.242.640-30", "SUCCESS"), ("051.177.670-55", "USER_AUTHORIZATION_NOT_GRANTED")]
)
def test_joint_accounts_wait_for_the_other_holder(emulator, receiver, cpf, end):
    waiting, _ = _consent(emulator, "approve", cpf, webhookUrl=receiver.url)
    assert emulator.settled(waiting["id"])["executionStatus"] == end
    assert receiver.wait_for("item/error")[0]["body"]["error"]["code"] == "USER_AUTHORIZATION_PENDING"


def test_a_revoked_consent_needs_a_new_one_from_the_same_person(emulator):
    waiting, _ = _consent(emulator, "approve")
    item = emulator.settled(waiting["id"])
    path = f"/items/{item['id']}"
    assert emulator.post(f"/_sandbox{path}/consent-revoke")["executionStatus"] == "USER_AUTHORIZATION_REVOKED"
    assert emulator.get("/consents", itemId=item["id"])["results"][0]["revokedAt"]
    assert emulator.patch(path)["codeDescription"] == "LAST_EXECUTION_HAD_LOGIN_ERROR"
    other = emulator.patch(path, {"parameters": {"cpf": "238.242.640-30"}})
    assert other["codeDescription"] == "ITEM_ORIGINAL_CONNECTED_WITH_DIFFERENT_ACCOUNT"
    emulator.patch(path, {"parameters": {"cpf": "761.092.776-73"}})
    emulator.settled(item["id"], "WAITING_USER_INPUT")
    emulator.post(f"{path}/mfa", {"oauth_code": "given"})
    assert emulator.settled(item["id"])["status"] == "UPDATED"
    assert len(emulator.get("/consents", itemId=item["id"])["results"]) == 2
