"""The credentials that are stored, for who changes them. A secret is only ever shown by its end."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from pydantic import SecretStr

from apps.integrations.catalogue import Entry
from apps.integrations.connect.fields import fields_of
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.definition import Model
from plugfn.errors import InvalidParams, PlugFnError, Problem

# A shorter secret would be half told by its last four characters.
SHORTEST_TOLD = 12


def stored_credentials(integration: Integration) -> Model:
    """The credentials. Raises plugfn's errors: NoConnection, NeedsReconnect if they cannot be decrypted."""
    operations = plug().connections
    with acting_for(integration.client_id):
        connection = operations.get(integration.pk.hex, str(integration.client_id))
        credentials: Model = operations.credentials(integration.entry.definition, connection)
    return credentials


def ending_of(secret: SecretStr | str) -> str:
    """The last four characters; empty if the secret is too short to show them."""
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    return text[-4:] if len(text) >= SHORTEST_TOLD else ""


def changed(integration: Integration, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored, with what is sent in its place; null empties a field. Raises InvalidParams for what
    `kept_elsewhere` names."""
    try:
        stored = stored_credentials(integration)
    except PlugFnError:
        # They cannot be read, so all of them must be sent.
        return dict(sent)
    entry = integration.entry
    values = {field.name: getattr(stored, field.name) for field in fields_of(entry)} | dict(sent)
    if names := kept_elsewhere(entry, stored, values):
        reason = "enter it again: the stored one belongs to another server or user"
        problems = [Problem(name, reason) for name in names]
        raise InvalidParams("stored secrets stay at their place", problems=problems, provider=entry.provider)
    return {name: value for name, value in values.items() if value is not None}


def kept_elsewhere(entry: Entry, stored: Model, values: Mapping[str, Any]) -> list[str]:
    """The stored secrets among the values, if these lead to another place than the stored ones do.

    Whoever may change an integration could otherwise have its secrets sent to a server of their own.
    """
    fields = fields_of(entry)
    places = [field.name for field in fields if field.is_place]
    if all(_text(values.get(name)) == _text(getattr(stored, name)) for name in places):
        return []
    secrets = [field.name for field in fields if field.is_secret and not field.is_place]
    return [name for name in secrets if values.get(name) is getattr(stored, name) and _text(values[name])]


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if value not in (None, (), [], {}) else ""


def is_of_operator(provider: str, name: str, secret: SecretStr | str) -> bool:
    """Whether it is the operator's default, of which clients see nothing."""
    default = settings.INTEGRATION_DEFAULTS.get(provider, {}).get(name)
    return default is not None and _text(secret) == str(default)
