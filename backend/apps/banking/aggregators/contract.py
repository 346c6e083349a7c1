"""The contract that an aggregator's folder implements: read an item, authenticate webhooks, list institutions.

    Aggregator ── applications ──> Application ── open(item) ──> Source   reads one item, for one piece of work
                                              ├─ door        ──> Door     authenticates and parses webhooks
                                              ├─ directory   ──> Directory   institutions and categories
                                              └─ items, subscription, deliveries: if the vendor offers them

A vendor's folder implements these classes and translates the vendor's words into ours. It imports none of our models.
It returns plain rows, whose keys are the names of our columns (`number` for `number_sealed`, which Ponte encrypts).
Ponte stores a column that a row leaves out as empty. Ids are text of at most 100 printable characters. Failures are
errors of `lib.errors` or the errors below.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.core.checks import CheckMessage

from apps.banking.aggregators.stored import Credentials, find, find_all
from apps.banking.aggregators.verdict import Action, CodeRow, Health, Verdict
from lib.errors import ErrorType, Permanent, PonteError, Temporary, Unexpected

Row = dict[str, object]


class Product(StrEnum):
    """The kinds of data in an item. The values are the keys of SyncRun.counts, which count cards as accounts."""

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
"""The `type` of an Account's row, by product. Each aggregator translates its own types into these."""

COLLECTED = frozenset(Product) - {Product.CONSENTS}
"""The products that a vendor collects at a bank. Consents are its own record, so their list is always complete."""


class Gone(Permanent):
    """The object does not exist (any more), or is not ours."""


class ParentGone(Temporary):
    """The item, account or investment of a list disappeared during the reading: fetch the item again."""


class NotOffered(Permanent):
    """The vendor does not offer this, or our plan does not include it."""


class VendorFailure(PonteError):
    """A mixin of a vendor's errors: the `action` to take next, and when to try again, if the vendor names a time.

    `items` holds the vendor's ids of the items that are in the way, such as the one that is already connected.
    """

    action: Action = Action.NONE

    @property
    def try_again_at(self) -> datetime | None:
        """When the vendor allows the same call again."""
        return None

    @property
    def items(self) -> tuple[str, ...]:
        """The items that the vendor names."""
        return ()


class CredentialsRefused(Unexpected):
    """The vendor does not accept the credentials of the application."""


class UnknownApplication(Permanent):
    """Ponte has no application of that name (any more)."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no application called {name!r}",
            error_type=ErrorType.AUTHENTICATION_ERROR,
            code=APPLICATION_REMOVED,
        )


APPLICATION_REMOVED = "APPLICATION_REMOVED"
"""The code of a connection whose application does not exist any more."""


class Malformed(ValueError):
    """The body of a webhook is not a notification. The message names the invalid part, never its content."""


class RefusedRow(Unexpected):
    """An object that cannot be stored. `vendor_id` is its id, if it has one; `code` names the fault.

    Put it into `Page.refused`: Ponte stores the rows beside it, and the run ends as partial."""

    default_type = ErrorType.INTERNAL_ERROR

    def __init__(self, code: str, vendor_id: str = "") -> None:
        super().__init__(f"A row cannot be stored: {code}", code=code)
        self.vendor_id = vendor_id


@dataclass(repr=False)
class Page:
    """Part of a list: the rows of one parent, and the rows that cannot be stored, which do not fail the page.

    `parent` is the vendor's id of the account or investment; empty if the rows belong to the item itself. `removed`
    holds the ids that the vendor reports as deleted; no id is both in a row and in `removed`. `mark` is the mark to
    store after the whole list was read; empty to keep the stored one.
    """

    rows: list[Row] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    parent: str = ""
    removed: list[str] = field(default_factory=list)
    mark: str = ""

    @property
    def seen(self) -> list[str]:
        """The ids in the list. Refused rows count, because the vendor has them."""
        return [str(row["vendor_id"]) for row in self.rows] + [bad.vendor_id for bad in self.refused if bad.vendor_id]


@dataclass(frozen=True, repr=False)
class ItemState:
    """The state of an item at the vendor.

    `member` is the membership id that we gave the vendor when we created the item. `institution` is a row of Connector,
    `row` has columns of Connection: what the vendor says of the item, such as `status`. Ponte does not change a column
    that `row` leaves out; its own columns, such as `state`, follow from the verdict.
    `asked` holds the products that the vendor collects for the item, `brought` those that its last run updated,
    `certain` those in which a row that is missing from a complete list counts as deleted. `as_of` is when the bank last
    delivered data, in all and by product.
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


