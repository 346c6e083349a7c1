"""A 404 in the middle of a list, the second reading of a list, and ids that are not UUIDs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.banking.aggregators.contract import Page, ParentGone, Product
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.pluggy.source import PluggySource, _of_account, _parent_gone, _stamps
from lib.errors import Permanent, Temporary

UUID = "22222222-2222-4222-8222-222222222222"


class Bank(PluggyClient):
    """A client that answers from lists, and records its calls."""

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
def test_the_404_of_a_parent_is_a_temporary_error(product, code):
    with pytest.raises(ParentGone) as caught, _parent_gone(product):
        raise Gone("gone", code=code)
    assert isinstance(caught.value, Temporary)
    assert caught.value.code == code


@pytest.mark.parametrize(("product", "code"), [(Product.IDENTITY, "IDENTITY_NOT_FOUND"), (Product.LOANS, "HTTP_404")])
def test_the_404_of_an_object_itself_stays_gone(product, code):
    error = Gone("gone", code=code)
    with pytest.raises(Gone) as caught, _parent_gone(product):
        raise error
    assert caught.value is error


def test_the_second_reading_finds_a_row_that_slipped_between_two_pages():
    bank = Bank([[{"id": "a"}], [{"id": "b"}]])
    source = PluggySource(bank, "item")
    assert gone(source, "a", "b", "c") == ["c"]
    assert bank.calls == ["inv"]


def test_an_empty_list_is_read_again_once_for_all_missing_rows():
    bank = Bank()
    assert gone(PluggySource(bank, "item"), "a", "b") == ["a", "b"]
    assert bank.calls == ["inv"]


def test_ids_that_are_not_uuids_are_requested_one_by_one_and_the_others_in_one_list():
    bank = Bank(transactions=[UUID, "new-kind-of-id"])
    pages = list(PluggySource(bank, "item").by_ids("acc", [UUID, "new-kind-of-id", "unknown", "not an id"]))
    assert [name for page in pages for name in page.seen] == [UUID, "new-kind-of-id"]
    assert bank.calls == [[UUID], "new-kind-of-id", "not an id", "unknown"]


def test_a_row_stamped_in_the_far_future_does_not_move_the_mark():
    stamps = [timezone.now() - timedelta(days=2), timezone.now() + timedelta(days=365 * 900)]
    rows = [{"vendor_created_at": stamp} for stamp in stamps]
    assert _stamps(rows) == stamps[:1]


def test_rows_have_no_repr_that_shows_their_content():
    assert "Maria" not in repr(Page(rows=[{"owner": "Maria"}]))


def test_a_row_without_an_account_belongs_to_the_listed_account():
    row = {"amount": 1, "date": "2026-11-20T00:00:00.000Z"}
    docs = [{"id": "a", "accountId": None, **row}, {"id": "b", **row}, {"id": "c", "accountId": "another", **row}]
    assert _of_account("acc", docs).seen == ["a", "b"]
