"""Which credentials a client's people connect banks with: the client's own, or the installation's."""

from apps.banking.aggregators.contract import Application, UnknownApplication
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import ClientApplication, Connection
from apps.clients.models import Client

DEFAULT = "pluggy"


def usable(client: Client, name: str, vendor: str = DEFAULT) -> Application:
    """The application called `name`, if this client may use it. Raises UnknownApplication, for another client's too."""
    application = aggregator(vendor).application(name)
    if application.client not in (None, client.pk):
        raise UnknownApplication(name)
    return application


def application_for(connection: Connection) -> Application:
    """The application that reads a connection's item. Raises UnknownApplication if it was removed."""
    return aggregator(connection.aggregator).application(connection.application)


def preferred(client: Client, vendor: str = DEFAULT) -> str:
    """The name of the application for a new connection: the client's newest own one, or else the installation's."""
    own = ClientApplication.objects.filter(client=client, aggregator=vendor).order_by("-pk")
    return own.values_list("name", flat=True).first() or ""
