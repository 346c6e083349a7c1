"""The address to which a vendor posts the events of one integration: making it, and telling the vendor."""

from dataclasses import dataclass, field

from apps.integrations.incoming.address import address_of
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.errors import PlugFnError

# The action with which a provider is told the address.
SET = "webhooks.set"


@dataclass(frozen=True)
class WebhookAddress:
    """A new address, which is shown once. `is_set`: the vendor knows it; else a person must enter it there."""

    url: str = field(repr=False)
    is_set: bool = False
    error: PlugFnError | None = None


def can_tell(integration: Integration) -> bool:
    """Whether the provider has an action that enters the address at the vendor."""
    return SET in integration.entry.definition.actions


def tell_vendor(integration: Integration) -> WebhookAddress | None:
    """Make a new address for the integration, which replaces the one before, and enter it at the vendor if it has an
    action for that. None if the provider has no address for each integration.
    """
    webhooks = integration.entry.definition.webhooks
    if webhooks is None or not webhooks.per_connection:
        return None
    with acting_for(integration.client_id):
        new = plug().connections.new_webhook_url(integration.pk.hex, str(integration.client_id))
        url = address_of(integration, new.rpartition("/")[2])
        if not can_tell(integration):
            return WebhookAddress(url)
        try:
            plug().run(
                f"{integration.provider}.{SET}",
                user_id=str(integration.client_id),
                connection_id=integration.pk.hex,
                params={"url": url},
            )
        except PlugFnError as error:
            return WebhookAddress(url, error=error)
    return WebhookAddress(url, is_set=True)
