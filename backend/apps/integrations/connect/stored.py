"""The credentials that are stored, for the form that changes them. A secret is only ever shown by its end."""

from pydantic import SecretStr

from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.definition import Model

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
