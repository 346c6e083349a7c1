"""Pluggy's connectors and categories as rows."""

from collections.abc import Iterator

from apps.banking.aggregators.contract import Directory, Row
from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.pluggy.rows.base import mapped


class PluggyDirectory(Directory):
    """Reads the directory through a client."""

    def __init__(self, client: PluggyClient) -> None:
        self._client = client

    def institutions(self) -> Iterator[list[Row]]:
        """The application's Connectors, with their health."""
        for docs in self._client.connectors(health_details=True):
            yield mapped(rows.connector, docs).rows

    def institution(self, vendor_id: str) -> Row | None:
        """One Connector; None if Pluggy does not have it."""
        try:
            return next(iter(mapped(rows.connector, [self._client.connector(vendor_id)]).rows), None)
        except Gone:
            return None

    def categories(self) -> Iterator[list[Row]]:
        """All Categories."""
        for docs in self._client.categories():
            yield mapped(rows.category, docs).rows
