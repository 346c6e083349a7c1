"""What banking holds of clients, and how it ends at the aggregator before it is erased here."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.banking.connect.disconnect import disconnect
from apps.banking.models import (
    Account,
    BalanceSnapshot,
    ClientApplication,
    Connection,
    Consent,
    CreditCardBill,
    Identity,
    Investment,
    InvestmentTransaction,
    Loan,
    Mark,
    SyncRun,
    Transaction,
    TransferPair,
)
from apps.clients.models import Client
from apps.clients.personal_data import Ending, by_parent, of_client, register, register_ending, without

# The aggregator is asked again after this time, if it did not delete an item.
ASK_AGAIN = timedelta(hours=1)
# Connections that one step asks for, and the most that it counts.
AT_ONCE = 100
COUNTED = 1_000

# Children before their parents.
_TABLES: tuple[tuple[int, type[models.Model], Promise], ...] = (
    (10, TransferPair, _("Transfers between own accounts")),
    (20, BalanceSnapshot, _("Balances of days")),
    (20, CreditCardBill, _("Card bills")),
    (20, InvestmentTransaction, _("Transactions of investments")),
    (30, Account, _("Accounts and cards")),
    (30, Consent, _("Consents")),
    (30, Identity, _("Identity at banks")),
    (30, Investment, _("Investments")),
    (30, Loan, _("Loans")),
    (30, Mark, _("Marks of reading")),
    (30, SyncRun, _("Syncs")),
)


def _erase_items(client: UUID) -> int:
    """Ask the aggregator to delete the client's items, and banking to erase their rows. Returns how many are left."""
    since = Client.objects.filter(pk=client).values_list("erasing_at", flat=True).first() or timezone.now()
    own = Connection.objects.filter(client_id=client)
    unasked = Q(disconnect_asked_at=None) | Q(disconnect_asked_at__lt=since)
    again = Q(disconnect_asked_at__lt=timezone.now() - ASK_AGAIN)
    for row in own.filter(unasked | again).order_by("pk")[:AT_ONCE]:
        disconnect(row, erase=True)
    return own.order_by()[:COUNTED].count()


def _mailboxes(client: UUID) -> list[str]:
    """Those of the client's items, also of items that are gone."""
    return [row.mailbox for row in Connection.objects.filter(client_id=client).iterator()]


def _accounts(client: UUID) -> Iterator[Any]:
    yield from of_client(Account)(client)


register_ending(Ending("connections", _erase_items, _mailboxes))
for _order, _model, _label in _TABLES:
    register(_model, _label, order=_order)
register(Transaction, _("Transactions"), pieces=by_parent(Transaction, "account_id", _accounts), order=15)
register(Connection, _("Connections"), export=without("credential"), order=40)
register(ClientApplication, _("Own credentials at aggregators"), export=without("key", "secret"), order=50)
