"""Progress says where a connecting is, what was read so far, what the bank asks, and who must act."""

from functools import partial

import pytest
from django.core.cache import cache
from django.utils import translation

from apps.banking.aggregators.contract import APPLICATION_REMOVED, Ask
from apps.banking.aggregators.verdict import Action
from apps.banking.connect.advice import ADVICE, Who, advice_for
from apps.banking.connect.disconnect import disconnect
from apps.banking.connect.errors import NotYours
from apps.banking.connect.finish import finish
from apps.banking.connect.progress import AT_BANK, LOOK_SECONDS, Stage, Step, progress_of, progress_of_item
from apps.banking.factories import ConnectionFactory, SyncRunFactory
from apps.banking.models import SyncRun, Transaction
from apps.banking.sync import transactions
from apps.banking.sync.reading import joined_pages
from apps.events.models import Event

pytestmark = pytest.mark.django_db
# Each of these connects to a bank that waits for the person: user, connector, parameters.
MFA = {
    Ask.NUMBER: ("user-ok", 5),
    Ask.IMAGE: ("user-ok-img", 2),
    Ask.SELECT: ("user-ok-select", 2),
}


@pytest.fixture(autouse=True)
def forget_looks():
    cache.clear()


def look_again(connection):
    """The progress as a page sees it a few seconds later."""
    cache.clear()
    connection.refresh_from_db()
    return progress_of(connection)


def waiting(bank, member, user, connector):
    return finish(member, bank.connect(member, user, connector))


def test_a_member_connects_a_bank_and_sees_it_arrive(bank, member, work):
    item = bank.connect(member)
    assert progress_of_item(member, item).stage is Stage.READING
    connection = finish(member, item)
    assert progress_of(connection).stage is Stage.READING
    work()
    done = look_again(connection)
    assert (done.stage, done.is_over, done.advice.who) == (Stage.DONE, True, Who.NOBODY)
    assert done.as_of == connection.last_updated_at
    assert {line.step for line in done.products} == {Step.READ}
    rows = {line.product: line.rows for line in done.products}
    assert rows["transactions"] == Transaction.objects.count() > 0


def test_while_a_run_reads_its_rows_are_counted_page_by_page(bank, member, work, monkeypatch):
    connection = finish(member, bank.connect(member, "user-ok-perf-10x"))
    seen, write = [], transactions.Reader._write

    def watch(reader, page):
        write(reader, page)
        connection.refresh_from_db()
        seen.append(progress_of(connection))

    monkeypatch.setattr(transactions.Reader, "_write", watch)
    monkeypatch.setattr(transactions, "joined_pages", partial(joined_pages, size=500))
    work()
    steps = [{line.product: (line.step, line.rows) for line in progress.products} for progress in seen]
    assert {progress.stage for progress in seen} == {Stage.READING}
    assert not any(progress.is_over for progress in seen)
    assert steps[0]["accounts"][0] is Step.READ
    assert steps[0]["transactions"][0] is Step.READING
    assert steps[0]["identity"] == (Step.WAITING, 0)
    counts = [step["transactions"][1] for step in steps]
    assert counts == sorted(counts)
    assert 0 < counts[0] < counts[-1] == 1000


def test_a_run_that_has_ended_has_read_what_it_planned(bank, member, work):
    connection = finish(member, bank.connect(member))
    work()
    run = SyncRun.objects.get(connection=connection)
    products = "accounts transactions bills investments investment_transactions loans identity consents".split()
    assert run.progress == {
        "planned": products,
        "read": products,
        "reading": "",
    }


def test_a_page_follows_an_item_although_no_webhook_comes(bank, member, work):
    connection = waiting(bank, member, *MFA[Ask.NUMBER])
    work()
    bank.call("POST", f"/items/{connection.vendor_id}/mfa", {"token": "123456"})
    bank.settled(connection.vendor_id)
    assert look_again(connection).stage is Stage.READING
    assert Event.objects.filter(kind="item.changed", state="pending").count() == 1
    look_again(connection)
    assert Event.objects.filter(kind="item.changed", state="pending").count() == 1
    work()
    assert look_again(connection).stage is Stage.DONE


def test_each_step_at_the_bank_has_its_words(member):
    words = set()
    for step in AT_BANK:
        connection = ConnectionFactory(member=member, status="UPDATING", execution_status=step)
        progress = progress_of(connection)
        assert (progress.stage, progress.is_over) == (Stage.AT_BANK, False)
        words.add(str(progress.words))
    assert len(words) == len(AT_BANK) - 1


def test_many_pages_that_watch_one_item_ask_the_aggregator_once(bank, member, work):
    connection = waiting(bank, member, *MFA[Ask.NUMBER])
    work()
    connection.refresh_from_db()
    cache.clear()
    before = bank.calls()["GET /items/{id}"]
    for _ in range(5):
        progress_of(connection)
    assert bank.calls()["GET /items/{id}"] == before + 1
    assert LOOK_SECONDS >= 2


@pytest.mark.parametrize("kind", MFA)
def test_each_kind_of_question_is_shown_with_what_it_needs(bank, member, work, kind):
    connection = waiting(bank, member, *MFA[kind])
    for _ in range(2):
        progress = look_again(connection)
        assert (progress.stage, progress.is_over, progress.advice.who) == (Stage.ASKED, False, Who.PERSON)
        request = progress.request
        assert (request.kind, request.wants_value) == (kind, True)
        assert request.label
        assert request.expires_at
        assert bool(request.options) is (kind is Ask.SELECT)
        assert request.image.startswith("data:image/") is (kind is Ask.IMAGE)
        assert request.label not in repr(progress)
        work()


