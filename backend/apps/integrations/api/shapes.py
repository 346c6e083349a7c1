"""What the API says of an integration."""

from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from apps.api.fields import Anything, Id, Moment, Number, Text, Words, YesNo
from apps.integrations.connect.stored import is_of_operator, stored_credentials
from apps.integrations.connect.webhook import WebhookAddress
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.errors import PlugFnError


class IntegrationSerializer(serializers.Serializer[Any]):
    """An account of the client at another service."""

    id = Id("The integration's id.")
    type = Text("`whatsapp`, `email_smtp`, `email_sendgrid`, `database`, `github`, `slack` or `http`.")
    provider = Text("Who is at the other side, such as `whatsapp_uazapi`.")
    name = Text("What a person called it.")
    status = Text("`connected`, `disconnected` (the service says so), `error` or `needs_reauth`.")
    paused_at = Moment("Since when nothing is sent through it.", null=True)
    last_tested_at = Moment("When it was last tested.", null=True, source="tested_at")
    latency_ms = Number("How long that test took, in milliseconds.", null=True, source="tested_ms")
    last_error = Text("The code of the last error; empty if none.")
    last_error_at = Moment("When that was.", null=True)
    last_used_at = Moment("Its last call, exact to a minute.", null=True)
    keeps_content = YesNo("Whether the contents of messages are kept.")
    created_at = Moment("When it was connected.")


class OpenedSerializer(IntegrationSerializer):
    """An integration with what was entered. Of a secret it says that it is set, and its last four characters."""

    account = Text("The account as the service names it.")
    credentials = Anything(
        "What was entered, by its names. A secret is an object with `set` and `last4`; if it is the default of this "
        "server's operator, also with `is_default`, and without its end."
    )
    read_only = YesNo(  # type: ignore[assignment]  # a field of the contract, and not the serializer's option
        "Always true: Ponte only reads databases. null for other types.", null=True
    )
    allowed_tables = Words("The tables that may be read. null for other types.", null=True)


class WebhookSerializer(serializers.Serializer[Any]):
    """The address to which the service posts events of this integration."""

    url = Text("It proves the sender, so keep it secret. It is shown only now; empty if the service knows it already.")
    is_set = YesNo("Whether the service knows it. If not, enter it there.")
    error = Text("Why the service did not take it; empty if it did.")


def opened(integration: Integration) -> dict[str, Any]:
    """The integration with its account and what was entered. Reads the vault, so call it outside of transactions."""
    account, credentials = _read_vault(integration)
    is_database = integration.type == "database"
    extra = {
        "account": account,
        "credentials": credentials,
        "read_only": True if is_database else None,
        "allowed_tables": credentials.get("allowed_tables") if is_database else None,
    }
    return {**IntegrationSerializer(integration).data, **extra}


def _read_vault(integration: Integration) -> tuple[str, dict[str, Any]]:
    """The label and the credentials; nothing of what no key opens any more."""
    number, user = integration.pk.hex, str(integration.client_id)
    try:
        with acting_for(integration.client_id):
            label, shown = plug().connections.get(number, user).label, plug().connections.shown(number, user)
        return label, shown | _of_operator(integration, shown)
    except PlugFnError:
        return "", {}


def _of_operator(integration: Integration, shown: dict[str, Any]) -> dict[str, Any]:
    """The marks of secrets that are the operator's, of which clients do not see the end."""
    provider = integration.provider
    defaults = [name for name in settings.INTEGRATION_DEFAULTS.get(provider, {}) if isinstance(shown.get(name), dict)]
    if not defaults:
        return {}
    stored = stored_credentials(integration)
    return {
        name: {"set": True, "last4": "", "is_default": True}
        for name in defaults
        if is_of_operator(provider, name, getattr(stored, name))
    }


def webhook_of(address: WebhookAddress | None, *, asked: bool = False) -> dict[str, Any] | None:
    """The address as the API says it. Its secret is shown if somebody must enter it, or asked for it."""
    if address is None:
        return None
    error = address.error.code if address.error else ""
    return {"url": address.url if asked or not address.is_set else "", "is_set": address.is_set, "error": error}


@cache
def connected_answer() -> Any:
    """The answer of connecting."""
    return inline_serializer(
        "IntegrationConnectedAnswer",
        {
            "success": serializers.BooleanField(help_text="Always true."),
            "integration": OpenedSerializer(),
            "webhook": WebhookSerializer(
                allow_null=True,
                help_text="Only an address that this call has made. null if the service has none of its own, or if the "
                "one that was shown before still holds: `webhook-address` replaces it.",
            ),
            "warnings": Words("What is unsafe about it, in words."),
        },
    )
