"""The stages of a connecting, and what people call them and the products that are read."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from apps.banking.aggregators.contract import Product
from apps.banking.connect.advice import Words


class Stage(StrEnum):
    """Where the connection is on its way."""

    AT_BANK = "at_bank"
    ASKED = "asked"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"
    ENDING = "ending"
    ENDED = "ended"


class Step(StrEnum):
    """How far a product is."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"


PRODUCTS: dict[str, Words] = {
    Product.ACCOUNTS: _("Accounts and cards"),
    Product.CARDS: _("Cards"),
    Product.TRANSACTIONS: _("Transactions"),
    Product.BILLS: _("Card bills"),
    Product.INVESTMENTS: _("Investments"),
    Product.INVESTMENT_TRANSACTIONS: _("Movements of investments"),
    Product.LOANS: _("Loans"),
    Product.IDENTITY: _("Your data at the bank"),
    Product.CONSENTS: _("Permissions"),
}
STAGES: dict[Stage, Words] = {
    Stage.AT_BANK: _("The bank is being read…"),
    Stage.ASKED: _("The bank waits for you"),
    Stage.READING: _("Your data is arriving…"),
    Stage.DONE: _("Connected"),
    Stage.FAILED: _("The bank could not be read"),
    Stage.ENDING: _("Being disconnected…"),
    Stage.ENDED: _("Disconnected"),
}
AT_BANK: dict[str, Words] = {
    "CREATING": _("Preparing the connection…"),
    "CREATED": _("Preparing the connection…"),
    "LOGIN_IN_PROGRESS": _("Logging in at the bank…"),
    "LOGIN_MFA_IN_PROGRESS": _("The bank is checking the code…"),
    "ACCOUNTS_IN_PROGRESS": _("Reading your accounts…"),
    "CREDITCARDS_IN_PROGRESS": _("Reading your cards…"),
    "TRANSACTIONS_IN_PROGRESS": _("Reading your transactions…"),
    "PAYMENT_DATA_IN_PROGRESS": _("Reading your payments…"),
    "INVESTMENTS_IN_PROGRESS": _("Reading your investments…"),
    "INVESTMENTS_TRANSACTIONS_IN_PROGRESS": _("Reading the movements of your investments…"),
    "IDENTITY_IN_PROGRESS": _("Reading your data at the bank…"),
    "LOANS_IN_PROGRESS": _("Reading your loans…"),
    "MERGING": _("Storing what was read…"),
}
