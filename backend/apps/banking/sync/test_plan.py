"""Which products a sync reads, and in which it may tombstone rows."""

import pytest

from apps.banking.aggregators.contract import COLLECTED
from apps.banking.aggregators.pluggy.item_state import item_state
from apps.banking.sync.plan import plan_listing, plan_sync


def item(execution: str = "SUCCESS", status: str = "UPDATED", detail: dict | None = None) -> dict:
    return {"id": "i", "status": status, "executionStatus": execution, "statusDetail": detail}


def product(updated: bool, at: str | None = None) -> dict:
    return {"isUpdated": updated, "lastUpdatedAt": at, "warnings": []}


def plan(make, doc: dict, **more):
    return make(item_state(doc), **more)


def test_a_success_without_details_covers_all_products():
    result = plan(plan_sync, item(), full=False)
    assert result.reads == result.prunes == COLLECTED
    assert not result.full


def test_only_updated_products_are_read_and_only_those_are_pruned():
    detail = {"accounts": product(True), "transactions": product(False), "loans": None, "paymentData": product(True)}
    result = plan(plan_sync, item("PARTIAL_SUCCESS", detail=detail), full=True)
    assert result.reads == result.prunes == {"accounts"}
    assert not result.complete


def test_a_full_sync_is_complete_when_no_product_that_was_asked_for_is_left_out():
    detail = {"accounts": product(True), "investmentTransactions": product(True), "loans": None}
    assert plan(plan_sync, item(detail=detail), full=True).complete
    assert plan(plan_sync, item(), full=True).complete
    assert not plan(plan_sync, item(), full=False).complete
    late = detail | {"transactions": product(False)}
    assert not plan(plan_sync, item("PARTIAL_SUCCESS", detail=late), full=True).complete


def test_a_listing_reads_all_collected_products_and_prunes_the_certain_ones():
    detail = {"accounts": product(True), "transactions": product(False), "loans": None}
    result = plan(plan_listing, item("PARTIAL_SUCCESS", detail=detail))
    assert result.reads == {"accounts", "transactions"}
    assert result.prunes == {"accounts"}
    assert result.full


@pytest.mark.parametrize(
    ("status", "execution"),
    [
        ("LOGIN_ERROR", "INVALID_CREDENTIALS"),
        ("OUTDATED", "SITE_NOT_AVAILABLE"),
        ("UPDATED", "A_NEW_CODE"),
        ("A_NEW_STATUS", "SUCCESS"),
    ],
)
def test_after_a_run_with_an_unclear_end_no_product_is_certain(status, execution):
    result = plan(plan_listing, item(execution, status))
    assert result.reads == COLLECTED
    assert result.prunes == frozenset()


def test_a_partial_success_without_details_tombstones_nothing():
    for make in (plan_sync, plan_listing):
        result = plan(make, item("PARTIAL_SUCCESS"), **({"full": True} if make is plan_sync else {}))
        assert result.reads == COLLECTED
        assert not result.prunes


@pytest.mark.parametrize("detail", [{}, {"accounts": None, "transactions": None}])
def test_a_success_whose_detail_names_no_product_covers_all_products(detail):
    assert plan(plan_sync, item(detail=detail), full=False).reads == COLLECTED
    assert plan(plan_listing, item(detail=detail)).reads == COLLECTED
