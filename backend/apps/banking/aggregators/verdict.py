"""The status of a connection, and who must do what: our own words, into which each aggregator translates its codes."""

from dataclasses import dataclass
from enum import StrEnum

from lib.errors import ErrorType, PonteError


class Action(StrEnum):
    """What to do next. The user takes the actions of the first group, the operator those of the second."""

    NONE = ""
    WAIT = "wait"
    RECONNECT = "reconnect"
    ANSWER_MFA = "answer_mfa"
    NEW_MFA_CODE = "new_mfa_code"
    START_AGAIN = "start_again"
    AUTHORIZE_AT_BANK = "authorize_at_bank"
    AWAIT_APPROVAL = "await_approval"
    LOG_OUT_ELSEWHERE = "log_out_elsewhere"
    UNLOCK_AT_BANK = "unlock_at_bank"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a name
    FOLLOW_BANK_MESSAGE = "follow_bank_message"
    CORRECT_FIELDS = "correct_fields"
    USE_EXISTING = "use_existing"
    CONNECT_SEPARATELY = "connect_separately"
    ADD_CREDENTIALS = "add_credentials"
    GIVE_UP = "give_up"

    FIX_CONFIGURATION = "fix_configuration"
    CHANGE_PLAN = "change_plan"
    USE_WIDGET = "use_widget"
    CONTACT_SUPPORT = "contact_support"
    FIX_CODE = "fix_code"


class Health(StrEnum):
    """The health of a connection, by the aggregator's latest answer."""

    IN_PROGRESS = "in_progress"
    OK = "ok"
    PARTIAL = "partial"
    TEMPORARY = "temporary"
    NEEDS_USER = "needs_user"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """`code` is the aggregator's code. `error_type` is None if nothing is wrong. `reason` is our text for users."""

    health: Health
    action: Action = Action.NONE
    code: str = ""
    error_type: ErrorType | None = None
    reason: str = ""

    @property
    def has_data(self) -> bool:
        """Whether the last run collected data that Ponte can fetch."""
        return self.health in (Health.OK, Health.PARTIAL)


@dataclass(frozen=True)
class CodeRow:
    """One code of an aggregator: where it occurs, the error and type that it becomes, what to do, and why.

    `error` is None if the code is not a failure. `health` is set for the codes of an item's state.
    """

    code: str
    where: str
    error: type[PonteError] | None
    error_type: ErrorType | None
    action: Action
    reason: str
    health: Health | None = None
