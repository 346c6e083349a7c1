"""A person decides where edits go that a new id left open."""

import pytest
from django.utils import timezone

from apps.audit.models import Entry
from apps.banking.factories import TransactionFactory
from apps.banking.models import Transaction

pytestmark = pytest.mark.django_db
PAGE = "/transactions/edits/"


@pytest.fixture
def open_row(account):
    return TransactionFactory(account=account, description="UBER TRIP", note="reembolsar", deleted_at=timezone.now())


@pytest.fixture
def choices(account, open_row):
    return [TransactionFactory(account=account, description="UBER TRIP", amount=amount) for amount in ("-11", "-12")]


def test_the_list_says_that_something_waits(person, account, open_row):
    assert PAGE in person.get("/transactions/").content.decode()
    Transaction.objects.filter(pk=open_row.pk).update(note="")
    assert PAGE not in person.get("/transactions/").content.decode()


def test_the_choice_takes_the_edits(person, open_row, choices):
    decision = person.get(PAGE).context["decisions"][0]
    assert {row.pk for row in decision.choices} == {row.pk for row in choices}
    person.post(PAGE, {"old": open_row.pk, "new": choices[1].pk, "answer": "carry"})
    assert Transaction.objects.get(pk=choices[1].pk).note == "reembolsar"
    assert Entry.objects.get().action == "edits.carry"
    assert person.get(PAGE).context["decisions"] == []


def test_edits_can_be_dropped(person, open_row):
    person.post(PAGE, {"old": open_row.pk, "answer": "drop"})
    assert Transaction.objects.get(pk=open_row.pk).note == ""
    assert person.get(PAGE).context["decisions"] == []


def test_what_was_decided_meanwhile_is_told(person, open_row, choices):
    data = {"old": open_row.pk, "new": choices[0].pk, "answer": "carry"}
    person.post(PAGE, data)
    assert "decided meanwhile" in person.post(PAGE, data, follow=True).content.decode()
    assert Entry.objects.count() == 1


def test_rows_of_another_client_are_neither_shown_nor_taken(person, account, open_row):
    other = TransactionFactory(note="alheia", deleted_at=timezone.now())
    assert [decision.old.pk for decision in person.get(PAGE).context["decisions"]] == [open_row.pk]
    assert person.post(PAGE, {"old": other.pk, "answer": "drop"}).status_code == 404
    live = TransactionFactory(account=other.account)
    assert person.post(PAGE, {"old": open_row.pk, "new": live.pk, "answer": "carry"}).status_code == 404
    assert person.post(PAGE, {"old": "x", "answer": "drop"}).status_code == 404
    assert Transaction.objects.get(pk=other.pk).note == "alheia"
