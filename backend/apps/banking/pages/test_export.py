"""Downloads obey the filter, are the client's alone, and are noted."""

import json

import pytest

from apps.audit.models import Entry
from apps.banking.factories import AccountFactory, TransactionFactory

pytestmark = pytest.mark.django_db
EXPORT = "/transactions/export"


def body(answer) -> str:
    return b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("kind", ["csv", "spreadsheet", "json", "ofx"])
def test_a_file_has_the_clients_rows_that_the_filter_chooses(person, account, kind):
    TransactionFactory(account=account, description="padaria", amount="-5")
    TransactionFactory(account=account, description="mercado", amount="-500")
    TransactionFactory(account=account, description="escondida", amount="-5", hidden=True)
    TransactionFactory(description="alheia", amount="-5")
    answer = person.get(f"{EXPORT}/{kind}/", {"most": "100"})
    assert answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    text = body(answer)
    assert "padaria" in text
    for other in ("mercado", "escondida", "alheia"):
        assert other not in text
    entry = Entry.objects.get()
    assert (entry.action, entry.details) == ("transactions.export", {"format": kind, "filtered": True})


def test_a_file_of_many_rows_is_complete(person, account, monkeypatch):
    other = AccountFactory(connection=account.connection)
    for each in (account, other):
        TransactionFactory.create_batch(1100, account=each)
    assert len(json.loads(body(person.get(f"{EXPORT}/json/")))["transactions"]) == 2200
    assert body(person.get(f"{EXPORT}/ofx/")).count("<FITID>") == 2200


def test_an_ofx_leaves_out_what_is_not_booked(person, account):
    TransactionFactory(account=account, status="PENDING")
    TransactionFactory(account=account, date="2999-01-01")
    assert "<FITID>" not in body(person.get(f"{EXPORT}/ofx/"))
    assert body(person.get(f"{EXPORT}/csv/")).count("\n") == 3


def test_an_unknown_format_and_a_filter_with_a_mistake_are_refused(person, account):
    assert person.get(f"{EXPORT}/exe/").status_code == 404
    assert person.get(f"{EXPORT}/csv/", {"since": "x"}).status_code == 400
    assert not Entry.objects.exists()
