"""Connecting with entered credentials, in the form of the contract: what is there is changed, what is not is made."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.response import Response

from apps.api.views import answer
from apps.integrations.api.base import IntegrationView
from apps.integrations.api.shapes import opened, webhook_of
from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.connect.verbs import Connected, change, connect
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.errors import PlugFnError

# The action that says what a database's user may do besides reading.
CHECK = "access.check"


class ConfiguringView(IntegrationView):
    """A view that connects."""

    http_method_names = ["post"]

    def configure(
        self, provider: str, credentials: Mapping[str, Any], *, name: str = "", present: Integration | None = None
    ) -> Response:
        """Test the credentials at the service and store them. Raises what connecting raises; then nothing changes."""
        values = {**settings.INTEGRATION_DEFAULTS.get(provider, {}), **credentials}
        if present is None:
            made = connect(self.client_id, BY_PROVIDER[provider], values, name=name)
        else:
            made = change(present, values, name=name)
        self.changed("connect" if made.is_new else "change", made.integration)
        return _connected(made)


def _connected(made: Connected) -> Response:
    integration = made.integration
    return answer(integration=opened(integration), webhook=webhook_of(made.webhook), warnings=warnings_of(integration))


def warnings_of(integration: Integration) -> list[str]:
    """What is unsafe about a database's user: that it can write, or reads more than it should."""
    if CHECK not in integration.entry.definition.actions:
        return []
    try:
        with acting_for(integration.client_id):
            access = plug().run(
                f"{integration.provider}.{CHECK}",
                user_id=str(integration.client_id),
                connection_id=integration.pk.hex,
                params={},
            )
    except PlugFnError:
        # It was tested a moment ago; the next test will say what is wrong.
        return []
    found: list[str] = access.warnings
    return found
