"""Transactions, of one account or of all accounts of an item: all of them, the new ones, or those of certain ids."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from apps.banking.aggregators.contract import Page, Product
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import Account, Connection, Transaction
from apps.banking.rows.carried_edits import carry_edits
from apps.banking.rows.merge import Scope
from apps.banking.rows.staging import chunks
from apps.banking.sync.accounts import find_account
from apps.banking.sync.listing import live_ids
from apps.banking.sync.plan import Plan
from apps.banking.sync.reading import Reading, gathered


class Reader:
    """Reads into the rows of these accounts. `parent` is the account's id, or empty for the whole item.

    The mark's scope is the parent: how far was read of the account, or of the item.
    """

    def __init__(self, reading: Reading, accounts: Iterable[Account], parent: str = "") -> None:
        self.reading, self.parent = reading, parent
        self.accounts = {account.vendor_id: account for account in accounts}

    def read_planned(self, plan: Plan) -> None:
        """All that there is or what is new, as the plan says."""
        if plan.full:
            self.read_all(prune=Product.TRANSACTIONS in plan.prunes)
        else:
            self.read_new()

    def read_all(self, *, prune: bool) -> None:
        """The complete list; with `prune`, what is not in it and not to be had by its id either is tombstoned."""
        missing = {name: live_ids(Transaction, _scope(own)) if prune else set() for name, own in self.accounts.items()}
        mark = ""
        for page in gathered(self.reading.source.listed(Product.TRANSACTIONS, self.parent)):
            # A tombstone of a later page may come back to life: edits are carried when all of them are read.
            self._keep(page, carry=False)
            missing.get(page.parent, set()).difference_update(page.seen)
            mark = page.mark or mark
        with self.reading.run.write():
            for account in self.accounts.values():
                carry_edits(account.pk)
        for name, ids in missing.items():
            self.read_ids(name, ids)
        self.reading.keep_mark(self.parent, mark)

    def read_new(self, since: datetime | None = None) -> None:
        """What came to be since the last time, or since a moment that an event named, whichever is earlier."""
        mark = self.reading.mark(self.parent)
        if not mark:
            self.read_all(prune=False)
            return
        for page in gathered(self.reading.source.changed(self.parent, mark, since)):
            self._keep(page)
            mark = page.mark or mark
        self.reading.keep_mark(self.parent, mark)

    def read_ids(self, account_id: str, ids: Iterable[str]) -> None:
        """An account's transactions of these ids as they are now; those that no longer exist are tombstoned."""
        for some in chunks(sorted(ids)):
            missing = set(some)
            for page in self.reading.source.by_ids(account_id, some):
                self._keep(page)
                missing.difference_update(page.seen)
            if missing:
                self._keep(Page(parent=account_id, removed=sorted(missing)))

    def _keep(self, page: Page, *, carry: bool = True) -> None:
        account = self.accounts.get(page.parent) or find_account(self.reading, page.parent)
        if account is None:
            return
        self.accounts[page.parent] = account
        run = self.reading.run
        with run.write():
            created = run.merge(Product.TRANSACTIONS, Transaction, _scope(account), page).created
            removed = 0
            if page.removed:
                own = Transaction.objects.filter(account=account)
                removed = run.remove(Product.TRANSACTIONS, own, page.removed).removed
            if carry and (created or removed):
                carry_edits(account.pk)


def readers(reading: Reading) -> Iterator[Reader]:
    """One for each live account; one for all where the aggregator follows the whole item."""
    accounts = list(Account.objects.filter(connection=reading.connection, deleted_at=None).order_by("pk"))
    if follows_items(reading.connection):
        yield Reader(reading, accounts)
    else:
        yield from (Reader(reading, [account], account.vendor_id) for account in accounts)


def follows_items(connection: Connection) -> bool:
    """Whether changes are followed for the whole item, not account by account."""
    return aggregator(connection.aggregator).follows_items


def _scope(account: Account) -> Scope:
    """What the account's transactions have in common."""
    return {"client_id": account.client_id, "account_id": account.pk}
