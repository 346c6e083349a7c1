"""Read one of Pluggy's items through the client, and map it to rows."""

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from django.utils import timezone

from apps.banking.aggregators.contract import ItemState, Page, ParentGone, Product, Row, Source
from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.client.pages import Doc, Docs
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.pluggy.item_state import item_state
from apps.banking.aggregators.pluggy.marks import OVERLAP, Mark, Progress, read_mark
from apps.banking.aggregators.pluggy.rows.base import Mapper, mapped
from lib.errors import Permanent

logger = logging.getLogger(__name__)

# Pluggy's types of accounts, by our product. Our rows keep these words.
TYPES = {Product.ACCOUNTS: "BANK", Product.CARDS: "CREDIT"}
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# One call asks for a list of ids. Pluggy refuses the whole list if one of them is not a UUID.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# With one of these codes, a list says that its item, account or investment has gone.
PARENTS = frozenset({"ITEM_NOT_FOUND", "ACCOUNT_NOT_FOUND", "INVESTMENT_NOT_FOUND"})
# Pluggy may leave out the code. Then a 404 of one of these lists means that the account has gone.
OF_ACCOUNT = frozenset({Product.TRANSACTIONS, Product.BILLS})


class PluggySource(Source):
    """Reads an item. It lists and follows transactions account by account. `marks` has the form of its marks."""

    def __init__(self, client: PluggyClient, item_id: str) -> None:
        self._client, self._item_id = client, item_id
        self._relisted: dict[str, frozenset[str]] = {}

    def item(self) -> ItemState:
        """The Item. Raises Gone."""
        return item_state(self._client.item(self._item_id))

    def accounts(self, products: Collection[Product]) -> Iterator[Page]:
        """The item's Accounts, of the types that `products` stand for."""
        only = TYPES[next(iter(products))] if len(products) == 1 else None
        with _parent_gone(Product.ACCOUNTS):
            yield from _mapped(rows.account, self._client.accounts(self._item_id, type=only))

    def account(self, account_id: str) -> Page | None:
        """The Account; None if it is gone or belongs to another item."""
        try:
            doc = self._client.account(account_id)
        except Gone:
            return None
        if (doc.get("itemId") or self._item_id) != self._item_id:
            logger.warning("An event of item %s names an account of another item", self._item_id)
            return None
        return mapped(rows.account, [doc])

    def listed(self, product: Product, parent: str = "") -> Iterator[Page]:
        """The complete list of a product. An item has one Identity or none."""
        with _parent_gone(product):
            if product is Product.TRANSACTIONS:
                yield from self._transactions(parent, None)
            else:
                mapper, pages = self._lists[product]
                yield from _mapped(mapper, pages(parent or self._item_id))

    def changed(self, parent: str, mark: str, since: datetime | None = None) -> Iterator[Page]:
        """The account's Transactions that Pluggy stored since the mark, or since `since` if earlier."""
        with _parent_gone(Product.TRANSACTIONS):
            yield from self._transactions(parent, read_mark(mark), since)

    def by_ids(self, account_id: str, ids: Sequence[str]) -> Iterator[Page]:
        """The account's Transactions with these ids. One call asks for many UUIDs, but for only one other id."""
        listable = [vendor_id for vendor_id in ids if _UUID.fullmatch(vendor_id)]
        with _parent_gone(Product.TRANSACTIONS):
            for docs in self._client.transactions_by_id(account_id, listable):
                yield _of_account(account_id, docs)
            for vendor_id in sorted(set(ids).difference(listable)):
                if doc := self._single(vendor_id):
                    yield _of_account(account_id, [doc])

    def is_gone(self, product: Product, vendor_id: str, parent: str = "") -> bool:
        """Look the object up by its id or, if Pluggy has no such endpoint, read its list a second time."""
        if read_one := self._singles.get(product):
            return not _exists(partial(read_one, vendor_id))
        if product is Product.IDENTITY:
            return True
        if parent not in self._relisted:
            pages = self.listed(product, parent)
            self._relisted[parent] = frozenset(vendor_id for page in pages for vendor_id in page.seen)
        return vendor_id not in self._relisted[parent]

    @property
    def _lists(self) -> dict[Product, tuple[Mapper, Callable[[str], Iterable[Docs]]]]:
        client = self._client
        return {
            Product.BILLS: (rows.bill, client.bills),
            Product.INVESTMENTS: (rows.investment, client.investments),
            Product.INVESTMENT_TRANSACTIONS: (rows.investment_transaction, client.investment_transactions),
            Product.LOANS: (rows.loan, client.loans),
            Product.IDENTITY: (rows.identity, self._identity),
            Product.CONSENTS: (rows.consent, client.consents),
        }

    @property
    def _singles(self) -> dict[Product, Callable[[str], Doc]]:
        client = self._client
        return {
            Product.ACCOUNTS: client.account,
            Product.CARDS: client.account,
            Product.TRANSACTIONS: client.transaction,
            Product.BILLS: client.bill,
            Product.INVESTMENTS: client.investment,
            Product.LOANS: client.loan,
            Product.CONSENTS: client.consent,
        }

    def _identity(self, item_id: str) -> Iterator[Docs]:
        try:
            yield [self._client.identity(item_id)]
        except Gone as error:
            if error.code in PARENTS:
                raise

    def _transactions(self, account_id: str, mark: Mark | None, since: datetime | None = None) -> Iterator[Page]:
        now = timezone.now()
        start = mark.start(now, since) if mark else None
        progress = Progress(mark, start, now)
        for docs in self._client.transactions(account_id, created_at_from=start):
            page = _of_account(account_id, docs)
            page.mark = str(progress.add(_stamps(page.rows)) or "")
            yield page

    def _single(self, vendor_id: str) -> Doc | None:
        try:
            return self._client.transaction(vendor_id)
        except Gone:
            return None
        except Permanent as error:
            # The client does not put this id into a URL, because Pluggy cannot have issued it.
            if error.code != "INVALID_ID":
                raise
            return None


@contextmanager
def _parent_gone(product: Product) -> Iterator[None]:
    try:
        yield
    except Gone as error:
        if error.code not in PARENTS and (error.code != "HTTP_404" or product not in OF_ACCOUNT):
            raise
        text = "the parent of the list has gone while Ponte read the list"
        raise ParentGone(text, error_type=error.error_type, code=error.code) from None


def _mapped(mapper: Mapper, pages: Iterable[Docs]) -> Iterator[Page]:
    for docs in pages:
        yield mapped(mapper, docs)


def _of_account(account_id: str, docs: Docs) -> Page:
    """Map the account's transactions, and leave out those of other accounts."""
    page = mapped(rows.transaction, [doc for doc in docs if (doc.get("accountId") or account_id) == account_id])
    page.parent = account_id
    return page


def _stamps(page_rows: list[Row]) -> list[datetime]:
    """The stamps of the rows. A stamp in the future, or before any bank had an API, does not count."""
    limit = timezone.now() + OVERLAP
    stamps = [stamp for row in page_rows if isinstance(stamp := row["vendor_created_at"], datetime)]
    return [stamp for stamp in stamps if EARLIEST < stamp <= limit]


def _exists(read_one: Callable[[], Doc]) -> bool:
    try:
        read_one()
    except Gone:
        return False
    return True
