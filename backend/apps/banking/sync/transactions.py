"""An account's transactions: all of them, those that came to be since the last time, or those of certain ids."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.banking.aggregators.pluggy import rows
from apps.banking.models import Account, Transaction
from apps.banking.rows.carried_edits import reattach_edits
from apps.banking.rows.merge import Counts, merge
from apps.banking.rows.staging import chunks
from apps.banking.rows.tombstones import tombstone
from apps.banking.sync.listing import live_ids
from apps.banking.sync.runs import Run

PRODUCT = "transactions"
# The aggregator stamps a row before it commits it: rows may turn up that are a little older than the newest we saw.
OVERLAP = timedelta(hours=1)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Ids are asked for in one list: a single one that is no UUID would have the whole list refused.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# Tombstones with edits that nothing took over yet: the condition of an index.
ORPHANED = Q(deleted_at__isnull=False, replaced_by=None) & (
    Q(hidden=True) | ~Q(note="") | Q(user_category__isnull=False)
)

Doc = dict[str, Any]


@dataclass
class Reader:
    """Reads one account's transactions into its rows, for one run."""

    run: Run
    api: Any
    account: Account

    @property
    def scope(self) -> dict[str, Any]:
        """What the account's transactions have in common."""
        return {"client_id": self.account.client_id, "account_id": self.account.pk}

    def read_all(self, *, prune: bool) -> None:
        """The complete list; with `prune`, what is not in it and not to be had by its id either is tombstoned."""
        missing = live_ids(Transaction, self.scope) if prune else set()
        newest = self.account.transactions_watermark
        for docs in self._listed(since=None):
            # A tombstone of a later page may come back to life: edits are carried when all of them are read.
            found = self._keep(docs, carry=False)
            missing.difference_update(found.seen)
            newest = _later(newest, found)
        with self.run.write():
            self._carry_edits()
        self.read_ids(missing)
        self._advance(newest)

    def read_since(self, moment: datetime) -> None:
        """What the aggregator stored since `moment`."""
        newest = self.account.transactions_watermark
        for docs in self._listed(since=moment):
            newest = _later(newest, self._keep(docs))
        self._advance(newest)

    def read_new(self, told: datetime | None = None) -> None:
        """What came to be since the last time, or since what an event `told`, whichever is earlier."""
        watermark = self.account.transactions_watermark
        if watermark is None:
            self.read_all(prune=False)
        else:
            self.read_since(min(watermark - OVERLAP, told or watermark))

    def read_ids(self, ids: Iterable[str]) -> None:
        """The transactions of these ids as they are now; those that are no more are tombstoned."""
        for some in chunks(sorted(one for one in ids if _ID.fullmatch(one))):
            missing = set(some)
            for page in self.api.transactions_by_id(self.account.vendor_id, some):
                missing.difference_update(self._keep(page).seen)
            if missing:
                self._take_away(missing)

    def _listed(self, since: datetime | None) -> Iterable[list[Doc]]:
        """Pages, gathered into lists of a size that is good to write and still small in memory."""
        pages = self.api.transactions(self.account.vendor_id, created_at_from=since)
        return chunks(chain.from_iterable(pages))

    def _keep(self, docs: Iterable[Doc], *, carry: bool = True) -> rows.Mapped:
        mine = [doc for doc in docs if (doc.get("accountId") or self.account.vendor_id) == self.account.vendor_id]
        found = self.run.sift(rows.transaction, mine)
        with self.run.write():
            counts = self.run.count(PRODUCT, merge(Transaction, self.scope, found.rows))
            if carry and counts.created:
                self._carry_edits()
        return found

    def _take_away(self, ids: Iterable[str]) -> None:
        with self.run.write():
            removed = tombstone(Transaction.objects.filter(account=self.account), ids)
            self.run.count(PRODUCT, Counts(removed=removed))
            if removed:
                self._carry_edits()

    def _carry_edits(self) -> None:
        # Looking for the lost is an index away; pairing them reads the whole account.
        if Transaction.objects.filter(ORPHANED, account=self.account).exists():
            reattach_edits(self.account.pk)

    def _advance(self, newest: datetime | None) -> None:
        """Remember how far was read: only now, because lists are not in the order in which rows came to be."""
        if newest == self.account.transactions_watermark:
            return
        with self.run.write():
            Account.objects.filter(pk=self.account.pk).update(transactions_watermark=newest)
        self.account.transactions_watermark = newest


def _later(newest: datetime | None, found: rows.Mapped) -> datetime | None:
    # What is stamped later than now, or before there was such a thing, does not say how far was read.
    until = timezone.now() + OVERLAP
    stamps = (stamp for row in found.rows if (stamp := row["vendor_created_at"]) and EARLIEST < stamp <= until)
    return max((newest, *stamps) if newest else stamps, default=None)
