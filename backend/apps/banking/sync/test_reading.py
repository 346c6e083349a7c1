"""Joined pages write the same rows as separate pages, and a mark is stored only when it moves."""

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.aggregators.contract import Page
from apps.banking.factories import ConnectionFactory
from apps.banking.models import Mark
from apps.banking.sync.dry_run import DryRun
from apps.banking.sync.reading import Writing, joined_pages

IDS = st.sampled_from("abcd")


@st.composite
def pages(draw) -> Page:
    """A page names an id once: as a row, or as removed."""
    states = draw(st.dictionaries(IDS, st.booleans()))
    rows = [{"vendor_id": vendor_id, "n": draw(st.integers(0, 9))} for vendor_id, there in states.items() if there]
    removed = [vendor_id for vendor_id, there in states.items() if not there]
    return Page(rows, parent=draw(st.sampled_from("xy")), removed=removed, mark=draw(st.sampled_from(["", "1", "2"])))


def outcome(written) -> tuple[dict, str]:
    """The rows after the pages are written one after the other, and the mark to store."""
    rows, mark = {}, ""
    for page in written:
        rows |= {(page.parent, row["vendor_id"]): row["n"] for row in page.rows}
        for vendor_id in page.removed:
            rows.pop((page.parent, vendor_id), None)
        mark = page.mark or mark
    return rows, mark


@given(st.lists(pages(), max_size=12), st.integers(1, 6))
def test_pages_that_are_joined_leave_the_same_rows_and_the_same_mark(listed, size):
    assert outcome(joined_pages(listed, size)) == outcome(listed)


@given(st.lists(pages(), max_size=12), st.integers(1, 6))
def test_a_joined_page_exceeds_the_size_by_less_than_one_page(listed, size):
    largest = max((len(page.rows) for page in listed), default=0)
    assert all(len(page.rows) < size + max(largest, 1) for page in joined_pages(listed, size))


class Committing(DryRun):
    """A run that commits. It has no batch and writes no SyncRun."""

    def write(self):
        return transaction.atomic()


@pytest.mark.django_db
def test_a_mark_is_written_when_it_moves_and_forgotten_with_its_scope(django_assert_num_queries):
    connection = ConnectionFactory()
    reading = Writing(connection, Committing(connection))
    reading.store_mark("a", "5")
    with django_assert_num_queries(0):
        reading.store_mark("a", "5")
        reading.store_mark("a", "")
    reading.store_mark("a", "6")
    reading.store_mark("b", "1")
    assert set(Mark.objects.values_list("scope", "text")) == {("a", "6"), ("b", "1")}
    assert Mark.objects.filter(client=connection.client).count() == 2
    reading.forget_mark("a")
    assert (reading.mark("a"), reading.mark("b")) == ("", "1")
    assert Writing(connection, DryRun(connection)).mark("a") == ""
