"""Bank accounts and cards, and their balance of each day."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.banking.models.base import ClientRow, checks, currency_check
from apps.banking.models.connection import Connection
from apps.banking.sizes import CURRENCY, LINE, MONEY, WORD
from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet
from lib.sealed import SealedJSON


class Account(ClientRow):
    """A bank account (`type` BANK) or a card (CREDIT). `balance` has the sign that the vendor sends."""

    natural_key = ("connection_id", "vendor_id")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="accounts", db_index=False, db_constraint=False
    )
    type = models.CharField(**WORD)
    subtype = models.CharField(**WORD)
    name = models.CharField(**LINE)
    marketing_name = models.CharField(**LINE)
    number_sealed = models.BinaryField(null=True)
    number_index = models.BinaryField(null=True, max_length=16)
    tax_number_sealed = models.BinaryField(null=True)
    tax_number_index = models.BinaryField(null=True, max_length=16)
    owner_sealed = models.BinaryField(null=True)
    transfer_number_sealed = models.BinaryField(null=True)
    balance = models.DecimalField(**MONEY, null=True)
    currency_code = models.CharField(**CURRENCY)
    # Of bank accounts
    closing_balance = models.DecimalField(**MONEY, null=True)
    automatically_invested_balance = models.DecimalField(**MONEY, null=True)
    overdraft_contracted_limit = models.DecimalField(**MONEY, null=True)
    overdraft_used_limit = models.DecimalField(**MONEY, null=True)
    unarranged_overdraft_amount = models.DecimalField(**MONEY, null=True)
    # Of cards
    level = models.CharField(**WORD)
    brand = models.CharField(**WORD)
    credit_status = models.CharField(**WORD)
    holder_type = models.CharField(**WORD)
    balance_close_date = models.DateField(null=True)
    balance_due_date = models.DateField(null=True)
    credit_limit = models.DecimalField(**MONEY, null=True)
    available_credit_limit = models.DecimalField(**MONEY, null=True)
    minimum_payment = models.DecimalField(**MONEY, null=True)
    is_limit_flexible = models.BooleanField(null=True)

    number = SealedJSON("number_sealed", empty="")
    tax_number = SealedJSON("tax_number_sealed", empty="")
    owner = SealedJSON("owner_sealed", empty="")
    transfer_number = SealedJSON("transfer_number_sealed", empty="")

    SUBTYPES: ClassVar = {
        "CHECKING_ACCOUNT": _("Checking account"),
        "SAVINGS_ACCOUNT": _("Savings account"),
        "CREDIT_CARD": _("Card"),
    }

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(fields=["connection", "vendor_id"], name="account_once"),
            models.UniqueConstraint(fields=["id", "client"], name="account_of_client"),
            *checks("account"),
            currency_check("account"),
        ]
        indexes = [
            models.Index(fields=["client", "-id"], name="account_list"),
            models.Index(fields=["vendor_id"], name="account_vendor_id"),
            models.Index(fields=["number_index"], name="account_number"),
            models.Index(fields=["tax_number_index"], name="account_tax_number"),
        ]

    @property
    def title(self) -> str:
        """What people call the account."""
        return self.marketing_name or self.name or str(self.SUBTYPES.get(self.subtype, _("Account")))

    @property
    def is_card(self) -> bool:
        """Whether it is a card."""
        return self.type == "CREDIT"

    @property
    def worth(self) -> Decimal | None:
        """The balance as the client's own money. A card's balance is what is owed, so it is below zero here."""
        return -self.balance if self.is_card and self.balance is not None else self.balance


class BalanceSnapshot(models.Model):
    """The balance of an account on a day, as the bank last sent it on that day: one row for each day."""

    # A migration creates the foreign key (account, client) in SQL.
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="snapshots", db_index=False, db_constraint=False
    )
    date = models.DateField()
    balance = models.DecimalField(**MONEY)
    currency_code = models.CharField(**CURRENCY)
    taken_at = models.DateTimeField(db_default=Now())

    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("balance of a day")
        verbose_name_plural = _("balances by day")
        constraints = [
            models.UniqueConstraint(fields=["account", "date"], name="snapshot_once_a_day"),
            currency_check("snapshot"),
        ]
        indexes = [models.Index(fields=["client", "-date", "-id"], name="snapshot_list")]

    def __str__(self) -> str:
        return f"account {self.account_id} on {self.date}"
