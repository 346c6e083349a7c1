"""What an aggregator is to Ponte: how its items are read, its webhooks proved, its institutions listed.

    Aggregator ── applications ──> Application ── open(item) ──> Source   reads one item, for one piece of work
                                              ├─ door        ──> Door     proves and reads webhooks
                                              ├─ directory   ──> Directory   institutions and categories
                                              └─ items, subscription, deliveries: where the vendor has them

A vendor's folder implements these classes and translates the vendor's words into ours. It knows none of our models:
it gives plain rows, by the names of our columns (`number` for the sealed `number_sealed`); a column left out is empty.
Ids are text of at most 100 printable characters. Whatever fails raises an error of `lib.errors`, or one of those below.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.core.checks import CheckMessage

from apps.banking.aggregators.verdict import CodeRow, Verdict
from lib.errors import ErrorType, Permanent, Temporary, Unexpected

Row = dict[str, object]


class Product(StrEnum):
    """What an item can hold. The values are the names in SyncRun.counts, where cards count as accounts."""

    ACCOUNTS = "accounts"
    CARDS = "cards"
    TRANSACTIONS = "transactions"
    BILLS = "bills"
    INVESTMENTS = "investments"
    INVESTMENT_TRANSACTIONS = "investment_transactions"
    LOANS = "loans"
    IDENTITY = "identity"
    CONSENTS = "consents"


ACCOUNT_TYPES = {Product.ACCOUNTS: "BANK", Product.CARDS: "CREDIT"}
"""The type of an Account's row, by the product that brings it: our words, whatever a vendor's are."""

COLLECTED = frozenset(Product) - {Product.CONSENTS}
"""What an item may be asked to collect. Consents are the vendor's own record: their list is always complete."""


class Gone(Permanent):
    """What was asked for does not exist, or no longer, or is not ours."""


class ParentGone(Temporary):
    """The item, account or investment under which a list was read went away: look at the item again."""


class NotOffered(Permanent):
    """The vendor, or our contract with it, does not cover this."""


class Malformed(ValueError):
    """A webhook's body is not a notification. The message names the part that is wrong, never its content."""


class RefusedRow(Unexpected):
    """An object that cannot be stored. `vendor_id` is its id, where it has one; `code` names what is wrong.

    Put it into `Page.refused`: the rows beside it are stored, and the run ends as partial."""

    default_type = ErrorType.INTERNAL_ERROR

    def __init__(self, code: str, vendor_id: str = "") -> None:
        super().__init__(f"A row cannot be stored: {code}", code=code)
        self.vendor_id = vendor_id


@dataclass(repr=False)
class Page:
    """Part of a list: rows of one parent, and what was refused instead of failing the page.

    `parent` is the vendor's id of the account or investment; empty for what hangs on the item itself. `removed` are
    ids that the vendor says are gone; no id is both listed and removed. `mark` says how far was read once the whole
    list is; empty for "no further".
    """

    rows: list[Row] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    parent: str = ""
    removed: list[str] = field(default_factory=list)
    mark: str = ""

    @property
    def seen(self) -> list[str]:
        """Every id that was listed: a refused row is not a missing one."""
        return [str(row["vendor_id"]) for row in self.rows] + [bad.vendor_id for bad in self.refused if bad.vendor_id]


@dataclass(frozen=True, repr=False)
class ItemState:
    """An item as the vendor has it now.

    `member` is the membership id that we gave the vendor when the item was made. `institution` is a row of Connector,
    `row` has columns of Connection: what the vendor says of the item, such as `status`. A column left out of it stays
    as it was; Ponte's own columns, such as `state`, follow from the verdict.
    `brought` are the products that the item's last run updated, `asked` those that it collects at all; rows that are
    missing from a list are gone only for the products in `certain`. `as_of` is when the bank last gave anything, also
    by product.
    """

    id: str
    member: str
    institution: Row | None
    row: Row
    verdict: Verdict
    brought: frozenset[Product] = COLLECTED
    asked: frozenset[Product] = COLLECTED
    certain: frozenset[Product] = frozenset()
    as_of: datetime | None = None
    products_as_of: Mapping[Product, datetime] = field(default_factory=dict)


class Source(ABC):
    """One item, read for one piece of work. Ids are the vendor's. A page comes with the call that it costs."""

    @abstractmethod
    def item(self) -> ItemState:
        """The item as it is now. Raises Gone."""

    @abstractmethod
    def accounts(self, products: Collection[Product]) -> Iterator[Page]:
        """The item's accounts, of the types that ACCOUNTS or CARDS (or both) stand for."""

    @abstractmethod
    def account(self, account_id: str) -> Page | None:
        """One account; None if it is gone, or another item's."""

    @abstractmethod
    def listed(self, product: Product, parent: str = "") -> Iterator[Page]:
        """The complete list, each row as it is now: of an account, an investment or, with an empty `parent`, the item.

        It is empty for a product that the vendor does not have. Raises ParentGone."""

    @abstractmethod
    def changed(self, parent: str, mark: str, since: datetime | None = None) -> Iterator[Page]:
        """Transactions stored or removed since `mark` (or since a moment that a webhook named, if that is earlier).

        `parent` is an account or, where the aggregator `follows_items`, empty. Raises ParentGone."""

    @abstractmethod
    def by_ids(self, account_id: str, ids: Sequence[str]) -> Iterator[Page]:
        """Those of the account's transactions with these ids that still exist. Raises ParentGone."""

    @abstractmethod
    def is_gone(self, product: Product, vendor_id: str, parent: str = "") -> bool:
        """Whether the vendor, asked for this one thing, does not have it: a list can miss what it should hold."""