def test_a_code_to_scan_and_the_banks_own_page_are_shown(bank, member, work):
    item = bank.call(
        "POST",
        "/items",
        {
            "connectorId": 19,
            "parameters": {"user": "user-ok", "password": "password-ok"},
            "clientUserId": str(member.pk),
        },
    )["id"]
    assert bank.settled(item)["id"]
    cpf = {"connectorId": 600, "parameters": {"cpf": "76109277673"}, "clientUserId": str(member.pk)}
    oauth = bank.settled(bank.call("POST", "/items", cpf)["id"])["id"]
    progress = progress_of_item(member, oauth)
    assert (progress.stage, progress.request.kind) == (Stage.ASKED, Ask.LINK)
    assert progress.advice == ADVICE[Action.AUTHORIZE_AT_BANK]
    assert progress.request.link.startswith(bank.url)
    assert not progress.request.wants_value
    connection = finish(member, oauth)
    work()
    assert look_again(connection).request.link == progress.request.link
    connection.refresh_from_db()
    assert connection.action == Action.AUTHORIZE_AT_BANK


@pytest.mark.parametrize(
    ("user", "action", "who"),
    [
        ("user-locked", Action.UNLOCK_AT_BANK, Who.PERSON),
        ("nobody", Action.RECONNECT, Who.PERSON),
        ("user-unavailable", Action.WAIT, Who.NOBODY),
        ("user-not-supported", Action.GIVE_UP, Who.PERSON),
        ("user-account-credentials-reset", Action.RESET_PASSWORD, Who.PERSON),
        ("user-account-need-actions-provider-message", Action.FOLLOW_BANK_MESSAGE, Who.PERSON),
    ],
)
def test_a_failed_run_says_what_happened_and_who_must_act(bank, member, work, user, action, who):
    item = bank.connect(member, user)
    before = progress_of_item(member, item)
    connection = finish(member, item)
    work()
    for progress in (before, look_again(connection)):
        assert (progress.stage, progress.is_over) == (Stage.FAILED, True)
        assert (progress.advice, progress.advice.who) == (ADVICE[action], who)
        assert progress.error_code
        assert bool(progress.bank_message) is user.endswith("provider-message")
        assert progress.bank_message not in ("", None) or not user.endswith("provider-message")


def test_a_repaired_connection_does_not_look_failed_until_a_worker_has_seen_it(bank, member, work):
    connection = finish(member, bank.connect(member))
    work()
    bank.fail(connection.vendor_id, "INVALID_CREDENTIALS")
    finish(member, connection.vendor_id)
    work()
    assert look_again(connection).stage is Stage.FAILED
    parameters = {"parameters": {"user": "user-ok", "password": "password-ok"}}
    bank.call("PATCH", f"/items/{connection.vendor_id}", parameters)
    bank.settled(connection.vendor_id)
    finish(member, connection.vendor_id)
    assert look_again(connection).stage is Stage.READING
    # Asked a moment later, it knows no more than our own row.
    connection.refresh_from_db()
    progress = progress_of(connection)
    assert (progress.stage, progress.is_over) == (Stage.AT_BANK, False)
    work()
    assert look_again(connection).stage is Stage.DONE


def test_a_visit_that_failed_and_waits_for_long_is_a_failure_that_is_tried_again(bank, member, work):
    connection = finish(member, bank.connect(member))
    bank.fault("500", "GET /accounts")
    work()
    Event.objects.filter(state="pending").update(available_at="2099-01-01T00:00:00Z")
    bank.mend()
    progress = look_again(connection)
    assert (progress.stage, progress.advice) == (Stage.FAILED, ADVICE[Action.WAIT])
    assert progress.error_code


def test_a_sync_that_failed_for_good_is_no_success(bank, member):
    connection = ConnectionFactory(member=member, last_synced_at=None)
    SyncRunFactory(
        connection=connection, state="failed", error_type="internal_error", finished_at="2099-01-01T00:00:00Z"
    )
    assert progress_of(connection).stage is Stage.FAILED


def test_an_ended_connection_and_one_that_is_ending_are_told_apart(bank, member, work):
    connection = finish(member, bank.connect(member))
    work()
    disconnect(connection)
    assert look_again(connection).stage is Stage.ENDING
    work()
    ended = look_again(connection)
    assert (ended.stage, ended.is_over) == (Stage.ENDED, True)


def test_a_connection_without_its_application_says_so(member):
    connection = ConnectionFactory(
        member=member, state="needs_user", action=Action.ADD_CREDENTIALS, error_code=APPLICATION_REMOVED
    )
    progress = progress_of(connection)
    assert (progress.stage, progress.advice) == (Stage.FAILED, ADVICE[Action.ADD_CREDENTIALS])


def test_an_aggregator_that_is_down_leaves_the_last_known_state(bank, member, work):
    connection = waiting(bank, member, *MFA[Ask.NUMBER])
    work()
    bank.fault("500", "GET /items/{id}")
    assert look_again(connection).stage is Stage.ASKED
    bank.mend()


def test_no_stranger_sees_the_progress_of_an_item(bank, member, stranger):
    item = bank.connect(member)
    with pytest.raises(NotYours):
        progress_of_item(stranger, item)
    finish(member, item)
    with pytest.raises(NotYours):
        progress_of_item(stranger, item)


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_action_has_sentences(language):
    assert set(ADVICE) == set(Action)
    with translation.override(language):
        for action, advice in ADVICE.items():
            assert str(advice.happened).endswith(".")
            assert str(advice.next).endswith(".")
            assert not advice.repairs or advice.button, action
    assert advice_for("an action of tomorrow") is ADVICE[Action.CONTACT_SUPPORT]
