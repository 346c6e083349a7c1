"""What a 404 in the middle of a list means, what a second reading proves, and which ids can be asked for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.banking.aggregators.contract import Page, ParentGone, Product
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.pluggy.source import PluggySource, _later, _of_account, _parent_gone
from lib.errors import Permanent, Temporary

UUID = "22222222-2222-4222-8222-222222222222"


class Bank(PluggyClient):
    """A client that answers from lists, and keeps what it was asked."""

    def __init__(self, pages=(), transactions=()):
        self.pages, self.known, self.calls = pages, set(transactions), []

    def investment_transactions(self, investment_id):
        self.calls.append(investment_id)
        return iter(self.pages)

    def transactions_by_id(self, account_id, ids):
        self.calls.append(list(ids))
        yield [self._row(vendor_id) for vendor_id in ids if vendor_id in self.known]

    def transaction(self, vendor_id):
        self.calls.append(vendor_id)
        if " " in vendor_id:
            raise Permanent("transaction: not an id", code="INVALID_ID")
        if vendor_id not in self.known:
            raise Gone("gone", code="TRANSACTION_NOT_FOUND")
        return self._row(vendor_id)

    def _row(self, vendor_id):
        return {"id": vendor_id, "amount": 1, "date": "2026-11-20T00:00:00.000Z"}


def gone(source: PluggySource, *ids: str) -> list[str]:
    return [name for name in ids if source.is_gone(Product.INVESTMENT_TRANSACTIONS, name, "inv")]


@pytest.mark.parametrize(
    ("product", "code"),
    [(Product.LOANS, "ITEM_NOT_FOUND"), (Product.TRANSACTIONS, "HTTP_404"), (Product.BILLS, "HTTP_404")],
)
def test_what_went_away_while_it_was_read_is_looked_at_again(product, code):
    with pytest.raises(ParentGone) as caught, _parent_gone(product):
        raise Gone("gone", code=code)
    assert isinstance(caught.value, Temporary)
    assert caught.value.code == code


@pytest.mark.parametrize(("product", "code"), [(Product.IDENTITY, "IDENTITY_NOT_FOUND"), (Product.LOANS, "HTTP_404")])
def test_what_does_not_exist_does_not_hold_the_run_up(product, code):
    error = Gone("gone", code=code)
    with pytest.raises(Gone) as caught, _parent_gone(product):
        raise error
    assert caught.value is error


def test_a_row_that_slipped_between_two_pages_is_found_by_the_second_reading():
    bank = Bank([[{"id": "a"}], [{"id": "b"}]])
    source = PluggySource(bank, "item")
    assert gone(source, "a", "b", "c") == ["c"]
    assert bank.calls == ["inv"]


def test_an_empty_list_is_read_once_for_all_that_are_missing():
    bank = Bank()
    assert gone(PluggySource(bank, "item"), "a", "b") == ["a", "b"]
    assert bank.calls == ["inv"]


def test_an_id_that_is_no_uuid_is_asked_for_by_itself_and_the_others_in_one_list():
    bank = Bank(transactions=[UUID, "new-kind-of-id"])
    pages = list(PluggySource(bank, "item").by_ids("acc", [UUID, "new-kind-of-id", "unknown", "not an id"]))
    assert [name for page in pages for name in page.seen] == [UUID, "new-kind-of-id"]
    assert bank.calls == [[UUID], "new-kind-of-id", "not an id", "unknown"]


def test_a_row_stamped_in_the_far_future_does_not_move_the_mark():
    stamps = [timezone.now() - timedelta(days=2), timezone.now() + timedelta(days=365 * 900)]
    rows = [{"vendor_created_at": stamp} for stamp in stamps]
    assert _later(None, rows) == stamps[0]
    assert _later(stamps[0] + timedelta(days=1), rows) == stamps[0] + timedelta(days=1)


def test_rows_on_their_way_are_not_printed():
    assert "Maria" not in repr(Page(rows=[{"owner": "Maria"}]))


def test_a_row_that_does_not_name_its_account_belongs_to_the_one_it_is_listed_under():
    row = {"amount": 1, "date": "2026-11-20T00:00:00.000Z"}
    docs = [{"id": "a", "accountId": None, **row}, {"id": "b", **row}, {"id": "c", "accountId": "another", **row}]
    assert _of_account("acc", docs).seen == ["a", "b"]
