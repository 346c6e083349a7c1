"""How Ponte handles transactions/created, /updated and /deleted."""

import uuid
from datetime import datetime, timedelta

import pytest

from apps.banking.aggregators.pluggy.marks import OVERLAP
from apps.banking.factories import AccountFactory, TransactionFactory
from apps.banking.models import Account, Connection, Mark, Transaction
from apps.banking.models.transaction import ORPHANED
from apps.banking.sync.reconcile import request
from apps.banking.sync.transactions import Reader
from apps.clients.factories import MembershipFactory
from apps.events.models import Event
from lib.errors import Temporary

pytestmark = pytest.mark.django_db

LIST = "GET /v2/transactions"


@pytest.fixture
def today(bank, connected):
    """Simulates a day at the bank; returns its webhooks of the requested kinds, or all about transactions."""

    def live(*kinds, **plan):
        before = {event["eventId"] for event in bank.events(connected)}
        bank.evolve(connected, **plan)
        new = [event for event in bank.events(connected) if event["eventId"] not in before]
        return [e for e in new if e["event"] in kinds or (not kinds and e["event"].startswith("transactions/"))]

    return live


def alive() -> int:
    return Transaction.objects.filter(deleted_at=None).count()


def mark_of(account: Account) -> datetime:
    return datetime.fromisoformat(Mark.objects.get(scope=account.vendor_id).text.split()[0])


def of_transactions(differing: dict) -> dict:
    return {name: counts for name, counts in differing.items() if name.startswith("transactions")}


def asked(bank) -> list[str]:
    last = bank.call("GET", "/_sandbox/requests?last=40")["last"]
    return [request["query"] for request in last if request["endpoint"] == LIST]


def test_new_transactions_are_read_from_the_mark_minus_an_overlap(bank, connected, today, deliver, work):
    account = Account.objects.filter(vendor_id__in=Mark.objects.values("scope")).order_by("pk").first()
    before, watermark = alive(), mark_of(account)
    events = today(new=2, accountId=account.vendor_id)
    late = {**events[0], "transactionsCreatedAtFrom": "2099-01-01T00:00:00.000Z"}
    deliver(late)
    work()
    assert alive() == before + 2
    assert mark_of(account) > watermark
    since = (watermark - OVERLAP).strftime("%Y-%m-%dT%H")
    assert f"createdAtFrom={since}" in asked(bank)[-1]


def test_the_moment_in_an_event_counts_if_it_is_earlier_than_the_mark(bank, connected, today, deliver, work):
    account = Account.objects.filter(vendor_id__in=Mark.objects.values("scope")).order_by("pk").first()
    events = today(new=2, accountId=account.vendor_id)
    ahead = mark_of(account) + timedelta(days=9)
    Mark.objects.filter(scope=account.vendor_id).update(text=ahead.isoformat())
    before = alive()
    deliver(*events)
    work()
    assert alive() == before + 2
    assert mark_of(account) == ahead


def test_new_rows_with_old_dates_are_read_because_their_creation_time_counts(
    bank, connected, today, deliver, work, differences
):
    deliver(*today("transactions/created", backdated=5))
    work()
    assert of_transactions(differences(connected)) == {}


def test_events_of_several_accounts_cost_one_run_and_one_list_for_each_account(bank, connected, today, deliver, work):
    calls = bank.calls()[LIST]
    events = [event for _ in range(3) for event in today("transactions/created", new=1)]
    assert len(events) == 6
    deliver(*events)
    assert work() == 1
    assert bank.calls()[LIST] == calls + 2


def test_updated_rows_are_read_by_their_ids(bank, connected, today, deliver, work, differences):
    events = today("transactions/updated", update=3)
    deliver(*events)
    work()
    assert of_transactions(differences(connected)) == {}
    assert "ids=" in asked(bank)[-1]


def test_at_most_four_hundred_ids_are_in_one_call(bank, connected, deliver, work):
    account = Account.objects.filter(vendor_id__in=Mark.objects.values("scope")).first()
    calls, before = bank.calls()[LIST], alive()
    event = {
        "event": "transactions/updated",
        "eventId": "many",
        "itemId": connected,
        "accountId": account.vendor_id,
        "transactionIds": [str(uuid.uuid4()) for _ in range(900)] + ["not an id", None, "x,y"],
    }
    deliver(event)
    work()
    assert bank.calls()[LIST] == calls + 3
    assert alive() == before
    assert Event.objects.get(event_id="many").outcome == "nothing new"


