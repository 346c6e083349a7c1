"""What each of Pluggy's codes means to Ponte: one row for each code, one captured example for each row (fixtures/).

API rows match the `codeDescription` of an error; rows named HTTP_<status> match answers without one
(https://docs.pluggy.ai/docs/error-codes). The HTTP status does not count otherwise: Pluggy's pages disagree on it.
Item rows match `item.error.code` or `item.executionStatus` (https://docs.pluggy.ai/docs/errors-validations).
A code without a row is UNKNOWN: Ponte retries and logs an error, until the code is added here.
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
    return CodeRow(code, "api", Gone, T.ITEM_ERROR, A.NONE, f"{what} does not exist (any more)")


_API = (
    # --- Our own credentials and key ---
    CodeRow("CLIENT_KEYS_UNAUTHORIZED", "auth", CredentialsRefused, T.AUTHENTICATION_ERROR, A.FIX_CONFIGURATION,
            "Pluggy does not accept the client id and secret"),
    CodeRow("CLIENT_DISABLED", "auth", CredentialsRefused, T.AUTHENTICATION_ERROR, A.CONTACT_SUPPORT,
            "Pluggy has disabled this application"),
    CodeRow("HTTP_401", "api", KeyRejected, T.AUTHENTICATION_ERROR, A.FIX_CONFIGURATION,
            "Pluggy refused a new API key"),
    CodeRow("HTTP_403", "api", KeyRejected, T.AUTHENTICATION_ERROR, A.FIX_CONFIGURATION,
            "Pluggy refused a new API key"),
    # --- Our requests ---
    CodeRow("HTTP_400", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the request is not valid"),
    CodeRow("HTTP_405", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the endpoint does not allow this method"),
    CodeRow("HTTP_406", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the endpoint does not offer the requested format"),
    CodeRow("HTTP_409", "api", PluggyTemporary, T.ITEM_ERROR, A.WAIT,
            "the request conflicts with another one in progress at Pluggy"),
    CodeRow("HTTP_410", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "Pluggy has retired this endpoint"),
    CodeRow("ENDPOINT_DEPRECATED", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "Pluggy has retired this endpoint"),
    CodeRow("HTTP_422", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "Pluggy cannot process the request"),
    CodeRow("INVALID_CURSOR", "api", InvalidCursor, T.INVALID_REQUEST, A.NONE,
            "the page has expired; Ponte reads the list from the beginning"),
    CodeRow("IDS_PARAMETER_EXCEEDS_MAX_LENGTH", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the request contains too many ids"),
    CodeRow("PARAMETERS_NOT_PROVIDED", "api", PluggyPermanent, T.INVALID_REQUEST, A.FIX_CODE,
            "the request contains no credentials"),
    # --- Creating and updating an item ---
    CodeRow("CONNECTOR_VALIDATION_ERROR", "api", PluggyNeedsUser, T.INVALID_REQUEST, A.CORRECT_FIELDS,
            "a credential does not have the format that the bank expects"),
    CodeRow("CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR,
            A.ANSWER_MFA, "the bank requires a new code for each update"),
    CodeRow("MFA_PARAMERTER_WAS_ALREADY_USED_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR,
            A.NEW_MFA_CODE, "the code has already been used"),
    CodeRow("ITEM_USER_ALREADY_EXISTS", "api", ItemAlreadyExists, T.ITEM_ERROR, A.USE_EXISTING,
            "this person has already connected this bank"),
    CodeRow("ITEM_CREATION_LIMIT_EXCEEDED", "api", PluggyPermanent, T.PRODUCT_NOT_AVAILABLE, A.CHANGE_PLAN,
            "the plan does not allow more items"),
    CodeRow("CREATE_ITEMS_API_FREE_DISABLED", "api", PluggyPermanent, T.PRODUCT_NOT_AVAILABLE, A.USE_WIDGET,
            "on this plan, only the widget can create items"),
    CodeRow("CONNECTOR_OFFLINE", "api", PluggyTemporary, T.BANK_MAINTENANCE, A.WAIT,
            "the bank cannot be reached"),
    CodeRow("ITEM_IS_ALREADY_UPDATING", "api", PluggyTemporary, T.ITEM_ERROR, A.WAIT,
            "an update of the item is already in progress"),
    CodeRow("ITEM_ALREADY_UPDATING", "api", PluggyTemporary, T.ITEM_ERROR, A.WAIT,
            "an update of the item is already in progress"),
    CodeRow("TOO_MANY_CONSECUTIVE_LOGIN_FAILURES", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.RECONNECT,
            "several logins failed; the person must wait and then log in again"),
    CodeRow("LAST_EXECUTION_HAD_LOGIN_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.RECONNECT,
            "the last login failed; the person must log in again"),
    CodeRow("TOO_MANY_CONSECUTIVE_ERRORS", "api", PluggyPermanent, T.ITEM_ERROR, A.CONTACT_SUPPORT,
            "the item failed too often, so Pluggy no longer updates it"),
    CodeRow("CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY", "api", PluggyTemporary, T.RATE_LIMIT_EXCEEDED, A.WAIT,
            "the plan does not allow updates this often"),
    CodeRow("SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.CHANGE_PLAN,
            "the plan does not allow updates through the API"),
    CodeRow("CLIENT_HAS_ITEM_UPDATES_DISABLED", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.CHANGE_PLAN,
            "the plan does not allow updates through the API"),
    CodeRow("MEU_PLUGGY_ITEM", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.NONE,
            "MeuPluggy decides itself when it asks the bank"),
    CodeRow("ITEM_ORIGINAL_CONNECTED_WITH_DIFFERENT_ACCOUNT", "api", PluggyNeedsUser, T.ITEM_ERROR,
            A.CONNECT_SEPARATELY, "the login belongs to another person and needs its own connection"),
    CodeRow("ITEM_MFA_NOT_FOUND", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the bank is not waiting for a code"),
    CodeRow("ITEM_MFA_ALREADY_PROVIDED", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the person has already entered the code"),
    CodeRow("ITEM_MFA_EXPIRED", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the time to enter the code has expired"),
    CodeRow("ITEM_MFA_PARAMETER_EXPECTED_MISMATCH", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.START_AGAIN,
            "the bank asked for a different code"),
    # --- Not found ---
    _gone("HTTP_404", "the object"),
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
            "Pluggy has not enabled the list of items for this team"),
    CodeRow("CATEGORY_RULE_FORBIDDEN", "api", NotEnabled, T.PRODUCT_NOT_AVAILABLE, A.NONE,
            "the category rule does not belong to this team"),
    # --- The live balance (a call to the bank itself) ---
    CodeRow("BALANCE_INVALID_REQUEST", "api", PluggyPermanent, T.INVALID_REQUEST, A.NONE,
            "this account has no live balance"),
    CodeRow("BALANCE_CONSENT_ERROR", "api", PluggyNeedsUser, T.AUTHENTICATION_ERROR, A.RECONNECT,
            "the consent does not cover the balance, or has expired"),
    CodeRow("BALANCE_NOT_FOUND", "api", Gone, T.INSTITUTION_ERROR, A.NONE,
            "the bank does not know this account"),
    CodeRow("BALANCE_OPEN_FINANCE_RATE_LIMIT", "api", PluggyTemporary, T.RATE_LIMIT_EXCEEDED, A.WAIT,
            "this month's calls to the bank have been used up"),
    CodeRow("BALANCE_FETCH_ERROR", "api", PluggyTemporary, T.INSTITUTION_ERROR, A.WAIT,
            "the bank did not return the balance"),
    CodeRow("BALANCE_CONNECTOR_UNAVAILABLE", "api", PluggyTemporary, T.BANK_MAINTENANCE, A.WAIT,
            "the bank cannot be reached"),
    # --- Pluggy itself ---
    CodeRow("HTTP_429", "api", PluggyTemporary, T.RATE_LIMIT_EXCEEDED, A.WAIT,
            "Ponte made more calls than Pluggy allows"),
    CodeRow("INTERNAL_SERVER_ERROR", "api", PluggyTemporary, T.INTERNAL_ERROR, A.WAIT,
            "Pluggy had an internal error"),
    CodeRow("HTTP_500", "api", PluggyTemporary, T.INTERNAL_ERROR, A.WAIT,
            "Pluggy had an internal error"),
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
    # --- In progress ---
    _progress("CREATING", "Pluggy is creating the connection"),
    _progress("CREATED", "Pluggy has created the connection"),
    _progress("LOGIN_IN_PROGRESS", "Pluggy is logging in to the bank"),
    _needs_user("WAITING_USER_INPUT", A.ANSWER_MFA, "the bank is waiting for a code or an authorisation"),
    _needs_user("WAITING_USER_ACTION", A.AUTHORIZE_AT_BANK, "the bank is waiting for the person to act there"),
    _progress("LOGIN_MFA_IN_PROGRESS", "the bank is checking the code"),
    _progress("ACCOUNTS_IN_PROGRESS", "Pluggy is reading the accounts"),
    _progress("CREDITCARDS_IN_PROGRESS", "Pluggy is reading the cards"),
    _progress("TRANSACTIONS_IN_PROGRESS", "Pluggy is reading the transactions"),
    _progress("PAYMENT_DATA_IN_PROGRESS", "Pluggy is reading the payment data"),
    _progress("INVESTMENTS_IN_PROGRESS", "Pluggy is reading the investments"),
    _progress("INVESTMENTS_TRANSACTIONS_IN_PROGRESS", "Pluggy is reading the investments' transactions"),
    _progress("IDENTITY_IN_PROGRESS", "Pluggy is reading the identity"),
    _progress("LOANS_IN_PROGRESS", "Pluggy is reading the loans"),
    _progress("ACCOUNT_STATEMENTS_IN_PROGRESS", "Pluggy is reading the statements"),
    _progress("MOVE_SECURITY_IN_PROGRESS", "Pluggy is moving securities"),
    _progress("MERGING", "Pluggy is storing the data"),
    # --- Ended ---
    CodeRow("SUCCESS", "item", None, None, A.NONE, "Pluggy has read all data", Health.OK),
    CodeRow("PARTIAL_SUCCESS", "item", None, T.PRODUCT_NOT_AVAILABLE, A.NONE, "Pluggy could not read some products",
            Health.PARTIAL),
    _needs_user("INVALID_CREDENTIALS", A.RECONNECT, "the bank does not accept the user name or password"),
    _needs_user("INVALID_CREDENTIALS_MFA", A.NEW_MFA_CODE, "the bank does not accept the code"),
    _needs_user("USER_INPUT_TIMEOUT", A.START_AGAIN, "the person did not enter the code or authorise in time"),
    _temporary("ALREADY_LOGGED_IN", T.INSTITUTION_ERROR, "the person is already logged in at the bank",
               A.LOG_OUT_ELSEWHERE),
    _temporary("SITE_NOT_AVAILABLE", T.BANK_MAINTENANCE, "the bank is unavailable or under maintenance"),
    _temporary("CONNECTION_ERROR", T.CONNECTION_FAILURE, "the connection to the bank failed"),
    _temporary("UNEXPECTED_ERROR", T.INSTITUTION_ERROR, "an unexpected error occurred at the bank"),
    _temporary("ERROR", T.INSTITUTION_ERROR, "Pluggy could not read the data"),
    _temporary("CREATE_ERROR", T.INTERNAL_ERROR, "Pluggy could not create the connection", A.CONTACT_SUPPORT),
    _temporary("MERGE_ERROR", T.INTERNAL_ERROR, "Pluggy could not store the data", A.CONTACT_SUPPORT),
    _needs_user("ACCOUNT_LOCKED", A.UNLOCK_AT_BANK, "the bank has locked this access"),
    _needs_user("ACCOUNT_CREDENTIALS_RESET", A.RESET_PASSWORD, "the bank requires a new password"),
    _needs_user("ACCOUNT_NEEDS_ACTION", A.FOLLOW_BANK_MESSAGE, "the bank requires the person to act",
                T.INSTITUTION_ERROR),
    # Pluggy sends item/error, but the run has not ended: it continues when another holder or device approves.
    CodeRow("USER_AUTHORIZATION_PENDING", "item", None, T.AUTHENTICATION_ERROR, A.AWAIT_APPROVAL,
            "another account holder or device must approve", Health.IN_PROGRESS),
    _needs_user("USER_AUTHORIZATION_NOT_GRANTED", A.RECONNECT,
                "the person refused the consent or did not give it in time"),
    _needs_user("USER_AUTHORIZATION_REVOKED", A.RECONNECT, "the person withdrew the consent at the bank"),
    CodeRow("USER_NOT_SUPPORTED", "item", PluggyPermanent, T.PRODUCT_NOT_AVAILABLE, A.GIVE_UP,
            "Pluggy cannot read this kind of account", Health.PERMANENT),
)  # fmt: skip

CODES = _API + _ITEM

UNKNOWN = CodeRow("UNKNOWN", "api", PluggyUnexpected, T.UNKNOWN_ERROR, A.CONTACT_SUPPORT,
                  "the code table does not contain this answer")  # fmt: skip

API_CODES = {row.code: row for row in _API}
ITEM_CODES = {row.code: row for row in _ITEM}
