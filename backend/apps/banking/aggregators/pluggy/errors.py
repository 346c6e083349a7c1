"""Pluggy's failures as our errors: the four of lib.errors, with Pluggy's details, and those that callers catch.

    Temporary   ── PluggyTemporary ── InvalidCursor
    NeedsUser   ── PluggyNeedsUser ── ItemAlreadyExists
    Permanent   ── PluggyPermanent ── Gone, NotEnabled, OutcomeUnknown
    Unexpected  ── PluggyUnexpected ── CredentialsRefused, KeyRejected

Their message is ours, from the code table. Pluggy's own text can hold what a user typed, so it stays in `details`.
"""

from dataclasses import dataclass
from datetime import datetime

from apps.banking.aggregators import contract
from apps.banking.aggregators.verdict import Action
from lib.errors import ErrorType, NeedsUser, Permanent, Temporary, Unexpected


@dataclass(frozen=True, repr=False)
class FieldProblem:
    """A credential that Pluggy refused. `parameter` is its name in the connector, `message` is for the user."""

    parameter: str
    code: str
    message: str


@dataclass(frozen=True, repr=False)
class ErrorDetails:
    """The content of an error answer. `message` and `fields` may hold personal data: show them only to that user."""

    status: int = 0
    message: str = ""
    error_id: str = ""
    item_ids: tuple[str, ...] = ()
    fields: tuple[FieldProblem, ...] = ()
    parameter: str = ""
    retry_at: datetime | None = None


class PluggyFailure(contract.VendorFailure):
    """A mixin of each error below: the `action` to take next, and Pluggy's `details`."""

    details: ErrorDetails = ErrorDetails()

    @property
    def try_again_at(self) -> datetime | None:
        """When Pluggy allows the call again, if its answer said so."""
        return self.details.retry_at

    @property
    def items(self) -> tuple[str, ...]:
        """The items that Pluggy names."""
        return self.details.item_ids

    def with_context(self, action: Action, details: ErrorDetails) -> "PluggyFailure":
        """Set the context, and return the same error."""
        self.action, self.details = action, details
        return self


class PluggyTemporary(PluggyFailure, Temporary):
    """Pluggy or the bank cannot do it now."""


class InvalidCursor(PluggyTemporary):
    """The page no longer exists: read the list from its beginning."""


class PluggyNeedsUser(PluggyFailure, NeedsUser):
    """The user must act; `action` says how."""


class ItemAlreadyExists(PluggyNeedsUser):
    """`avoidDuplicates` found the user's existing item (`details.item_ids`). Adopt it, and open update mode."""


class PluggyPermanent(PluggyFailure, Permanent):
    """The call fails however often it is repeated."""


class Gone(PluggyPermanent, contract.Gone):
    """The object does not exist (any more), or is not ours."""


class NotEnabled(PluggyPermanent, contract.NotOffered):
    """The application's plan or permissions do not cover this call."""


class OutcomeUnknown(PluggyPermanent):
    """Pluggy may or may not have executed a call that must not be repeated.

    Check before you call again: the webhook, or GET /v2/items, shows whether the item exists.
    """

    default_type = ErrorType.CONNECTION_FAILURE


class PluggyUnexpected(PluggyFailure, Unexpected):
    """An answer that Pluggy's documentation does not describe."""


class CredentialsRefused(PluggyUnexpected, contract.CredentialsRefused):
    """Pluggy refuses PLUGGY_CLIENT_ID or PLUGGY_CLIENT_SECRET. Ponte logs an error and retries until they are right."""


class KeyRejected(PluggyUnexpected):
    """Pluggy refused a key that it had just issued."""