def test_deleted_rows_become_tombstones_and_a_repeat_adds_nothing(bank, connected, today, deliver, work, differences):
    before = alive()
    events = today("transactions/deleted", delete=2)
    deliver(*events)
    work()
    assert alive() == before - 4
    deliver(*[{**event, "eventId": f"again {event['eventId']}"[:80].replace(" ", "-")} for event in events])
    work()
    assert alive() == before - 4
    assert Event.objects.order_by("pk").filter(kind="transactions/deleted").last().outcome == "nothing new"


def test_an_event_alone_does_not_delete_a_row_that_still_exists(bank, connected, deliver, work):
    row = Transaction.objects.filter(deleted_at=None).select_related("account").first()
    other = Transaction.objects.filter(deleted_at=None).exclude(account=row.account).first()
    event = {
        "event": "transactions/deleted",
        "eventId": "lie",
        "itemId": connected,
        "accountId": row.account.vendor_id,
        "transactionIds": [row.vendor_id, other.vendor_id],
    }
    before = alive()
    deliver(event)
    work()
    assert alive() == before


def test_an_event_cannot_reach_into_another_items_account(bank, connected, deliver, work, today):
    stranger = bank.connect(MembershipFactory(), user="user-ok-two-checking-accounts")
    theirs = bank.state(stranger)["accounts"][0]["id"]
    foreign = TransactionFactory(account=AccountFactory(vendor_id=theirs))
    for kind in ("transactions/created", "transactions/updated", "transactions/deleted"):
        event = {"event": kind, "eventId": f"e-{kind}", "itemId": connected, "accountId": theirs}
        deliver({**event, "transactionIds": [foreign.vendor_id]})
    before = alive()
    work()
    assert alive() == before
    foreign.refresh_from_db()
    assert foreign.deleted_at is None
    assert not Account.objects.filter(connection__vendor_id=connected, vendor_id=theirs).exists()
    assert not Event.objects.exclude(state="done").exists()


def test_events_of_transactions_can_arrive_in_reverse_order(bank, connected, today, deliver, work, differences):
    events = today(new=2, update=2, delete=2, reissue=2)
    deliver(*reversed(events))
    work()
    assert of_transactions(differences(connected)) == {}


@pytest.mark.parametrize("how", ["post_pending", "post_reissued"])
def test_pending_rows_become_posted_with_or_without_a_new_id(how, bank, connected, today, deliver, work, differences):
    deliver(*today(pending=2))
    work()
    pending = Transaction.objects.filter(status="PENDING", deleted_at=None, date__lte="2099-01-01")
    assert pending.count() >= 4
    deliver(*today(**{how: True}))
    work()
    assert of_transactions(differences(connected)) == {}


@pytest.mark.parametrize("order", [1, -1])
def test_a_users_edits_follow_a_row_that_gets_a_new_id(order, bank, connected, today, deliver, work):
    newest = Transaction.objects.filter(deleted_at=None, status="POSTED", account__type="BANK").newest_first()
    for row in newest[:6]:
        Transaction.objects.filter(pk=row.pk).update(note=f"of {row.pk}", hidden=True)
    noted = Transaction.objects.filter(deleted_at=None).exclude(note="").count()
    deliver(*today(reissue=3)[::order])
    work()
    gone = Transaction.objects.exclude(deleted_at=None).exclude(note="")
    assert gone.count() == 3
    assert Transaction.objects.filter(deleted_at=None, hidden=True).exclude(note="").count() == noted
    assert {row.replaced_by.note for row in gone} == {row.note for row in gone}


def note_newest(count: int) -> None:
    for account in Account.objects.filter(type="BANK"):
        rows = Transaction.objects.filter(account=account, deleted_at=None, status="POSTED").newest_first()[:count]
        for row in rows:
            Transaction.objects.filter(pk=row.pk).update(note=f"of {row.pk}")


def open_notes() -> list[str]:
    return list(Transaction.objects.filter(ORPHANED).order_by("pk").values_list("note", flat=True))


@pytest.mark.parametrize("order", [1, -1])
def test_a_users_edits_follow_a_row_whose_day_words_or_amount_changed_with_its_id(
    order, bank, connected, today, deliver, work
):
    note_newest(6)
    events = today(reissue_changed=6)
    deliver(*events[::order])
    work()
    gone = Transaction.objects.exclude(deleted_at=None).exclude(note="")
    assert gone.count() == 6
    assert {row.replaced_by.note for row in gone} == {row.note for row in gone}


@pytest.mark.parametrize("heard", ["transactions/deleted", "transactions/created", ""])
def test_a_full_listing_carries_edits_too(heard, bank, connected, today, deliver, work):
    note_newest(6)
    events = today(reissue_changed=3, reissue=3, silent=not heard)
    deliver(*[event for event in events if event["event"] == heard])
    work()
    request(Connection.objects.get(), full=True)
    work()
    assert Transaction.objects.exclude(deleted_at=None).exclude(note="").count() == 6
    assert open_notes() == []


