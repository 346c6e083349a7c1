"""Accounts, bills, investments, loans, identity and consents as the API gives them."""

import pytest

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def item(emulator):
    """A connected user-ok."""
    return emulator.connect()["id"]


def test_accounts_carry_bank_data_or_credit_data_never_both(emulator, item):
    accounts = emulator.get("/accounts", itemId=item)["results"]
    assert [a["subtype"] for a in accounts] == ["CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD"]
    for account in accounts:
        assert (account["bankData"] is None) == (account["type"] == "CREDIT")
        assert (account["creditData"] is None) == (account["type"] == "BANK")
        assert emulator.get("/accounts/" + account["id"]) == account


def test_accounts_are_filtered_by_type_and_an_unknown_type_is_400(emulator, item):
    assert emulator.get("/accounts", itemId=item, type="CREDIT")["total"] == 1
    emulator.get("/accounts", itemId=item, type="OTHER")
    assert emulator.status == 400


@pytest.mark.parametrize("path", ["/accounts", "/investments", "/loans", "/identity", "/consents"])
def test_a_missing_item_id_is_the_vendors_two_messages(emulator, path):
    answer = emulator.get(path)
    assert answer == {"code": 400, "message": "itemId should not be null or undefined,itemId must be a UUID"}
    assert emulator.get(path, itemId="x")["message"] == "itemId must be a UUID"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/accounts/", "ACCOUNT_NOT_FOUND"),
        ("/bills/", "CREDIT_CARD_BILL_NOT_FOUND"),
        ("/investments/", "INVESTMENT_NOT_FOUND"),
        ("/loans/", "LOAN_NOT_FOUND"),
        ("/identity/", "IDENTITY_NOT_FOUND"),
        ("/consents/", "CONSENT_NOT_FOUND"),
        ("/transactions/", "TRANSACTION_NOT_FOUND"),
        ("/webhooks/", "WEBHOOK_NOT_FOUND"),
    ],
)
def test_an_object_that_does_not_exist_is_404_with_its_code(emulator, path, code):
    answer = emulator.get(path + NOBODY)
    assert (emulator.status, answer["codeDescription"]) == (404, code)


def test_the_balance_is_live_and_fails_with_the_bank(emulator, item):
    account = emulator.get("/accounts", itemId=item)["results"][0]
    live = emulator.get(f"/accounts/{account['id']}/balance")
    assert (live["balance"], live["currencyCode"]) == (account["balance"], "BRL")
    emulator.post("/_sandbox/connectors/2/status", {"status": "OFFLINE"})
    answer = emulator.get(f"/accounts/{account['id']}/balance")
    assert (emulator.status, answer["codeDescription"]) == (502, "BALANCE_CONNECTOR_UNAVAILABLE")


def test_statements_have_links_that_work_until_they_end(emulator, item):
    account = emulator.get("/accounts", itemId=item)["results"][0]["id"]
    line = emulator.get(f"/accounts/{account}/statements")["results"][0]
    assert emulator.session.get(line["url"], timeout=10).content.startswith(b"%PDF")
    late = line["url"].partition("?")[0] + "?expires=2020-01-01T00:00:00.000Z"
    assert emulator.session.get(late, timeout=10).status_code == 403


def test_a_card_has_three_bills_with_payments_or_charges(emulator, item):
    card = emulator.get("/accounts", itemId=item, type="CREDIT")["results"][0]["id"]
    bills = emulator.get("/bills", accountId=card)["results"]
    assert [bool(b["payments"]) for b in bills] == [False, True, True]
    assert [bool(b["financeCharges"]) for b in bills] == [True, False, False]
    assert emulator.get("/bills/" + bills[0]["id"]) == bills[0]
    assert emulator.get("/bills", accountId=card, pageSize=2)["totalPages"] == 2


def test_investments_have_movements_in_pages(emulator, item):
    positions = emulator.get("/investments", itemId=item)
    assert (positions["total"], len({p["subtype"] for p in positions["results"]})) == (8, 8)
    path = f"/investments/{positions['results'][0]['id']}/transactions"
    page = emulator.get(path, pageSize=2, page=3)
    assert (page["totalPages"], len(page["results"])) == (3, 1)
    dates = [m["date"] for m in emulator.get(path)["results"]]
    assert dates == sorted(dates, reverse=True)


def test_a_loan_is_paid_a_third(emulator, item):
    loan = emulator.get("/loans", itemId=item)["results"][0]
    assert loan["installments"]["paidInstallments"] == len(loan["payments"]["releases"]) == 12
    assert emulator.get("/loans/" + loan["id"]) == loan


