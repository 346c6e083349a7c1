"""What people know their accounts by: PlugFn keeps the labels sealed."""

from uuid import UUID

from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.errors import PlugFnError


def labels_of(client: UUID) -> dict[UUID, str]:
    """The labels of all integrations of a client, in one query."""
    with acting_for(client):
        return {UUID(each.id): each.label for each in plug().connections.list(str(client))}


def label_of(integration: Integration) -> str:
    """The label of one; empty if it has none."""
    try:
        with acting_for(integration.client_id):
            label: str = plug().connections.get(integration.pk.hex, str(integration.client_id)).label
    except PlugFnError:
        return ""
    return label