class Ask(StrEnum):
    """The kinds of requests that a bank makes to a person while an item connects."""

    TEXT = "text"
    NUMBER = "number"
    PASSWORD = "password"  # noqa: S105 - a name
    SELECT = "select"
    IMAGE = "image"
    QR = "qr"
    LINK = "link"
    ACT = "act"


@dataclass(frozen=True, repr=False)
class UserRequest:
    """What the bank asks of the person. It has no repr, because its texts can name the person.

    TEXT, NUMBER, PASSWORD, SELECT and IMAGE want a value for `name`; the others are done elsewhere. `options` of a
    SELECT are (value, label). `image` is a `data:image/…` URL. `code` is the content of a QR code; `link` is https, or
    this machine's.
    """

    kind: Ask
    name: str = ""
    label: str = ""
    instructions: str = ""
    options: tuple[tuple[str, str], ...] = ()
    image: str = ""
    code: str = ""
    link: str = ""
    expires_at: datetime | None = None

    @property
    def wants_value(self) -> bool:
        """Whether the person must enter or choose something."""
        return self.kind in (Ask.TEXT, Ask.NUMBER, Ask.PASSWORD, Ask.SELECT, Ask.IMAGE)


FINE = Verdict(Health.OK)


@dataclass(frozen=True, repr=False)
class Told:
    """What an item says to its person: the verdict, the bank's request, and the bank's own message about a failure."""

    verdict: Verdict = FINE
    request: UserRequest | None = None
    bank_message: str = ""


class Source(ABC):
    """Reads one item, for one piece of work. Ids are the vendor's. A list fetches each page only when it is needed."""

    @abstractmethod
    def item(self) -> ItemState:
        """The state of the item now. Raises Gone."""

    @abstractmethod
    def accounts(self, products: Collection[Product]) -> Iterator[Page]:
        """The item's accounts of the types of `products`: ACCOUNTS, CARDS or both."""

    @abstractmethod
    def account(self, account_id: str) -> Page | None:
        """One account; None if it is gone or belongs to another item."""

    @abstractmethod
    def listed(self, product: Product, parent: str = "") -> Iterator[Page]:
        """The complete list, each row as it is now: of an account, an investment or, with an empty `parent`, the item.

        It is empty for a product that the vendor does not have. Raises ParentGone."""

    @abstractmethod
    def changed(self, parent: str, mark: str, since: datetime | None = None) -> Iterator[Page]:
        """The transactions that the vendor stored or removed since `mark`, or since `since` if that is earlier.

        `parent` is an account; empty if the aggregator `follows_items`. Raises ParentGone."""

    @abstractmethod
    def by_ids(self, account_id: str, ids: Sequence[str]) -> Iterator[Page]:
        """The account's transactions that have one of these ids and still exist. Raises ParentGone."""

    @abstractmethod
    def is_gone(self, product: Product, vendor_id: str, parent: str = "") -> bool:
        """Whether the vendor lacks this object. Look it up by its id, because a list can miss a row that exists."""


