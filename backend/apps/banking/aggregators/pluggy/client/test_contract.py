"""One contract suite: the client against the sandbox emulator, a separate process, over real HTTP."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.banking.aggregators.contract import COLLECTED
from apps.banking.aggregators.pluggy.classify import classify_item
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.conftest import PERSON, SANDBOX_ID, SANDBOX_SECRET, connected, rows, settled
from apps.banking.aggregators.pluggy.errors import (
    Gone,
    ItemAlreadyExists,
    NotEnabled,
    PluggyNeedsUser,
    PluggyPermanent,
    PluggyTemporary,
)
from apps.banking.aggregators.pluggy.item_state import item_state
from apps.banking.aggregators.verdict import Action, Health


@pytest.fixture
def client(sandbox, redis) -> PluggyClient:
    return PluggyClient(sandbox.url, SANDBOX_ID, SANDBOX_SECRET, redis=redis)


# --- Reading ---


def test_all_of_an_items_data_is_what_the_bank_holds(client, sandbox):
    item = connected(client)
    (truth,) = sandbox.ask(f"state?itemId={item['id']}")["items"]
    assert classify_item(item).health is Health.OK
    assert item_state(item).brought == COLLECTED
    accounts = rows(client.accounts(item["id"]))
    assert {row["id"] for row in accounts} == {row["id"] for row in truth["accounts"]}
    for account in accounts:
        got = rows(client.transactions(account["id"]))
        assert sorted(row["id"] for row in got) == sorted(row["id"] for row in truth["transactions"][account["id"]])
        assert all(isinstance(row["amount"], Decimal | int) for row in got)
        assert client.account(account["id"]) == account
        assert len(rows(client.bills(account["id"]))) == len(truth["bills"].get(account["id"], []))
        assert len(rows(client.statements(account["id"]))) == len(truth["statements"][account["id"]])
    for investment in rows(client.investments(item["id"])):
        movements = truth["investmentTransactions"].get(investment["id"], [])
        assert len(rows(client.investment_transactions(investment["id"]))) == len(movements)
        assert client.investment(investment["id"])["id"] == investment["id"]
    loans = rows(client.loans(item["id"]))
    assert [client.loan(row["id"])["id"] for row in loans] == [row["id"] for row in truth["loans"]]
    assert client.identity(item["id"])["id"] == truth["identity"]["id"]


def test_a_list_of_many_pages_is_read_completely_and_once(client, sandbox):
    item = connected(client, "user-ok-perf-20x")
    counts = sandbox.ask(f"counts?itemId={item['id']}")["items"][item["id"]]
    accounts = rows(client.accounts(item["id"], type="BANK"))
    got = [page for account in accounts for page in client.transactions(account["id"])]
    ids = [row["id"] for page in got for row in page]
    assert len(ids) == len(set(ids)) >= 2000
    assert len(ids) <= counts["transactions"]
    assert max(len(page) for page in got) == 500


def test_transactions_are_filtered_by_date_creation_time_and_id(client):
    item = connected(client)
    account = rows(client.accounts(item["id"], type="BANK"))[0]["id"]
    everything = rows(client.transactions(account))
    day = everything[len(everything) // 2]["date"][:10]
    some = rows(client.transactions(account, date_from=datetime.fromisoformat(day).date()))
    assert 0 < len(some) < len(everything)
    assert all(row["date"][:10] >= day for row in some)
    assert rows(client.transactions(account, created_at_from=datetime.now(UTC) + timedelta(days=1))) == []
    wanted = [row["id"] for row in everything[:3]]
    assert {row["id"] for row in client_rows(client, account, [*wanted, PERSON])} == set(wanted)
    assert client.transaction(wanted[0])["id"] == wanted[0]


def client_rows(client, account, ids):
    return rows(client.transactions_by_id(account, ids))


def test_a_category_can_be_changed(client):
    item = connected(client)
    account = rows(client.accounts(item["id"], type="BANK"))[0]["id"]
    category = rows(client.categories())[-1]["id"]
    transaction = rows(client.transactions(account))[0]["id"]
    assert client.set_category(transaction, category)["categoryId"] == category
    assert client.category(category)["id"] == category


def test_connectors_show_their_health(client, sandbox):
    ids = {row["id"] for row in rows(client.connectors(sandbox=True))}
    assert {2, 5, 600} <= ids
    sandbox.tell("connectors/2/status", {"status": "OFFLINE", "title": "Maintenance", "silent": True})
    assert client.connector(2)["health"]["status"] == "OFFLINE"
    with pytest.raises(PluggyTemporary) as caught:
        connected(client)
    assert caught.value.code == "CONNECTOR_OFFLINE"


def test_an_open_finance_item_waits_for_the_persons_authorisation(client):
    item = client.create_item(600, {"cpf": "76109277673"}, client_user_id=PERSON)
    waiting = settled(client, item["id"])
    assert classify_item(waiting).action is Action.AUTHORIZE_AT_BANK


def test_the_live_balance_is_read(client):
    account = rows(client.accounts(connected(client)["id"], type="BANK"))[0]["id"]
    assert isinstance(client.balance(account, connector_id=2)["balance"], Decimal | int)


def test_consents_are_listed(client):
    item = connected(client)
    assert all(consent["itemId"] == item["id"] for consent in rows(client.consents(item["id"])))


# --- The life of an item ---


@pytest.mark.parametrize(
    ("user", "health", "action"),
    [
        ("user-ok-account-error", Health.PARTIAL, Action.NONE),
        ("user-wrong", Health.NEEDS_USER, Action.RECONNECT),
        ("user-locked", Health.NEEDS_USER, Action.UNLOCK_AT_BANK),
        ("user-logged", Health.TEMPORARY, Action.LOG_OUT_ELSEWHERE),
        ("user-unavailable", Health.TEMPORARY, Action.WAIT),
        ("user-error", Health.TEMPORARY, Action.WAIT),
        ("user-connection-error", Health.TEMPORARY, Action.WAIT),
        ("user-account-need-actions", Health.NEEDS_USER, Action.FOLLOW_BANK_MESSAGE),
        ("user-account-credentials-reset", Health.NEEDS_USER, Action.RESET_PASSWORD),
        ("user-not-supported", Health.PERMANENT, Action.GIVE_UP),
    ],
)
def test_each_way_a_login_can_end_gets_its_verdict(client, user, health, action):
    verdict = classify_item(connected(client, user))
    assert (verdict.health, verdict.action) == (health, action)


def test_a_partial_success_says_which_products_were_read(client):
    brought = item_state(connected(client, "user-ok-account-error")).brought
    assert brought
    assert brought < COLLECTED


def test_a_second_factor_is_answered(client):
    item = client.create_item(5, {"user": "user-ok", "password": "password-ok"}, client_user_id=PERSON)
    waiting = settled(client, item["id"])
    assert classify_item(waiting).action is Action.ANSWER_MFA
    client.answer_mfa(item["id"], {waiting["parameter"]["name"]: "123456"})
    assert classify_item(settled(client, item["id"], (Health.OK,))).health is Health.OK
    with pytest.raises(PluggyNeedsUser) as caught:
        client.answer_mfa(item["id"], {waiting["parameter"]["name"]: "123456"})
    assert caught.value.code.startswith("ITEM_MFA_")


def test_an_item_is_refreshed_changed_and_deleted(client):
    item_id = connected(client)["id"]
    assert client.refresh_item(item_id)["status"] == "UPDATING"
    with pytest.raises(PluggyTemporary) as caught:
        client.refresh_item(item_id)
    assert caught.value.code in ("ITEM_IS_ALREADY_UPDATING", "ITEM_ALREADY_UPDATING")
    settled(client, item_id)
    client.update_item(item_id, parameters={"user": "user-ok", "password": "password-ok"})
    settled(client, item_id)
    assert client.disable_auto_sync(item_id)["nextAutoSyncAt"] is None
    client.delete_item(item_id)
    for gone in (client.item, client.delete_item):
        with pytest.raises(Gone):
            gone(item_id)


def test_a_bank_is_not_connected_twice(client):
    item = connected(client, avoid_duplicates=True)
    with pytest.raises(ItemAlreadyExists) as caught:
        connected(client, avoid_duplicates=True)
    assert caught.value.details.item_ids == (item["id"],)


def test_wrong_credentials_are_reported_field_by_field(client):
    with pytest.raises(PluggyNeedsUser) as caught:
        client.create_item(2, {"user": "user-ok"})
    assert caught.value.code == "CONNECTOR_VALIDATION_ERROR"
    assert "password" in [field.parameter for field in caught.value.details.fields]


def test_items_are_listed_if_pluggy_has_enabled_the_list(client, sandbox):
    item = connected(client)
    assert [row["id"] for row in rows(client.items(client_user_id=PERSON))] == [item["id"]]
    assert rows(client.items(connector_id=600)) == []
    sandbox.tell("switches", {"list_items": False})
    with pytest.raises(NotEnabled):
        rows(client.items())


def test_a_connect_token_opens_update_mode_for_an_item_that_exists(client):
    item_id = connected(client)["id"]
    assert client.connect_token(client_user_id=PERSON, item_id=item_id).count(".") == 2
    with pytest.raises(Gone):
        client.connect_token(client_user_id=PERSON, item_id=PERSON)


def test_webhooks_are_made_changed_and_deleted(client):
    made = client.create_webhook("http://127.0.0.1:9/hook", headers={"Authorization": "Bearer x"})
    assert [row["id"] for row in rows(client.webhooks())] == [made["id"]]
    with pytest.raises(PluggyPermanent):
        client.create_webhook("http://127.0.0.1:9/hook")
    assert client.update_webhook(made["id"], url="http://127.0.0.1:9/other")["url"].endswith("/other")
    assert client.webhook(made["id"])["event"] == "all"
    client.delete_webhook(made["id"])
    with pytest.raises(Gone):
        client.webhook(made["id"])


MISSING = {
    "ACCOUNT_NOT_FOUND": lambda client: client.account(PERSON),
    "CATEGORY_NOT_FOUND": lambda client: client.category("00000000"),
    "CONNECTOR_NOT_FOUND": lambda client: client.connector(99999),
    "CONSENT_NOT_FOUND": lambda client: client.consent(PERSON),
    "CREDIT_CARD_BILL_NOT_FOUND": lambda client: client.bill(PERSON),
    "INVESTMENT_NOT_FOUND": lambda client: client.investment(PERSON),
    "ITEM_NOT_FOUND": lambda client: client.item(PERSON),
    "LOAN_NOT_FOUND": lambda client: client.loan(PERSON),
    "TRANSACTION_NOT_FOUND": lambda client: client.transaction(PERSON),
    "WEBHOOK_NOT_FOUND": lambda client: client.webhook(PERSON),
}


@pytest.mark.parametrize("code", MISSING)
def test_a_missing_object_is_gone(client, code):
    with pytest.raises(Gone) as caught:
        MISSING[code](client)
    assert caught.value.code == code
