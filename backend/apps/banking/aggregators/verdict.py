"""How a connection fares and who must do what, in words that every aggregator's codes are translated into."""

from dataclasses import dataclass
from enum import StrEnum

from lib.errors import ErrorType, PonteError


class Action(StrEnum):
    """What somebody must do next. The first group is the person's, the second the operator's."""

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
    GIVE_UP = "give_up"

    FIX_CONFIGURATION = "fix_configuration"
    CHANGE_PLAN = "change_plan"
    USE_WIDGET = "use_widget"
    CONTACT_SUPPORT = "contact_support"
    FIX_CODE = "fix_code"


class Health(StrEnum):
    """How a connection fares, by what the aggregator last said of it."""

    IN_PROGRESS = "in_progress"
    OK = "ok"
    PARTIAL = "partial"
    TEMPORARY = "temporary"
    NEEDS_USER = "needs_user"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """`code` is the aggregator's own; `error_type` is None while nothing is wrong; `reason` is ours, fit to show."""

    health: Health
    action: Action = Action.NONE
    code: str = ""
    error_type: ErrorType | None = None
    reason: str = ""

    @property
    def has_data(self) -> bool:
        """Whether the last run collected something to fetch."""
        return self.health in (Health.OK, Health.PARTIAL)


@dataclass(frozen=True)
class CodeRow:
    """One of an aggregator's codes: where it occurs, what it is to us, what somebody must do, and why we say so.

    `error` is None where the code is no failure. `health` is set for the codes of a connection's state.
    """

    code: str
    where: str
    error: type[PonteError] | None
    error_type: ErrorType | None
    action: Action
    reason: str
    health: Health | None = None
