"""Which products a sync reads, and of which it may take rows away."""

import pytest

from apps.banking.aggregators.pluggy.classify import classify_item
from apps.banking.sync.plan import ALL, as_of, plan_listing, plan_sync


def item(execution: str = "SUCCESS", status: str = "UPDATED", detail: dict | None = None) -> dict:
    return {"status": status, "executionStatus": execution, "statusDetail": detail}


def product(updated: bool, at: str | None = None) -> dict:
    return {"isUpdated": updated, "lastUpdatedAt": at, "warnings": []}


def plan(make, found: dict, **more):
    return make(found, classify_item(found), **more)


def test_a_clean_success_without_details_means_everything():
    found = plan(plan_sync, item(), full=False)
    assert found.reads == found.prunes == ALL
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


def test_both_spellings_of_investments_movements_are_one_product():
    for name in ("investmentsTransactions", "investmentTransactions"):
        found = plan(plan_sync, item(detail={name: product(True)}), full=False)
        assert found.reads == {"investmentsTransactions"}


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
    assert found.reads == ALL
    assert found.prunes == frozenset()


def test_the_last_success_is_the_latest_of_the_item_and_its_products():
    detail = {"accounts": product(True, "2026-11-03T00:00:00.000Z"), "loans": product(False, None), "identity": None}
    found = item(detail=detail) | {"lastUpdatedAt": "2026-11-02T00:00:00.000Z"}
    assert as_of(found).isoformat() == "2026-11-03T00:00:00+00:00"
    assert as_of(item()) is None
    assert as_of({"lastUpdatedAt": "soon", "statusDetail": "none"}) is None


def test_a_partial_success_that_does_not_say_of_what_takes_nothing_away():
    for make in (plan_sync, plan_listing):
        found = plan(make, item("PARTIAL_SUCCESS"), **({"full": True} if make is plan_sync else {}))
        assert found.reads == ALL
        assert not found.prunes


@pytest.mark.parametrize("detail", [{}, {"accounts": None, "transactions": None}])
def test_a_success_whose_detail_tells_of_no_product_means_everything(detail):
    assert plan(plan_sync, item(detail=detail), full=False).reads == ALL
    assert plan(plan_listing, item(detail=detail)).reads == ALL
