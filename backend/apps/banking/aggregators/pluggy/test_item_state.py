"""The state of an Item, in our words."""

import pytest

from apps.banking.aggregators.contract import COLLECTED, Product, RefusedRow
from apps.banking.aggregators.pluggy.item_state import as_of, item_state

UPDATED, STALE = {"isUpdated": True}, {"isUpdated": False, "warnings": [{"code": "001"}]}


def item(**fields: object) -> dict:
    return {"id": "i", "status": "UPDATED", "executionStatus": "SUCCESS", **fields}


def test_products_are_updated_as_the_detail_says():
    detail = {"accounts": UPDATED, "transactions": STALE, "loans": None, "identity": {}, "investments": "x"}
    state = item_state(item(statusDetail=detail))
    assert state.brought == {Product.ACCOUNTS}
    assert state.asked == {Product.ACCOUNTS, Product.TRANSACTIONS, Product.INVESTMENTS}


def test_without_details_all_products_count_as_updated():
    for details in ({"statusDetail": None}, {}, {"statusDetail": {"loans": None}}):
        assert item_state(item(**details)).brought == COLLECTED


def test_both_spellings_of_one_product_are_read():
    for name in ("investmentsTransactions", "investmentTransactions"):
        assert item_state(item(statusDetail={name: UPDATED})).brought == {Product.INVESTMENT_TRANSACTIONS}


def test_credit_cards_are_card_accounts_and_their_bills():
    assert item_state(item(statusDetail={"creditCards": UPDATED})).brought == {Product.CARDS, Product.BILLS}


def test_as_of_is_the_latest_time_of_the_item_and_its_products():
    detail = {
        "accounts": {"lastUpdatedAt": "2026-11-03T00:00:00.000Z"},
        "loans": {"isUpdated": False},
        "identity": None,
    }
    doc = item(statusDetail=detail, lastUpdatedAt="2026-11-02T00:00:00.000Z")
    assert as_of(doc).isoformat() == "2026-11-03T00:00:00+00:00"
    assert item_state(doc).products_as_of == {Product.ACCOUNTS: as_of(doc)}
    assert as_of(item()) is None
    assert as_of({"lastUpdatedAt": "soon", "statusDetail": "none"}) is None


def test_the_member_and_the_institution_are_read_leniently():
    state = item_state(item(clientUserId=5, connector="bank"))
    assert (state.member, state.institution) == ("", None)
    state = item_state(item(clientUserId="m", connector={"id": 2, "name": "Bank"}))
    assert (state.member, state.institution["vendor_id"]) == ("m", "2")


def test_an_item_whose_id_cannot_be_stored_is_refused():
    with pytest.raises(RefusedRow):
        item_state(item() | {"id": "x" * 101})
