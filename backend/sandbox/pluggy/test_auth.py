"""Keys, connect tokens and what each may do."""

import base64
import json
import time

UNAUTHORIZED = {"code": 403, "message": "Missing or invalid authorization token"}


def _claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _as(emulator, token):
    emulator.session.headers["X-API-KEY"] = token


def _connect_token(emulator, **body):
    return emulator.post("/connect_token", body)["accessToken"]


def test_an_api_key_is_a_jwt_that_ends_in_two_hours(emulator):
    claims = _claims(emulator.session.headers["X-API-KEY"])
    assert claims["exp"] - claims["iat"] == 7200


def test_wrong_client_keys_are_401_with_their_code(emulator):
    answer = emulator.post("/auth", {"clientId": "x", "clientSecret": "y"})
    assert (emulator.status, answer["codeDescription"]) == (401, "CLIENT_KEYS_UNAUTHORIZED")


def test_a_disabled_client_gets_an_error_of_its_own(emulator):
    emulator.post("/_sandbox/switches", {"client_disabled": True})
    keys = {"clientId": "5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90", "clientSecret": "pluggy_sk_sandbox_only"}
    assert emulator.post("/auth", keys)["codeDescription"] == "CLIENT_DISABLED"


def test_a_missing_forged_or_expired_key_is_403_without_a_code_description(emulator, start):
    good = emulator.session.headers["X-API-KEY"]
    connect = emulator.post("/connect_token")["accessToken"]
    head = good.split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode() + f".{head[1]}."
    crossed = f"{connect.split('.')[0]}.{head[1]}.{head[2]}"
    for bad in (
        "",
        "no-jwt",
        "a.b.c",
        "W10.e30.AA",
        "e30.e30.AA",
        good[:-4] + "xxxx",
        good.rpartition(".")[0] + ".",
        unsigned,
        crossed,
    ):
        _as(emulator, bad)
        assert (emulator.get("/categories"), emulator.status) == (UNAUTHORIZED, 403)
    short = start("--key-ttl", "1")
    assert any(_a_fresh_key_works(short) for _ in range(20))
    time.sleep(2.0)
    assert short.get("/categories") == UNAUTHORIZED


def _a_fresh_key_works(emulator):
    """Whether it arrived before it expired, which a busy machine may prevent."""
    emulator.log_in()
    return "total" in emulator.get("/categories")


def test_the_status_of_a_bad_key_can_be_401_and_all_keys_can_be_expired(emulator):
    emulator.post("/_sandbox/switches", {"unauthorized_status": 401})
    emulator.post("/_sandbox/expire-keys")
    emulator.get("/categories")
    assert emulator.status == 401
    emulator.log_in()
    emulator.get("/categories")
    assert emulator.status == 200


def test_a_connect_token_ends_in_thirty_minutes_under_both_of_its_addresses(emulator):
    for path in ("/connect_token", "/connecttokens"):
        token = emulator.post(path, {})["accessToken"]
        claims = _claims(token)
        assert _claims("." + token)["alg"] == "RS256"
        assert claims["exp"] - claims["iat"] == 1800


def test_a_connect_token_for_an_unknown_item_is_404(emulator):
    emulator.post("/connect_token", {"itemId": "00000000-0000-4000-8000-000000000000"})
    assert emulator.status == 404


def test_options_of_a_connect_token_reach_the_item_it_creates_and_only_from_inside_options(emulator):
    options = {"clientUserId": "ana", "webhookUrl": "http://127.0.0.1:9/x", "oauthRedirectUri": "https://a.example/b"}
    _as(emulator, _connect_token(emulator, options=options, clientUserId="ignored"))
    item = emulator.connect()
    assert (item["clientUserId"], item["webhookUrl"]) == ("ana", "http://127.0.0.1:9/x")
    assert item["oauthRedirectUri"] == "https://a.example/b"


def test_a_connect_token_sees_its_own_item_and_a_reduced_account_list_only(emulator):
    other = emulator.connect()
    _as(emulator, _connect_token(emulator))
    own = emulator.connect()
    account = emulator.get("/accounts", itemId=own["id"])["results"][0]
    assert "owner" not in account
    refused = [("/items/" + other["id"], {}), ("/accounts", {"itemId": other["id"]}), ("/webhooks", {}),
               ("/v2/transactions", {"accountId": account["id"]}), ("/identity", {"itemId": own["id"]})]  # fmt: skip
    for path, query in refused:
        emulator.get(path, **query)
        assert emulator.status == 403, path
    emulator.delete("/items/" + own["id"])
    assert emulator.status == 403


def test_an_update_token_updates_its_item_and_creates_none(emulator):
    item = emulator.connect()
    _as(emulator, _connect_token(emulator, itemId=item["id"]))
    emulator.patch("/items/" + item["id"], {})
    assert emulator.status == 200
    emulator.post("/items", {"connectorId": 2, "parameters": {"user": "user-ok", "password": "password-ok"}})
    assert emulator.status == 403


def test_browsers_may_call_from_any_origin(emulator):
    emulator.call("OPTIONS", "/items")
    assert emulator.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-API-KEY" in emulator.headers["Access-Control-Allow-Headers"]
    emulator.get("/categories")
    assert emulator.headers["Access-Control-Allow-Origin"] == "*"
