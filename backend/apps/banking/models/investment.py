"""Investments and their transactions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.banking.models.base import ClientRow, checks, currency_check
from apps.banking.models.connection import Connection
from apps.banking.sizes import CURRENCY, LINE, MONEY, QUANTITY, RATE, WORD
from lib.sealed import SealedJSON


class Investment(ClientRow):
    """A position. `balance` is net, `amount` gross; `value` is the price of one unit of `quantity`."""

    natural_key = ("connection_id", "vendor_id")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="investments", db_index=False, db_constraint=False
    )
    type = models.CharField(**WORD)
    subtype = models.CharField(**WORD)
    status = models.CharField(**WORD)
    name = models.CharField(**LINE)
    code = models.CharField(**LINE)
    isin = models.CharField(**WORD)
    issuer = models.CharField(**LINE)
    number_sealed = models.BinaryField(null=True)
    owner_sealed = models.BinaryField(null=True)
    currency_code = models.CharField(**CURRENCY)
    balance = models.DecimalField(**MONEY, null=True)
    amount = models.DecimalField(**MONEY, null=True)
    amount_profit = models.DecimalField(**MONEY, null=True)
    amount_withdrawal = models.DecimalField(**MONEY, null=True)
    amount_original = models.DecimalField(**MONEY, null=True)
    taxes = models.DecimalField(**MONEY, null=True)
    taxes2 = models.DecimalField(**MONEY, null=True)
    value = models.DecimalField(**QUANTITY, null=True)
    quantity = models.DecimalField(**QUANTITY, null=True)
    date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    issue_date = models.DateField(null=True)
    purchase_date = models.DateField(null=True)
    grace_period_date = models.DateField(null=True)
    rate = models.DecimalField(**RATE, null=True)
    rate_type = models.CharField(**WORD)
    fixed_annual_rate = models.DecimalField(**RATE, null=True)
    annual_rate = models.DecimalField(**RATE, null=True)
    last_month_rate = models.DecimalField(**RATE, null=True)
    last_twelve_months_rate = models.DecimalField(**RATE, null=True)
    tax_exempt = models.BooleanField(null=True)

    number = SealedJSON("number_sealed", empty="")
    owner = SealedJSON("owner_sealed", empty="")

    class Meta:
        verbose_name = _("investment")
        verbose_name_plural = _("investments")
        constraints = [
            models.UniqueConstraint(fields=["connection", "vendor_id"], name="investment_once"),
            models.UniqueConstraint(fields=["id", "client"], name="investment_of_client"),
            *checks("investment"),
            currency_check("investment"),
        ]
        indexes = [models.Index(fields=["client", "-id"], name="investment_list")]


class InvestmentTransaction(ClientRow):
    """A transaction of a position: with `movement_type` CREDIT money goes into it, with DEBIT out of it."""

    natural_key = ("investment_id", "vendor_id")

    investment = models.ForeignKey(
        Investment, on_delete=models.CASCADE, related_name="transactions", db_index=False, db_constraint=False
    )
    type = models.CharField(**WORD)
    movement_type = models.CharField(**WORD)
    description = models.CharField(**LINE)
    date = models.DateField(null=True)
    trade_date = models.DateField(null=True)
    quantity = models.DecimalField(**QUANTITY, null=True)
    value = models.DecimalField(**QUANTITY, null=True)
    amount = models.DecimalField(**MONEY, null=True)
    net_amount = models.DecimalField(**MONEY, null=True)
    agreed_rate = models.DecimalField(**RATE, null=True)

    class Meta:
        verbose_name = _("investment transaction")
        verbose_name_plural = _("investment transactions")
        constraints = [
            models.UniqueConstraint(fields=["investment", "vendor_id"], name="investment_transaction_once"),
            *checks("investment_transaction"),
        ]
        indexes = [
            models.Index(fields=["investment", "-date", "-id"], name="inv_transaction_list"),
            models.Index(fields=["client", "-date", "-id"], name="inv_transaction_list_client"),
        ]
