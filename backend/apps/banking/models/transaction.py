"""Transactions of accounts and cards. This table grows to millions of rows."""

from typing import ClassVar, Self
from uuid import UUID

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.banking.models.account import Account
from apps.banking.models.base import ClientRow, VendorQuerySet, checks, currency_check
from apps.banking.models.catalog import Category
from apps.banking.models.kinds import BY_SIGN, SPENDING, Kind
from apps.banking.models.words import query
from apps.banking.sizes import CURRENCY, LINE, MONEY, WORD

# Tombstones whose edits have not been carried to another row.
ORPHANED = Q(deleted_at__isnull=False, replaced_by=None) & (
    Q(hidden=True) | ~Q(note="") | Q(user_category__isnull=False) | ~Q(user_kind="")
)

# Neither a transfer between own accounts nor the payment of a card bill.
# So many rows with the words that somebody searches for are found by their words.
FEW = 1000
_UNPAIRED = Q(pair_as_outgoing=None, pair_as_incoming=None)


class TransactionQuerySet(VendorQuerySet["Transaction"]):
    """Lists are paged by keyset, so no page of a list of millions costs more than the first."""

    def shown(self) -> Self:
        """The rows that a user sees: no tombstones, and no rows that the user hid."""
        return self.filter(deleted_at=None, hidden=False)

    def matching(self, client: UUID, text: str) -> Self:
        """The client's rows that have, for each word of `text`, a word that begins so. No tombstones.

        Only for code that works for this client, whose rows the database's functions know. It asks once how many rows
        have the words: a few are found by the index of words, and of many the newest by the list's own index.
        """
        wanted = query(client, text)
        if not wanted:
            return self.none()
        mine, found = self.filter(client_id=client, deleted_at=None), _some_with(wanted)
        return mine.filter(pk__in=found) if len(found) <= FEW else mine.filter(HasWords("pk", models.Value(wanted)))

    def spending(self) -> Self:
        """The rows that count as spending: purchases, fees, money sent to others; refunds, whose sign reduces the sum.

        Not the payments of card bills, transfers between own accounts, investments and loans. What a person said about
        a row decides, then its pair, then the rules.
        """
        ruled = Q(kind__in=SPENDING) | Q(kind__in=BY_SIGN, amount__lt=0)
        return self.filter(Q(user_kind__in=SPENDING) | Q(ruled, _UNPAIRED, user_kind=""))

    def income(self) -> Self:
        """The rows that count as income: salaries, earnings, money that others sent. None of them is in `spending`."""
        ruled = Q(kind=Kind.INCOME) | Q(kind__in=BY_SIGN, amount__gt=0)
        return self.filter(Q(user_kind=Kind.INCOME) | Q(ruled, _UNPAIRED, user_kind=""))

    def newest_first(self) -> Self:
        """The order of every list, which the indexes support."""
        return self.order_by("-date", "-id")


