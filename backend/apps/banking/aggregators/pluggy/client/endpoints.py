"""Every call that Ponte makes to Pluggy, and its rate budget (https://docs.pluggy.ai/docs/rate-limits).

Pluggy limits the calls per minute, endpoint and source IP. Where it documents no limit, Ponte uses the common one. It
uses only a share of each limit (SHARE in api.py).
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from lib.errors import ErrorType, Permanent

COMMON_PER_MINUTE = 360

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class Endpoint:
    """`path` has a {} for each id. With `once`, a repeated call could do harm, so Ponte never repeats it."""

    name: str
    method: str
    path: str
    budget: str
    per_minute: int = COMMON_PER_MINUTE
    once: bool = False

    def url(self, *ids: str) -> str:
        """The path with its ids. Raises Permanent for an id that could change the path."""
        for entry in ids:
            if not _ID.fullmatch(entry):
                raise Permanent(f"{self.name}: not an id", error_type=ErrorType.INVALID_REQUEST, code="INVALID_ID")
        return self.path.format(*(quote(entry, safe="") for entry in ids))


AUTH = Endpoint("auth", "POST", "/auth", "auth")
CONNECT_TOKEN = Endpoint("connect_token", "POST", "/connect_token", "connect_token")

ITEM = Endpoint("item", "GET", "/items/{}", "items")
ITEM_LIST = Endpoint("item_list", "GET", "/v2/items", "item_list")
ITEM_CREATE = Endpoint("item_create", "POST", "/items", "item_create", once=True)
ITEM_REFRESH = Endpoint("item_refresh", "PATCH", "/items/{}", "item_update", per_minute=20)
# This call has credentials, and a bank may lock the user out after a few wrong attempts.
ITEM_LOGIN = Endpoint("item_login", "PATCH", "/items/{}", "item_update", per_minute=20, once=True)
ITEM_MFA = Endpoint("item_mfa", "POST", "/items/{}/mfa", "item_mfa", once=True)
ITEM_DELETE = Endpoint("item_delete", "DELETE", "/items/{}", "item_delete")
ITEM_NO_AUTO_SYNC = Endpoint("item_no_auto_sync", "PATCH", "/items/{}/disable-auto-sync", "item_update", per_minute=20)

ACCOUNT_LIST = Endpoint("account_list", "GET", "/accounts", "accounts")
ACCOUNT = Endpoint("account", "GET", "/accounts/{}", "accounts")
BALANCE = Endpoint("balance", "GET", "/accounts/{}/balance", "balance")
STATEMENT_LIST = Endpoint("statement_list", "GET", "/accounts/{}/statements", "statements")
TRANSACTION_LIST = Endpoint("transaction_list", "GET", "/v2/transactions", "transactions")
TRANSACTION = Endpoint("transaction", "GET", "/transactions/{}", "transactions")
TRANSACTION_UPDATE = Endpoint("transaction_update", "PATCH", "/transactions/{}", "transaction_update")
BILL_LIST = Endpoint("bill_list", "GET", "/bills", "bills")
BILL = Endpoint("bill", "GET", "/bills/{}", "bills")
INVESTMENT_LIST = Endpoint("investment_list", "GET", "/investments", "investments")
INVESTMENT = Endpoint("investment", "GET", "/investments/{}", "investments")
INVESTMENT_TRANSACTION_LIST = Endpoint(
    "investment_transaction_list", "GET", "/investments/{}/transactions", "investment_transactions"
)
LOAN_LIST = Endpoint("loan_list", "GET", "/loans", "loans")
LOAN = Endpoint("loan", "GET", "/loans/{}", "loans")
IDENTITY = Endpoint("identity", "GET", "/identity", "identity")
CONSENT_LIST = Endpoint("consent_list", "GET", "/consents", "consents")
CONSENT = Endpoint("consent", "GET", "/consents/{}", "consents")

CONNECTOR_LIST = Endpoint("connector_list", "GET", "/connectors", "connectors")
CONNECTOR = Endpoint("connector", "GET", "/connectors/{}", "connectors")
CATEGORY_LIST = Endpoint("category_list", "GET", "/categories", "categories")
CATEGORY = Endpoint("category", "GET", "/categories/{}", "categories")
WEBHOOK_LIST = Endpoint("webhook_list", "GET", "/webhooks", "webhooks")
WEBHOOK = Endpoint("webhook", "GET", "/webhooks/{}", "webhooks")
WEBHOOK_CREATE = Endpoint("webhook_create", "POST", "/webhooks", "webhooks")
WEBHOOK_UPDATE = Endpoint("webhook_update", "PATCH", "/webhooks/{}", "webhooks")
WEBHOOK_DELETE = Endpoint("webhook_delete", "DELETE", "/webhooks/{}", "webhooks")

ENDPOINTS = tuple(value for value in globals().values() if isinstance(value, Endpoint))
