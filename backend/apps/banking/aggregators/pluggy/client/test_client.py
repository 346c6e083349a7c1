"""What each method sends, and what it returns for each answer."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from apps.banking.aggregators.pluggy.client.endpoints import ENDPOINTS
from apps.banking.aggregators.pluggy.client.product_calls import moment_text
from apps.banking.aggregators.pluggy.conftest import pages_of
from plugfn.testing.stub_http import reply

MOMENT = datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-3)))
ONE = {"id": "1", "balance": 1, "accessToken": "t"}
PAGE = {"page": 1, "total": 1, "totalPages": 1, "results": [{"id": "1"}], "next": None}
PAGED = "page=1&pageSize=500"

# The call; the method and target that Pluggy receives; the body, if there is one.
CALLS = [
    (lambda c: c.item("i"), "GET /items/i", None),
    (lambda c: c.items(client_user_id="u", connector_id=0), "GET /v2/items?clientUserId=u&connectorId=0", None),
    (lambda c: c.items(), "GET /v2/items", None),
    (
        lambda c: c.create_item(201, {"user": "u"}, client_user_id="m", webhook_url="https://x", products=["ACCOUNTS"]),
        "POST /items",
        {
            "connectorId": 201,
            "parameters": {"user": "u"},
            "clientUserId": "m",
            "webhookUrl": "https://x",
            "products": ["ACCOUNTS"],
            "avoidDuplicates": True,
        },
    ),
    (
        lambda c: c.create_item(600, "sealed", oauth_redirect_uri="app://back", avoid_duplicates=False),
        "POST /items",
        {"connectorId": 600, "parameters": "sealed", "oauthRedirectUri": "app://back", "avoidDuplicates": False},
    ),
    (lambda c: c.refresh_item("i"), "PATCH /items/i", {}),
    (lambda c: c.update_item("i", webhook_url="https://x"), "PATCH /items/i", {"webhookUrl": "https://x"}),
    (lambda c: c.update_item("i", parameters={"p": "x"}), "PATCH /items/i", {"parameters": {"p": "x"}}),
    (lambda c: c.answer_mfa("i", {"token": "123456"}), "POST /items/i/mfa", {"token": "123456"}),
    (lambda c: c.disable_auto_sync("i"), "PATCH /items/i/disable-auto-sync", None),
    (lambda c: c.delete_item("i"), "DELETE /items/i", None),
    (lambda c: c.accounts("i"), f"GET /accounts?itemId=i&{PAGED}", None),
    (lambda c: c.accounts("i", type="BANK"), f"GET /accounts?itemId=i&type=BANK&{PAGED}", None),
    (lambda c: c.account("a"), "GET /accounts/a", None),
    (lambda c: c.balance("a", connector_id=601), "GET /accounts/a/balance", None),
    (lambda c: c.statements("a"), f"GET /accounts/a/statements?{PAGED}", None),
    (lambda c: c.transactions("a"), "GET /v2/transactions?accountId=a", None),
    (
        lambda c: c.transactions("a", created_at_from=MOMENT),
        "GET /v2/transactions?accountId=a&createdAtFrom=2026-11-20T12%3A30%3A00.123Z",
        None,
    ),
    (
        lambda c: c.transactions("a", date_from=date(2026, 10, 1), date_to=date(2026, 10, 31)),
        "GET /v2/transactions?accountId=a&dateFrom=2026-10-01&dateTo=2026-10-31",
        None,
    ),
    (lambda c: c.transactions_by_id("a", ["x", "y"]), "GET /v2/transactions?accountId=a&ids=x%2Cy", None),
    (lambda c: c.transaction("t"), "GET /transactions/t", None),
    (lambda c: c.set_category("t", "07010000"), "PATCH /transactions/t", {"categoryId": "07010000"}),
    (lambda c: c.bills("a"), f"GET /bills?accountId=a&{PAGED}", None),
    (lambda c: c.bill("b"), "GET /bills/b", None),
    (lambda c: c.investments("i"), f"GET /investments?itemId=i&{PAGED}", None),
    (lambda c: c.investment("v"), "GET /investments/v", None),
    (lambda c: c.investment_transactions("v"), f"GET /investments/v/transactions?{PAGED}", None),
    (lambda c: c.loans("i"), f"GET /loans?itemId=i&{PAGED}", None),
    (lambda c: c.loan("l"), "GET /loans/l", None),
    (lambda c: c.identity("i"), "GET /identity?itemId=i", None),
    (lambda c: c.consents("i"), f"GET /consents?itemId=i&{PAGED}", None),
    (lambda c: c.consent("k"), "GET /consents/k", None),
    (lambda c: c.connectors(sandbox=True), f"GET /connectors?sandbox=true&healthDetails=false&{PAGED}", None),
    (lambda c: c.connector(201), "GET /connectors/201?healthDetails=true", None),
    (lambda c: c.categories(), f"GET /categories?{PAGED}", None),
    (lambda c: c.categories(parent_id="01000000"), f"GET /categories?parentId=01000000&{PAGED}", None),
    (lambda c: c.category("01010000"), "GET /categories/01010000", None),
    (lambda c: c.webhooks(), f"GET /webhooks?{PAGED}", None),
    (lambda c: c.webhook("w"), "GET /webhooks/w", None),
    (
        lambda c: c.create_webhook("https://x/y", headers={"Authorization": "Bearer s"}),
        "POST /webhooks",
        {"url": "https://x/y", "event": "all", "headers": {"Authorization": "Bearer s"}},
    ),
    (lambda c: c.update_webhook("w", enabled=True), "PATCH /webhooks/w", {"enabled": True}),
    (lambda c: c.update_webhook("w", headers={}), "PATCH /webhooks/w", {"headers": {}}),
    (lambda c: c.delete_webhook("w"), "DELETE /webhooks/w", None),
]


@pytest.mark.parametrize(("call", "line", "body"), CALLS, ids=[line for _, line, _ in CALLS])
def test_each_method_sends_what_pluggy_documents(client, pluggy, call, line, body):
    pluggy.answer = lambda request: reply({**ONE, **PAGE})
    result = call(client)
    rows = result if isinstance(result, dict | None) else [row for page in result for row in page]
    assert rows is None or rows == [{"id": "1"}] or rows["id"] == "1"
    request = pluggy.requests[-1]
    assert f"{request.method} {request.target}" == line
    assert (json.loads(request.body) if request.body else None) == body
    assert len(pluggy.requests) == 2  # the key, and this


def test_every_endpoint_has_a_method_and_v1_has_none():
    shapes = {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS}
    called = {_shape(line) for _, line, _ in CALLS} | {"POST /auth", "POST /connect_token"}
    assert shapes == called
    assert "GET /transactions" not in shapes


def _shape(line):
    """`GET /items/i?x=y` as `GET /items/{}`: the third part of each path is an id, except in v2."""
    method, target = line.split(" ")
    parts = target.partition("?")[0].split("/")
    if len(parts) > 2 and parts[1] != "v2":
        parts[2] = "{}"
    return f"{method} {'/'.join(parts)}"


def test_the_options_of_a_connect_token_are_inside_options(client, pluggy):
    pluggy.answer = lambda _: reply({"accessToken": "token"})
    token = client.connect_token(
        client_user_id="m", webhook_url="https://x", oauth_redirect_uri="app://back", item_id="i", products=["LOANS"]
    )
    assert token == "token"
    assert pluggy.made("/connect_token")[0].json == {
        "itemId": "i",
        "options": {
            "clientUserId": "m",
            "webhookUrl": "https://x",
            "oauthRedirectUri": "app://back",
            "avoidDuplicates": True,
            "products": ["LOANS"],
        },
    }


def test_arguments_that_are_none_are_not_sent(client, pluggy):
    pluggy.answer = lambda _: reply({"accessToken": "token"})
    client.connect_token(client_user_id="m")
    assert pluggy.made("/connect_token")[0].json == {"options": {"clientUserId": "m", "avoidDuplicates": True}}


def test_a_cursor_list_repeats_its_filters_on_every_page(client, pluggy):
    pluggy.answer = pages_of(3)
    assert len(list(client.transactions("a", created_at_from=MOMENT))) == 3
    later = [request.target for request in pluggy.made("/v2/transactions")[1:]]
    assert all("accountId=a&createdAtFrom=" in target for target in later)
    assert [target.partition("after=")[2] for target in later] == ["1", "2"]


def test_a_thousand_ids_are_asked_for_four_hundred_at_a_time(client, pluggy):
    pluggy.answer = lambda request: reply({"results": [{"id": "1"}], "next": None})
    list(client.transactions_by_id("a", [f"id-{n}" for n in range(1000)]))
    asked = [request.target.partition("ids=")[2].split("%2C") for request in pluggy.made("/v2/transactions")]
    assert [len(ids) for ids in asked] == [400, 400, 200]
    assert [entry for ids in asked for entry in ids] == [f"id-{n}" for n in range(1000)]


def test_without_ids_no_call_is_made(client, pluggy):
    assert list(client.transactions_by_id("a", [])) == []
    assert pluggy.requests == []


def test_the_two_filters_of_transactions_exclude_each_other(client, pluggy):
    with pytest.raises(ValueError, match="created_at_from"):
        client.transactions("a", date_from=date(2026, 1, 1), created_at_from=MOMENT)
    assert pluggy.requests == []


def test_a_moment_is_sent_in_utc_and_needs_its_zone():
    assert moment_text(MOMENT) == "2026-11-20T12:30:00.123Z"
    assert moment_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    with pytest.raises(ValueError, match="zone"):
        moment_text(datetime(2026, 1, 1))


@pytest.mark.parametrize(("status", "body"), [(200, {"count": 1}), (204, b"")])
def test_a_deletion_may_answer_with_or_without_a_body(client, pluggy, status, body):
    pluggy.answer = lambda _: reply(body, status)
    client.delete_item("i")
    client.delete_webhook("w")


def test_an_empty_list_of_webhooks_can_have_no_content(client, pluggy):
    pluggy.answer = lambda _: reply(b"", 204)
    assert list(client.webhooks()) == []


def test_a_webhook_may_be_created_with_200_or_201(client, pluggy):
    for status in (200, 201):
        pluggy.answer = lambda _, status=status: reply({"id": "w"}, status)
        assert client.create_webhook("https://x/y") == {"id": "w"}
