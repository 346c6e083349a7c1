"""Reading an item's products, one after the other: the failure of one does not cost the others."""

import logging
from collections.abc import Callable, Iterator
from functools import partial

from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.models import (
    Account,
    Consent,
    CreditCardBill,
    Identity,
    Investment,
    InvestmentTransaction,
    Loan,
)
from apps.banking.sync import plan as names
from apps.banking.sync.accounts import read_accounts
from apps.banking.sync.listing import bury, listed_again, mirror
from apps.banking.sync.plan import Plan
from apps.banking.sync.runs import Run, described
from apps.banking.sync.transactions import Reader
from apps.banking.sync.visit import Found
from lib.errors import PonteError, Temporary, Throttled

logger = logging.getLogger(__name__)

# Gone in the middle of a run, these mean that the item changed under our hands: look at it anew.
MOVED = frozenset({"ITEM_NOT_FOUND", "ACCOUNT_NOT_FOUND", "INVESTMENT_NOT_FOUND"})

Job = Callable[[], None]


def collect(visit: Found, run: Run, plan: Plan) -> None:
    """Read what `plan` says. What fails is in `run.failures`; raises only what stops all of it."""
    for product, job in _jobs(visit, run, plan):
        try:
            job()
        except Throttled:
            raise
        except PonteError as error:
            logger.warning("%s: %s could not be read: %s", visit.connection, product, described(error)[1])
            run.failures.append(_moved(product, error) if isinstance(error, Gone) else error)


def _moved(product: str, error: Gone) -> PonteError:
    # A code is optional: without one, the 404 of an account's list is its account's.
    if error.code not in MOVED and (error.code != "HTTP_404" or product not in ("transactions", "bills")):
        return error
    return Temporary("it went away while it was read", error_type=error.error_type, code=error.code)


def _jobs(visit: Found, run: Run, plan: Plan) -> Iterator[tuple[str, Job]]:
    """One at a time: which accounts there are is known once accounts are read."""
    kinds = [kind for name, kind in names.KINDS.items() if name in plan.reads]
    if kinds:
        yield "accounts", partial(read_accounts, visit, run, plan, kinds)
    if names.TRANSACTIONS in plan.reads:
        for account in _accounts(visit):
            yield "transactions", partial(_read_transactions, visit, run, plan, account)
    if names.CARDS in plan.reads:
        for account in _accounts(visit, type="CREDIT"):
            yield "bills", partial(_read_bills, visit, run, plan, account)
    yield from _wealth(visit, run, plan)
    if names.IDENTITY in plan.reads:
        yield "identity", partial(_read_identity, visit, run, plan)
    yield "consents", partial(_read_consents, visit, run)


def _wealth(visit: Found, run: Run, plan: Plan) -> Iterator[tuple[str, Job]]:
    if names.INVESTMENTS in plan.reads:
        yield "investments", partial(_read_investments, visit, run, plan)
    if names.MOVEMENTS in plan.reads:
        for investment in Investment.objects.filter(connection=visit.connection, deleted_at=None).order_by("pk"):
            yield "investment_transactions", partial(_read_movements, visit, run, plan, investment)
    if names.LOANS in plan.reads:
        yield "loans", partial(_read_loans, visit, run, plan)


def _accounts(visit: Found, **filters: str) -> list[Account]:
    return list(Account.objects.filter(connection=visit.connection, deleted_at=None, **filters).order_by("pk"))


def _read_transactions(visit: Found, run: Run, plan: Plan, account: Account) -> None:
    reader = Reader(run, visit.api, account)
    if plan.full:
        reader.read_all(prune=names.TRANSACTIONS in plan.prunes)
    else:
        reader.read_new()


def _read_bills(visit: Found, run: Run, plan: Plan, account: Account) -> None:
    pages = visit.api.bills(account.vendor_id)
    scope = {"client_id": account.client_id, "account_id": account.pk}
    prune = names.CARDS in plan.prunes
    mirror(run, "bills", CreditCardBill, scope, rows.bill, pages, prune=prune, look=visit.api.bill)


def _read_investments(visit: Found, run: Run, plan: Plan) -> None:
    pages = visit.api.investments(visit.item_id)
    prune = names.INVESTMENTS in plan.prunes
    mirror(run, "investments", Investment, visit.scope, rows.investment, pages, prune=prune, look=visit.api.investment)
    gone = Investment.objects.filter(connection=visit.connection, deleted_at__isnull=False)
    bury(run, "investment_transactions", InvestmentTransaction, {"investment__in": gone.values("pk")})


def _read_movements(visit: Found, run: Run, plan: Plan, investment: Investment) -> None:
    pages = partial(visit.api.investment_transactions, investment.vendor_id)
    scope = {"client_id": investment.client_id, "investment_id": investment.pk}
    prune = names.MOVEMENTS in plan.prunes
    product = "investment_transactions"
    look = listed_again(pages)
    mirror(run, product, InvestmentTransaction, scope, rows.investment_transaction, pages(), prune=prune, look=look)


def _read_loans(visit: Found, run: Run, plan: Plan) -> None:
    pages = visit.api.loans(visit.item_id)
    prune = names.LOANS in plan.prunes
    mirror(run, "loans", Loan, visit.scope, rows.loan, pages, prune=prune, look=visit.api.loan)


def _read_identity(visit: Found, run: Run, plan: Plan) -> None:
    try:
        pages = [[visit.api.identity(visit.item_id)]]
    except Gone as error:
        if error.code in MOVED:
            raise
        pages = []
    mirror(run, "identity", Identity, visit.scope, rows.identity, pages, prune=names.IDENTITY in plan.prunes)


def _read_consents(visit: Found, run: Run) -> None:
    # Not a product that is collected, but the aggregator's own record: its list is always complete.
    pages = visit.api.consents(visit.item_id)
    mirror(run, "consents", Consent, visit.scope, rows.consent, pages, prune=True, look=visit.api.consent)
