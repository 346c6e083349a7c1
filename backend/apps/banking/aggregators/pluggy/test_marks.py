"""A reading repeats few rows, and still finds the rows that appear late."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.aggregators.contract import Product
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.marks import OVERLAP, REPEAT_LIMIT, Mark, read_mark
from apps.banking.aggregators.pluggy.source import PluggySource

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE = 500


class Bank(PluggyClient):
    """A client whose rows have a stamp and a moment from which they appear. It counts calls and rows."""

    def __init__(self):
        self.rows, self.calls, self.sent = [], 0, 0

    def put(self, count: int, stamp: datetime, late: timedelta = timedelta(0)) -> None:
        self.rows += [(f"r{len(self.rows) + n}", stamp, stamp + late) for n in range(count)]

    def transactions(self, account_id, *, created_at_from=None):
        self.calls += 1
        now = datetime.now(UTC)
        rows = [
            {"id": name, "amount": 1, "date": "2026-11-20T00:00:00.000Z", "createdAt": stamp.isoformat()}
            for name, stamp, appears in self.rows
            if appears <= now and (created_at_from is None or stamp >= created_at_from)
        ]
        self.calls += max(0, (len(rows) - 1) // PAGE)
        self.sent += len(rows)
        yield from (rows[n : n + PAGE] for n in range(0, max(1, len(rows)), PAGE))


class Ponte:
    """Reads an account as the engine does: it keeps the last mark of each list, and every id."""

    def __init__(self, bank: Bank):
        self.bank, self.mark, self.ids = bank, "", set()

    def read(self, at: datetime, since: datetime | None = None) -> int:
        """Read at that time. Returns the number of calls."""
        before = self.bank.calls
        source = PluggySource(self.bank, "item")
        with time_machine.travel(at, tick=False):
            pages = source.changed("a", self.mark, since) if self.mark else source.listed(Product.TRANSACTIONS, "a")
            for page in pages:
                self.ids.update(page.seen)
                self.mark = page.mark or self.mark
        return self.bank.calls - before


@pytest.fixture
def bank():
    return Bank()


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


def test_an_import_with_one_stamp_is_repeated_once_however_many_events_follow(bank):
    bank.put(20_000, START)
    ponte = Ponte(bank)
    assert ponte.read(minutes(1)) == 40
    costs = []
    for number in range(2, 240, 2):
        bank.put(1, minutes(number))
        costs.append(ponte.read(minutes(number), since=minutes(number)))
    assert len(ponte.ids) == len(bank.rows)
    assert sorted(costs)[-2:] == [1, 41]


def test_the_event_of_the_import_itself_may_repeat_it_too(bank):
    bank.put(20_000, START)
    ponte = Ponte(bank)
    ponte.read(minutes(1))
    assert ponte.read(minutes(2), since=START) == 40
    assert ponte.read(minutes(3)) == 1


def test_an_account_at_rest_repeats_nothing(bank):
    bank.put(3_000, START)
    ponte = Ponte(bank)
    ponte.read(minutes(90))
    sent = bank.sent
    assert [ponte.read(minutes(number)) for number in (91, 100, 300)] == [1, 1, 1]
    assert bank.sent == sent


def test_a_late_row_is_found_by_the_next_reading_unless_that_would_repeat_many_rows(bank):
    ponte = Ponte(bank)
    bank.put(10, START)
    ponte.read(minutes(5))
    bank.put(1, minutes(-20), late=timedelta(minutes=30))
    ponte.read(minutes(11))
    assert len(ponte.ids) == 11


def test_after_an_import_a_late_row_is_found_by_the_first_reading_an_hour_later(bank):
    ponte = Ponte(bank)
    bank.put(REPEAT_LIMIT + 1, START)
    bank.put(1, minutes(-20), late=timedelta(minutes=30))
    ponte.read(minutes(5))
    ponte.read(minutes(64))
    assert len(ponte.ids) == REPEAT_LIMIT + 1
    ponte.read(minutes(65))
    assert len(ponte.ids) == REPEAT_LIMIT + 2


@pytest.mark.parametrize("text", ["", "x", "x y 3", " "])
def test_an_unreadable_mark_reads_everything(text, bank):
    assert read_mark(text) is None
    bank.put(3, START)
    ponte = Ponte(bank)
    ponte.mark = text or "x"
    ponte.read(minutes(1))
    assert len(ponte.ids) == 3


def test_a_mark_of_an_earlier_release_begins_one_overlap_before_it():
    mark = read_mark(START.isoformat())
    assert mark == Mark(START, START - OVERLAP, 0)
    assert mark.start(minutes(500)) == START - OVERLAP


def test_a_mark_is_read_as_it_was_written():
    mark = Mark(START, START - OVERLAP, 1_001)
    assert read_mark(str(mark)) == mark


ROWS = st.lists(
    st.tuples(st.integers(0, 300), st.sampled_from([1, 1, 2, REPEAT_LIMIT + 1]), st.integers(0, 59)), max_size=8
)


@given(ROWS, st.lists(st.integers(0, 400), max_size=12))
def test_every_row_that_appears_within_an_hour_of_its_stamp_is_read_in_the_end(arrivals, readings):
    bank = Bank()
    for at, count, late in arrivals:
        bank.put(count, minutes(at), timedelta(minutes=late))
    ponte = Ponte(bank)
    # After the last row has appeared: one reading now, and one two hours later, because an overlap may be owed.
    for at in [*sorted(readings), 400, 520]:
        ponte.read(minutes(at))
    assert ponte.ids == {name for name, _, _ in bank.rows}
