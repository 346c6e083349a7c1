"""Attacks on tenancy fail: by query, by foreign key, by an id that occurs twice, by moved ciphertext."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction

from apps.banking import factories, models
from apps.banking.factories import (
    AccountFactory,
    ConnectionFactory,
    InvestmentFactory,
    TransactionFactory,
    TransferPairFactory,
)
from apps.banking.rows.test_merge import doc, merge_docs
from apps.clients.factories import ClientFactory, MembershipFactory, UserFactory
from apps.clients.scope import ClientQuerySet

CHILDREN = {
    models.Account: "connection",
    models.Consent: "connection",
    models.Identity: "connection",
    models.Investment: "connection",
    models.Loan: "connection",
    models.Mark: "connection",
    models.SyncRun: "connection",
    models.BalanceSnapshot: "account",
    models.CreditCardBill: "account",
    models.Transaction: "account",
    models.InvestmentTransaction: "investment",
}
PARENTS = {"connection": ConnectionFactory, "account": AccountFactory, "investment": InvestmentFactory}
FACTORIES = {model: getattr(factories, f"{model.__name__}Factory") for model in CHILDREN}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [models.Connection, *CHILDREN])
def test_every_table_of_a_client_has_the_scoped_queryset(model):
    assert isinstance(model.objects.all(), ClientQuerySet)


@pytest.mark.parametrize("model", CHILDREN)
def test_only_members_see_rows(model):
    row = FACTORIES[model]()
    member = MembershipFactory(client=row.client).user
    outsider = MembershipFactory().user
    visible = model.objects.visible_to(member)
    assert list(visible) == [row]
    for stranger in (outsider, UserFactory(), UserFactory(is_superuser=True, is_staff=True), AnonymousUser()):
        assert not model.objects.visible_to(stranger).exists()


def test_a_member_who_is_barred_or_has_left_sees_nothing():
    row = TransactionFactory()
    member = MembershipFactory(client=row.client)
    member.user.is_active = False
    assert not models.Transaction.objects.visible_to(member.user).exists()
    member.user.is_active = True
    assert models.Transaction.objects.visible_to(member.user).exists()
    member.delete()
    assert not models.Transaction.objects.visible_to(member.user).exists()


def test_a_member_of_two_clients_sees_each_row_once():
    first, second = TransactionFactory(), TransactionFactory()
    user = MembershipFactory(client=first.client).user
    MembershipFactory(client=second.client, user=user)
    assert models.Transaction.objects.visible_to(user).count() == 2


def test_a_filter_cannot_widen_the_scope():
    row, foreign = TransactionFactory(), TransactionFactory()
    user = MembershipFactory(client=row.client).user
    visible = models.Transaction.objects.visible_to(user)
    assert not visible.filter(pk=foreign.pk).exists()
    assert not visible.of(foreign.client).exists()
    assert not visible.filter(account=foreign.account).exists()
    assert visible.update(note="x") == 1


@pytest.mark.parametrize("model", CHILDREN)
@pytest.mark.django_db(transaction=True)
def test_no_row_of_one_client_has_a_parent_of_another(model):
    parent = PARENTS[CHILDREN[model]]()
    with pytest.raises(IntegrityError, match="same_client"):
        FACTORIES[model](**{CHILDREN[model]: parent, "client": ClientFactory()})
    assert not model.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_row_moves_to_another_client():
    row = TransactionFactory()
    with pytest.raises(IntegrityError, match="same_client"):
        models.Transaction.objects.update(client=ClientFactory())
    with pytest.raises(IntegrityError, match="same_client"):
        models.Transaction.objects.update(account=AccountFactory())
    row.refresh_from_db()
    assert row.client_id == row.account.client_id


@pytest.mark.parametrize("side", ["outgoing", "incoming"])
def test_both_rows_of_a_pair_belong_to_its_client(side):
    account, foreign = AccountFactory(), TransactionFactory()
    rows = {
        "outgoing": TransactionFactory(account=account),
        "incoming": TransactionFactory(account=account, amount=Decimal(10), type="CREDIT"),
    }
    with pytest.raises(IntegrityError, match="same_client"), transaction.atomic():
        TransferPairFactory(**{**rows, side: foreign, "client": account.client})
    pair = TransferPairFactory(**rows)
    for change in ({f"{side}_id": foreign.pk}, {"client_id": foreign.client_id}):
        with pytest.raises(IntegrityError, match="same_client"), transaction.atomic():
            models.TransferPair.objects.filter(pk=pair.pk).update(**change)
    pair.refresh_from_db()
    assert pair.client_id == getattr(pair, side).client_id == account.client_id


@pytest.mark.django_db(transaction=True)
def test_a_connection_belongs_to_a_member_of_its_client():
    with pytest.raises(IntegrityError, match="same_client"):
        ConnectionFactory(member=MembershipFactory(), client=ClientFactory())


def test_an_item_can_have_only_one_connection():
    taken = ConnectionFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        ConnectionFactory(vendor_id=taken.vendor_id)


def test_the_same_vendor_ids_under_two_clients_never_touch_each_other():
    ours, theirs = AccountFactory(), AccountFactory()
    ours_vendor_id = ours.vendor_id
    models.Account.objects.filter(pk=theirs.pk).update(vendor_id=ours_vendor_id)
    merge_docs(theirs, doc(1))
    models.Transaction.objects.update(note="deles", hidden=True)
    merge_docs(ours, doc(1, description="Nossa"))
    row = models.Transaction.objects.get(account=theirs)
    assert (row.description, row.note, row.hidden) == ("Compra 1", "deles", True)
    assert models.Transaction.objects.get(account=ours).note == ""


def test_ciphertext_of_one_client_cannot_be_decrypted_in_a_row_of_another():
    ours, theirs = AccountFactory(), AccountFactory()
    merge_docs(ours, doc(1))
    merge_docs(theirs, doc(1))
    row, foreign = (models.Transaction.objects.get(account=account) for account in (ours, theirs))
    row.extra_sealed = foreign.extra_sealed
    with pytest.raises(ValueError, match="context"):
        _ = row.extra


def test_deleting_a_client_deletes_its_rows_and_no_others():
    stays = TransactionFactory()
    goes = TransactionFactory()
    newer = TransactionFactory(account=goes.account)
    models.Transaction.objects.filter(pk=goes.pk).update(deleted_at="2026-11-01T00:00Z", replaced_by=newer)
    goes.client.delete()
    connection.check_constraints()
    assert list(models.Transaction.objects.all()) == [stays]


def test_deleting_a_row_clears_replaced_by_in_the_row_it_replaced():
    old = TransactionFactory()
    newer = TransactionFactory(account=old.account)
    models.Transaction.objects.filter(pk=old.pk).update(deleted_at="2026-11-01T00:00Z", replaced_by=newer)
    newer.delete()
    old.refresh_from_db()
    assert old.replaced_by_id is None


def test_deleting_an_account_reads_none_of_its_transactions(django_assert_max_num_queries):
    account = AccountFactory()
    TransactionFactory.create_batch(3, account=account)
    with django_assert_max_num_queries(8) as queries:
        account.delete()
    assert not any(query["sql"].startswith('SELECT "banking_transaction"') for query in queries.captured_queries)