class Subject(StrEnum):
    """The kind of thing that a webhook is about. The values are part of the names of mailboxes."""

    ITEM = "item"
    INSTITUTION = "connector"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Notification:
    """The content of a webhook. An event whose `kind` is not in settings.EVENT_TASKS finishes as `unhandled`.
    `event_id` is the same in all redeliveries; if the vendor sends no such id, use a digest of the body."""

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
    """Authenticates and parses webhooks. It runs for each request: no calls, no queries, time linear in the body."""

    @abstractmethod
    def is_configured(self) -> bool:
        """Whether any secret is set."""

    @abstractmethod
    def proves(self, environ: Mapping[str, object], body: bytes | None, token: str | None) -> bool:
        """Whether the vendor sent this. Compare in constant time. `environ` has the headers by their WSGI names.

        `body` is None before it is read: then only the headers and the token can prove it."""

    def only_member(self, environ: Mapping[str, object], body: bytes, token: str) -> UUID | None:
        """The membership to whose items the proof is limited; None if it holds for all items of the application.

        Ponte asks this only for a webhook that is proved, and has a token in its path."""
        return None

    def is_signed(self, environ: Mapping[str, object]) -> bool:
        """Whether the body may prove what the head does not. If not, Ponte refuses the webhook without reading it."""
        return True

    @abstractmethod
    def read(self, body: bytes) -> Notification:
        """The notification in the body. Raises Malformed."""

    @abstractmethod
    def change(self, kind: str, payload: Mapping[str, object]) -> Change:
        """The transactions that a stored payload of this kind names. Leave out malformed parts."""


class Directory:
    """Institutions and categories, which are the same for every client. Both are empty unless a vendor offers them."""

    def institutions(self) -> Iterator[list[Row]]:
        """Rows of Connector, page by page."""
        return iter(())

    def institution(self, vendor_id: str) -> Row | None:
        """One row of Connector; None if the vendor does not have it."""
        return None

    def categories(self) -> Iterator[list[Row]]:
        """Rows of Category, page by page."""
        return iter(())


@dataclass(frozen=True)
class ListedItem:
    """An item in the vendor's list of our items. `member` is that of ItemState; `created_at` is None if unknown."""

    id: str
    member: str
    created_at: datetime | None


@dataclass(frozen=True)
class Step:
    """One change at the vendor: `does` describes it, `act` makes it."""

    does: str
    act: Callable[[], object]


class Subscription(ABC):
    """Our subscription to the vendor's webhooks. Ponte creates and repairs it through the vendor's API."""

    @abstractmethod
    def check(self, url: str, *, allow_http: bool) -> None:
        """Raises ImproperlyConfigured if webhooks must not go to `url`, or if no secret is set."""

    @abstractmethod
    def steps_to_register(self, url: str) -> list[Step]:
        """The steps to exactly one working subscription at `url`; empty if it exists."""

    @abstractmethod
    def steps_to_delete(self, url: str) -> list[Step]:
        """The steps that delete every subscription at `url`."""


@dataclass(frozen=True)
class Sample:
    """An event to imitate. `body` leaves out empty fields."""

    event: str
    event_id: str
    item_id: str
    account_id: str = ""
    transaction_ids: Sequence[str] = ()
    institution_id: str = ""
    member: str = ""


class Deliveries(ABC):
    """Imitates the vendor's webhooks, to test our own door."""

    @abstractmethod
    def body(self, sample: Sample) -> dict[str, object]:
        """The JSON object of one event."""

    @abstractmethod
    def headers(self, raw: bytes, *, secret: bool = True) -> dict[str, str]:
        """The headers that prove `raw`; with `secret` also the secret header. Raises ImproperlyConfigured."""


def nothing() -> None:
    """A hook that does nothing."""


