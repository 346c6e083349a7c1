"""What a transaction is: a purchase, a payment of a bill, money that only changed pockets…"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The kinds. The other side of a TRANSFER (Pix, TED, DOC) is not known, so its sign makes it spending or income."""

    EXPENSE = "expense", _("Expense")
    INCOME = "income", _("Income")
    TRANSFER = "transfer", _("Transfer")
    OWN_TRANSFER = "own_transfer", _("Transfer between own accounts")
    BILL_PAYMENT = "bill_payment", _("Payment of a card bill")
    REFUND = "refund", _("Refund")
    FEE = "fee", _("Fee or interest")
    INVESTMENT = "investment", _("Investment")
    CREDIT = "credit", _("Loan or credit")


# These count as spending: refunds are positive, so they reduce it.
SPENDING = (Kind.EXPENSE, Kind.FEE, Kind.REFUND)
# These count by their sign. A row without a kind was stored before Ponte knew kinds.
BY_SIGN = ("", Kind.TRANSFER)
# The kinds that a pair of rows can have.
PAIRED = (Kind.OWN_TRANSFER, Kind.BILL_PAYMENT)
