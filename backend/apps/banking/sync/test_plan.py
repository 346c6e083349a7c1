"""Which products a sync reads, and of which it may take rows away."""

import pytest

from apps.banking.aggregators.contract import COLLECTED
from apps.banking.aggregators.pluggy.items import item_state
from apps.banking.sync.plan import plan_listing, plan_sync


def item(execution: str = "SUCCESS", status: str = "UPDATED", detail: dict | None = None) -> dict:
    return {"id": "i", "status": status, "executionStatus": execution, "statusDetail": detail}


def product(updated: bool, at: str | None = None) -> dict:
    return {"isUpdated": updated, "lastUpdatedAt": at, "warnings": []}


def plan(make, found: dict, **more):
    return make(item_state(found), **more)


def test_a_clean_success_without_details_means_everything():
    found = plan(plan_sync, item(), full=False)
    assert found.reads == found.prunes == COLLECTED
    assert not found.full


def test_only_updated_products_are_read_and_only_those_are_pruned():
    detail = {"accounts": product(True), "transactions": product(False), "loans": None, "paymentData": product(True)}
    found = plan(plan_sync, item("PARTIAL_SUCCESS", detail=detail), full=True)
    assert found.reads == found.prunes == {"accounts"}
    assert not found.complete


def test_a_full_sync_is_complete_when_no_product_that_was_asked_for_is_left_out():
    detail = {"accounts": product(True), "investmentTransactions": product(True), "loans": None}
    assert plan(plan_sync, item(detail=detail), full=True).complete
    assert plan(plan_sync, item(), full=True).complete
    assert not plan(plan_sync, item(), full=False).complete
    late = detail | {"transactions": product(False)}
    assert not plan(plan_sync, item("PARTIAL_SUCCESS", detail=late), full=True).complete


def test_a_listing_reads_what_was_asked_for_and_prunes_what_is_sure():
    detail = {"accounts": product(True), "transactions": product(False), "loans": None}
    found = plan(plan_listing, item("PARTIAL_SUCCESS", detail=detail))
    assert found.reads == {"accounts", "transactions"}
    assert found.prunes == {"accounts"}
    assert found.full


@pytest.mark.parametrize(
    ("status", "execution"),
    [
        ("LOGIN_ERROR", "INVALID_CREDENTIALS"),
        ("OUTDATED", "SITE_NOT_AVAILABLE"),
        ("UPDATED", "A_NEW_CODE"),
        ("A_NEW_STATUS", "SUCCESS"),
    ],
)
def test_after_a_run_that_did_not_clearly_end_well_nothing_is_taken_for_gone(status, execution):
    found = plan(plan_listing, item(execution, status))
    assert found.reads == COLLECTED
    assert found.prunes == frozenset()


def test_a_partial_success_that_does_not_say_of_what_takes_nothing_away():
    for make in (plan_sync, plan_listing):
        found = plan(make, item("PARTIAL_SUCCESS"), **({"full": True} if make is plan_sync else {}))
        assert found.reads == COLLECTED
        assert not found.prunes


@pytest.mark.parametrize("detail", [{}, {"accounts": None, "transactions": None}])
def test_a_success_whose_detail_tells_of_no_product_means_everything(detail):
    assert plan(plan_sync, item(detail=detail), full=False).reads == COLLECTED
    assert plan(plan_listing, item(detail=detail)).reads == COLLECTED
