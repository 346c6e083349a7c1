"""The emulator's data in memory: items, and the data collected for them."""

import asyncio
from dataclasses import dataclass, field

from . import clock
from .connectors import to_json
from .ledger import Ledger
from .users import Scenario
from .wire import Doc

IN_PROGRESS = {"UPDATING", "WAITING_USER_INPUT", "WAITING_USER_ACTION", "MERGING"}


@dataclass
class Account:
    """An account: its document, its transactions, and for a card its bills."""

    doc: Doc
    ledger: Ledger = field(default_factory=Ledger)
    bills: list[Doc] = field(default_factory=list)
    statements: list[Doc] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The account's id."""
        found: str = self.doc["id"]
        return found


@dataclass
class Data:
    """Everything collected for an item. Empty until the first execution succeeds."""

    accounts: dict[str, Account] = field(default_factory=dict)
    investments: dict[str, Doc] = field(default_factory=dict)
    movements: dict[str, list[Doc]] = field(default_factory=dict)
    loans: dict[str, Doc] = field(default_factory=dict)
    identity: Doc | None = None
    consents: dict[str, Doc] = field(default_factory=dict)
    resources: list[Doc] = field(default_factory=list)


@dataclass
class Item:
    """One connection of a user with an institution, and the state of its execution."""

    id: str
    connector: Doc
    parameters: dict[str, str]
    scenario: Scenario
    products: list[str]
    client_user_id: str | None = None
    webhook_url: str | None = None
    oauth_redirect_uri: str | None = None
    token_id: str = ""
    status: str = "UPDATING"
    execution_status: str = "CREATED"
    error: Doc | None = None
    parameter: Doc | None = None
    user_action: Doc | None = None
    status_detail: Doc | None = None
    created_at: str = ""
    updated_at: str = ""
    last_updated_at: str | None = None
    next_auto_sync_at: str | None = None
    auto_sync: bool = True
    failed_logins: int = 0
    failed_runs: int = 0
    last_ended_at: str = ""
    consent_expires_at: str | None = None
    resources_collected_at: str | None = None
    used_codes: set[str] = field(default_factory=set)
    answer: "asyncio.Future[str] | None" = None
    factor: str = ""
    cause: str = "CLIENT"
    runs: int = 0
    collected: set[str] = field(default_factory=set)
    fresh: list[Account] = field(default_factory=list)
    data: Data = field(default_factory=Data)
    task: "asyncio.Task[None] | None" = None
    alarm: "asyncio.TimerHandle | None" = None

    @property
    def running(self) -> bool:
        """Whether an execution is under way, also while it waits for the user."""
        return self.status in IN_PROGRESS

    @property
    def consent_valid(self) -> bool:
        """Whether the consent still allows the bank to answer."""
        return bool(self.consent_expires_at and self.consent_expires_at > clock.iso(clock.now()))

    @property
    def consented(self) -> bool:
        """Whether the item has a consent that is neither revoked nor expired."""
        moment = clock.iso(clock.now())
        return any(not c["revokedAt"] and c["expiresAt"] > moment for c in self.data.consents.values())

    def touch(self) -> None:
        """Set `updatedAt` to now."""
        self.updated_at = clock.iso(clock.now())

    def to_json(self) -> Doc:
        """The item as the API shows it."""
        return {
            "id": self.id,
            "connector": to_json(self.connector),
            "products": self.products,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "status": self.status,
            "executionStatus": self.execution_status,
            "lastUpdatedAt": self.last_updated_at,
            "webhookUrl": self.webhook_url,
            "error": self.error,
            "clientUserId": self.client_user_id,
            "oauthRedirectUri": self.oauth_redirect_uri,
            "consecutiveFailedLoginAttempts": self.failed_logins,
            "statusDetail": self.status_detail,
            "parameter": self.parameter,
            "userAction": self.user_action,
            "nextAutoSyncAt": self.next_auto_sync_at,
            "consentExpiresAt": self.consent_expires_at,
            "resourcesCollectedAt": self.resources_collected_at,
            "hasResourcesPendingAuthorization": False if self.connector["isOpenFinance"] else None,
        }
