"""The order, filters and cursor of an account's rows."""

from .ledger import Ledger, Row


def _ledger(*rows):
    ledger = Ledger()
    ledger.add(Row(row_id, date, created, b"{}") for row_id, date, created in rows)
    return ledger


def _ids(rows):
    return [row.id for row in rows]


THREE = (("a", "2026-01-01", "c1"), ("b", "2026-01-02", "c2"), ("c", "2026-01-02", "c1"))


def test_rows_come_newest_first_and_within_a_day_by_id():
    assert _ids(_ledger(*THREE).newest_first()) == ["c", "b", "a"]


def test_a_cursor_continues_after_its_row_also_when_that_row_is_gone():
    ledger = _ledger(*THREE)
    assert _ids(ledger.newest_first(after=("2026-01-02", "c"))) == ["b", "a"]
    ledger.remove("b")
    assert _ids(ledger.newest_first(after=("2026-01-02", "b"))) == ["a"]


def test_both_ends_of_a_date_window_belong_to_it():
    assert _ids(_ledger(*THREE).newest_first(low="2026-01-02", high="2026-01-02")) == ["c", "b"]
    assert _ids(_ledger(*THREE).newest_first(high="2026-01-01")) == ["a"]


def test_created_from_looks_at_ingestion_not_at_the_rows_own_date():
    assert _ids(_ledger(*THREE).newest_first(created_from="c2")) == ["b"]


def test_a_row_written_again_takes_its_new_place():
    ledger = _ledger(*THREE)
    ledger.put({"id": "a", "date": "2026-02-01", "createdAt": "c1", "updatedAt": "c9"})
    assert _ids(ledger.newest_first()) == ["a", "c", "b"]
    assert ledger.rows["a"].updated_at == "c9"
