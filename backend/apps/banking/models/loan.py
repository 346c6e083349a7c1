"""Loans."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.banking.models.base import ClientRow, checks, currency_check
from apps.banking.models.connection import Connection
from apps.banking.sizes import CURRENCY, LINE, MONEY, RATE, WORD
from lib.sealed import SealedJSON


class Loan(ClientRow):
    """A credit contract. `extra` holds rates, fees, warranties and each payment as the vendor sent them."""

    natural_key = ("connection_id", "vendor_id")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="loans", db_index=False, db_constraint=False
    )
    contract_number_sealed = models.BinaryField(null=True)
    product_name = models.CharField(**LINE)
    type = models.CharField(**LINE)
    kind = models.CharField(**WORD)
    date = models.DateField(null=True)
    contract_date = models.DateField(null=True)
    settlement_date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    first_installment_due_date = models.DateField(null=True)
    contract_amount = models.DecimalField(**MONEY, null=True)
    contract_outstanding_balance = models.DecimalField(**MONEY, null=True)
    currency_code = models.CharField(**CURRENCY)
    cet = models.DecimalField(**RATE, null=True)
    installment_periodicity = models.CharField(**WORD)
    amortization_scheduled = models.CharField(**WORD)
    total_number_of_installments = models.IntegerField(null=True)
    paid_installments = models.IntegerField(null=True)
    due_installments = models.IntegerField(null=True)
    past_due_installments = models.IntegerField(null=True)

    contract_number = SealedJSON("contract_number_sealed", empty="")

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        constraints = [
            models.UniqueConstraint(fields=["connection", "vendor_id"], name="loan_once"),
            *checks("loan"),
            currency_check("loan"),
        ]
        indexes = [models.Index(fields=["client", "-id"], name="loan_list")]
