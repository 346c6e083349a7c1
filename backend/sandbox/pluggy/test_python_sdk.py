"""The official-schema Python SDK (PyPI pluggy-sdk) reads everything that the emulator answers, unchanged."""

import importlib.util

import pytest

PACKAGE = "pluggy_sdk"
USER = {"user": "user-ok", "password": "password-ok"}


@pytest.fixture
def sdk(emulator, peer_missing):
    """The SDK's modules and a client of it, logged in."""
    if importlib.util.find_spec(PACKAGE) is None:
        peer_missing("PyPI pluggy-sdk", "the package is not installed")
    import pluggy_sdk

    client = pluggy_sdk.ApiClient(pluggy_sdk.Configuration(host=emulator.url))
    auth = pluggy_sdk.AuthApi(client)
    keys = pluggy_sdk.AuthRequest(
        client_id="5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90", client_secret="pluggy_sk_sandbox_only"
    )
    client.configuration.api_key["default"] = auth.auth_create(keys).api_key
    return pluggy_sdk, client


def test_every_data_endpoint_passes_the_sdks_strict_models(emulator, sdk):
    package, client = sdk
    item_id = emulator.connect("user-ok", 2)["id"]
    accounts = package.AccountApi(client)
    found = accounts.accounts_list(item_id).results
    assert [a.subtype for a in found] == ["CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD"]
    assert accounts.accounts_retrieve(str(found[0].id)).owner == found[0].owner
    assert accounts.account_balance_get(str(found[0].id)).balance == found[0].balance
    assert len(accounts.account_statements_list(str(found[0].id)).results) == 2
    rows = [row for a in found for row in _rows(package, client, str(a.id))]
    assert len(rows) == 71
    assert {row.status for row in rows} == {"POSTED", "PENDING"}


def _rows(package, client, account_id):
    api = package.TransactionApi(client)
    by_cursor = api.transactions_list_by_cursor(account_id)
    assert by_cursor.next is None
    with pytest.warns(DeprecationWarning, match="GET /transactions"):
        assert api.transactions_list(account_id, page_size=500).total == len(by_cursor.results)
    first = by_cursor.results[0]
    changed = api.transactions_update(first.id, package.UpdateTransaction(category_id="07010000"))
    assert changed.category_id == api.transactions_retrieve(first.id).category_id == "07010000"
    return by_cursor.results


def test_cards_investments_loans_identity_and_consents_pass_the_sdk(emulator, sdk):
    package, client = sdk
    item_id = emulator.connect("user-ok", 2)["id"]
    card = package.AccountApi(client).accounts_list(item_id, type="CREDIT").results[0]
    bills = package.BillApi(client)
    assert len(bills.bills_list(str(card.id)).results) == 3
    assert bills.bills_retrieve(bills.bills_list(str(card.id)).results[0].id).payments is not None
    investments = package.InvestmentApi(client)
    positions = investments.investments_list(item_id).results
    assert len(positions) == 8
    assert len(investments.investment_transactions_list(positions[0].id).results) == 5
    assert investments.investments_retrieve(positions[0].id).name == positions[0].name
    loan = package.LoanApi(client).loans_list(item_id).results[0]
    assert package.LoanApi(client).loans_retrieve(loan.id).contract_number == loan.contract_number
    identity = package.IdentityApi(client).identity_find_by_item(item_id)
    assert package.IdentityApi(client).identity_retrieve(identity.id).full_name == identity.full_name
    consent = package.ConsentApi(client).consents_list(item_id).results[0]
    assert package.ConsentApi(client).consent_retrieve(consent.id).id == consent.id


def test_items_are_created_answered_updated_and_deleted_through_the_sdk(emulator, sdk):
    package, client = sdk
    items = package.ItemsApi(client)
    made = items.items_create(
        package.CreateItem(connector_id=5, parameters=package.CreateItemParameters(USER), client_user_id="py")
    )
    emulator.settled(made.id, "WAITING_USER_INPUT")
    assert items.items_retrieve(made.id).parameter.name == "token"
    items.items_send_mfa(made.id, {"token": "123456"})
    emulator.settled(made.id)
    assert items.items_retrieve(made.id).execution_status == "SUCCESS"
    assert items.items_disable_autosync(made.id).next_auto_sync_at is None
    assert items.items_update(made.id).status == "UPDATING"
    assert [i.id for i in items.items_list_by_cursor(client_user_id="py").results] == [made.id]
    assert items.items_delete(made.id).count == 1


def test_connectors_of_every_kind_and_open_finance_items_pass_the_sdk(start, emulator, sdk):
    package, client = sdk
    connectors = package.ConnectorApi(client)
    listed = connectors.connectors_list(sandbox=True, health_details=True).results
    assert {connectors.connector_retrieve(c.id).id for c in listed} >= {0, 2, 4, 5, 600}
    strict = start("--strict-enums")
    item = strict.connect(connector=600, parameters={"cpf": "761.092.776-73"}, wait=False)
    strict.settled(item["id"], "WAITING_USER_INPUT")
    client.configuration.host = strict.url
    client.configuration.api_key["default"] = strict.session.headers["X-API-KEY"]
    assert package.ItemsApi(client).items_retrieve(item["id"]).parameter.type == "text"
    assert package.ItemsApi(client).items_resources(item["id"]).results == []


def test_categories_rules_merchants_and_webhooks_pass_the_sdk(emulator, sdk):
    package, client = sdk
    categories = package.CategoryApi(client)
    assert len(categories.categories_list().results) > 100
    assert categories.categories_retrieve("01010000").parent_id == "01000000"
    rule = categories.client_category_rules_create(
        package.CreateClientCategoryRule(description="PADARIA", categoryId="11010000", matchType="contains")
    )
    assert categories.client_category_rules_list().results[0].id == rule.id
    categories.client_category_rules_delete(str(rule.id))
    assert package.MerchantApi(client).merchants_get_by_cnpj("11222333000181").not_found_merchants
    webhooks = package.WebhookApi(client)
    webhooks.webhooks_create(
        package.CreateWebhook(url="http://127.0.0.1:9/x", event="item/updated", headers={"A": "b"})
    )
    hook = webhooks.webhooks_list().results[0]
    assert webhooks.webhooks_update(hook.id, package.UpdateWebhook(enabled=False)).disabled_at is not None
    assert webhooks.webhooks_retrieve(hook.id).headers == {"A": "b"}
    assert webhooks.webhooks_delete(hook.id).count == 1


def test_errors_reach_the_sdk_with_their_codes(emulator, sdk):
    package, client = sdk
    with pytest.raises(package.exceptions.NotFoundException) as caught:
        package.ItemsApi(client).items_retrieve("00000000-0000-4000-8000-000000000000")
    assert "ITEM_NOT_FOUND" in caught.value.body
