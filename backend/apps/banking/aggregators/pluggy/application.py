"""An application at Pluggy: a client id with its secret, and the secrets that prove its webhooks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.banking.aggregators.calls import counter
from apps.banking.aggregators.contract import (
    Application,
    Deliveries,
    Directory,
    Door,
    ItemState,
    ListedItem,
    NotOffered,
    Source,
    Subscription,
    nothing,
)
from apps.banking.aggregators.pluggy.client.api import Called
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.directory import PluggyDirectory
from apps.banking.aggregators.pluggy.item_state import item_state, listed_items
from apps.banking.aggregators.pluggy.source import PluggySource
from apps.banking.aggregators.pluggy.webhooks.authenticity import Proofs, make_path_token, named_in
from apps.banking.aggregators.pluggy.webhooks.delivery import PluggyDeliveries
from apps.banking.aggregators.pluggy.webhooks.door import PluggyDoor
from apps.banking.aggregators.pluggy.webhooks.subscription import PluggySubscription
from apps.banking.aggregators.stored import Credentials
from lib.http import LOOPBACK
from lib.secret_list import secret_list

# The settings that every call needs, by the application's fields.
REQUIRED = {
    "api_url": "PLUGGY_API_URL",
    "client_id": "PLUGGY_CLIENT_ID",
    "client_secret": "PLUGGY_CLIENT_SECRET",
}


@dataclass(frozen=True, repr=False)
class PluggyApplication(Application):
    """An application's credentials. `proofs` authenticates its webhooks."""

    api_url: str
    client_id: str
    client_secret: str
    proofs: Proofs
    name: str = ""
    client: UUID | None = None

    def __post_init__(self) -> None:
        """Raises ImproperlyConfigured for an empty secret, which would prove every sender."""
        secret_list("An application's secrets", [*self.proofs.secrets, *self.proofs.hmac_secrets])

    def calls(self, *, before_call: Callable[[], None] = nothing) -> PluggyClient:
        """A client that shares this process's connections. Raises ImproperlyConfigured for missing settings."""
        if missing := self.missing():
            raise ImproperlyConfigured(f"Pluggy is not configured: set {' and '.join(missing)}.")
        shared = _client(self.api_url, self.client_id, self.client_secret, settings.REDIS_URL)
        return shared.with_hooks(before_call=before_call)

    def missing(self) -> list[str]:
        """The settings that are empty."""
        return [setting for field, setting in REQUIRED.items() if not getattr(self, field)]

    def open(self, item_id: str, *, credential: str = "", before_call: Callable[[], None] = nothing) -> Source:
        """A Source for the item. Pluggy's items need no credential of their own."""
        return PluggySource(self.calls(before_call=before_call), item_id)

    @cached_property
    def door(self) -> Door:
        """The door for this application's webhooks."""
        return PluggyDoor(replace(self.proofs, application=self.name))

    def directory(self, *, before_call: Callable[[], None] = nothing) -> Directory:
        """Pluggy's connectors and categories."""
        return PluggyDirectory(self.calls(before_call=before_call))

    def items(self) -> Iterator[list[ListedItem]]:
        """All items, newest first. Raises NotEnabled unless Pluggy has enabled the list for the team."""
        return listed_items(self.calls())

    def connect_token(self, member: UUID, *, item_id: str = "", webhook_url: str = "", redirect_url: str = "") -> str:
        """A connect token. It leaves out an address that Pluggy would refuse, and with it the whole token."""
        return self.calls().connect_token(
            client_user_id=str(member),
            webhook_url=webhook_url if self._takes(webhook_url) else None,
            oauth_redirect_uri=redirect_url if urlsplit(redirect_url).scheme == "https" else None,
            item_id=item_id or None,
        )

    def path_token(self, member: UUID) -> str:
        """The token for the `webhookUrl` of the member's items."""
        return make_path_token(member, self.name)

    def refresh(self, item_id: str, *, webhook_url: str = "") -> ItemState:
        """Make Pluggy sync the item now. It also learns the address of the item's webhooks."""
        url = webhook_url if self._takes(webhook_url) else None
        return item_state(self.calls().update_item(item_id, webhook_url=url))

    def delete_item(self, item_id: str) -> None:
        """Delete the item, its data at Pluggy and its consent."""
        self.calls().delete_item(item_id)

    def answer(self, item_id: str, name: str, value: str) -> ItemState:
        """Send the second factor."""
        return item_state(self.calls().answer_mfa(item_id, {name: value}))

    def authenticate(self) -> None:
        """Fetch a new API key. Raises CredentialsRefused."""
        self.calls().authenticate()

    def _takes(self, url: str) -> bool:
        """Whether Pluggy accepts this address for webhooks: https to another machine. The sandbox accepts any."""
        parts = urlsplit(url)
        is_sandbox = urlsplit(self.api_url).hostname in LOOPBACK
        return bool(parts.hostname) and (is_sandbox or (parts.scheme == "https" and parts.hostname not in LOOPBACK))

    def subscription(self) -> Subscription:
        """Our subscription to all events. Raises NotOffered for a client's own application."""
        if self.client:
            text = "the webhooks of a client's own application come to an address of each item"
            raise NotOffered(text, code="NO_SUBSCRIPTIONS")
        return PluggySubscription(self.calls(), self.api_url, self.proofs)

    def deliveries(self) -> Deliveries:
        """An imitation of Pluggy's webhooks."""
        return PluggyDeliveries(self.proofs)


@lru_cache(maxsize=1)
def from_settings() -> tuple[PluggyApplication, ...]:
    """The one application that the settings describe. It is cached, because the door needs it for every webhook."""
    application = PluggyApplication(
        settings.PLUGGY_API_URL, settings.PLUGGY_CLIENT_ID, settings.PLUGGY_CLIENT_SECRET, Proofs.from_settings()
    )
    return (application,)


def of_client(credentials: Credentials) -> PluggyApplication:
    """A client's own application at the same Pluggy. Only path tokens prove its webhooks."""
    return PluggyApplication(
        settings.PLUGGY_API_URL,
        credentials.key,
        credentials.secret,
        Proofs(application=credentials.name),
        credentials.name,
        credentials.client,
    )


def door_of_token(token: str) -> tuple[str, Door] | None:
    """The client's application that the token names, and its door. The MAC in the token shows that Ponte made it."""
    name = named_in(token)
    return (name, PluggyDoor(Proofs(application=name))) if name else None


@receiver(setting_changed)
def _forget(**_: object) -> None:
    """Tests change settings."""
    from_settings.cache_clear()


@lru_cache(maxsize=64)
def _client(base_url: str, client_id: str, client_secret: str, redis_url: str) -> PluggyClient:
    redis = _redis(redis_url)
    count = counter(redis, "pluggy")

    def after_call(called: Called) -> None:
        count(called.endpoint, called.outcome, called.seconds)

    return PluggyClient(base_url, client_id, client_secret, redis=redis, after_call=after_call)


@lru_cache(maxsize=4)
def _redis(url: str) -> Redis:
    # No retries here: the mailbox retries.
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
