"""Bills of card accounts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.banking.models.account import Account
from apps.banking.models.base import ClientRow, checks, currency_check
from apps.banking.sizes import CURRENCY, MONEY


class CreditCardBill(ClientRow):
    """A bill of a card account. `extra` holds its finance charges and payments as the vendor sent them."""

    natural_key = ("account_id", "vendor_id")

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="bills", db_index=False, db_constraint=False
    )
    due_date = models.DateField(null=True)
    closing_date = models.DateField(null=True)
    total_amount = models.DecimalField(**MONEY, null=True)
    currency_code = models.CharField(**CURRENCY)
    minimum_payment_amount = models.DecimalField(**MONEY, null=True)
    allows_installments = models.BooleanField(null=True)

    class Meta:
        verbose_name = _("card bill")
        verbose_name_plural = _("card bills")
        constraints = [
            models.UniqueConstraint(fields=["account", "vendor_id"], name="bill_once"),
            *checks("bill"),
            currency_check("bill"),
        ]
        indexes = [
            models.Index(fields=["account", "-due_date", "-id"], name="bill_list_account"),
            models.Index(fields=["client", "-due_date", "-id"], name="bill_list_client"),
        ]
