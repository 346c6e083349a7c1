"""Pluggy's codes, closed by default: what each is to us. One row a code, one captured example a row (fixtures/).

API rows match an error answer by `codeDescription`; rows named HTTP_<status> match answers that carry none
(https://docs.pluggy.ai/docs/error-codes). Their HTTP status decides nothing: it differs between Pluggy's own pages.
Item rows match `item.error.code` or `item.executionStatus` (https://docs.pluggy.ai/docs/errors-validations).
A code that is in no row is UNKNOWN: tried again, and an alert, until somebody adds it here.
"""

from apps.banking.aggregators.pluggy.errors import (
    CredentialsRefused,
    Gone,
    InvalidCursor,
    ItemAlreadyExists,
    KeyRejected,
    NotEnabled,
    PluggyNeedsUser,
    PluggyPermanent,
    PluggyTemporary,
    PluggyUnexpected,
)
from apps.banking.aggregators.verdict import Action, CodeRow, Health
from lib.errors import ErrorType

T, A = ErrorType, Action


def _gone(code: str, what: str) -> CodeRow:
    return CodeRow(code, "api", Gone, T.ITEM_ERROR, A.NONE, f"{what} does not exist, or no longer")


_API = (
    # --- Our own credentials and key ---
    CodeRow("CLIENT_KEYS_UNAUTHORIZED", "auth", CredentialsRefused, T.AUTHENTICATION_ERROR, A.FIX_CONFIGURATION,
            "the client id and secret are not accepted"),
    CodeRow("CLIENT_DISABLED", "auth", CredentialsRefused, T.AUTHENTICATION_ERROR, A.CONTACT_SUPPORT,
            "this application is disabled"),
    CodeRow("HTTP_401", "api", KeyRejected, T.AUTHENTICATION_ERROR, A.FIX_CONFIGURATION,
            "a fresh key was refused"),
    CodeRow("HTTP_403", "api", KeyRejected, T.AUTHENTICATION_ERROR, A.FIX_CONFIGURATION,
            "a fresh key was refused"),
    # --- What we asked ---
    CodeRow("HTTP_400", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the request is not valid"),
    CodeRow("HTTP_405", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the address does not take this method"),
    CodeRow("HTTP_406", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the answer cannot be had in this form"),
    CodeRow("HTTP_409", "api", PluggyTemporary, T.ITEM_ERROR, A.WAIT,
            "it conflicts with what Pluggy is doing"),
    CodeRow("HTTP_410", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "this address of the API is retired"),
    CodeRow("ENDPOINT_DEPRECATED", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "this address of the API is retired"),
    CodeRow("HTTP_422", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the request cannot be processed"),
    CodeRow("INVALID_CURSOR", "api", InvalidCursor, T.INVALID_REQUEST, A.NONE,
            "the page is no longer there: the list is read from its beginning"),
    CodeRow("IDS_PARAMETER_EXCEEDS_MAX_LENGTH", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "too many ids in one call"),
    CodeRow("PARAMETERS_NOT_PROVIDED", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "no credentials were given"),
    # --- Creating and updating an item ---
    CodeRow("CONNECTOR_VALIDATION_ERROR", "api", PluggyNeedsUser, T.INVALID_REQUEST, A.CORRECT_FIELDS,
            "a credential does not have the form that the bank expects"),
    CodeRow("CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR,
            A.ANSWER_MFA, "the bank wants a fresh code for each update"),
    CodeRow("MFA_PARAMERTER_WAS_ALREADY_USED_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR,
            A.NEW_MFA_CODE, "this code was used before"),
    CodeRow("ITEM_USER_ALREADY_EXISTS", "api", ItemAlreadyExists, T.ITEM_ERROR, A.USE_EXISTING,
            "this person has already connected this bank"),
    CodeRow("ITEM_CREATION_LIMIT_EXCEEDED", "api", PluggyPermanent, T.PRODUCT_NOT_AVAILABLE, A.CHANGE_PLAN,
            "the plan allows no more items"),
    CodeRow("CREATE_ITEMS_API_FREE_DISABLED", "api", PluggyPermanent, T.PRODUCT_NOT_AVAILABLE, A.USE_WIDGET,
            "on this plan items are made in the widget alone"),
    CodeRow("CONNECTOR_OFFLINE", "api", PluggyTemporary, T.BANK_MAINTENANCE, A.WAIT,
            "the bank cannot be reached"),
    CodeRow("ITEM_IS_ALREADY_UPDATING", "api", PluggyTemporary, T.ITEM_ERROR, A.WAIT,
            "an update is under way"),
    CodeRow("ITEM_ALREADY_UPDATING", "api", PluggyTemporary, T.ITEM_ERROR, A.WAIT,
            "an update is under way"),
    CodeRow("TOO_MANY_CONSECUTIVE_LOGIN_FAILURES", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.RECONNECT,
            "several logins failed: the person logs in anew, after a pause"),
    CodeRow("LAST_EXECUTION_HAD_LOGIN_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.RECONNECT,
            "the last login failed: the person logs in anew"),
    CodeRow("TOO_MANY_CONSECUTIVE_ERRORS", "api", PluggyPermanent, T.ITEM_ERROR, A.CONTACT_SUPPORT,
            "the item failed too often and is stopped"),
    CodeRow("CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY", "api", PluggyTemporary, T.RATE_LIMIT_EXCEEDED, A.WAIT,
            "the plan allows updates less often"),
    CodeRow("SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.CHANGE_PLAN,
            "on this plan items are not updated through the API"),
    CodeRow("CLIENT_HAS_ITEM_UPDATES_DISABLED", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.CHANGE_PLAN,
            "on this plan items are not updated through the API"),
    CodeRow("ITEM_ORIGINAL_CONNECTED_WITH_DIFFERENT_ACCOUNT", "api", PluggyNeedsUser, T.ITEM_ERROR,
            A.CONNECT_SEPARATELY, "another person's login was used: it needs a connection of its own"),
    CodeRow("ITEM_MFA_NOT_FOUND", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the bank is not waiting for a code"),
    CodeRow("ITEM_MFA_ALREADY_PROVIDED", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the code was given before"),
    CodeRow("ITEM_MFA_EXPIRED", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the time to give the code is over"),
    CodeRow("ITEM_MFA_PARAMETER_EXPECTED_MISMATCH", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the bank asked for another code"),
    # --- Not there ---
    _gone("HTTP_404", "it"),
    _gone("ITEM_NOT_FOUND", "the item"),
    _gone("ACCOUNT_NOT_FOUND", "the account"),
    _gone("TRANSACTION_NOT_FOUND", "the transaction"),
    _gone("CONNECTOR_NOT_FOUND", "the connector"),
    _gone("INVESTMENT_NOT_FOUND", "the investment"),
    _gone("IDENTITY_NOT_FOUND", "the identity"),
    _gone("LOAN_NOT_FOUND", "the loan"),
    _gone("CONSENT_NOT_FOUND", "the consent"),
    _gone("CATEGORY_NOT_FOUND", "the category"),
    _gone("CATEGORY_RULE_NOT_FOUND", "the category rule"),
    _gone("WEBHOOK_NOT_FOUND", "the webhook"),
    _gone("CREDIT_CARD_BILL_NOT_FOUND", "the bill"),
    # --- Not allowed ---
    CodeRow("LIST_ITEMS_FEATURE_NOT_ENABLED", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.CHANGE_PLAN,
            "listing items is not enabled for this team"),
    CodeRow("CATEGORY_RULE_FORBIDDEN", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.NONE,
            "the category rule is not ours"),
    # --- The live balance (a call to the bank itself) ---
    CodeRow("BALANCE_INVALID_REQUEST", "api", PluggyPermanent, T.INVALID_REQUEST, A.NONE,
            "this account has no live balance"),
    CodeRow("BALANCE_CONSENT_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.RECONNECT,
            "the consent does not cover the balance, or has ended"),
    CodeRow("BALANCE_NOT_FOUND", "api", Gone, T.INSTITUTION_ERROR, A.NONE,
            "the bank does not know this account"),
    CodeRow("BALANCE_OPEN_FINANCE_RATE_LIMIT", "api", PluggyTemporary, T.RATE_LIMIT_EXCEEDED, A.WAIT,
            "this month's calls to the bank are used up"),
    CodeRow("BALANCE_FETCH_ERROR", "api", PluggyTemporary, T.INSTITUTION_ERROR, A.WAIT,
            "the bank did not tell the balance"),
    CodeRow("BALANCE_CONNECTOR_UNAVAILABLE", "api", PluggyTemporary, T.BANK_MAINTENANCE, A.WAIT,
            "the bank cannot be reached"),
    # --- Pluggy itself ---
    CodeRow("HTTP_429", "api", PluggyTemporary, T.RATE_LIMIT_EXCEEDED, A.WAIT,
            "more calls than Pluggy allows"),
    CodeRow("INTERNAL_SERVER_ERROR", "api", PluggyTemporary, T.INTERNAL_ERROR, A.WAIT,
            "Pluggy failed"),
    CodeRow("HTTP_500", "api", PluggyTemporary, T.INTERNAL_ERROR, A.WAIT,
            "Pluggy failed"),
    CodeRow("HTTP_502", "api", PluggyTemporary, T.CONNECTION_FAILURE, A.WAIT,
            "Pluggy cannot be reached"),
    CodeRow("HTTP_503", "api", PluggyTemporary, T.CONNECTION_FAILURE, A.WAIT,
            "Pluggy is not available"),
    CodeRow("HTTP_504", "api", PluggyTemporary, T.CONNECTION_FAILURE, A.WAIT,
            "Pluggy did not answer in time"),
)  # fmt: skip


def _progress(code: str, reason: str) -> CodeRow:
    return CodeRow(code, "item", None, None, A.NONE, reason, Health.IN_PROGRESS)


def _temporary(code: str, error_type: ErrorType, reason: str, action: Action = A.WAIT) -> CodeRow:
    return CodeRow(code, "item", PluggyTemporary, error_type, action, reason, Health.TEMPORARY)


def _needs_user(code: str, action: Action, reason: str, error_type: ErrorType = T.AUTHENTICATION_ERROR) -> CodeRow:
    return CodeRow(code, "item", PluggyNeedsUser, error_type, action, reason, Health.NEEDS_USER)


_ITEM = (
    # --- Under way ---
    _progress("CREATING", "the connection is being made"),
    _progress("CREATED", "the connection is made"),
    _progress("LOGIN_IN_PROGRESS", "logging in to the bank"),
    _needs_user("WAITING_USER_INPUT", A.ANSWER_MFA, "the bank waits for a code or an authorisation"),
    _needs_user("WAITING_USER_ACTION", A.AUTHORIZE_AT_BANK, "the bank waits for the person to act there"),
    _progress("LOGIN_MFA_IN_PROGRESS", "the bank is checking the code"),
    _progress("ACCOUNTS_IN_PROGRESS", "accounts are being read"),
    _progress("CREDITCARDS_IN_PROGRESS", "cards are being read"),
    _progress("TRANSACTIONS_IN_PROGRESS", "transactions are being read"),
    _progress("PAYMENT_DATA_IN_PROGRESS", "payment data are being read"),
    _progress("INVESTMENTS_IN_PROGRESS", "investments are being read"),
    _progress("INVESTMENTS_TRANSACTIONS_IN_PROGRESS", "investments' movements are being read"),
    _progress("IDENTITY_IN_PROGRESS", "the identity is being read"),
    _progress("LOANS_IN_PROGRESS", "loans are being read"),
    _progress("ACCOUNT_STATEMENTS_IN_PROGRESS", "statements are being read"),
    _progress("MOVE_SECURITY_IN_PROGRESS", "securities are being moved"),
    _progress("MERGING", "what was read is being stored"),
    # --- Ended ---
    CodeRow("SUCCESS", "item", None, None, A.NONE, "all is read", Health.OK),
    CodeRow("PARTIAL_SUCCESS", "item", None, T.PRODUCT_NOT_AVAILABLE, A.NONE, "some products could not be read",
            Health.PARTIAL),
    _needs_user("INVALID_CREDENTIALS", A.RECONNECT, "the bank refuses the user or password"),
    _needs_user("INVALID_CREDENTIALS_MFA", A.NEW_MFA_CODE, "the bank refuses the second factor"),
    _needs_user("USER_INPUT_TIMEOUT", A.START_AGAIN, "the code or authorisation did not come in time"),
    _temporary("ALREADY_LOGGED_IN", T.INSTITUTION_ERROR, "the person is logged in at the bank elsewhere",
               A.LOG_OUT_ELSEWHERE),
    _temporary("SITE_NOT_AVAILABLE", T.BANK_MAINTENANCE, "the bank is down, or being maintained"),
    _temporary("CONNECTION_ERROR", T.CONNECTION_FAILURE, "the way to the bank failed"),
    _temporary("UNEXPECTED_ERROR", T.INSTITUTION_ERROR, "something unforeseen happened at the bank"),
    _temporary("ERROR", T.INSTITUTION_ERROR, "reading failed"),
    _temporary("CREATE_ERROR", T.INTERNAL_ERROR, "Pluggy could not make the connection", A.CONTACT_SUPPORT),
    _temporary("MERGE_ERROR", T.INTERNAL_ERROR, "Pluggy could not store what it read", A.CONTACT_SUPPORT),
    _needs_user("ACCOUNT_LOCKED", A.UNLOCK_AT_BANK, "the bank has locked this access"),
    _needs_user("ACCOUNT_CREDENTIALS_RESET", A.RESET_PASSWORD, "the bank wants a new password"),
    _needs_user("ACCOUNT_NEEDS_ACTION", A.FOLLOW_BANK_MESSAGE, "the bank wants something of the person",
                T.INSTITUTION_ERROR),
    # Not an end, though item/error is sent: another holder or device has to approve, and it goes on by itself.
    CodeRow("USER_AUTHORIZATION_PENDING", "item", None, T.AUTHENTICATION_ERROR, A.AWAIT_APPROVAL,
            "another holder or device must approve", Health.IN_PROGRESS),
    _needs_user("USER_AUTHORIZATION_NOT_GRANTED", A.RECONNECT, "the consent was refused, or not given in time"),
    _needs_user("USER_AUTHORIZATION_REVOKED", A.RECONNECT, "the consent was withdrawn at the bank"),
    CodeRow("USER_NOT_SUPPORTED", "item", PluggyPermanent, T.PRODUCT_NOT_AVAILABLE, A.GIVE_UP,
            "this kind of account cannot be read", Health.PERMANENT),
)  # fmt: skip

CODES = _API + _ITEM

UNKNOWN = CodeRow("UNKNOWN", "api", PluggyUnexpected, T.UNKNOWN_ERROR, A.CONTACT_SUPPORT,
                  "an answer that the code table does not know")  # fmt: skip

API_CODES = {row.code: row for row in _API}
ITEM_CODES = {row.code: row for row in _ITEM}
