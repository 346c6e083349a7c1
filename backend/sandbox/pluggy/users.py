"""The test users, and how the bank treats each of them."""

import re
from dataclasses import dataclass, field

PASSWORD = "password-ok"  # noqa: S105 - the sandbox's password is public
MFA_CODE = "123456"
PERF_ROWS_PER_X = 100
PERF_MOST = 5000

LOGIN_ERRORS = {
    "INVALID_CREDENTIALS", "INVALID_CREDENTIALS_MFA", "ACCOUNT_LOCKED", "ACCOUNT_CREDENTIALS_RESET",
    "ACCOUNT_NEEDS_ACTION", "USER_AUTHORIZATION_NOT_GRANTED", "USER_AUTHORIZATION_REVOKED",
}  # fmt: skip
MESSAGES = {
    "INVALID_CREDENTIALS": "The user or the password is wrong.",
    "INVALID_CREDENTIALS_MFA": "The second factor is wrong or too old.",
    "ALREADY_LOGGED_IN": "Another session is already logged in to this account.",
    "ACCOUNT_LOCKED": "The bank has locked the access to this account.",
    "UNEXPECTED_ERROR": "The bank returned an unexpected error.",
    "SITE_NOT_AVAILABLE": "The bank is not available.",
    "CONNECTION_ERROR": "The connection to the bank failed.",
    "ACCOUNT_NEEDS_ACTION": "The bank asks the user to do something first.",
    "ACCOUNT_CREDENTIALS_RESET": "The bank asks for a new password.",
    "USER_NOT_SUPPORTED": "This kind of user is not supported.",
    "USER_INPUT_TIMEOUT": "The user did not answer in time.",
    "USER_AUTHORIZATION_PENDING": "Another person has to approve.",
    "USER_AUTHORIZATION_NOT_GRANTED": "The consent was refused.",
    "USER_AUTHORIZATION_REVOKED": "The consent was revoked at the bank.",
    "CREATE_ERROR": "The connection could not be created.",
    "MERGE_ERROR": "The collected data could not be merged.",
    "ERROR": "The execution failed.",
}
FAILING = {
    "user-logged": "ALREADY_LOGGED_IN",
    "user-locked": "ACCOUNT_LOCKED",
    "user-error": "UNEXPECTED_ERROR",
    "user-unavailable": "SITE_NOT_AVAILABLE",
    "user-connection-error": "CONNECTION_ERROR",
    "user-account-need-actions": "ACCOUNT_NEEDS_ACTION",
    "user-account-need-actions-provider-message": "ACCOUNT_NEEDS_ACTION",
    "user-account-credentials-reset": "ACCOUNT_CREDENTIALS_RESET",
    "user-not-supported": "USER_NOT_SUPPORTED",
}
MFA_KINDS = {"user-ok-img": "image", "user-ok-select": "select", "user-ok-phone": "phone"}
WELL = {
    "user-ok", "user-ok-auth-pending", "user-ok-account-error", "user-ok-account-warning",
    "user-ok-two-checking-accounts", "user-ok-multi-company", *MFA_KINDS,
}  # fmt: skip
JOINT_APPROVED = "23824264030"
JOINT_REJECTED = "05117767055"


@dataclass(frozen=True)
class Scenario:
    """The outcome of one login. `rows` > 0: that many transactions, all on one checking account."""

    user: str
    error: str = ""
    provider_message: str = ""
    pending: bool = False
    partial: tuple[str, ...] = ()
    warning: bool = False
    mfa: str = ""
    rows: int = 0
    checking: int = 1
    companies: int = 1
    extra: dict[str, str] = field(default_factory=dict)


def scenario(parameters: dict[str, str]) -> Scenario:
    """The scenario of these credentials; unknown users and wrong passwords are INVALID_CREDENTIALS."""
    document = digits(parameters.get("cpf") or parameters.get("cnpj") or "")
    if document:
        return _open_finance(document)
    user = parameters.get("user", "")
    if parameters.get("password") != PASSWORD:
        return Scenario(user, error="INVALID_CREDENTIALS")
    return _known(user)


def digits(text: str) -> str:
    """Only the digits of a tax number."""
    return re.sub(r"\D", "", text)


def _open_finance(document: str) -> Scenario:
    if document == JOINT_REJECTED:
        return Scenario(document, error="USER_AUTHORIZATION_NOT_GRANTED", pending=True)
    return Scenario(document, pending=document == JOINT_APPROVED)


def _known(user: str) -> Scenario:
    if user in FAILING:
        message = "Aceite os novos termos no aplicativo do banco." if user.endswith("provider-message") else ""
        return Scenario(user, error=FAILING[user], provider_message=message)
    rows = _perf_rows(user)
    if rows:
        return Scenario(user, rows=rows)
    if user not in WELL:
        return Scenario(user, error="INVALID_CREDENTIALS")
    return Scenario(
        user,
        pending=user == "user-ok-auth-pending",
        partial=("creditCards",) if user == "user-ok-account-error" else (),
        warning=user == "user-ok-account-warning",
        mfa=MFA_KINDS.get(user, ""),
        checking=2 if user == "user-ok-two-checking-accounts" else 1,
        companies=2 if user == "user-ok-multi-company" else 1,
    )


def _perf_rows(user: str) -> int:
    match = re.fullmatch(r"user-ok-perf(?:-(\d{1,4})x)?", user)
    if not match:
        return 0
    times = int(match[1] or 10)
    return times * PERF_ROWS_PER_X if 1 <= times <= PERF_MOST else 0