class Subject(StrEnum):
    """What a webhook is about. The values are part of the names of mailboxes."""

    ITEM = "item"
    INSTITUTION = "connector"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Notification:
    """What a webhook says. `kind` is one of settings.EVENT_TASKS, or finishes as unhandled. `event_id` is the same
    over all redeliveries; a vendor without such ids gets a digest of the body."""

    kind: str
    event_id: str
    subject: Subject
    id: str


@dataclass(frozen=True)
class Change:
    """Which transactions a webhook names: those of `account` with `ids`, or those stored since the mark.

    A moment in `since` counts if it is earlier than the mark. Without an account a change names nothing, unless the
    aggregator `follows_items`: then it names the whole item."""

    account: str = ""
    ids: frozenset[str] | None = None
    since: datetime | None = None


class Door(ABC):
    """Proves and reads webhooks. Called for every request: no call to the vendor, no query, linear in the body."""

    @abstractmethod
    def is_configured(self) -> bool:
        """Whether there is any secret to prove a sender by."""

    @abstractmethod
    def proves(self, environ: Mapping[str, object], body: bytes, token: str | None) -> bool:
        """Whether the vendor sent this, in constant time. `environ` has the headers by their WSGI names."""

    @abstractmethod
    def read(self, body: bytes) -> Notification:
        """What the body says. Raises Malformed."""

    @abstractmethod
    def change(self, kind: str, payload: Mapping[str, object]) -> Change:
        """Which transactions a stored payload of that kind names. Lenient: what is odd in it is left out."""


class Directory:
    """What is the same for every client of the vendor's; empty unless a vendor has it."""

    def institutions(self) -> Iterator[list[Row]]:
        """Rows of Connector, page by page."""
        return iter(())

    def institution(self, vendor_id: str) -> Row | None:
        """One row of Connector; None if there is none."""
        return None

    def categories(self) -> Iterator[list[Row]]:
        """Rows of Category, page by page."""
        return iter(())


@dataclass(frozen=True)
class ListedItem:
    """An item in the list of all items. `member` as in ItemState; `created_at` may be unknown."""

    id: str
    member: str
    created_at: datetime | None


@dataclass(frozen=True)
class Step:
    """One thing to do at the vendor: `does` says it in words, `act` does it."""

    does: str
    act: Callable[[], object]


class Subscription(ABC):
    """Our subscription to the vendor's webhooks, made and repaired over its API."""

    @abstractmethod
    def check(self, url: str, *, allow_http: bool) -> None:
        """Raises ImproperlyConfigured for an address that the vendor must not be given, or without a secret."""

    @abstractmethod
    def steps_to_register(self, url: str) -> list[Step]:
        """What is missing of one working subscription at `url`; nothing if it is there."""

    @abstractmethod
    def steps_to_delete(self, url: str) -> list[Step]:
        """The end of every subscription at `url`."""


@dataclass(frozen=True)
class Sample:
    """An event to imitate. What is empty is left out."""

    event: str
    event_id: str
    item_id: str
    account_id: str = ""
    transaction_ids: Sequence[str] = ()
    institution_id: str = ""
    member: str = ""


class Deliveries(ABC):
    """The vendor's webhooks, imitated to try our own door."""

    @abstractmethod
    def body(self, sample: Sample) -> dict[str, object]:
        """The JSON object of one event."""

    @abstractmethod
    def headers(self, raw: bytes, *, secret: bool = True) -> dict[str, str]:
        """What proves `raw`: by the secret header too, unless told otherwise. Raises ImproperlyConfigured."""


def nothing() -> None:
    """A hook that does nothing."""


class Application(ABC):
    """One set of credentials at an aggregator, and what is done with it.

    `name` is empty for the set in the settings; otherwise it has at most 40 characters, without `:` and `@`. Budgets
    and cached keys belong to the application too.
    """

    name: str = ""

    @abstractmethod
    def open(self, item_id: str, *, credential: str = "", before_call: Callable[[], None] = nothing) -> Source:
        """The item as a source; `before_call` runs before each call to the vendor. Raises ImproperlyConfigured."""

    @property
    @abstractmethod
    def door(self) -> Door:
        """The door for this application's webhooks."""

    @abstractmethod
    def directory(self, *, before_call: Callable[[], None] = nothing) -> Directory:
        """Institutions and categories. Raises ImproperlyConfigured."""

    def items(self) -> Iterator[list[ListedItem]]:
        """All items, newest first, page by page. Raises NotOffered."""
        raise NotOffered("items cannot be listed", code="NO_LIST_OF_ITEMS")

    def subscription(self) -> Subscription:
        """Raises NotOffered where subscriptions are made by hand."""
        raise NotOffered("subscriptions are made at the vendor", code="NO_SUBSCRIPTIONS")

    def deliveries(self) -> Deliveries:
        """Raises NotOffered."""
        raise NotOffered("webhooks cannot be imitated", code="NO_DELIVERIES")


@dataclass(frozen=True)
class Aggregator:
    """A vendor's folder, closed. Adding one adds such a definition, and one line to the registry.

    `fixtures` is the folder of one captured example for each code, `documentation` the page that lists them.
    `follows_items`: changes are followed for the whole item, not account by account. `needs_credential`: an item can
    be read with its connection's own credential only.
    """

    name: str
    label: str
    applications: Callable[[], Sequence[Application]]
    codes: Sequence[CodeRow]
    fixtures: str
    documentation: str
    checks: Sequence[Callable[..., list[CheckMessage]]] = ()
    follows_items: bool = False
    needs_credential: bool = False

    def application(self, name: str = "") -> Application:
        """The application called `name`. Raises KeyError."""
        for application in self.applications():
            if application.name == name:
                return application
        raise KeyError(name)
