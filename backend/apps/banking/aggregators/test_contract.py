"""The contract: these tests run for each aggregator in the registry and for the toy."""

from datetime import datetime
from importlib import import_module
from uuid import uuid4

import pytest

from apps.banking.aggregators.conftest import Case
from apps.banking.aggregators.contract import (
    ACCOUNT_TYPES,
    CredentialsRefused,
    Gone,
    ItemState,
    Malformed,
    NotOffered,
    ParentGone,
    Product,
    Source,
    Subject,
)
from apps.banking.aggregators.mailboxes import MailboxName
from apps.banking.aggregators.registry import AGGREGATORS
from apps.banking.aggregators.stored import Credentials
from apps.banking.models import (
    Account,
    Connection,
    Consent,
    CreditCardBill,
    Identity,
    Investment,
    InvestmentTransaction,
    Loan,
    SyncRun,
    Transaction,
)
from apps.banking.rows.columns import columns
from apps.banking.sync import reconcile
from apps.banking.sync.adopt import adopt
from apps.clients.factories import MembershipFactory
from apps.events.models import Event
from lib.errors import PonteError

pytestmark = pytest.mark.django_db

# What Ponte writes into a Connection, and no aggregator.
OURS = {"id", "client_id", "member_id", "aggregator", "application", "connector_id", "state", "action", "error_type"}
OURS |= {"listed_at", "listed_as_of", "last_synced_at", "last_reconciled_at", "consent_reminded_for", "credential"}
OURS |= {"created_at", "updated_at", "deleted_at"}
UNKNOWN = "33333333-3333-4333-8333-333333333333"
MODELS = {
    Product.ACCOUNTS: (Account, "connection_id"),
    Product.TRANSACTIONS: (Transaction, "account_id"),
    Product.BILLS: (CreditCardBill, "account_id"),
    Product.INVESTMENTS: (Investment, "connection_id"),
    Product.INVESTMENT_TRANSACTIONS: (InvestmentTransaction, "investment_id"),
    Product.LOANS: (Loan, "connection_id"),
    Product.IDENTITY: (Identity, "connection_id"),
    Product.CONSENTS: (Consent, "connection_id"),
}


def path_of(name: str) -> str:
    return AGGREGATORS.get(name, "apps.banking.aggregators.toy.definition.TOY")


@pytest.fixture(params=[*AGGREGATORS, "toy"])
def case(request) -> Case:
    """Each aggregator's own case, from the file `test_case.py` of its folder."""
    folder = path_of(request.param).rpartition(".definition.")[0]
    return import_module(f"{folder}.test_case").make_case(request)


def test_an_item_is_described_in_our_words(case):
    state = case.open().item()
    assert isinstance(state, ItemState)
    assert state.id == case.item_id
    assert state.certain <= state.brought
    assert state.verdict.has_data
    known = {field.attname.removesuffix("_sealed") for field in Connection._meta.concrete_fields}
    assert state.row.keys() <= known - OURS
    assert all(isinstance(moment, datetime) for moment in state.products_as_of.values())


def test_an_item_that_the_vendor_does_not_have_is_gone(case):
    with pytest.raises(Gone):
        case.open(UNKNOWN).item()
    assert case.open().account(UNKNOWN) is None


def lists(case: Case, source: Source):
    """(product, parent, pages) of everything that the item holds."""
    accounts = [row for page in source.accounts(ACCOUNT_TYPES) for row in page.rows]
    ids = [row["vendor_id"] for row in accounts]
    yield Product.ACCOUNTS, "", list(source.accounts(ACCOUNT_TYPES))
    parents = [""] if case.definition.follows_items else ids
    investments = list(source.listed(Product.INVESTMENTS))
    held = [row["vendor_id"] for page in investments for row in page.rows]
    under = {Product.TRANSACTIONS: parents, Product.BILLS: ids, Product.INVESTMENT_TRANSACTIONS: held}
    for product in MODELS.keys() - {Product.ACCOUNTS}:
        for parent in under.get(product, [""]):
            yield product, parent, list(source.listed(product, parent))