def test_edits_are_carried_by_the_next_reading_if_the_first_is_interrupted(
    bank, connected, today, deliver, work, make_all_due, monkeypatch
):
    note_newest(3)
    deliver(*today("transactions/deleted", "transactions/created", reissue_changed=3))
    monkeypatch.setattr(Reader, "_carry", fail_with_temporary)
    work()
    assert len(open_notes()) == 3
    monkeypatch.undo()
    make_all_due()
    work()
    assert open_notes() == []


def fail_with_temporary(self) -> None:
    raise Temporary("the worker ends here", code="ENDED")


def test_syncs_do_not_change_the_users_edits(bank, connected, today, deliver, work):
    row = Transaction.objects.filter(deleted_at=None, status="POSTED", account__type="BANK").newest_first().first()
    Transaction.objects.filter(pk=row.pk).update(note="mine", hidden=True)
    for _ in range(5):
        deliver(*today(update=1, accountId=row.account.vendor_id))
        work()
    row.refresh_from_db()
    assert (row.note, row.hidden) == ("mine", True)
    assert row.description.endswith("CONFIRMADA")


def test_an_account_that_is_new_to_us_is_read_first(bank, connected, deliver, work):
    event = bank.events(connected, "transactions/created")[0]
    Account.objects.get(vendor_id=event["accountId"]).delete()
    deliver({**event, "eventId": "later"})
    work()
    account = Account.objects.get(vendor_id=event["accountId"])
    assert account.client == Connection.objects.get().client
    assert Transaction.objects.filter(account=account).count() == event["transactionsCount"]


def test_the_first_event_of_an_item_reads_everything_and_earlier_events_add_nothing(bank, deliver, work, differences):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item))
    work()
    assert differences(item) == {}
    assert bank.calls()[LIST] == Account.objects.count()
    assert Event.objects.get(kind="item/created").outcome == "noted"


def test_an_account_is_closed_when_its_list_is_gone(bank, connected, deliver, work):
    account = Account.objects.filter(vendor_id__in=Mark.objects.values("scope")).first()
    gone = "33333333-3333-4333-8333-333333333333"
    Account.objects.filter(pk=account.pk).update(vendor_id=gone)
    event = {"event": "transactions/created", "eventId": "e9", "itemId": connected, "accountId": gone}
    deliver(event)
    work()
    account.refresh_from_db()
    assert account.deleted_at
    assert not Transaction.objects.filter(account=account, deleted_at=None).exists()


def test_an_event_that_names_no_account_changes_nothing(bank, connected, deliver, work):
    deliver({"event": "transactions/created", "eventId": "e7", "itemId": connected, "accountId": 7})
    work()
    assert Event.objects.get(event_id="e7").outcome == "nothing new"


def test_an_account_that_cannot_be_read_does_not_stop_the_others(bank, connected, today, deliver, work):
    before = alive()
    (event,) = today("transactions/created", new=2, accountId=Account.objects.order_by("pk").first().vendor_id)
    bad = {**event, "eventId": str(uuid.uuid4()), "accountId": "not an id"}
    deliver(bad, event)
    work()
    assert alive() == before + 2


def test_a_list_that_is_gone_while_its_account_exists_is_retried(bank, connected, today, deliver, work):
    (event,) = today("transactions/created", new=1, accountId=Account.objects.order_by("pk").first().vendor_id)
    gone = {"code": 404, "codeDescription": "ACCOUNT_NOT_FOUND", "message": "account not found"}
    bank.fault("error", LIST, count=1, status=404, body=gone)
    deliver(event)
    work()
    waiting = Event.objects.get(event_id=event["eventId"])
    assert (waiting.state, waiting.attempts) == ("pending", 1)
    assert not Account.objects.exclude(deleted_at=None).exists()


def test_after_a_404_closed_an_account_the_next_comparison_lists_everything(bank, connected, today, deliver, work):
    account = Account.objects.order_by("pk").first()
    (event,) = today("transactions/created", new=1, accountId=account.vendor_id)
    gone = {"code": 404, "codeDescription": "ACCOUNT_NOT_FOUND", "message": "account not found"}
    bank.fault("error", LIST, count=1, status=404, body=gone)
    bank.fault("error", "GET /accounts/*", count=1, status=404, body=gone)
    deliver(event)
    work()
    assert Account.objects.get(pk=account.pk).deleted_at is not None
    assert Connection.objects.get(vendor_id=connected).listed_at is None