def _some_with(wanted: str) -> list[int]:
    """The ids of FEW + 1 of the current client's transactions that have these words; all, if they are fewer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT banking_transactions_with(%s::tsquery, %s)", [wanted, FEW + 1])
        return [number for (number,) in cursor.fetchall()]


class HasWords(models.Func):
    """Whether a transaction of the current client has the words of a tsquery, which is not parsed any further."""

    template = "banking_transaction_has(%(expressions)s::tsquery)"
    output_field = models.BooleanField()


class Transaction(ClientRow):
    """Money that moved, or will move (PENDING). `amount` is negative for a DEBIT, positive for a CREDIT.

    `date` is the day in Brazil to which it belongs, `occurred_at` the instant, if the vendor knows it.
    `user_category`, `user_kind`, `note` and `hidden` belong to the user, and no sync changes them. When the vendor
    gives the same transaction a new id, the old row's `replaced_by` is the new row, and Ponte copies the user's edits.
    `kind` is what Ponte's rules say (`cards/kinds.py`), `user_kind` what a person said.
    """

    natural_key = ("account_id", "vendor_id")
    own_columns = ("user_category", "user_kind", "note", "hidden", "replaced_by")
    cleared_on_return = ("replaced_by",)

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="transactions", db_index=False, db_constraint=False
    )
    date = models.DateField()
    occurred_at = models.DateTimeField(null=True)
    description = models.CharField(**LINE)
    amount = models.DecimalField(**MONEY)
    currency_code = models.CharField(**CURRENCY)
    amount_in_account_currency = models.DecimalField(**MONEY, null=True)
    type = models.CharField(**WORD)
    status = models.CharField(**WORD)
    balance = models.DecimalField(**MONEY, null=True)
    order = models.BigIntegerField(null=True)
    category = models.CharField(**LINE)
    category_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    operation_type = models.CharField(**WORD)
    payment_method = models.CharField(**WORD)
    provider_id = models.CharField(**LINE)
    provider_code = models.CharField(**LINE)
    merchant_name = models.CharField(**LINE)
    # Of purchases by card
    installment_number = models.IntegerField(null=True)
    total_installments = models.IntegerField(null=True)
    bill_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    purchase_date = models.DateField(null=True)
    payee_mcc = models.IntegerField(null=True)
    bill_post_date = models.DateField(null=True)
    # The month in which the bill is due on which the bank expects the row: its first day
    bill_month = models.DateField(null=True)
    fee_type = models.CharField(**WORD)
    other_credits_type = models.CharField(**WORD)
    # Ponte's
    kind = models.CharField(**WORD, choices=Kind.choices)
    # The user's
    user_category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    user_kind = models.CharField(**WORD, choices=Kind.choices)
    note = models.TextField(blank=True, default="", db_default="")
    hidden = models.BooleanField(default=False, db_default=False)
    # A migration sets ON DELETE SET NULL in the database, so that deleting an account need not read all its rows.
    replaced_by = models.ForeignKey(
        "self", null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )

    objects: ClassVar = TransactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.UniqueConstraint(fields=["account", "vendor_id"], name="transaction_once"),
            *checks("transaction"),
            currency_check("transaction"),
            models.CheckConstraint(
                condition=(~Q(type="DEBIT") | Q(amount__lte=0)) & (~Q(type="CREDIT") | Q(amount__gte=0)),
                name="transaction_sign_follows_type",
            ),
            models.CheckConstraint(
                condition=Q(replaced_by=None) | Q(deleted_at__isnull=False),
                name="transaction_replaced_is_gone",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "-date", "-id"],
                name="transaction_list_account",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                fields=["client", "-date", "-id"],
                name="transaction_list_client",
                condition=Q(deleted_at=None),
            ),
            # Tombstones, and what is not booked, for staff: few among many.
            models.Index(fields=["-id"], name="transaction_tombstones", condition=Q(deleted_at__isnull=False)),
            models.Index(fields=["-id"], name="transaction_pending", condition=Q(status="PENDING", deleted_at=None)),
            models.Index(fields=["account", "bill_id"], name="transaction_of_bill", condition=~Q(bill_id="")),
            models.Index(
                fields=["user_category"],
                name="transaction_user_category",
                condition=Q(user_category__isnull=False),
            ),
            # For the words of new and changed rows, and for programs that ask for what is new.
            models.Index(fields=["updated_at", "id"], name="transaction_updated"),
            models.Index(fields=["replaced_by"], name="transaction_replaced", condition=Q(replaced_by__isnull=False)),
            # Tombstones whose edits have not been carried to the row that replaced them.
            models.Index(fields=["account"], name="transaction_open_edits", condition=ORPHANED),
            models.Index(
                fields=["account"],
                name="transaction_instalments",
                condition=Q(deleted_at=None, total_installments__gt=1),
            ),
        ]

    @property
    def installment(self) -> str:
        """3/12, if the row is one part of several, and the bank says which."""
        is_part = self.installment_number and (self.total_installments or 0) > 1
        return f"{self.installment_number}/{self.total_installments}" if is_part else ""


class TransactionWords(models.Model):
    """The words of a transaction, by which it is found. A task writes them, shortly after the transaction.

    `as_of` is the transaction's `updated_at` then. The database deletes the row together with the transaction.
    """

    transaction = models.OneToOneField(
        Transaction, primary_key=True, on_delete=models.DO_NOTHING, related_name="words", db_constraint=False
    )
    words = SearchVectorField()
    as_of = models.DateTimeField()

    class Meta:
        verbose_name_plural = "words of transactions"
        indexes = [
            # Without a list of pending entries, which each search would have to read.
            GinIndex(fields=["words"], fastupdate=False, name="words_search"),
            models.Index(fields=["as_of"], name="words_as_of"),
        ]

    def __str__(self) -> str:
        return f"words of transaction {self.transaction_id}"