def test_rows_have_an_id_and_only_our_columns(case):
    for product, _, pages in lists(case, case.open()):
        model, parent = MODELS[product]
        shape = columns(model, ("client_id", parent))
        known = {*shape.texts, *shape.values, *shape.objects, *shape.sealed, "vendor_updated_at"}
        for page in pages:
            assert page.refused == []
            for row in page.rows:
                assert row["vendor_id"]
                assert row.keys() <= known, (product, row.keys() - known)
                not_text = [name for name in shape.texts if not isinstance(row.get(name, ""), str)]
                assert not_text == [], product


def test_a_first_sync_stores_all_rows_and_a_second_one_changes_nothing(case, work, monkeypatch):
    monkeypatch.setitem(AGGREGATORS, case.definition.name, path_of(case.definition.name))
    mailbox = MailboxName(case.definition.name, "", Subject.ITEM, case.item_id)
    connection = adopt(mailbox, MembershipFactory(), credential=case.credential)
    for outcome in ("synced", "nothing new"):
        reconcile.request(connection, full=True)
        work()
        event = Event.objects.filter(kind=reconcile.KIND).latest("pk")
        assert (event.state, event.outcome, event.error_code) == ("done", outcome, "")
        run = SyncRun.objects.latest("pk")
        assert (run.state, run.error_code) == ("done", "")
    assert Transaction.objects.exists()


def test_each_product_lists_only_accounts_of_its_type(case):
    source = case.open()
    for product, kind in ACCOUNT_TYPES.items():
        assert {row["type"] for page in source.accounts([product]) for row in page.rows} <= {kind}


def test_transactions_name_their_account_and_reading_from_the_last_mark_lists_no_new_ones(case):
    source = case.open()
    accounts = {row["vendor_id"] for page in source.accounts(ACCOUNT_TYPES) for row in page.rows}
    listed = [entry for entry in lists(case, source) if entry[0] is Product.TRANSACTIONS]
    assert any(page.rows for _, _, pages in listed for page in pages)
    for _, parent, pages in listed:
        assert {page.parent for page in pages} <= accounts
        if pages:
            known = {vendor_id for page in pages for vendor_id in page.seen}
            assert pages[-1].mark
            changed = list(source.changed(parent, pages[-1].mark))
            assert {vendor_id for page in changed for vendor_id in page.seen} <= known


def test_a_list_says_that_the_item_or_account_above_it_is_gone(case):
    of_item = case.definition.follows_items
    mark = [page for product, _, pages in lists(case, case.open()) if product is Product.TRANSACTIONS for page in pages]
    source, parent = (case.open(UNKNOWN), "") if of_item else (case.open(), UNKNOWN)
    for pages in (source.listed(Product.TRANSACTIONS, parent), source.changed(parent, mark[-1].mark)):
        with pytest.raises(ParentGone):
            list(pages)


def test_transactions_are_read_by_their_ids_and_unknown_ids_are_left_out(case):
    source = case.open()
    pages = [page for product, _, pages in lists(case, source) for page in pages if product is Product.TRANSACTIONS]
    page = next(page for page in pages if page.rows)
    by_ids = list(source.by_ids(page.parent, [page.seen[0], UNKNOWN, "no such id"]))
    assert [vendor_id for answer in by_ids for vendor_id in answer.seen] == [page.seen[0]]


def test_an_existing_account_is_not_gone_and_an_unknown_one_is(case):
    source = case.open()
    account = next(row["vendor_id"] for page in source.accounts(ACCOUNT_TYPES) for row in page.rows)
    assert not source.is_gone(Product.ACCOUNTS, account)
    assert source.is_gone(Product.ACCOUNTS, UNKNOWN)


def test_the_hook_runs_before_a_call_to_the_vendor(case):
    calls = []
    source = case.open(before_call=lambda: calls.append(1))
    source.item()
    assert calls
    calls.clear()
    assert list(source.accounts(ACCOUNT_TYPES))
    assert calls