class Application(ABC):
    """One set of credentials at an aggregator, and all that needs them.

    `name` is empty for the set in the settings; otherwise it has at most 40 characters, without `:` and `@`. Rate
    budgets and cached keys also belong to an application. `client` is the client whose own credentials these are; None
    for the installation's.
    """

    name: str = ""
    client: UUID | None = None

    @abstractmethod
    def open(self, item_id: str, *, credential: str = "", before_call: Callable[[], None] = nothing) -> Source:
        """A Source for the item. `before_call` runs before each call to the vendor. Raises ImproperlyConfigured."""

    @property
    @abstractmethod
    def door(self) -> Door:
        """The door for this application's webhooks."""

    def missing(self) -> list[str]:
        """The names of settings without which no call is possible; empty if all are set."""
        return []

    @abstractmethod
    def directory(self, *, before_call: Callable[[], None] = nothing) -> Directory:
        """Institutions and categories. Raises ImproperlyConfigured."""

    def connect_token(self, member: UUID, *, item_id: str = "", webhook_url: str = "", redirect_url: str = "") -> str:
        """A secret with which the vendor's widget connects a bank for `member`, or repairs `item_id`.

        The vendor sends the new item's webhooks to `webhook_url`, and a bank's own page leads back to `redirect_url`;
        each may be empty. Raises NotOffered, and Gone for an unknown item.
        """
        raise NotOffered("this aggregator has no widget", code="NO_WIDGET")

    def path_token(self, member: UUID) -> str:
        """The token in the webhook address for the items of one member; empty if the vendor has no such addresses."""
        return ""

    def refresh(self, item_id: str, *, webhook_url: str = "") -> ItemState:
        """Make the vendor ask the bank for new data now. Raises NotOffered, Gone, and the vendor's own refusals."""
        raise NotOffered("this aggregator decides itself when it asks the bank", code="NO_REFRESH")

    def delete_item(self, item_id: str) -> None:
        """Delete the item at the vendor, which ends the bank's consent. Raises NotOffered, and Gone if it is gone."""
        raise NotOffered("this aggregator cannot delete an item", code="NO_DELETION")

    def answer(self, item_id: str, name: str, value: str) -> ItemState:
        """Give the bank the value that it asks for. Raises NotOffered, Gone, and the vendor's own refusals."""
        raise NotOffered("this aggregator takes no answers for a bank", code="NO_ANSWERS")

    def authenticate(self) -> None:
        """Prove the credentials to the vendor now. Raises CredentialsRefused."""
        raise NotOffered("this aggregator cannot test credentials", code="NO_TEST")

    def items(self) -> Iterator[list[ListedItem]]:
        """All items, newest first, page by page. Raises NotOffered."""
        raise NotOffered("this aggregator cannot list our items", code="NO_LIST_OF_ITEMS")

    def subscription(self) -> Subscription:
        """Our subscription. Raises NotOffered if the vendor has no API for it."""
        raise NotOffered("this aggregator has no API for subscriptions: use its dashboard", code="NO_SUBSCRIPTIONS")

    def deliveries(self) -> Deliveries:
        """An imitation of the vendor's webhooks. Raises NotOffered."""
        raise NotOffered("Ponte cannot imitate this aggregator's webhooks", code="NO_DELIVERIES")


def no_door(token: str) -> tuple[str, Door] | None:
    """A vendor without applications of clients."""
    return None


def told_nothing(row: Row) -> Told:
    """An item of a vendor whose items say nothing to their person."""
    return Told()


@dataclass(frozen=True)
class Aggregator:
    """The definition of an aggregator, which the registry names. Ponte's engine uses nothing else of a vendor's folder.

    `fixtures` is the folder with a captured example for each code, `documentation` the page that lists the codes.
    `follows_items`: the vendor reports the changes of a whole item, not of each account. `needs_credential`: each item
    has a credential of its own, which reads it.
    `told` reads ItemState.row, or the same columns of a stored Connection. `of_client` makes an application of a
    client's own credentials; None if the vendor has none. `door_of_token` is the name and the door of a client's
    application that a token in a path names.
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
    told: Callable[[Row], Told] = told_nothing
    of_client: Callable[[Credentials], Application] | None = None
    door_of_token: Callable[[str], tuple[str, Door] | None] = no_door

    def application(self, name: str = "") -> Application:
        """The application called `name`: of the settings, or a client's own. Raises UnknownApplication."""
        for application in self.applications():
            if application.name == name:
                return application
        if self.of_client and name and (credentials := find(self.name, name)):
            return self.of_client(credentials)
        raise UnknownApplication(name)

    def own_applications(self) -> Iterator[Application]:
        """The clients' own applications, oldest first."""
        return (self.of_client(credentials) for credentials in find_all(self.name)) if self.of_client else iter(())