def test_identity_is_one_object_of_the_accounts_owner(emulator, item):
    identity = emulator.get("/identity", itemId=item)
    assert "results" not in identity
    assert identity["fullName"] == emulator.get("/accounts", itemId=item)["results"][0]["owner"]
    assert emulator.get("/identity/" + identity["id"]) == identity


def test_a_consent_lasts_a_year(emulator, item):
    consent = emulator.get("/consents", itemId=item)["results"][0]
    assert int(consent["expiresAt"][:4]) == int(consent["createdAt"][:4]) + 1
    assert emulator.get("/consents/" + consent["id"]) == consent


def test_data_of_an_item_still_being_collected_is_empty_not_an_error(start):
    emulator = start("--speed", "0.1")
    item = emulator.connect(wait=False)["id"]
    assert emulator.get("/accounts", itemId=item) == {"page": 1, "total": 0, "totalPages": 1, "results": []}


def test_each_bill_is_the_sum_of_its_lines_and_its_charges(emulator, item):
    card = emulator.get("/accounts", itemId=item, type="CREDIT")["results"][0]["id"]
    rows = emulator.get("/v2/transactions", accountId=card)["results"]
    for bill in emulator.get("/bills", accountId=card)["results"]:
        lines = [row for row in rows if row["creditCardMetadata"]["billId"] == bill["id"]]
        owed = [
            abs(row["amountInAccountCurrency"] or row["amount"]) * (1 if row["type"] == "DEBIT" else -1)
            for row in lines
            if row["operationType"] != "PAGAMENTO_FATURA"
        ]
        charges = sum(charge["amount"] for charge in bill["financeCharges"])
        assert lines
        assert round(sum(owed) + charges, 2) == bill["totalAmount"]
        assert {row["creditCardMetadata"]["billForecastDate"] for row in lines} == {bill["dueDate"][:7]}


def test_a_payment_of_a_bill_is_on_the_card_and_on_the_bank_account(emulator, item):
    accounts = {account["subtype"]: account["id"] for account in emulator.get("/accounts", itemId=item)["results"]}
    rows = {kind: emulator.get("/v2/transactions", accountId=account)["results"] for kind, account in accounts.items()}
    for bill in emulator.get("/bills", accountId=accounts["CREDIT_CARD"])["results"]:
        for payment in bill["payments"]:
            assert payment["amount"] == bill["totalAmount"]
            paid = [row for row in rows["CREDIT_CARD"] if row["amount"] == -payment["amount"]]
            taken = [row for row in rows["CHECKING_ACCOUNT"] if row["amount"] == -payment["amount"]]
            assert [row["type"] for row in paid] == ["CREDIT"]
            assert [row["categoryId"] for row in taken] == ["05100000"]
            assert paid[0]["date"][:10] == taken[0]["date"][:10] == payment["paymentDate"][:10]


def test_a_card_without_a_bank_account_has_its_bills_and_their_payments(emulator):
    item = emulator.connect(products=["CREDIT_CARDS", "TRANSACTIONS"])
    assert item["executionStatus"] == "SUCCESS"
    card = emulator.get("/accounts", itemId=item["id"])["results"][0]["id"]
    rows = emulator.get("/v2/transactions", accountId=card)["results"]
    paid = [bill for bill in emulator.get("/bills", accountId=card)["results"] if bill["payments"]]
    assert paid
    assert [row["operationType"] for row in rows].count("PAGAMENTO_FATURA") == len(paid)


def test_a_transfer_between_own_accounts_names_one_person_on_both_sides(emulator, item):
    own = []
    for account in emulator.get("/accounts", itemId=item, type="BANK")["results"]:
        rows = emulator.get("/v2/transactions", accountId=account["id"])["results"]
        own += [row for row in rows if row["categoryId"] == "04020000"]
    assert round(sum(row["amount"] for row in own), 2) == 0
    assert len(own) == 4
    for row in own:
        assert row["paymentData"]["payer"]["documentNumber"] == row["paymentData"]["receiver"]["documentNumber"]


def test_instalments_come_month_by_month_and_some_only_in_the_text(emulator, item):
    card = emulator.get("/accounts", itemId=item, type="CREDIT")["results"][0]["id"]
    rows = emulator.get("/v2/transactions", accountId=card)["results"]
    first = next(row for row in rows if row["creditCardMetadata"]["installmentNumber"] == 4)
    series = [row["creditCardMetadata"] for row in rows if row["amount"] == first["amount"]]
    assert [meta["installmentNumber"] for meta in series] == [4, 3, 2, 1]
    assert len({(meta["purchaseDate"], meta["totalInstallments"]) for meta in series}) == 1
    said = [row for row in rows if " PARC " in row["description"]]
    assert [row["description"][-5:] for row in said] == ["02/04", "01/04"]
    assert {row["creditCardMetadata"]["totalInstallments"] for row in said} == {None}