def test_only_a_valid_proof_is_accepted(case):
    door = case.application.door
    assert door.is_configured()
    assert door.proves(case.environ, case.webhook, None)
    assert not door.proves({}, case.webhook, None)
    # A header can hold any bytes.
    for text in ("", "\xe9", "a" * 5000):
        assert not door.proves(dict.fromkeys(case.environ, text), case.webhook, None)


def test_a_webhook_is_read_the_same_each_time_and_names_its_item(case):
    door = case.application.door
    first, second = door.read(case.webhook), door.read(case.webhook)
    assert first == second
    assert first.id == case.item_id
    assert first.event_id
    assert len(first.kind) <= 100


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"\xff", b'{"event": 1}', b"[" * 5000, b'{"topic": 1, "link": "x"}']
)
def test_a_body_that_is_not_a_notification_is_malformed(case, body):
    with pytest.raises(Malformed):
        case.application.door.read(body)


@pytest.mark.parametrize("payload", [{}, {"accountId": 7, "transactionIds": "x"}, {"transactionIds": [1, None]}])
def test_an_odd_payload_names_no_change(case, payload):
    for kind in ("transactions/created", "transactions/updated", "transactions.changed"):
        change = case.application.door.change(kind, payload)
        assert not change.account
        assert not change.ids


def test_a_connect_token_is_a_new_secret_or_not_offered(case):
    member = uuid4()
    try:
        token = case.application.connect_token(member, webhook_url="", redirect_url="")
    except NotOffered:
        return
    assert token
    assert str(member) not in repr(case.application)
    assert case.application.connect_token(member, item_id=case.item_id)
    with pytest.raises(Gone):
        case.application.connect_token(member, item_id=UNKNOWN)


def test_a_path_token_proves_the_webhooks_of_its_member_alone(case):
    member, door = uuid4(), case.application.door
    if token := case.application.path_token(member):
        assert door.proves({}, case.webhook, token)
        assert door.only_member({}, case.webhook, token) == member


def test_a_refresh_says_how_the_item_is_or_is_not_offered(case):
    try:
        state = case.application.refresh(case.item_id)
    except NotOffered:
        return
    assert state.id == case.item_id
    with pytest.raises(Gone):
        case.application.refresh(UNKNOWN)


def test_a_deleted_item_is_gone_and_cannot_be_deleted_twice(case):
    try:
        case.application.delete_item(case.item_id)
    except NotOffered:
        return
    with pytest.raises(Gone):
        case.open().item()
    with pytest.raises(Gone):
        case.application.delete_item(case.item_id)


def test_an_answer_that_nobody_asked_for_is_refused(case):
    with pytest.raises(PonteError):
        case.application.answer(case.item_id, "token", "123456")


def test_what_an_item_tells_its_person_is_read_from_its_row_as_from_our_columns(case):
    state = case.open().item()
    told = case.definition.told(state.row)
    assert told.verdict.health is state.verdict.health
    assert told.request is None
    for odd in (
        {},
        {"extra": None, "status": 7},
        {"status": "", "extra": {"parameter": 1, "userAction": [], "error": ""}},
    ):
        assert case.definition.told(odd).request is None


def test_a_clients_own_credentials_make_an_application_of_that_client(case):
    if case.definition.of_client is None:
        assert list(case.definition.own_applications()) == []
        return
    own = case.definition.of_client(Credentials("own-1", uuid4(), "a key", "a secret"))
    assert own.name == "own-1"
    assert own.client
    assert "a secret" not in repr(own)
    member = uuid4()
    token = own.path_token(member)
    name, door = case.definition.door_of_token(token)
    assert (name, door.proves({}, b"{}", token)) == ("own-1", True)
    assert door.only_member({}, b"{}", token) == member
    assert not case.application.door.proves({}, b"{}", token)
    with pytest.raises(CredentialsRefused):
        own.authenticate()


def test_institutions_and_categories_are_rows_with_ids(case):
    directory = case.application.directory()
    for pages in (directory.institutions(), directory.categories()):
        assert all(row["vendor_id"] for page in pages for row in page)
    assert directory.institution("99999") is None
