"""Pluggy's failures as errors of ours: the four of lib.errors, with what Pluggy told, and the ones callers look for.

    Temporary   ── PluggyTemporary ── InvalidCursor
    NeedsUser   ── PluggyNeedsUser ── ItemAlreadyExists
    Permanent   ── PluggyPermanent ── Gone, NotEnabled, OutcomeUnknown
    Unexpected  ── PluggyUnexpected ── CredentialsRefused, KeyRejected

Their message is ours, from the code table: Pluggy's own text can hold what a person typed, and stays in `told`.
"""

from dataclasses import dataclass
from datetime import datetime

from apps.banking.aggregators import contract
from apps.banking.aggregators.verdict import Action
from lib.errors import ErrorType, NeedsUser, Permanent, PonteError, Temporary, Unexpected


@dataclass(frozen=True, repr=False)
class FieldProblem:
    """A credential that was refused: `parameter` is its name in the connector, `message` is for the person."""

    parameter: str
    code: str
    message: str


@dataclass(frozen=True, repr=False)
class Told:
    """What an error answer held. `message` and `fields` may hold personal data: show them to that person only."""

    status: int = 0
    message: str = ""
    error_id: str = ""
    item_ids: tuple[str, ...] = ()
    fields: tuple[FieldProblem, ...] = ()
    parameter: str = ""
    retry_at: datetime | None = None


class PluggyFailure(PonteError):
    """Mixed into each error below: the `action` somebody must take, and what Pluggy `told`."""

    action: Action = Action.NONE
    told: Told = Told()

    def explained(self, action: Action, told: Told) -> "PluggyFailure":
        """The same error, with its context."""
        self.action, self.told = action, told
        return self


class PluggyTemporary(PluggyFailure, Temporary):
    """Pluggy or the bank cannot now."""


class InvalidCursor(PluggyTemporary):
    """The page asked for is no longer there: read the list from its beginning."""


class PluggyNeedsUser(PluggyFailure, NeedsUser):
    """The person must act; `action` says how."""


class ItemAlreadyExists(PluggyNeedsUser):
    """`avoidDuplicates` found the person's item: `told.item_ids`. Adopt it, and open update mode."""


class PluggyPermanent(PluggyFailure, Permanent):
    """It will not work, however often it is tried."""


class Gone(PluggyPermanent, contract.Gone):
    """What was asked for does not exist, or no longer, or is not ours."""


class NotEnabled(PluggyPermanent, contract.NotOffered):
    """The application's plan or permissions do not cover this call."""


class OutcomeUnknown(PluggyPermanent):
    """A call that must not be repeated may or may not have been carried out.

    Look first: the webhook, or GET /v2/items, tells whether the item came to be.
    """

    default_type = ErrorType.CONNECTION_FAILURE


class PluggyUnexpected(PluggyFailure, Unexpected):
    """An answer that the documentation does not foresee."""


class CredentialsRefused(PluggyUnexpected):
    """PLUGGY_CLIENT_ID and PLUGGY_CLIENT_SECRET are not accepted: an alert, and later tries, until they are mended."""


class KeyRejected(PluggyUnexpected):
    """A key that Pluggy had just issued was refused."""
