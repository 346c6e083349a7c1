"""Read the transactions of one account or of a whole item: all of them, the new ones, or those with certain ids."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import cast

from apps.banking.aggregators.contract import ACCOUNT_TYPES, Page, Product
from apps.banking.aggregators.registry import aggregator
from apps.banking.cards.kinds import complete
from apps.banking.models import Account, Connection, Transaction
from apps.banking.rows.carried_edits import carry_edits, open_edits
from apps.banking.rows.merge import Scope
from apps.banking.rows.staging import chunks
from apps.banking.sync.accounts import find_account, live_accounts
from apps.banking.sync.listing import live_ids
from apps.banking.sync.plan import Plan
from apps.banking.sync.reading import Reading, joined_pages


class Reader:
    """Reads into the rows of these accounts. `parent` is the account's id, or empty for the whole item.

    `parent` is also the scope of the mark, which says how far the account or the item was read.
    """

    def __init__(self, reading: Reading, accounts: Iterable[Account], parent: str = "") -> None:
        self.reading, self.parent = reading, parent
        self.accounts = {account.vendor_id: account for account in accounts}

    def read_planned(self, plan: Plan) -> None:
        """Read all transactions or the new ones, as the plan says."""
        if plan.full:
            self.read_all(prune=Product.TRANSACTIONS in plan.prunes)
        else:
            self.read_new()

    def read_all(self, *, prune: bool) -> None:
        """Read the complete list. With `prune`, tombstone rows that neither the list nor a look-up by id returns."""
        missing = {name: live_ids(Transaction, _scope(row)) if prune else set() for name, row in self.accounts.items()}
        mark = ""
        for page in joined_pages(self.reading.source.listed(Product.TRANSACTIONS, self.parent)):
            self._write(page)
            missing.get(page.parent, set()).difference_update(page.seen)
            mark = page.mark or mark
        for name, ids in missing.items():
            self._look_up(name, ids)
        self._carry()
        self.reading.store_mark(self.parent, mark)

    def read_new(self, since: datetime | None = None) -> None:
        """Read the changes since the mark, or since a moment that an event named if that is earlier."""
        mark = self.reading.mark(self.parent)
        if not mark:
            self.read_all(prune=False)
            return
        for page in joined_pages(self.reading.source.changed(self.parent, mark, since)):
            self._write(page)
            mark = page.mark or mark
        self._carry()
        if self.reading.mark(self.parent):
            self.reading.store_mark(self.parent, mark)
        else:
            # A page named an account that is new or returned, so the mark no longer holds.
            self.read_all(prune=False)

    def read_ids(self, account_id: str, ids: Iterable[str]) -> None:
        """Read an account's transactions with these ids, and tombstone those that no longer exist."""
        self._look_up(account_id, ids)
        self._carry()

    def _look_up(self, account_id: str, ids: Iterable[str]) -> None:
        for chunk in chunks(sorted(ids)):
            missing = set(chunk)
            for page in self.reading.source.by_ids(account_id, chunk):
                self._write(page)
                missing.difference_update(page.seen)
            if missing:
                self._write(Page(parent=account_id, removed=sorted(missing)))

    def _carry(self) -> None:
        """Carry edits to the rows that replace others.

        This comes after the last page: a later page may have a better match, or bring a tombstone back to life. It does
        not depend on what these pages wrote, because an interrupted reading may have written the rows before.
        """
        edited = [account.pk for account in self.accounts.values() if open_edits(account.pk).exists()]
        if edited:
            with self.reading.run.write():
                for account_id in edited:
                    carry_edits(account_id)

    def _write(self, page: Page) -> None:
        """Merge and tombstone one page's transactions. A page of an unknown account is skipped."""
        account = self.accounts.get(page.parent) or find_account(self.reading, page.parent)
        if account is None:
            return
        self.accounts[page.parent] = account
        is_card = account.type == ACCOUNT_TYPES[Product.CARDS]
        for row in page.rows:
            complete(row, is_card=is_card)
        run = self.reading.run
        with run.write():
            if run.merge(Product.TRANSACTIONS, Transaction, _scope(account), page):
                run.touched(min(cast(date, row["date"]) for row in page.rows))
            if page.removed:
                run.remove(Product.TRANSACTIONS, Transaction.objects.filter(account=account), page.removed)


def readers(reading: Reading) -> Iterator[Reader]:
    """One reader for each live account, or one for all if the aggregator follows changes of the whole item."""
    accounts = list(live_accounts(reading))
    if follows_items(reading.connection):
        yield Reader(reading, accounts)
    else:
        yield from (Reader(reading, [account], account.vendor_id) for account in accounts)


def follows_items(connection: Connection) -> bool:
    """Whether the aggregator follows changes of the whole item, not of each account."""
    return aggregator(connection.aggregator).follows_items


def _scope(account: Account) -> Scope:
    """The column values that the account's transactions share."""
    return {"client_id": account.client_id, "account_id": account.pk}
