"""An item's accounts: read, their balances kept day by day, and buried with all they hold when the bank closes them."""

from datetime import date
from decimal import Decimal

from django.utils import timezone

from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.rows.values import BRAZIL, part
from apps.banking.announce import announce
from apps.banking.models import Account, CreditCardBill, Transaction
from apps.banking.rows.balances import record_balances
from apps.banking.rows.merge import Counts, merge
from apps.banking.rows.tombstones import tombstone
from apps.banking.sync.listing import bury, confirmed
from apps.banking.sync.plan import KINDS, Plan, as_of
from apps.banking.sync.runs import Run
from apps.banking.sync.visit import Found


def read_accounts(visit: Found, run: Run, plan: Plan, kinds: list[str]) -> None:
    """The item's accounts of these types, their balances, and what becomes of those that were closed."""
    only = kinds[0] if len(kinds) == 1 else None
    docs = [doc for page in visit.api.accounts(visit.item_id, type=only) for doc in page]
    found = run.sift(rows.account, docs)
    with run.write():
        before = _balances(visit)
        run.count("accounts", merge(Account, visit.scope, found.rows))
        for name, kind in KINDS.items():
            if kind in kinds:
                record_balances(visit.connection.pk, _day(visit, name), kind)
        _announce_balances(visit, run, before)
    prunable = {kind for name, kind in KINDS.items() if name in plan.prunes}
    known = Account.objects.filter(connection=visit.connection, deleted_at=None, type__in=prunable)
    missing = set(known.values_list("vendor_id", flat=True)) - set(found.seen)
    for vendor_id in confirmed(missing, visit.api.account):
        close_account(run, known.get(vendor_id=vendor_id))


def _day(visit: Found, product: str) -> date:
    """The day in Brazil on which the bank told these balances: a stale one must not pass for today's."""
    told = part(part(visit.item, "statusDetail"), product)
    moment = as_of(told) or as_of(visit.item) or timezone.now()
    return moment.astimezone(BRAZIL).date()


def _balances(visit: Found) -> dict[int, tuple[Decimal | None, str]]:
    known = Account.objects.filter(connection=visit.connection, deleted_at=None)
    return {pk: (balance, code) for pk, balance, code in known.values_list("pk", "balance", "currency_code")}


def _announce_balances(visit: Found, run: Run, before: dict[int, tuple[Decimal | None, str]]) -> None:
    for pk, now in _balances(visit).items():
        if pk in before and before[pk] != now:
            told = {"account": pk, "balance": now[0], "before": before[pk][0], "currency": now[1]}
            announce("balance.changed", visit.connection, told, cause=run.cause)


def close_account(run: Run, account: Account) -> None:
    """The bank no longer has it: it and all that hangs on it become tombstones, in transactions of a bounded size."""
    scope = {"account_id": account.pk}
    for product, model in (("transactions", Transaction), ("bills", CreditCardBill)):
        bury(run, product, model, scope)
    with run.write():
        # Should it come back, it is read from its beginning.
        Account.objects.filter(pk=account.pk).update(transactions_watermark=None)
        removed = tombstone(Account.objects.filter(pk=account.pk), [account.vendor_id])
        run.count("accounts", Counts(removed=removed))
